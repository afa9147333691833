//! The agent's own configuration, `pointsman.toml`: what to watch, where to
//! report, how often. Secrets are named by file or environment variable, never
//! written in it.

mod aws;
mod entra;
mod error;
mod names;
mod read;
mod requirements;
mod secret;
mod sections;
mod server;
#[cfg(test)]
mod tests;

use std::{path::PathBuf, time::Duration};

pub use aws::Aws;
pub use entra::Applications;
pub use error::ConfigError;
#[cfg(test)]
pub use read::read;
pub use read::{is_of_agent, load};
pub use secret::{SecretError, SecretSource};
pub use server::{PublicUrl, Server};

use pointsman_core::{lease::Timing, requirement::Stages, scalar::Cron};

/// The whole configuration, checked and with every default filled in.
#[derive(Clone, Debug)]
pub struct Config {
    /// What is watched.
    pub repo: Repo,
    /// Where it is reported; none: only the log.
    pub github: Option<Github>,
    /// The agent's own web server.
    pub server: Server,
    /// What it may act as in AWS.
    pub aws: Aws,
    /// What it may switch in Microsoft Entra.
    pub entra: Applications,
    /// When to look for drift; none: never by itself.
    pub drift: Option<DriftSchedule>,
    /// What is required before an apply, beside what the config repo says.
    pub requirements: Stages,
    /// The agent itself.
    pub agent: Agent,
    /// The lock's times.
    pub lease: Timing,
}

/// The config repo that is watched.
#[derive(Clone, Debug)]
pub struct Repo {
    /// What Git clones: `https://…`, `ssh://…`, `git@host:path`, or a folder.
    pub url: String,
    /// The branch that is deployed.
    pub branch: String,
    /// The folder of environments in it.
    pub environments: String,
    /// The folder of policies in it.
    pub policies: String,
    /// The pause between two looks; jittered by a tenth.
    pub poll: Duration,
    /// How to be let in; none for public and local repositories.
    pub credentials: Option<RepoCredentials>,
}

/// How the config repo lets the agent in.
#[derive(Clone, Debug)]
pub enum RepoCredentials {
    /// A token, over HTTPS.
    Token(SecretSource),
    /// A private key without passphrase, over SSH.
    SshKey(PathBuf),
}

/// Where pull requests live.
#[derive(Clone, Debug)]
pub struct Github {
    /// The account or organisation.
    pub owner: String,
    /// The repository in it.
    pub name: String,
    /// The API's base, `https://api.github.com` or `https://HOST/api/v3`.
    pub api_url: String,
    /// Who the agent is there.
    pub identity: GithubIdentity,
    /// Check runs or commit statuses.
    pub report: ReportAs,
    /// The pause between two writes: GitHub asks for a second.
    pub write_pause: Duration,
    /// The most writes in a minute, at least 1: GitHub takes 80.
    pub writes_per_minute: usize,
    /// The most writes in an hour, at least 1: GitHub takes 500.
    pub writes_per_hour: usize,
    /// What GitHub signs webhooks with; none: webhooks are not answered.
    pub webhook_secret: Option<SecretSource>,
}

/// Who the agent is on GitHub.
#[derive(Clone, Debug)]
pub enum GithubIdentity {
    /// The owner of a token.
    Token(SecretSource),
    /// An installation of a GitHub App.
    App {
        /// The App's id.
        app_id: u64,
        /// The installation's id.
        installation_id: u64,
        /// The App's private key, PEM.
        key_file: PathBuf,
    },
}

/// What carries a verdict to a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportAs {
    /// Check runs, with annotations on lines; Apps only.
    CheckRun,
    /// Commit statuses.
    Status,
}

/// When to look for drift.
#[derive(Clone, Debug, PartialEq)]
pub enum DriftSchedule {
    /// By the calendar, UTC.
    Cron(Cron),
    /// So long after the last look.
    Every(Duration),
}

/// The agent itself.
#[derive(Clone, Debug)]
pub struct Agent {
    /// Its name in locks and reports; the host's name when it is not given.
    pub name: Option<String>,
    /// The folder of the mirror, and of reports that GitHub does not have yet.
    /// Nothing in it is needed to recover.
    pub data_dir: PathBuf,
    /// How many environments are worked on at once, at least 1.
    pub concurrency: usize,
}
