//! Who the agent is at each call: a token's owner, or an App's installation
//! with a token that is for one repository, may no more than it needs, lives
//! an hour, and is renewed before that.

use std::{collections::BTreeMap, time::Duration};

use http::{HeaderValue, Method, StatusCode};
use octocrab::Octocrab;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use tokio::{sync::Mutex, time::Instant};

use super::{
    GithubError, GithubErrorKind,
    exchange::{read, send},
};
use crate::config::{ReportAs, SecretSource};

/// A token is renewed so long before its end: what was begun with it, such as
/// a fetch by Git, may end with it.
const EARLY: Duration = Duration::from_secs(300);
/// GitHub's tokens live an hour; none is trusted longer, whatever our clock says.
const LONGEST: Duration = Duration::from_secs(3_600);

/// Where tokens come from, and the one in use.
pub(super) struct Credentials {
    source: Source,
    current: Mutex<Option<Current>>,
}

pub(super) enum Source {
    /// A token's owner; read again when it was refused.
    Token(SecretSource),
    /// An installation of an App.
    Installation(Installation),
}

/// An installation, and what it is needed for.
pub(super) struct Installation {
    /// Signs as the App.
    pub(super) app: Octocrab,
    pub(super) id: u64,
    /// The repository's name, without its owner.
    pub(super) repository: String,
    pub(super) report: ReportAs,
}

#[derive(Clone)]
struct Current {
    token: SecretString,
    /// None: it does not end by itself.
    renew_at: Option<Instant>,
}

#[derive(Deserialize)]
struct Created {
    token: String,
    expires_at: Option<jiff::Timestamp>,
}

#[derive(Deserialize)]
struct Granted {
    #[serde(default)]
    permissions: BTreeMap<String, String>,
}

impl Credentials {
    pub(super) fn new(source: Source) -> Self {
        Self { source, current: Mutex::default() }
    }

    /// The App itself; none with a token.
    pub(super) fn app(&self) -> Option<&Octocrab> {
        match &self.source {
            Source::Token(_) => None,
            Source::Installation(installation) => Some(&installation.app),
        }
    }

    /// A token that is good for a while.
    pub(super) async fn token(&self) -> Result<SecretString, GithubError> {
        let mut current = self.current.lock().await;
        if let Some(Current { token, renew_at }) = &*current
            && renew_at.is_none_or(|at| at > Instant::now())
        {
            return Ok(token.clone());
        }
        let new = match &self.source {
            Source::Token(source) => {
                let unusable =
                    |error| GithubError::new(GithubErrorKind::Credentials, "signing in", format!("{error}"));
                Current { token: source.read().map_err(unusable)?, renew_at: None }
            }
            Source::Installation(installation) => installation.token().await?,
        };
        Ok(current.insert(new).token.clone())
    }

    /// Forgets a token that was refused, unless it was replaced meanwhile.
    pub(super) async fn refused(&self, refused: &SecretString) {
        let mut current = self.current.lock().await;
        if current.as_ref().is_some_and(|it| it.token.expose_secret() == refused.expose_secret()) {
            *current = None;
        }
    }
}

impl Installation {
    async fn token(&self) -> Result<Current, GithubError> {
        let Self { app, id, repository, report } = self;
        let path = format!("/app/installations/{id}");
        let operation = "asking what the App's installation may do";
        let (parts, body) = send(app, operation, http::Request::get(&path), None).await?;
        if !parts.status.is_success() {
            return Err(GithubError::of_answer(operation, parts.status, &parts.headers, &body));
        }
        let granted: Granted = read(operation, &body)?;
        let body = json!({
            "repositories": [repository],
            "permissions": least(&granted.permissions, *report),
        });
        let operation = "asking for an installation's token";
        let request = http::Request::builder().method(Method::POST).uri(format!("{path}/access_tokens"));
        let (parts, body) = send(app, operation, request, Some(&body)).await?;
        if !parts.status.is_success() {
            let error = GithubError::of_answer(operation, parts.status, &parts.headers, &body);
            // The repository is not among those that the App was given.
            let kind = if parts.status == StatusCode::UNPROCESSABLE_ENTITY {
                GithubErrorKind::NotFound
            } else {
                error.kind
            };
            return Err(GithubError { kind, ..error });
        }
        let Created { token, expires_at } = read(operation, &body)?;
        let lives = expires_at.map_or(LONGEST, |end| {
            Duration::try_from(end.duration_since(jiff::Timestamp::now())).unwrap_or_default().min(LONGEST)
        });
        tracing::debug!(seconds = lives.as_secs(), "a new token of the App's installation");
        Ok(Current {
            token: SecretString::from(token),
            renew_at: Some(Instant::now() + lives.saturating_sub(EARLY)),
        })
    }
}

/// Of what the installation was granted, what the agent needs: a permission
/// that was not granted must not be asked for, and none is needed but these.
fn least(granted: &BTreeMap<String, String>, report: ReportAs) -> BTreeMap<&'static str, &'static str> {
    let verdicts = match report {
        ReportAs::CheckRun => "checks",
        ReportAs::Status => "statuses",
    };
    let needed = [
        ("metadata", "read"),
        ("contents", "read"),
        ("pull_requests", "write"),
        ("issues", "write"),
        ("deployments", "write"),
        // Who is in a team that must approve.
        ("members", "read"),
        (verdicts, "write"),
    ];
    needed
        .into_iter()
        .filter_map(|(name, needed)| match granted.get(name)?.as_str() {
            "read" => Some((name, "read")),
            _ => Some((name, needed)),
        })
        .collect()
}

/// A token as a header, kept out of anything that prints.
pub(super) fn header(token: &SecretString) -> Result<HeaderValue, GithubError> {
    let mut header = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret())).map_err(|_| {
        GithubError::new(
            GithubErrorKind::Credentials,
            "signing in",
            "the token holds characters that none has",
        )
    })?;
    header.set_sensitive(true);
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_may_no_more_than_is_needed_and_granted() {
        let granted = [
            ("metadata", "read"),
            ("contents", "write"),
            ("pull_requests", "read"),
            ("checks", "write"),
            ("administration", "write"),
        ];
        let granted = granted.map(|(name, level)| (name.to_owned(), level.to_owned())).into();
        let asked = least(&granted, ReportAs::CheckRun);
        let wanted =
            [("metadata", "read"), ("contents", "read"), ("pull_requests", "read"), ("checks", "write")];
        assert_eq!(asked, wanted.into());
        assert!(!least(&granted, ReportAs::Status).contains_key("checks"));
    }
}
