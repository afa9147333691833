use std::time::Duration;

use super::budget;

/// What GitHub, or the way to it, refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("GitHub, {operation}: {message}; {}", self.help())]
pub struct GithubError {
    /// What callers tell apart.
    pub kind: GithubErrorKind,
    /// The call: `POST /repos/acme/config/check-runs`.
    pub operation: String,
    /// GitHub's sentence, or the way's.
    pub message: String,
    /// How long to wait before anything is asked again, when GitHub says so.
    pub retry_after: Option<Duration>,
}

/// What callers tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GithubErrorKind {
    /// 401: the token or key is not known, or expired.
    Unauthorized,
    /// 403: it is known and may not do this.
    Forbidden,
    /// 403 or 429: too many requests.
    RateLimited,
    /// 404: it does not exist, or not for us.
    NotFound,
    /// 422: GitHub does not take what was sent.
    Invalid,
    /// 5xx.
    Unavailable,
    /// No answer.
    Unreachable,
    /// An answer that is not GitHub's.
    Unreadable,
    /// The token or key cannot be read here.
    Credentials,
}

impl GithubError {
    /// What to do next.
    pub fn help(&self) -> &'static str {
        match self.kind {
            GithubErrorKind::Unauthorized => {
                "check the token, or the App's id, installation and key in [github]; it may have expired or been revoked"
            }
            GithubErrorKind::Forbidden => {
                "grant it: pull requests and issues (comments), checks or commit statuses, deployments: write; contents: read"
            }
            GithubErrorKind::RateLimited => "nothing to do: it is sent again when GitHub allows it",
            GithubErrorKind::NotFound => {
                "check `repository` and `api_url` in [github], and that the token or App was given this repository"
            }
            GithubErrorKind::Invalid => {
                "this is a fault of the agent, or the commit is not on GitHub; the deploy goes on"
            }
            GithubErrorKind::Unavailable | GithubErrorKind::Unreachable => {
                "nothing to do, if it passes: it is sent again; otherwise check `api_url` in [github] and the network"
            }
            GithubErrorKind::Unreadable => {
                "check that `api_url` in [github] is the API of GitHub, not its pages"
            }
            GithubErrorKind::Credentials => "correct `token_file`, `token_env` or `key_file` in [github]",
        }
    }

    /// Whether the same call may succeed later without anyone doing anything.
    pub fn is_temporary(&self) -> bool {
        match self.kind {
            GithubErrorKind::RateLimited | GithubErrorKind::Unavailable | GithubErrorKind::Unreachable => {
                true
            }
            GithubErrorKind::Unauthorized
            | GithubErrorKind::Forbidden
            | GithubErrorKind::NotFound
            | GithubErrorKind::Invalid
            | GithubErrorKind::Unreadable
            | GithubErrorKind::Credentials => false,
        }
    }

    pub(super) fn new(kind: GithubErrorKind, operation: &str, message: impl Into<String>) -> Self {
        Self { kind, operation: operation.to_owned(), message: message.into(), retry_after: None }
    }

    /// Not asked: a limit, GitHub's or ours, wants a pause first.
    pub(super) fn limited(operation: &str, message: impl Into<String>, wait: Duration) -> Self {
        Self { retry_after: Some(wait), ..Self::new(GithubErrorKind::RateLimited, operation, message) }
    }

    /// From an answer that is a refusal. How long it wants silence is told
    /// only where GitHub does.
    pub(super) fn of_answer(
        operation: &str,
        status: http::StatusCode,
        headers: &http::HeaderMap,
        body: &[u8],
    ) -> Self {
        let json: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
        let sentence = json["message"].as_str().unwrap_or_default();
        let details: Vec<String> = json["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .take(5)
            .map(|error| error["message"].as_str().map_or_else(|| error.to_string(), str::to_owned))
            .collect();
        let limited = budget::is_limit(status, headers, sentence);
        let kind = match status.as_u16() {
            _ if limited => GithubErrorKind::RateLimited,
            401 => GithubErrorKind::Unauthorized,
            403 => GithubErrorKind::Forbidden,
            404 | 410 => GithubErrorKind::NotFound,
            409 | 422 => GithubErrorKind::Invalid,
            500.. => GithubErrorKind::Unavailable,
            _ => GithubErrorKind::Unreadable,
        };
        let retry_after = budget::told_pause(headers).filter(|_| limited);
        let mut message = format!("answered {}", status.as_u16());
        if !sentence.is_empty() {
            message.push_str(&format!(": {}", sentence.chars().take(300).collect::<String>()));
        }
        if !details.is_empty() {
            message.push_str(&format!(" ({})", details.join("; ").chars().take(500).collect::<String>()));
        }
        Self { kind, operation: operation.to_owned(), message, retry_after }
    }

    /// From what the client says when there was no answer to a call, or none
    /// to the request for a token before it.
    pub(super) fn of_client(operation: &str, error: &octocrab::Error) -> Self {
        match error {
            octocrab::Error::GitHub { source, .. } => {
                let body = serde_json::json!({ "message": source.message }).to_string();
                Self::of_answer(operation, source.status_code, &http::HeaderMap::new(), body.as_bytes())
            }
            octocrab::Error::JWT { .. } => {
                Self::new(GithubErrorKind::Credentials, operation, "the App's key cannot sign")
            }
            octocrab::Error::Serde { .. } | octocrab::Error::Json { .. } => {
                Self::new(GithubErrorKind::Unreadable, operation, "the answer is not GitHub's JSON")
            }
            other => {
                Self::new(GithubErrorKind::Unreachable, operation, format!("no answer: {}", innermost(other)))
            }
        }
    }
}

/// The last cause of an error: the one that says something.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
