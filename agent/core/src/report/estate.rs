//! What the agent knows at one moment, as its page shows it.

use crate::{
    cost::Monthly,
    environment::EnvironmentName,
    lease::LockInfo,
    report::{
        Judged,
        pull_request::{EnvironmentReport, PullReport, Purpose, Status},
    },
    rollout::Track,
};

/// All environments, and the pull requests that are open.
#[derive(Clone, Debug, Default)]
pub struct Estate {
    /// The agent's own name.
    pub agent: String,
    /// The config repo's address.
    pub repo: String,
    /// The watched branch.
    pub branch: String,
    /// Its commit; none before the first look.
    pub commit: Option<String>,
    /// When the repo was looked at last, RFC 3339; none before.
    pub looked_at: Option<String>,
    /// Why the last look failed, where it did.
    pub problem: Option<String>,
    /// Whether drift is looked for by itself.
    pub watches_drift: bool,
    /// Every environment that is described or known, by name.
    pub environments: Vec<Standing>,
    /// By number.
    pub pulls: Vec<OpenPull>,
}

/// One environment in a line.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Its name.
    pub name: EnvironmentName,
    /// How far it is; none as long as nothing is known.
    pub status: Option<Status>,
    /// The commit that is deployed.
    pub revision: Option<String>,
    /// Since when, RFC 3339.
    pub deployed_at: Option<String>,
    /// How many objects differ from what was deployed, at the last look.
    pub drift: usize,
    /// Who held its lock when it was looked at last.
    pub lock: Option<LockInfo>,
    /// What a month costs, as the branch describes it.
    pub monthly: Option<Monthly>,
    /// The pull request that its last change came with.
    pub pull: Option<u64>,
    /// Where its rollouts are, in a line each.
    pub rollouts: Vec<String>,
}

/// An open pull request in a line.
#[derive(Clone, Debug)]
pub struct OpenPull {
    /// Its number.
    pub number: u64,
    /// Its title. Written by others.
    pub title: String,
    /// Its author's login.
    pub author: String,
    /// What was planned for it, where it was.
    pub report: Option<PullReport>,
}

/// Everything about one environment.
#[derive(Clone, Debug)]
pub struct EnvironmentView {
    /// The agent's own name.
    pub agent: String,
    /// The line that the estate has of it.
    pub standing: Standing,
    /// What was told of it last, with the commit that it is about.
    pub told: Option<Told>,
    /// What the state has of its services' sides, by service.
    pub tracks: Vec<(String, Track)>,
    /// What failed in the last run, where nothing was told of one.
    pub failures: Vec<String>,
    /// How what lives differs from what was deployed.
    pub drift: Option<Judged>,
    /// The open pull requests that change it.
    pub pulls: Vec<OpenPull>,
}

/// What was told of an environment.
#[derive(Clone, Debug)]
pub struct Told {
    /// The commit that it is about.
    pub head: String,
    /// The watched branch.
    pub base: String,
    /// What it is about.
    pub purpose: Purpose,
    /// What was told.
    pub report: EnvironmentReport,
}
