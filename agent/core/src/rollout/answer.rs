use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Migrated, Phase, Said, Sample, Weights};

/// What is to be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing is written; look again, at that time (Unix milliseconds) at the latest.
    Wait {
        /// What is waited for.
        why: Why,
        /// When it is over, where that is known.
        until_ms: Option<u64>,
    },
    /// Bring about the layout of the phase as recorded, and record with
    /// [`Track::stood`](super::Track::stood) that it stands. The only step that
    /// lets anything be written: facts that are not good enough for a phase any
    /// more do not get it, however late it is applied.
    Apply,
    /// Record that phase; look again.
    Enter(Phase),
    /// Nothing is written; an approval of the recorded plan is wanted.
    Ask {
        /// The last one, which is not good any more.
        expired: Option<Said>,
    },
    /// Record that it goes back, and why; look again.
    Abort {
        /// Why.
        why: Reason,
    },
    /// Blue grew: record that both sides have so many tasks; look again.
    Raise {
        /// How many.
        tasks: u32,
    },
    /// The migration task ended: record how; look again.
    Migrated(Migrated),
    /// It is over: record it.
    End(Ending),
}

/// How a rollout ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// Green is live.
    Released,
    /// Blue is live, as before.
    Restored {
        /// Why; `None` where that was not recorded.
        why: Option<Reason>,
    },
}

/// Why a rollout goes back.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// A person said so.
    Asked(Said),
    /// ECS gave the deployment up, in its words.
    GaveUp(String),
    /// Three tasks stopped for the same reason, in ECS's words.
    Stopping(String),
    /// A check of green failed; which, and how.
    TestFailed(String),
    /// The migration task failed.
    MigrationFailed(Migrated),
    /// Green did not prove itself in time.
    TooSlow {
        /// In which phase.
        phase: Phase,
        /// How long it had, milliseconds.
        patience_ms: u64,
    },
    /// What a phase wants was refused, again and again.
    Refused {
        /// Which phase.
        phase: Phase,
        /// For how long it was tried at least, milliseconds.
        patience_ms: u64,
    },
    /// Someone else changed the production rule.
    Weights {
        /// What the phase wants.
        wanted: Weights,
        /// What was found.
        found: Weights,
    },
    /// Alarms ring.
    Alarms(Vec<String>),
    /// Green lost healthy targets.
    Unhealthy {
        /// How many it has.
        healthy: u32,
        /// How many it needs.
        needed: u32,
    },
    /// Green fails more often than blue.
    Errors {
        /// What green answered.
        green: Sample,
        /// What blue answered, or what it did before; `None` without enough of either.
        blue: Option<Sample>,
    },
}

/// What is waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// Green's tasks to run and be healthy.
    Starting {
        /// How many are healthy.
        healthy: u32,
        /// How many are needed.
        needed: u32,
    },
    /// The checks of green.
    Checking,
    /// Alarms that rang before any traffic moved.
    Ringing(Vec<String>),
    /// Alarms and counts, which could not be asked for; why.
    Unmetered(String),
    /// A second look at weights that someone else seems to have written.
    Weights {
        /// What the phase wants.
        wanted: Weights,
        /// What was found.
        found: Weights,
    },
    /// Polls in a row that show green to be whole.
    Proving {
        /// How many there are.
        polls: u8,
        /// How many are needed.
        of: u8,
    },
    /// Green to get healthy targets back that it lost, before it goes back.
    Shaken {
        /// How many are healthy.
        healthy: u32,
        /// How many are needed.
        needed: u32,
    },
    /// The migration task.
    Migrating,
    /// People to come by the load balancer: their way is to be switched to it.
    Arriving(Patience),
    /// People not to come by the load balancer any more: their way is to be
    /// switched back to the old service.
    Leaving(Patience),
    /// The application in Microsoft Entra to lead to the old service again:
    /// nobody comes by the load balancer, but whoever comes would.
    StillLed(Patience),
    /// The time of this step.
    Holding,
    /// The time of the last step.
    Baking,
    /// Requests to the side that goes to run out.
    Requests,
    /// Connections to the side that goes to end.
    Draining {
        /// How many are open, where that is known.
        connections: Option<u64>,
    },
    /// The tasks of the side that goes to stop.
    Stopping {
        /// How many run.
        running: u32,
    },
    /// Blue to be healthy, before traffic goes back to it.
    BlueTasks {
        /// How many are healthy.
        healthy: u32,
        /// How many are needed.
        needed: u32,
    },
}

/// Whether something that people do is waited for longer than was thought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// It may still come.
    Left,
    /// It is late: it is said, and looked for every now and then.
    Spent,
}
