use std::{collections::BTreeMap, fmt, time::Duration};

use http::Method;
use octocrab::{Octocrab, models::AppId, service::middleware::retry::RetryConfig};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::{
    sync::{Mutex, OnceCell},
    time::Instant,
};

use super::{
    GithubError, GithubErrorKind,
    budget::{Budget, WriteBounds},
    cache::Asker,
    credentials::{Credentials, Installation, Source},
    exchange::{Exchange, operation, read},
    pages::Next,
};
use crate::config::{Github, GithubIdentity, ReportAs};

/// So many pages of a list are read.
const MOST_PAGES: usize = 50;
/// So many things are asked for at once: GitHub's most.
const PAGE: usize = 100;
/// Between two edits that only show progress: so many times the pause between writes.
const PROGRESS_PAUSES: u32 = 10;
/// A write waits here for the bounds of a minute or an hour; what would have
/// to wait longer is refused, so that its newest version is sent later.
const WRITE_PATIENCE: Duration = Duration::from_secs(2);

/// One repository on GitHub, as an App's installation or a token's owner.
pub struct Client {
    exchange: Exchange,
    pub(super) report: ReportAs,
    /// Whether anybody hears of it when a check's button is pressed.
    hears_buttons: bool,
    repository: String,
    page: String,
    write_pause: Duration,
    /// When the next write may leave; held while one is on its way.
    next_write: Mutex<Instant>,
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
        let base: http::Uri =
            config.api_url.parse().map_err(|error| unusable(format!("`api_url`: {error}")))?;
        let builder = || {
            Octocrab::builder()
                // A repeated POST could create a second object: whoever
                // repeats looks first.
                .add_retry_config(RetryConfig::None)
                .set_connect_timeout(Some(Duration::from_secs(10)))
                .base_uri(base.clone())
                .map_err(|error| unusable(error.to_string()))
        };
        let built = |error: octocrab::Error| unusable(error.to_string());
        let source = match &config.identity {
            GithubIdentity::Token(source) => {
                source.read().map_err(|error| unusable(error.to_string()))?;
                Source::Token(source.clone())
            }
            GithubIdentity::App { app_id, installation_id, key_file } => {
                let pem = std::fs::read(key_file)
                    .map(SecretBytes)
                    .map_err(|error| unusable(format!("the file {}: {error}", key_file.display())))?;
                let wrong =
                    |_| unusable(format!("the file {} is not an RSA key in PEM form", key_file.display()));
                let app = builder()?.app_from_rsa_pem(AppId(*app_id), &pem.0).map_err(wrong)?;
                Source::Installation(Installation {
                    app: app.build().map_err(built)?,
                    id: *installation_id,
                    repository: config.name.clone(),
                    report: config.report,
                })
            }
        };
        let bounds = WriteBounds { a_minute: config.writes_per_minute, an_hour: config.writes_per_hour };
        let crab = builder()?.build().map_err(built)?;
        Ok(Self {
            exchange: Exchange::new(crab, Credentials::new(source), base.clone(), Budget::new(bounds)),
            report: config.report,
            hears_buttons: false,
            repository: format!("/repos/{}/{}", config.owner, config.name),
            page: page_of(&base, &config.owner, &config.name),
            write_pause: config.write_pause,
            next_write: Mutex::new(Instant::now()),
            identity: OnceCell::new(),
            ids: std::sync::Mutex::default(),
        })
    }

    /// Shows the buttons of checks: only where webhooks tell that they were pressed.
    #[must_use]
    pub fn hearing_buttons(self) -> Self {
        Self { hears_buttons: true, ..self }
    }

    pub(super) fn hears_buttons(&self) -> bool {
        self.hears_buttons
    }

    /// A token that lets Git read the repository: the App's; none with a
    /// token, whose owner configures it for Git too.
    ///
    /// # Errors
    ///
    /// When GitHub gives none.
    pub async fn git_token(&self) -> Result<Option<SecretString>, GithubError> {
        if !self.is_app() {
            return Ok(None);
        }
        self.exchange.token().await.map(Some)
    }

    /// The pause between two edits that only show progress: longer when many
    /// were made, so that results find room within GitHub's bounds.
    pub fn progress_pause(&self) -> Duration {
        self.write_pause * PROGRESS_PAUSES * self.exchange.budget().calm(Instant::now())
    }

    /// Answers so far, by their status.
    pub fn answers(&self) -> BTreeMap<u16, u64> {
        self.exchange.answers.counts()
    }

    /// The repository's page, for people.
    pub(super) fn page(&self) -> &str {
        &self.page
    }

    /// Asks for something of the repository.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, GithubError> {
        let path = format!("{}{path}", self.repository);
        let answer = self.exchange.get(Asker::Repository, &path).await?;
        read(&operation(&Method::GET, &path), &answer.body)
    }

    /// Asks for something of the account.
    pub(super) async fn get_of_account<T: DeserializeOwned>(&self, path: &str) -> Result<T, GithubError> {
        let answer = self.exchange.get(Asker::App, path).await?;
        read(&operation(&Method::GET, path), &answer.body)
    }

    /// Asks for something beyond the repository, with what the installation or
    /// the token's owner may see.
    pub(super) async fn get_as_installed<T: DeserializeOwned>(&self, path: &str) -> Result<T, GithubError> {
        let answer = self.exchange.get(Asker::Repository, path).await?;
        read(&operation(&Method::GET, path), &answer.body)
    }

    /// Whether the agent is an App there.
    pub(super) fn is_app(&self) -> bool {
        self.exchange.is_app()
    }

    /// All of a list of the repository that can wait: not asked, or rarely,
    /// when little of GitHub's limit is left for reports.
    pub(super) async fn list_unhurried<T: DeserializeOwned>(
        &self,
        path: &str,
    ) -> Result<Vec<T>, GithubError> {
        let spared = self.exchange.budget().spare(Instant::now());
        spared.map_err(|wait| {
            let message = "not asked: few requests are left until GitHub counts anew, and they are for the reports of deploys";
            GithubError::limited(&operation(&Method::GET, path), message, wait)
        })?;
        self.list(path, None).await
    }

    /// All of a list of the repository, page by page. Some lists are under a
    /// key of an object.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        path: &str,
        key: Option<&str>,
    ) -> Result<Vec<T>, GithubError> {
        let separator = if path.contains('?') { '&' } else { '?' };
        let counted =
            |page: usize| format!("{}{path}{separator}per_page={PAGE}&page={page}", self.repository);
        let operation = operation(&Method::GET, &format!("{}{path}", self.repository));
        let mut all = Vec::new();
        let mut next = counted(1);
        for page in 1..=MOST_PAGES {
            let answer = self.exchange.get(Asker::Repository, &next).await?;
            let mut value: Value = read(&operation, &answer.body)?;
            let items = match key {
                Some(key) => value[key].take(),
                None => value,
            };
            let items: Vec<T> = serde_json::from_value(items).map_err(|error| {
                GithubError::new(GithubErrorKind::Unreadable, &operation, error.to_string())
            })?;
            let full = items.len() >= PAGE;
            all.extend(items);
            next = match answer.next {
                Next::Page(path) => path,
                Next::Untold if full => counted(page + 1),
                Next::Untold | Next::Last => return Ok(all),
            };
        }
        tracing::warn!(operation, read = all.len(), "the list is longer; what follows is not read");
        Ok(all)
    }

    /// Creates or changes something of the repository: one at a time, with the
    /// pause between them that GitHub asks for, and no more in a minute or an
    /// hour than it takes. Never repeated here.
    pub(super) async fn write<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Result<T, GithubError> {
        Ok(self.write_and_say(method, path, body).await?.1)
    }

    /// The same, with the status: whether something was created, or was there.
    pub(super) async fn write_and_say<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Result<(http::StatusCode, T), GithubError> {
        let path = format!("{}{path}", self.repository);
        let operation = operation(&method, &path);
        let mut next = self.next_write.lock().await;
        let wait = self.exchange.budget().until_write(Instant::now());
        if wait > WRITE_PATIENCE {
            let message = "not sent: as much was written as GitHub takes in a minute or an hour";
            return Err(GithubError::limited(&operation, message, wait));
        }
        tokio::time::sleep_until((*next).max(Instant::now() + wait)).await;
        self.exchange.budget().wrote(Instant::now());
        let result = self.exchange.write(&method, &path, body).await;
        *next = Instant::now() + self.write_pause;
        let (status, answer) = result?;
        Ok((status, read(&operation, &answer)?))
    }
}

/// Where people see a repository: `api.github.com` serves no pages, a server's
/// API lies on the host of its pages, an `api.` of its own in front of it or not.
fn page_of(base: &http::Uri, owner: &str, name: &str) -> String {
    let authority = base.authority().map_or("github.com", http::uri::Authority::as_str);
    let own = base.path().trim_end_matches('/').is_empty();
    let host = authority.strip_prefix("api.").filter(|_| own).unwrap_or(authority);
    format!("{}://{host}/{owner}/{name}", base.scheme_str().unwrap_or("https"))
}

/// Keeps a key out of anything that prints.
struct SecretBytes(Vec<u8>);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    #[test]
    fn a_repositorys_page_is_found_from_the_api() {
        let page = |base: &str| super::page_of(&base.parse().unwrap(), "acme", "config");
        assert_eq!(page("https://api.github.com"), "https://github.com/acme/config");
        assert_eq!(page("https://ghe.example/api/v3"), "https://ghe.example/acme/config");
        assert_eq!(page("https://api.acme.ghe.com"), "https://acme.ghe.com/acme/config");
    }
}
