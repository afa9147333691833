use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Ending, Led, Migrated, Obstacle, Old, Overlap, Phase, Reason, Settings, Slot, Snapshot, Way};

/// What the state keeps of one service that has two slots.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Track {
    /// The side that serves people. While a rollout is open: the one that did.
    pub live: Slot,
    /// What the other side holds at zero tasks, as the fast way back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle: Option<Idle>,
    /// The service that people used before there was a cut-over, or since it was
    /// gone back to; at zero tasks, as the way back, once one ended well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<Old>,
    /// The rollout that is under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<Rollout>,
    /// The one before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<Ended>,
}

/// A release that stands at zero tasks.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Idle {
    /// Its commit, where that is known.
    #[serde(default)]
    pub commit: Option<String>,
    /// The ARN of its task definition.
    pub task_definition: String,
}

/// A rollout that is under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Rollout {
    /// The commit that is released.
    pub commit: String,
    /// The approval hash of its first plan: what approvals are bound to.
    pub plan: String,
    /// What it is for.
    #[serde(default)]
    pub purpose: Purpose,
    /// When it was opened, Unix milliseconds.
    pub opened_at_ms: u64,
    /// The side that becomes live.
    pub to: Slot,
    /// How it goes.
    #[serde(default)]
    pub settings: Settings,
    /// What stood before.
    pub snapshot: Snapshot,
    /// The tasks that each side has at least: blue's when it was opened, and
    /// more when blue grew meanwhile. Never 0.
    pub tasks: u32,
    /// The tasks that green was proven to have when it last got traffic: with
    /// fewer healthy ones it loses it. 0 before that.
    #[serde(default)]
    pub proven: u32,
    /// Where it is.
    pub phase: Phase,
    /// Since when, Unix milliseconds.
    pub since_ms: u64,
    /// When the phase's layout was seen to stand, Unix milliseconds: holding,
    /// baking and draining count from here. `None` until it was brought about.
    #[serde(default)]
    pub stood_ms: Option<u64>,
    /// Whether the production rule was ever to name green.
    #[serde(default)]
    pub moved: bool,
    /// Who agreed, in the order in which they did.
    #[serde(default)]
    pub approvals: Vec<Said>,
    /// Who wants it back.
    #[serde(default)]
    pub abort: Option<Said>,
    /// Who wants it to go on without further waiting.
    #[serde(default)]
    pub promote: Option<Said>,
    /// How the migration task ended, once it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migrated: Option<Migrated>,
    /// What came of leading people elsewhere through Microsoft Graph, in this phase
    /// or the last one that did; `None` until it was tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub led: Option<Led>,
    /// Why it goes back, once it does: the first reason.
    #[serde(default)]
    pub why: Option<Reason>,
}

/// What a rollout is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Something new.
    #[default]
    Release,
    /// Back to the release that the other side holds at zero.
    Back,
    /// From an old service that is not ours to the side that stands.
    CutOver,
    /// Back to the old service, after a cut-over.
    ToOld,
}

/// What a person said about a rollout.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Said {
    /// Who.
    pub who: String,
    /// When, Unix milliseconds.
    pub at_ms: u64,
    /// The approval hash that they saw.
    pub plan: String,
    /// Why, in their words.
    #[serde(default)]
    pub why: Option<String>,
}

/// What a person can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// Traffic may move.
    Approve,
    /// Go back.
    Abort,
    /// Go on without further holding and baking; nothing else is skipped.
    Promote,
}

/// A rollout that ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Ended {
    /// The commit that was released.
    pub commit: String,
    /// What it was for.
    #[serde(default)]
    pub purpose: Purpose,
    /// The side that it was released to.
    pub to: Slot,
    /// When it was opened, Unix milliseconds.
    pub opened_at_ms: u64,
    /// When it ended, Unix milliseconds.
    pub ended_at_ms: u64,
    /// How.
    pub ending: Ending,
    /// Where the application led people last, as Microsoft Graph answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turned: Option<Turned>,
    /// What nobody knows of the application, where only silence says that people
    /// went back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsure: Option<Unsure>,
}

