//! What happens and what happened, as data; `render` makes the sentences.

pub mod adoption;
pub mod pull_request;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Address,
    environment::EnvironmentName,
    failure::CloudErrorKind,
    lease::LockInfo,
    plan::{Action, Plan},
    policy::Verdict,
    preflight::Finding,
    rollout::{Ended, Ending, Phase},
};

/// A plan and what the policies said of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Judged {
    /// The plan.
    pub plan: Plan,
    /// The verdict.
    pub verdict: Verdict,
}

/// Something that happens while the agent works.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// Someone holds the lock.
    Waiting {
        /// Who.
        holder: LockInfo,
        /// Milliseconds until the holder would be known to be dead; none when
        /// it is not an agent's.
        remaining_ms: Option<u64>,
    },
    /// The lock is ours.
    Locked {
        /// Its fence.
        fence: u64,
        /// Whether it was taken over from a dead agent.
        taken_over: bool,
    },
    /// Nothing is written for a while, so that a dead holder's last calls end.
    Quiescing {
        /// Milliseconds.
        for_ms: u64,
    },
    /// The run before did not end; what it made was found, recorded, sealed.
    Recovered {
        /// Its fence.
        run: u64,
        /// How many writes it had announced and not noted.
        looked_up: u32,
        /// How many of their objects stand.
        stands: u32,
    },
    /// The plan is made and judged.
    Planned {
        /// Plan and verdict.
        judged: Box<Judged>,
    },
    /// What a deploy needs was looked at; nothing stops it.
    Checked {
        /// Of which environment.
        environment: EnvironmentName,
        /// What deserves a look, and what could not be looked at.
        #[schemars(with = "Vec<serde_json::Map<String, serde_json::Value>>")]
        findings: Vec<Finding>,
    },
    /// A step begins.
    Started {
        /// On what.
        address: Address,
        /// What is done.
        action: Action,
    },
    /// A step goes on; in AWS's words.
    Progress {
        /// On what.
        address: Address,
        /// What AWS says.
        says: String,
    },
    /// A step is done.
    Finished {
        /// On what.
        address: Address,
        /// What was done.
        action: Action,
        /// How long it took, in milliseconds.
        took_ms: u64,
    },
    /// A step failed.
    Failed {
        /// On what.
        address: Address,
        /// What was tried.
        action: Action,
        /// Why not.
        why: String,
    },
    /// A rollout goes on, or waits for something else.
    Rollout {
        /// Of which service.
        service: String,
        /// Where it is, both sides, and what is next; several lines.
        text: String,
    },
    /// The lease was lost: nothing more is written.
    LeaseLost {
        /// Why.
        why: String,
    },
}

/// What came of one change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ChangeOutcome {
    /// Of which object.
    pub address: Address,
    /// What was to be done.
    pub action: Action,
    /// What came of it.
    pub result: ChangeResult,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// What came of one change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeResult {
    /// It was done.
    Done,
    /// It was tried, and failed.
    Failed {
        /// Why.
        why: String,
        /// What kind of refusal it was, when AWS or the way to it refused.
        kind: Option<CloudErrorKind>,
    },
    /// It was not tried.
    Skipped {
        /// The change that failed before it; none when the agent was stopping.
        because_of: Option<Address>,
    },
}

/// Where a rollout stands when a run ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RolloutOutcome {
    /// Of which service.
    pub service: String,
    /// How it ended; none while it is open.
    pub ended: Option<Ended>,
    /// Its phase; none when it has ended.
    pub at: Option<Phase>,
    /// Why the run left it there; none when it has ended.
    pub stands: Option<Standstill>,
    /// The approval hash of the plan that began it; empty when it has ended.
    pub plan: String,
}

/// Why a run leaves a rollout open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standstill {
    /// A person is asked before traffic moves.
    Asks,
    /// The agent is stopping.
    Stopped,
    /// The lease was lost: another goes on.
    LeaseLost,
}

impl RolloutOutcome {
    /// Whether the new release is live.
    pub fn is_released(&self) -> bool {
        self.ended.as_ref().is_some_and(|ended| ended.ending == Ending::Released)
    }

    /// Whether it waits for a person.
    pub fn asks(&self) -> bool {
        self.stands == Some(Standstill::Asks)
    }
}

/// What came of a deploy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Outcome {
    /// Of which environment.
    pub environment: EnvironmentName,
    /// Of which commit.
    pub commit: Option<String>,
    /// What was planned, and judged.
    pub judged: Judged,
    /// What came of each change, in the order they ended.
    pub changes: Vec<ChangeOutcome>,
    /// The rollouts that it drove, by service.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rollouts: Vec<RolloutOutcome>,
    /// The outputs that are known.
    pub outputs: BTreeMap<String, String>,
    /// The serial of the state that was saved last.
    pub serial: u64,
    /// How long it all took, in milliseconds.
    pub took_ms: u64,
}

impl Outcome {
    /// Whether everything was done.
    pub fn succeeded(&self) -> bool {
        self.changes.iter().all(|change| change.result == ChangeResult::Done)
            && self.rollouts.iter().all(RolloutOutcome::is_released)
    }

    /// Whether a rollout was turned back, and everything else was done: what
    /// stood before stands.
    pub fn is_turned_back(&self) -> bool {
        let is_back = |rollout: &RolloutOutcome| rollout.ended.is_some() && !rollout.is_released();
        self.changes.iter().all(|change| change.result == ChangeResult::Done)
            && self.rollouts.iter().any(is_back)
            && self.rollouts.iter().all(|rollout| rollout.ended.is_some())
    }

    /// Whether everything was done that can be done before a person agrees.
    pub fn asks(&self) -> bool {
        self.changes.iter().all(|change| change.result == ChangeResult::Done)
            && self.rollouts.iter().any(RolloutOutcome::asks)
            && self.rollouts.iter().all(|rollout| rollout.is_released() || rollout.asks())
    }
}
