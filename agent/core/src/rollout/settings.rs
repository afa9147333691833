use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    environment::block::{self, SchemaChange},
    scalar::{Duration, Percentage},
};

/// How long an approval is good for.
const APPROVAL_MS: u64 = 24 * 60 * 60 * 1_000;
/// How long connections are kept where nothing is written.
const DRAIN_MS: u64 = 5 * 60 * 1_000;
/// How long green may take to prove itself.
const PATIENCE_MS: u64 = 30 * 60 * 1_000;

/// How a rollout goes, as it was written when it was opened: a file that
/// changes meanwhile does not change it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Settings {
    /// Green's share of each step in percent, rising, 1 to 100.
    pub shift: Vec<u8>,
    /// How long each step is watched, from when it stands.
    pub hold_ms: u64,
    /// How long the last step is watched, from when it stands.
    pub bake_ms: u64,
    /// Whether a person is asked before traffic moves.
    pub approve_traffic: bool,
    /// Alarms that turn it back.
    pub abort_on: Vec<String>,
    /// What the release does to the database.
    pub schema_change: SchemaChange,
    /// How long connections to the side that goes are kept at most.
    pub drain_ms: u64,
    /// How long an approval is good for.
    pub approval_ms: u64,
    /// How long scaling up and testing may take, each.
    pub patience_ms: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            shift: vec![100],
            hold_ms: 0,
            bake_ms: 0,
            approve_traffic: false,
            abort_on: Vec::new(),
            schema_change: SchemaChange::default(),
            drain_ms: DRAIN_MS,
            approval_ms: APPROVAL_MS,
            patience_ms: PATIENCE_MS,
        }
    }
}

impl Settings {
    /// From what is written about rollouts, and how long the service's
    /// connections are kept.
    pub fn of(rollout: &block::Rollout, drain: Duration) -> Self {
        let block::Rollout {
            strategy: _,
            schema_change,
            shift,
            hold,
            bake,
            progress_deadline,
            approve_traffic,
            switch: _,
            test: _,
            abort_on,
        } = rollout;
        let in_ms = |duration: &Option<Duration>| duration.map_or(0, |it| it.seconds().saturating_mul(1_000));
        let mut steps: Vec<u8> = shift.iter().copied().map(Percentage::value).filter(|it| *it > 0).collect();
        if steps.is_empty() {
            steps.push(100);
        }
        Self {
            shift: steps,
            hold_ms: in_ms(hold),
            bake_ms: in_ms(bake),
            approve_traffic: *approve_traffic,
            abort_on: abort_on.clone(),
            schema_change: *schema_change,
            drain_ms: in_ms(&Some(drain)),
            patience_ms: progress_deadline.as_ref().map_or(PATIENCE_MS, |_| in_ms(progress_deadline)),
            ..Self::default()
        }
    }

    /// The same for the way back to a release that was live before: at once,
    /// and nobody is asked.
    pub fn back(rollout: &block::Rollout, drain: Duration) -> Self {
        let whole = vec![100];
        Self { shift: whole, hold_ms: 0, bake_ms: 0, approve_traffic: false, ..Self::of(rollout, drain) }
    }

    /// Green's share of a step in percent, 0 to 100.
    pub fn share(&self, step: u8) -> u32 {
        let share = self.shift.get(usize::from(step)).or(self.shift.last());
        u32::from(share.copied().unwrap_or(100).min(100))
    }

    /// The last step's index.
    pub fn last(&self) -> u8 {
        u8::try_from(self.shift.len().saturating_sub(1)).unwrap_or(u8::MAX)
    }

    /// Whether a step is the last one.
    pub fn is_last(&self, step: u8) -> bool {
        step >= self.last()
    }
}
