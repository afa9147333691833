//! The file as it is written, section by section. What a section means, and
//! whether it makes sense, is `read`'s matter.

use std::path::PathBuf;

use pointsman_core::scalar::{Cron, Duration};
use serde::Deserialize;
use toml::Spanned;

use super::ReportAs;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RepoSection {
    pub(super) url: Spanned<String>,
    #[serde(default = "main")]
    pub(super) branch: Spanned<String>,
    #[serde(default = "environments")]
    pub(super) environments: Spanned<String>,
    #[serde(default = "policies")]
    pub(super) policies: Spanned<String>,
    #[serde(default = "a_minute")]
    pub(super) poll: Spanned<Duration>,
    pub(super) token_file: Option<PathBuf>,
    pub(super) token_env: Option<Spanned<String>>,
    pub(super) ssh_key_file: Option<Spanned<PathBuf>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GithubSection {
    pub(super) repository: Option<Spanned<String>>,
    pub(super) api_url: Option<Spanned<String>>,
    pub(super) token_file: Option<PathBuf>,
    pub(super) token_env: Option<Spanned<String>>,
    pub(super) app_id: Option<u64>,
    pub(super) installation_id: Option<u64>,
    pub(super) key_file: Option<PathBuf>,
    pub(super) report: Option<Spanned<ReportAs>>,
    pub(super) write_pause_ms: Option<u64>,
    pub(super) writes_per_minute: Option<Spanned<usize>>,
    pub(super) writes_per_hour: Option<Spanned<usize>>,
    pub(super) webhook_secret_file: Option<PathBuf>,
    pub(super) webhook_secret_env: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DriftSection {
    pub(super) schedule: Option<Cron>,
    pub(super) every: Option<Spanned<Duration>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AgentSection {
    pub(super) name: Option<Spanned<String>>,
    pub(super) data_dir: Option<PathBuf>,
    pub(super) concurrency: Option<Spanned<usize>>,
}

fn main() -> Spanned<String> {
    Spanned::new(0..0, "main".to_owned())
}

fn environments() -> Spanned<String> {
    Spanned::new(0..0, "environments".to_owned())
}

fn policies() -> Spanned<String> {
    Spanned::new(0..0, "policies".to_owned())
}

fn a_minute() -> Spanned<Duration> {
    Spanned::new(0..0, Duration::from_seconds(60))
}
