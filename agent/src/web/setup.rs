//! A GitHub App in one click, from a manifest: only while there is no
//! `[github]`, and only on this machine's own address.

use std::{
    io::Write,
    net::SocketAddr,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::{Query, State},
    middleware::from_fn_with_state,
    response::{Html, IntoResponse, Response},
    routing::get,
};
use http::StatusCode;
use pointsman_core::render::page::{self, AppForm, AppMade, Frame, Markup};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;

use super::{
    guard::{Guard, guarded},
    hosts::Hosts,
};
use crate::{
    config::Config,
    github::{CreatedApp, created_app},
};

/// GitHub forgets the code after an hour.
const PATIENCE: Duration = Duration::from_secs(3_600);

/// The way to the App.
#[derive(Debug)]
pub(super) struct Setup {
    at: SocketAddr,
    agent: String,
    /// Where people use GitHub: `https://github.com`.
    web: String,
    /// Where programs do.
    api: String,
    /// `owner/name` of the config repo, where its address tells.
    repository: Option<String>,
    webhooks: Option<String>,
    folder: PathBuf,
    way: Mutex<Way>,
}

/// How far somebody is.
#[derive(Debug, Default)]
struct Way {
    /// What GitHub must bring back, and since when it is waited for.
    state: Option<(String, Instant)>,
    made: Option<AppMade>,
}

impl Setup {
    /// None when it is not to be had: there is a `[github]`, others could reach
    /// it, or the config repo is not on a GitHub.
    pub(super) fn of(config: &Config, at: SocketAddr, agent: &str) -> Option<Self> {
        if config.github.is_some() || !at.ip().is_loopback() {
            return None;
        }
        let (web, repository) = place(&config.repo.url)?;
        let api = if web == "https://github.com" {
            "https://api.github.com".to_owned()
        } else {
            format!("{web}/api/v3")
        };
        let public = config.server.public_url.as_ref();
        Some(Self {
            at,
            agent: agent.to_owned(),
            web,
            api,
            repository,
            webhooks: public.map(|url| format!("{}/webhooks/github", url.base())),
            folder: config.agent.data_dir.clone(),
            way: Mutex::default(),
        })
    }

    pub(super) fn routes(self, hosts: Hosts) -> Router {
        let guard = Arc::new(Guard::new(hosts, &format!("form-action 'self' {}", self.web)));
        Router::new()
            .route("/setup/github", get(form))
            .route("/setup/github/callback", get(callback))
            .route("/setup/github/installed", get(installed))
            .layer(from_fn_with_state(guard, guarded))
            .with_state(Arc::new(self))
    }

    fn way(&self) -> MutexGuard<'_, Way> {
        self.way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn page(&self, status: StatusCode, main: &Markup) -> Response {
        let frame = Frame { prefix: "", agent: &self.agent, version: 0 };
        (status, Html(frame.around("GitHub App", main))).into_response()
    }

    fn refused(&self, why: &str) -> Response {
        self.page(StatusCode::BAD_REQUEST, &page::app_refused(why))
    }

    fn manifest(&self, organisation: bool) -> serde_json::Value {
        let here = format!("http://{}/setup/github", self.at);
        let mut manifest = json!({
            "name": format!("pointsman {}", self.agent).chars().take(34).collect::<String>(),
            "url": "https://github.com/pointsman/pointsman",
            "description": "Plans pull requests of a config repo, deploys them when they are merged, and says how it went.",
            "public": false,
            "redirect_url": format!("{here}/callback"),
            "setup_url": format!("{here}/installed"),
            "default_permissions": {
                "checks": "write",
                "deployments": "write",
                "pull_requests": "write",
                "issues": "write",
                "statuses": "write",
                "contents": "read",
                "metadata": "read",
                // GitHub sends merge_group to nobody without it.
                "merge_queues": "read",
            },
            "default_events": [
                "push", "pull_request", "pull_request_review", "issue_comment", "check_run", "check_suite", "merge_group",
            ],
        });
        if organisation {
            // Approvals by teams are an organisation's matter.
            manifest["default_permissions"]["members"] = "read".into();
        }
        if let Some(webhooks) = &self.webhooks {
            manifest["hook_attributes"] = json!({ "url": webhooks, "active": true });
        }
        manifest
    }

