use std::sync::Arc;

use pointsman_core::{
    environment::Environment,
    lease::Timing,
    policy::{Actor, PullRequest},
};

use crate::{
    Policies, Stop,
    ports::{Listener, Ports, Prober, Proxy},
};

/// One walk down the road: for which environment, by whom, with what.
#[derive(Clone)]
pub struct Run {
    /// What should be.
    pub environment: Environment,
    /// What the walk is for.
    pub purpose: Purpose,
    /// The commit that the environment was read from, where there is one.
    pub commit: Option<String>,
    /// All of these must allow the plan.
    pub policies: Vec<Arc<Policies>>,
    /// For policies: the pull request that the commit comes from.
    pub pull_request: Option<PullRequest>,
    /// The pull request whose commit is applied before its merge.
    pub proposed: Option<u64>,
    /// For policies: who asks.
    pub actor: Actor,
    /// The world.
    pub ports: Ports,
    /// Who asks a new side of a service for its health.
    pub prober: Arc<dyn Prober>,
    /// Who leads people elsewhere, where the agent does.
    pub proxy: Arc<dyn Proxy>,
    /// Who is told.
    pub listener: Arc<dyn Listener>,
    /// Terraform's `Who` of the lock: `pointsman@host`.
    pub who: String,
    /// The lock's times.
    pub timing: Timing,
    /// How long to wait for a living holder of the lock, in milliseconds.
    pub patience_ms: u64,
    /// How it is asked to end early.
    pub stop: Stop,
}

impl Run {
    /// Whether everything that was made goes.
    pub(crate) fn takes_down(&self) -> bool {
        self.purpose == Purpose::Destroy || self.purpose == Purpose::Deploy && self.environment.file.removed
    }
}

/// What a walk is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Bring the environment to what its file says.
    Deploy,
    /// Take down everything that was made.
    Destroy,
    /// Drive the rollouts that are open, and begin nothing.
    GoOn,
    /// Go back to the releases that wait at zero tasks.
    GoBack,
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run")
            .field("environment", &self.environment.name)
            .field("purpose", &self.purpose)
            .field("commit", &self.commit)
            .finish_non_exhaustive()
    }
}
