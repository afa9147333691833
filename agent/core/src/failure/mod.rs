//! Why a walk down the road ended before its end, as data.

mod cloud;

pub use cloud::{CloudError, CloudErrorKind};

use crate::{
    journal::Broken,
    lease::{LockInfo, Regression},
    plan::Conflict,
    preflight::Finding,
    report::{Judged, Outcome},
    rollout::{Old, Refusal, Unclear},
    state::StateError,
};

/// After a cut-over: why what was made is not taken down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InUse {
    /// The service that people use.
    pub service: String,
    /// The old service, as it was recorded.
    pub old: Old,
    /// How many tasks it is asked for now.
    pub tasks: u32,
    /// Whether requests were counted on the load balancer within the last two minutes.
    pub by_balancer: bool,
}

/// Why a walk ended before its end. `render` makes the sentences.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Failure {
    /// The credentials are of another account.
    #[error("the credentials are of account {found}, not {wanted}")]
    WrongAccount {
        /// What the environment says.
        wanted: String,
        /// What AWS says.
        found: String,
        /// The caller's ARN.
        arn: String,
    },
    /// Someone else has the lock.
    #[error("the lock is held by {}", .holder.who)]
    Locked {
        /// Terraform's words for it.
        holder: Box<LockInfo>,
        /// The lock's id in the table.
        lock_id: String,
    },
    /// Stopping was asked for before anything was written.
    #[error("it was asked to stop before anything was written")]
    Stopped,
    /// There can be no plan.
    #[error("{} conflicts with what lives", .0.len())]
    Conflicts(Vec<Conflict>),
    /// Preflight found what would fail half-way.
    #[error("preflight found what would fail half-way")]
    Unready(Vec<Finding>),
    /// The policies deny the plan.
    #[error("the policies deny the plan")]
    Denied(Box<Judged>),
    /// What lives, or the state, is not what the given plan was made from.
    #[error("the plan is stale")]
    Stale(Box<Judged>),
    /// People use what would be taken down, and the old service is not there for them.
    #[error("the old service {} is not back", .0.old.service)]
    InUse(Box<InUse>),
    /// Nobody agreed.
    #[error("the plan was not approved")]
    Declined(Box<Judged>),
    /// Some of it was not done.
    #[error("not everything was done")]
    Incomplete(Box<Outcome>),
    /// The stored state is not used.
    #[error("the state at {location} is not used: {error}")]
    State {
        /// Where it is.
        location: String,
        /// Why.
        error: StateError,
    },
    /// The journal knows a later state than the one that was read.
    #[error("the state at {location} went back behind serial {known}")]
    Regressed {
        /// Where it is.
        location: String,
        /// The serial that the journal knows.
        known: u64,
        /// What was read.
        regression: Regression,
    },
    /// The journal of a run is not what was written.
    #[error("the journal is not used: {0}")]
    Journal(Broken),
    /// A rollout of each of these services cannot begin.
    #[error("{}", .0.iter().map(|(service, why)| format!("{service}: {why}")).collect::<Vec<_>>().join(", "))]
    Refused(Vec<(String, Refusal)>),
    /// It cannot be told which sides of these services are live.
    #[error("it cannot be told which side of {} is live", .0.iter().map(|(service, _)| service.as_str()).collect::<Vec<_>>().join(", "))]
    Sides(Vec<(String, Unclear)>),
    /// AWS, or the way to it, refused.
    #[error(transparent)]
    Cloud(Box<CloudError>),
    /// Data that the agent made itself could not be written as JSON.
    #[error("cannot be written as JSON: {0}")]
    Json(String),
}

impl From<CloudError> for Failure {
    fn from(error: CloudError) -> Self {
        Self::Cloud(Box::new(error))
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::Json(error.to_string())
    }
}

impl Failure {
    /// Whether the lease was lost on the way: then nothing more may be said in its name.
    pub fn is_lease_lost(&self) -> bool {
        matches!(self, Self::Cloud(error) if error.kind == CloudErrorKind::LeaseLost)
    }
}