    /// Writes what only the agent may read, and keeps where it is.
    fn keep(&self, app: &CreatedApp) -> std::io::Result<AppMade> {
        let CreatedApp { id, html_url, pem, webhook_secret } = app;
        std::fs::create_dir_all(&self.folder)?;
        let key = self.folder.join(format!("github-app-{id}.pem"));
        write_secret(&key, pem)?;
        let secret_file = match webhook_secret {
            Some(secret) => {
                let file = self.folder.join(format!("github-app-{id}.webhook"));
                write_secret(&file, secret)?;
                Some(shown(&file))
            }
            None => None,
        };
        Ok(AppMade {
            app_id: *id,
            install: format!("{}/installations/new", html_url.trim_end_matches('/')),
            installation_id: None,
            repository: self.repository.clone(),
            api_url: (self.web != "https://github.com").then(|| self.api.clone()),
            key_file: shown(&key),
            secret_file,
        })
    }
}

#[derive(Deserialize)]
struct Wanted {
    organisation: Option<String>,
}

async fn form(State(setup): State<Arc<Setup>>, Query(wanted): Query<Wanted>) -> Response {
    let organisation = wanted.organisation.filter(|name| !name.is_empty());
    let plain = |name: &String| {
        name.len() <= 39
            && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '-')
    };
    if organisation.as_ref().is_some_and(|name| !plain(name)) {
        return setup.refused("That is no organisation's name: letters, digits and `-`, 39 at most.");
    }
    let state = uuid::Uuid::new_v4().simple().to_string();
    let below = organisation.as_ref().map(|name| format!("/organizations/{name}")).unwrap_or_default();
    let form = AppForm {
        action: format!("{}{below}/settings/apps/new?state={state}", setup.web),
        manifest: setup.manifest(organisation.is_some()).to_string(),
        owner: setup.repository.as_ref().and_then(|name| Some(name.split_once('/')?.0.to_owned())),
        organisation,
        webhooks: setup.webhooks.clone(),
    };
    setup.way().state = Some((state, Instant::now()));
    setup.page(StatusCode::OK, &page::app_form(&form))
}

#[derive(Deserialize)]
struct Back {
    code: Option<String>,
    state: Option<String>,
}

async fn callback(State(setup): State<Arc<Setup>>, Query(back): Query<Back>) -> Response {
    let expected = setup.way().state.take().filter(|(_, since)| since.elapsed() < PATIENCE);
    let is_ours = matches!((&expected, &back.state), (Some((ours, _)), Some(brought)) if ours == brought);
    if !is_ours {
        return setup.refused("GitHub led back with another state than this page gave it, or too late: somebody else may have begun it. Nothing was done.");
    }
    let plain = |code: &String| {
        (1..=100).contains(&code.len())
            && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    let Some(code) = back.code.filter(plain) else {
        return setup.refused("GitHub led back without a code. Nothing was done.");
    };
    let app = match created_app(&setup.api, &code).await {
        Ok(app) => app,
        Err(error) => return setup.refused(&format!("The App's keys could not be fetched. {error}")),
    };
    match setup.keep(&app) {
        Ok(made) => {
            tracing::info!(app = made.app_id, key = made.key_file, "a GitHub App was made for this agent");
            let main = page::app_made(&made);
            setup.way().made = Some(made);
            setup.page(StatusCode::OK, &main)
        }
        Err(error) => setup.refused(&format!(
            "The App was made, and its key could not be written below {}: {error}. Delete the App on GitHub, make the folder writable, and try again.",
            setup.folder.display()
        )),
    }
}

#[derive(Deserialize)]
struct Installed {
    installation_id: Option<u64>,
}

async fn installed(State(setup): State<Arc<Setup>>, Query(installed): Query<Installed>) -> Response {
    let made = {
        let mut way = setup.way();
        if let Some(made) = &mut way.made {
            made.installation_id = installed.installation_id;
        }
        way.made.clone()
    };
    match made {
        Some(made) => setup.page(StatusCode::OK, &page::app_made(&made)),
        None => setup.refused("No App was made here since the agent was started."),
    }
}

fn write_secret(path: &Path, secret: &SecretString) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(secret.expose_secret().as_bytes())?;
    file.sync_all()
}

fn shown(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}

/// The GitHub that a config repo is on, and its `owner/name` there.
fn place(url: &str) -> Option<(String, Option<String>)> {
    let (web, path) = if let Some(path) = url.strip_prefix("git@github.com:") {
        ("https://github.com".to_owned(), path)
    } else {
        let uri: http::Uri = url.parse().ok()?;
        let scheme = uri.scheme_str().filter(|scheme| ["http", "https"].contains(scheme))?;
        let web = format!("{scheme}://{}", uri.authority()?);
        (web, url.splitn(4, '/').nth(3).unwrap_or_default())
    };
    let path = path.trim_end_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    let is_name = path.split('/').count() == 2 && path.split('/').all(|part| !part.is_empty());
    Some((web, is_name.then(|| path.to_owned())))
}

#[cfg(test)]
mod tests;
