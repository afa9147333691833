use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MigrationTask, Phase};
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
/// How long a migration may take where nothing is written.
const MIGRATION_MS: u64 = 30 * 60 * 1_000;

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
    /// Whether blue and green may run at the same time.
    pub overlap: Overlap,
    /// The task that migrates the database before green starts.
    pub migration: Option<MigrationTask>,
    /// Green has at least so many tasks, whatever blue has.
    pub least: u32,
    /// How long connections to the side that goes are kept at most.
    pub drain_ms: u64,
    /// How long an approval is good for.
    pub approval_ms: u64,
    /// How long scaling up and testing may take, each.
    pub patience_ms: u64,
}

/// Whether two versions may work on one database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// They may.
    #[default]
    Allowed,
    /// They must not: blue stops before green starts, and nobody is served meanwhile.
    Never,
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
            overlap: Overlap::default(),
            migration: None,
            least: 0,
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
            role: _,
            schema_change,
            migration,
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
        let overlap = match schema_change {
            SchemaChange::None | SchemaChange::Additive => Overlap::Allowed,
            SchemaChange::Breaking => Overlap::Never,
        };
        let migration = migration.as_ref().map(|block::Migration { command, within }| MigrationTask {
            command: command.clone(),
            within_ms: within.map_or(MIGRATION_MS, |it| it.seconds().saturating_mul(1_000)),
        });
        Self {
            shift: steps,
            hold_ms: in_ms(hold),
            bake_ms: in_ms(bake),
            // Nobody is taken by surprise by an outage.
            approve_traffic: *approve_traffic || overlap == Overlap::Never,
            abort_on: abort_on.clone(),
            schema_change: *schema_change,
            overlap,
            migration,
            drain_ms: in_ms(&Some(drain)),
            patience_ms: progress_deadline.as_ref().map_or(PATIENCE_MS, |_| in_ms(progress_deadline)),
            ..Self::default()
        }
    }

    /// The same for the way back to a release that was live before: at once,
    /// nobody is asked, and no alarm is waited for: what rings is why people go back.
    pub fn back(rollout: &block::Rollout, drain: Duration) -> Self {
        Self {
            shift: vec![100],
            hold_ms: 0,
            bake_ms: 0,
            approve_traffic: false,
            migration: None,
            abort_on: Vec::new(),
            ..Self::of(rollout, drain)
        }
    }

    /// The same for the cut-over from an old service: a person always agrees,
    /// and green has what the file says where the old service has less.
    pub fn cut_over(rollout: &block::Rollout, drain: Duration, least: u32) -> Self {
        Self { approve_traffic: true, least, ..Self::of(rollout, drain) }
    }

    /// The phase in which a rollout to something new begins.
    pub(crate) fn first_phase(&self) -> Phase {
        match (self.overlap, &self.migration, self.schema_change) {
            (Overlap::Never, _, _) | (Overlap::Allowed, Some(_), _) => Phase::Prepare,
            // The first task migrates, and no other one meanwhile.
            (Overlap::Allowed, None, SchemaChange::Additive) => Phase::First,
            (Overlap::Allowed, None, SchemaChange::None | SchemaChange::Breaking) => Phase::ScaleUp,
        }
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
