use std::{fmt, time::Duration};

use http::Method;
use http_body_util::{BodyExt, Limited};
use octocrab::{
    Octocrab,
    models::{AppId, InstallationId},
    service::middleware::retry::RetryConfig,
};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::{
    sync::{Mutex, OnceCell},
    time::Instant,
};

use super::{GithubError, GithubErrorKind};
use crate::config::{Github, GithubIdentity, ReportAs};

/// How long a call may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// No answer that is used is longer.
const LONGEST_ANSWER: usize = 32 * 1024 * 1024;
/// So many pages of a list are read.
const MOST_PAGES: u32 = 50;

/// One repository on GitHub, as an App's installation or a token's owner.
pub struct Client {
    crab: Octocrab,
    /// The App itself; none with a token.
    app: Option<Octocrab>,
    pub(super) report: ReportAs,
    repository: String,
    write_pause: Duration,
    /// When the next write may leave; held while one is on its way.
    next_write: Mutex<Instant>,
    /// Nothing is asked before: GitHub said so.
    closed_until: std::sync::Mutex<Option<Instant>>,
    pub(super) identity: OnceCell<String>,
    pub(super) ids: std::sync::Mutex<super::identity::KnownIds>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("repository", &self.repository).finish_non_exhaustive()
    }
}

impl Client {
    /// A client as configured. Asks nothing of GitHub yet. Needs a running
    /// tokio runtime.
    ///
    /// # Errors
    ///
    /// When the token or key cannot be read.
    pub fn new(config: &Github) -> Result<Self, GithubError> {
        let unusable = |why: String| GithubError::new(GithubErrorKind::Credentials, "signing in", why);
        let builder = || {
            Octocrab::builder()
                // A repeated POST could create a second object: whoever
                // repeats looks first.
                .add_retry_config(RetryConfig::None)
                .set_connect_timeout(Some(Duration::from_secs(10)))
                .base_uri(config.api_url.as_str())
                .map_err(|error| unusable(error.to_string()))
        };
        let built = |error: octocrab::Error| unusable(error.to_string());
        let (crab, app) = match &config.identity {
            GithubIdentity::Token(source) => {
                let token = source.read().map_err(|error| unusable(error.to_string()))?;
                (builder()?.user_access_token(token).build().map_err(built)?, None)
            }
            GithubIdentity::App { app_id, installation_id, key_file } => {
                let pem = std::fs::read(key_file)
                    .map(SecretBytes)
                    .map_err(|error| unusable(format!("the file {}: {error}", key_file.display())))?;
                let wrong =
                    |_| unusable(format!("the file {} is not an RSA key in PEM form", key_file.display()));
                let app = builder()?.app_from_rsa_pem(AppId(*app_id), &pem.0).map_err(wrong)?;
                let app = app.build().map_err(built)?;
                (app.installation(InstallationId(*installation_id)).map_err(built)?, Some(app))
            }
        };
        Ok(Self {
            crab,
            app,
            report: config.report,
            repository: format!("/repos/{}/{}", config.owner, config.name),
            write_pause: config.write_pause,
            next_write: Mutex::new(Instant::now()),
            closed_until: std::sync::Mutex::new(None),
            identity: OnceCell::new(),
            ids: std::sync::Mutex::default(),
        })
    }

    /// A token that lets Git read the repository: the App's; none with a
    /// token, whose owner configures it for Git too.
    ///
    /// # Errors
    ///
    /// When GitHub gives none.
    pub async fn git_token(&self) -> Result<Option<SecretString>, GithubError> {
        if self.app.is_none() {
            return Ok(None);
        }
        let operation = "asking for an installation's token";
        let token = tokio::time::timeout(TIMEOUT, self.crab.installation_token()).await;
        let token = token.map_err(|_| late(operation))?;
        token
            .map(|token| Some(SecretString::from(token.expose_secret().to_owned())))
            .map_err(|error| GithubError::of_client(operation, &error))
    }

