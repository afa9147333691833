//! The agent's own token: client credentials, as a secret or as a token of
//! another identity provider that Microsoft Entra trusts.

use std::time::Duration;

use http::{HeaderValue, Method, header};
use hyper::body::Bytes;
use pointsman_core::rollout::Obstacle;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::time::Instant;

use super::{
    answer::sign_in_code,
    exchange::{Answer, Question},
    settings::{Credential, Settings},
};

/// So long before its end a token is not used any more.
const EARLY: Duration = Duration::from_secs(120);
/// The kind of assertion of RFC 7523.
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A token, and until when it is used.
pub(super) struct Token {
    text: SecretString,
    until: Instant,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    #[serde(default)]
    expires_in: u32,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token").finish_non_exhaustive()
    }
}

impl Token {
    pub(super) fn is_good(&self) -> bool {
        Instant::now() < self.until
    }

    /// What it is sent as.
    pub(super) fn header(&self) -> Result<HeaderValue, Obstacle> {
        let text = format!("Bearer {}", self.text.expose_secret());
        let mut value = HeaderValue::try_from(text)
            .map_err(|_| Obstacle::Unanswered { why: "its token cannot be sent".to_owned() })?;
        value.set_sensitive(true);
        Ok(value)
    }
}

/// What is asked for a token.
pub(super) fn question(settings: &Settings) -> Result<Question, Obstacle> {
    let Settings { tenant, client, credential, authority, graph: _, scope } = settings;
    let secret = credential.read()?;
    let proof = match credential {
        Credential::Secret(_) => vec![("client_secret", secret.expose_secret())],
        Credential::Federated(_) => {
            vec![("client_assertion_type", ASSERTION), ("client_assertion", secret.expose_secret())]
        }
    };
    let fields = [("client_id", client.as_str()), ("scope", scope), ("grant_type", "client_credentials")];
    let pairs: Vec<String> =
        fields.into_iter().chain(proof).map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    Ok(Question {
        base: authority.clone(),
        method: Method::POST,
        path: format!("/{tenant}/oauth2/v2.0/token"),
        headers: vec![(header::CONTENT_TYPE, form)],
        body: Bytes::from(pairs.join("&")),
    })
}

/// The token that was granted.
pub(super) fn of(answer: &Answer) -> Result<Token, Obstacle> {
    let Answer { status, body, retry_after: _ } = answer;
    if !status.is_success() {
        return Err(Obstacle::SignIn { status: status.as_u16(), code: sign_in_code(body) });
    }
    let granted: Granted = serde_json::from_slice(body)
        .map_err(|_| Obstacle::Unanswered { why: "Microsoft Entra granted no token".to_owned() })?;
    let lasts = Duration::from_secs(granted.expires_in.into()).saturating_sub(EARLY);
    Ok(Token { text: SecretString::from(granted.access_token), until: Instant::now() + lasts })
}

/// A value as a form has it.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
