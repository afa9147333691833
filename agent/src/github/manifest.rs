use std::time::Duration;

use http::Method;
use http_body_util::{BodyExt, Limited};
use octocrab::{Octocrab, service::middleware::retry::RetryConfig};
use secrecy::SecretString;
use serde::Deserialize;

use super::{GithubError, GithubErrorKind};

/// How long the exchange may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The answer is a few kilobytes.
const LONGEST_ANSWER: usize = 1024 * 1024;

/// GitHub's words.
#[derive(Deserialize)]
struct Raw {
    id: u64,
    html_url: String,
    pem: String,
    webhook_secret: Option<String>,
}

/// An App that was made from a manifest.
#[derive(Debug)]
pub struct CreatedApp {
    /// Its id.
    pub id: u64,
    /// Its page, where it is installed.
    pub html_url: String,
    /// Its private key, PEM.
    pub pem: SecretString,
    /// What its webhooks are signed with; none when it has none.
    pub webhook_secret: Option<SecretString>,
}

/// Exchanges the code that GitHub led back with for the App's keys. Works once
/// for each code.
///
/// # Errors
///
/// When the code does not count, or GitHub cannot be asked.
pub async fn created_app(api_url: &str, code: &str) -> Result<CreatedApp, GithubError> {
    const OPERATION: &str = "POST /app-manifests/{code}/conversions";
    let unusable = |why: String| GithubError::new(GithubErrorKind::Credentials, OPERATION, why);
    let crab = Octocrab::builder()
        // The code counts once: a repetition would be refused.
        .add_retry_config(RetryConfig::None)
        .base_uri(api_url)
        .map_err(|error| unusable(error.to_string()))?
        .build()
        .map_err(|error| unusable(error.to_string()))?;
    let exchange = async {
        let path = format!("/app-manifests/{code}/conversions");
        let request = http::Request::builder().method(Method::POST).uri(path);
        let request = crab
            .build_request(request, None::<&()>)
            .map_err(|error| GithubError::of_client(OPERATION, &error))?;
        let answer =
            crab.execute(request).await.map_err(|error| GithubError::of_client(OPERATION, &error))?;
        let (parts, body) = answer.into_parts();
        let body = Limited::new(body, LONGEST_ANSWER).collect().await;
        let body = body.map_err(|error| {
            GithubError::new(
                GithubErrorKind::Unreachable,
                OPERATION,
                format!("the answer broke off: {error}"),
            )
        })?;
        Ok::<_, GithubError>((parts, body.to_bytes()))
    };
    let late = |_| {
        let why = format!("no answer within {} s", TIMEOUT.as_secs());
        GithubError::new(GithubErrorKind::Unreachable, OPERATION, why)
    };
    let (parts, body) = tokio::time::timeout(TIMEOUT, exchange).await.map_err(late)??;
    if !parts.status.is_success() {
        return Err(GithubError::of_answer(OPERATION, parts.status, &parts.headers, &body));
    }
    // Nothing of the answer is repeated: it holds the keys.
    let Raw { id, html_url, pem, webhook_secret } = serde_json::from_slice(&body).map_err(|_| {
        let why = "the answer is not what GitHub describes".to_owned();
        GithubError::new(GithubErrorKind::Unreadable, OPERATION, why)
    })?;
    let webhook_secret = webhook_secret.map(SecretString::from);
    Ok(CreatedApp { id, html_url, pem: SecretString::from(pem), webhook_secret })
}
