//! What happens and what happened, as data; `render` makes the sentences.

pub mod adoption;
pub mod command;
pub mod estate;
mod passing;
pub mod pull_request;
mod sides;
mod stopped;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use passing::Passing;
pub use sides::{Side, Sides};
pub use stopped::{MOST_LOG_BYTES, MOST_LOG_LINES, MOST_STOPPED_TASKS, StoppedTask};

use crate::{
    Address,
    environment::EnvironmentName,
    failure::CloudErrorKind,
    lease::{LockInfo, Turn},
    plan::{Action, Plan},
    policy::Verdict,
    preflight::Finding,
    rollout::{Ended, Ending, Phase, Purpose as For},
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
        /// Where one stands among those who wait, where that is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        turn: Option<Turn>,
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
    /// The two sides of a rollout are otherwise than at the look before.
    Sides {
        /// Of which service.
        service: String,
        /// Both of them.
        sides: Box<Sides>,
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
    /// What a person does elsewhere before it goes on: how people's way is
    /// switched in a cut-over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_do: Option<String>,
}

/// Why a run leaves a rollout open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standstill {
    /// A person is asked before traffic moves.
    Asks,
    /// People's way is to be switched, in a cut-over.
    Switch,
    /// The agent is stopping.
    Stopped,
    /// The lease was lost: another goes on.
    LeaseLost,
}

impl RolloutOutcome {
    /// Whether it came to what it was for: the new release is live, or the old
    /// service serves people again where that was wanted.
    pub fn is_released(&self) -> bool {
        let is_as_meant = |ended: &Ended| ended.ending == Ending::Released || ended.purpose == For::ToOld;
        self.ended.as_ref().is_some_and(is_as_meant)
    }

    /// Whether it waits for a person.
    pub fn asks(&self) -> bool {
        matches!(self.stands, Some(Standstill::Asks | Standstill::Switch))
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
    /// Tasks that stopped while it failed, the newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stopped: Vec<StoppedTask>,
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

    /// Whether people are to be switched elsewhere before it goes on.
    pub fn waits_for_switch(&self) -> bool {
        self.rollouts.iter().any(|rollout| rollout.stands == Some(Standstill::Switch))
    }

    /// Whether everything was done that can be done before a person agrees.
    pub fn asks(&self) -> bool {
        self.changes.iter().all(|change| change.result == ChangeResult::Done)
            && self.rollouts.iter().any(RolloutOutcome::asks)
            && self.rollouts.iter().all(|rollout| rollout.is_released() || rollout.asks())
    }
}
