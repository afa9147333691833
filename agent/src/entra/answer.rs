//! What is taken from answers: codes and the internal URL, bounded.

use pointsman_core::rollout::Obstacle;
use serde::Deserialize;

/// No code is longer.
const LONGEST_CODE: usize = 80;
/// No URL is longer.
const LONGEST_URL: usize = 2_048;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Application {
    on_premises_publishing: Option<Publishing>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Publishing {
    internal_url: Option<String>,
}

/// Microsoft Graph's form of a refusal.
#[derive(Deserialize)]
struct Refusal {
    error: RefusalCode,
}

#[derive(Deserialize)]
struct RefusalCode {
    #[serde(default)]
    code: String,
}

/// Microsoft Entra's form of a refusal.
#[derive(Deserialize)]
struct SignInRefusal {
    #[serde(default)]
    error: String,
    #[serde(default)]
    error_codes: Vec<u64>,
}

/// The internal URL of an application.
pub(super) fn internal_url(body: &[u8]) -> Result<String, Obstacle> {
    let read: Application = serde_json::from_slice(body)
        .map_err(|_| Obstacle::Unanswered { why: "it answered no application".to_owned() })?;
    let url = read.on_premises_publishing.and_then(|it| it.internal_url);
    url.filter(|url| !url.is_empty() && url.len() <= LONGEST_URL).ok_or(Obstacle::Unpublished)
}

/// The code of a refusal of Microsoft Graph; its sentences are for developers,
/// and others may write in them.
pub(super) fn code(body: &[u8]) -> String {
    let read = serde_json::from_slice::<Refusal>(body).map(|refusal| refusal.error.code).unwrap_or_default();
    plain(&read)
}

/// The codes of a refusal of Microsoft Entra.
pub(super) fn sign_in_code(body: &[u8]) -> String {
    let Ok(SignInRefusal { error, error_codes }) = serde_json::from_slice(body) else {
        return plain("");
    };
    let numbers = error_codes.iter().take(3).map(|number| format!(" AADSTS{number}"));
    format!("{}{}", plain(&error), numbers.collect::<String>())
}

/// What a code is made of, and nothing else.
fn plain(code: &str) -> String {
    let is_of_code = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let code: String = code.chars().filter(is_of_code).take(LONGEST_CODE).collect();
    if code.is_empty() { "no code".to_owned() } else { code }
}
