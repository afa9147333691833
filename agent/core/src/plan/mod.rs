//! The plan: what will be done, as data. Nothing is decided after it.

mod change;
mod compute;
mod conflict;
mod decided;
mod held;
mod order;
mod steps;

use serde::{Deserialize, Serialize};

pub use crate::resource::Disruption;
pub use change::{Action, Change, FieldChange, Origin, Reason};
pub use compute::{Inputs, plan};
pub use conflict::Conflict;
pub use held::{Held, HeldReason};
pub(crate) use steps::steps_of;
pub use steps::{Step, StepKind, steps};

use crate::{
    Address,
    cost::Cost,
    environment::EnvironmentName,
    forecast::{Forecast, Impact},
    hash::canonical_hash,
    policy::Verdict,
    resource::{Count, Desired, Readiness, Resource},
    rollout::{Begins, Old},
};

/// The version of the plan's JSON.
pub const PLAN_SCHEMA: u32 = 1;

/// What will be done to an environment. Immutable; the same inputs make the
/// same plan, to the byte.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Plan {
    /// The version of this format.
    pub schema: u32,
    /// For which environment.
    pub environment: EnvironmentName,
    /// For which commit of the config repo, where there is one.
    pub commit: Option<String>,
    /// In which account and region.
    pub account: String,
    /// In which region.
    pub region: String,
    /// The state that it was made from: none the first time.
    pub base: Option<Base>,
    /// What it disrupts, and how long it takes.
    pub forecast: Forecast,
    /// What a month costs before and after.
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub cost: Cost,
    /// What will be done, sorted by address.
    pub changes: Vec<Change>,
    /// The rollouts that it begins, sorted by service.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rollouts: Vec<Begins>,
    /// What is deliberately left alone.
    pub held: Vec<Held>,
    /// What AWS is still at work on, with AWS's word for it: waited for.
    pub unsettled: Vec<Unsettled>,
    /// What is recorded but no longer stands and no longer is wanted: taken
    /// out of the state.
    pub forget: Vec<Address>,
}

/// The state that a plan was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Base {
    /// The state's lineage.
    pub lineage: String,
    /// The state's serial.
    pub serial: u64,
}

/// Something that AWS is still at work on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Unsettled {
    /// What.
    pub address: Address,
    /// In AWS's words.
    pub status: String,
}

/// A plan's size in Terraform's words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Summary {
    /// Created, and the new side of replacements.
    pub add: usize,
    /// Changed in place or rolled out, and taken over.
    pub change: usize,
    /// Deleted, and the old side of replacements.
    pub destroy: usize,
}

impl Plan {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.rollouts.is_empty()
    }

    /// How much there is to do.
    pub fn summary(&self) -> Summary {
        self.changes.iter().fold(Summary::default(), |mut summary, change| {
            match change.action {
                Action::Create => summary.add += 1,
                Action::Update | Action::Rollout | Action::Adopt => summary.change += 1,
                Action::Delete => summary.destroy += 1,
                Action::Replace => {
                    summary.add += 1;
                    summary.destroy += 1;
                }
            }
            summary
        })
    }

    /// The worst that any change does.
    pub fn disruption(&self) -> Disruption {
        self.forecast.disruption
    }

    /// The plan's identity: the hash of everything in it.
    pub fn id(&self) -> Result<String, serde_json::Error> {
        canonical_hash(self)
    }

    /// What an approval binds: what will be done to what stands, and what the
    /// policies said — without commit, serial or time, so that a plan that
    /// means the same is the same.
    pub fn approval_hash(&self, verdict: &Verdict) -> Result<String, serde_json::Error> {
        let Self {
            schema,
            environment,
            commit: _,
            account,
            region,
            base: _,
            forecast,
            // For information: another price table is no other plan.
            cost: _,
            changes,
            rollouts,
            held,
            unsettled: _,
            forget,
        } = self;
        let mut changes = changes.clone();
        for change in &mut changes {
            if let Some(observed) = &mut change.observed {
                // How far AWS is with what lives changes by the second.
                observed.readiness = Readiness::Ready;
            }
            without_live_counts(change);
        }
        // With the tasks that live, the time that a rollout takes changes too.
        let forecast = if rollouts.is_empty() {
            canonical_hash(forecast)?
        } else {
            canonical_hash(&forecast.disruption)?
        };
        // How many tasks live when it begins is the autoscaler's; what is
        // written of others' is not.
        let rollouts: Vec<_> = rollouts
            .iter()
            .map(|it| {
                let exceptions = it.snapshot.old.as_ref().map(Old::exceptions);
                (&it.service, it.purpose, it.to, &it.settings, exceptions)
            })
            .collect();
        let what = (schema, environment, account, region, forecast, changes, rollouts, held, forget);
        canonical_hash(&(what, verdict))
    }
}

/// As many tasks as a rollout finds are no part of what is agreed to: the
/// autoscaler moves them while a person reads.
fn without_live_counts(change: &mut Change) {
    let is_floor = |desired: &Desired| matches!(&desired.resource, Resource::Service(it) if matches!(it.count, Count::AtLeast(_)));
    if !change.desired.as_ref().is_some_and(is_floor) {
        return;
    }
    change.fields.retain(|field| field.field != "count");
    change.impact = Impact::NONE;
    let desired = change.desired.as_mut().map(|desired| &mut desired.resource);
    let observed = change.observed.as_mut().map(|observed| &mut observed.resource);
    for resource in desired.into_iter().chain(observed) {
        if let Resource::Service(service) = resource {
            service.count = Count::AtLeast(0);
        }
    }
}