    /// Asks for something of the repository.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, GithubError> {
        self.call(&self.crab, Method::GET, &format!("{}{path}", self.repository), None).await
    }

    /// Asks for something of the account.
    pub(super) async fn get_of_account<T: DeserializeOwned>(&self, path: &str) -> Result<T, GithubError> {
        self.call(self.app.as_ref().unwrap_or(&self.crab), Method::GET, path, None).await
    }

    /// Asks for something beyond the repository, with what the installation or
    /// the token's owner may see.
    pub(super) async fn get_as_installed<T: DeserializeOwned>(&self, path: &str) -> Result<T, GithubError> {
        self.call(&self.crab, Method::GET, path, None).await
    }

    /// Whether the agent is an App there.
    pub(super) fn is_app(&self) -> bool {
        self.app.is_some()
    }

    /// All of a list of the repository, page by page. Some lists are under a
    /// key of an object.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        path: &str,
        key: Option<&str>,
    ) -> Result<Vec<T>, GithubError> {
        const PAGE: usize = 100;
        let mut all = Vec::new();
        for page in 1..=MOST_PAGES {
            let separator = if path.contains('?') { '&' } else { '?' };
            let mut answer: Value =
                self.get(&format!("{path}{separator}per_page={PAGE}&page={page}")).await?;
            let items = match key {
                Some(key) => answer[key].take(),
                None => answer,
            };
            let operation = format!("GET {}{path}", self.repository);
            let items: Vec<T> = serde_json::from_value(items).map_err(|error| {
                GithubError::new(GithubErrorKind::Unreadable, &operation, error.to_string())
            })?;
            let last = items.len() < PAGE;
            all.extend(items);
            if last {
                break;
            }
        }
        Ok(all)
    }

    /// Creates or changes something of the repository: one at a time, with the
    /// pause between them that GitHub asks for. Never repeated here.
    pub(super) async fn write<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Result<T, GithubError> {
        let mut next = self.next_write.lock().await;
        tokio::time::sleep_until(*next).await;
        let result = self.call(&self.crab, method, &format!("{}{path}", self.repository), Some(body)).await;
        *next = Instant::now() + self.write_pause;
        result
    }

    async fn call<T: DeserializeOwned>(
        &self,
        crab: &Octocrab,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<T, GithubError> {
        let operation = format!("{method} {}", path.split('?').next().unwrap_or(path));
        self.open(&operation)?;
        let exchange = async {
            let request = http::Request::builder().method(method).uri(path);
            let request = crab
                .build_request(request, body)
                .map_err(|error| GithubError::of_client(&operation, &error))?;
            let answer =
                crab.execute(request).await.map_err(|error| GithubError::of_client(&operation, &error))?;
            let (parts, body) = answer.into_parts();
            let body = Limited::new(body, LONGEST_ANSWER).collect().await.map_err(|error| {
                GithubError::new(
                    GithubErrorKind::Unreachable,
                    &operation,
                    format!("the answer broke off: {error}"),
                )
            })?;
            Ok::<_, GithubError>((parts, body.to_bytes()))
        };
        let (parts, body) = tokio::time::timeout(TIMEOUT, exchange).await.map_err(|_| late(&operation))??;
        if !parts.status.is_success() {
            let error = GithubError::of_answer(&operation, parts.status, &parts.headers, &body);
            if let Some(wait) = error.retry_after {
                let mut closed = self.closed_until.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                *closed = Some(Instant::now() + wait.min(Duration::from_secs(3_600)));
            }
            return Err(error);
        }
        serde_json::from_slice(&body).map_err(|error| {
            GithubError::new(
                GithubErrorKind::Unreadable,
                &operation,
                format!("the answer is not understood: {error}"),
            )
        })
    }

    /// Whether GitHub may be asked again.
    fn open(&self, operation: &str) -> Result<(), GithubError> {
        let closed = *self.closed_until.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match closed.and_then(|until| until.checked_duration_since(Instant::now())) {
            Some(wait) if !wait.is_zero() => Err(GithubError {
                retry_after: Some(wait),
                ..GithubError::new(
                    GithubErrorKind::RateLimited,
                    operation,
                    format!("not asked: GitHub wants {} s of silence", wait.as_secs() + 1),
                )
            }),
            _ => Ok(()),
        }
    }
}

fn late(operation: &str) -> GithubError {
    GithubError::new(
        GithubErrorKind::Unreachable,
        operation,
        format!("no answer within {} s", TIMEOUT.as_secs()),
    )
}

/// Keeps a key out of anything that prints.
struct SecretBytes(Vec<u8>);