/// Where the application was to lead people again, and did not answer that it does.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Unsure {
    /// Why the agent did not lead it there.
    pub why: Obstacle,
    /// The URL that it was to have, where that is known.
    #[serde(default)]
    pub to: Option<String>,
}

/// From where to where people were led through Microsoft Graph.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Turned {
    /// The URL before.
    pub from: String,
    /// The URL that stands.
    pub to: String,
}

impl Rollout {
    /// The side that was live when it was opened. In a cut-over it is the old
    /// service, which stands in neither slot.
    pub fn blue(&self) -> Slot {
        self.to.other()
    }

    /// Whether blue is an old service that is not ours.
    pub fn cuts_over(&self) -> bool {
        matches!(self.purpose, Purpose::CutOver | Purpose::ToOld)
    }

    /// Whether green is made as the file says. Once it stands it stays as it is:
    /// a file that changes meanwhile is the next release.
    pub fn is_being_made(&self) -> bool {
        let is_new = matches!(self.purpose, Purpose::Release | Purpose::CutOver);
        is_new && self.phase == self.settings.first_phase() && self.stood_ms.is_none()
    }

    /// Whether a person agreed to what is written of the old service, which is
    /// not ours.
    pub(super) fn may_write_old(&self) -> bool {
        self.purpose == Purpose::ToOld || !self.approvals.is_empty()
    }

    /// Whether blue and green must not run at the same time.
    pub fn never_overlaps(&self) -> bool {
        self.settings.overlap == Overlap::Never
    }

    /// Whether the load balancer leads, or may lead, to the old service: from
    /// when people are switched to it.
    pub fn is_joined(&self) -> bool {
        let by_weights = self.snapshot.old.as_ref().is_some_and(|old| old.way == Way::Weights);
        self.cuts_over() && by_weights && self.moved && !self.never_overlaps()
    }

    /// Whether blue is at zero tasks on the way forward, before the end.
    pub(super) fn stops_blue(&self) -> bool {
        let keeps = matches!(self.phase, Phase::Prepare | Phase::Gate);
        self.never_overlaps() && !self.phase.is_way_back() && !keeps
    }

    /// Whether blue, which was stopped, has tasks again.
    pub(crate) fn brings_back_blue(&self) -> bool {
        self.never_overlaps() && self.phase.is_way_back() && self.phase != Phase::StopGreen
    }

    /// How many tasks blue has on the way back.
    pub fn blue_tasks(&self) -> u32 {
        self.snapshot.old.as_ref().map_or(self.tasks, |old| old.count.max(1))
    }

    /// From where to where people were led last, where Microsoft Graph answered
    /// so. At the gate nobody is led yet.
    pub fn turned(&self) -> Option<Turned> {
        let is_led = self.moved && self.phase != Phase::Gate && self.led == Some(Led::There);
        let old = self.snapshot.old.as_ref().filter(|_| is_led)?;
        let (before, balancer) = (old.internal_url.clone().or(old.from.clone())?, old.to.clone()?);
        let (from, to) = if self.phase.is_way_back() { (balancer, before) } else { (before, balancer) };
        Some(Turned { from, to })
    }

    /// What nobody knows of the application on the way back, where a person was
    /// asked to lead people.
    pub fn unsure(&self) -> Option<Unsure> {
        let old = self.snapshot.old.as_ref().filter(|_| self.moved && self.phase.is_way_back())?;
        let Some(Led::ByHand(why)) = &self.led else { return None };
        Some(Unsure { why: why.clone(), to: old.internal_url.clone().or(old.from.clone()) })
    }

    /// When holding, baking or draining for so long is over, counted from when
    /// the phase's layout stood; `None` until it does.
    pub(crate) fn due_ms(&self, length_ms: u64) -> Option<u64> {
        self.stood_ms.map(|stood| stood.saturating_add(length_ms))
    }

    /// An approval of this plan that is still good.
    pub fn approval(&self, now_ms: u64) -> Option<&Said> {
        let is_good = |said: &&Said| {
            said.plan == self.plan && now_ms.saturating_sub(said.at_ms) < self.settings.approval_ms
        };
        self.approvals.iter().rev().find(is_good)
    }
}
