use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Old, Sample, Slot};
use crate::resource::Suspended;

/// What stood when a rollout was opened: what the way back restores.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Snapshot {
    /// The side that is live.
    pub live: Slot,
    /// The commit that it runs, where that is known.
    #[serde(default)]
    pub commit: Option<String>,
    /// How many tasks live there, whatever the file says.
    pub tasks: u32,
    /// The ARN of the task definition that it runs.
    pub task_definition: String,
    /// Between which bounds it is scaled; `None` where nothing scales it.
    #[serde(default)]
    pub scaling: Option<Bounds>,
    /// Its requests and errors from an hour before the rollout began until traffic
    /// moved, which green is compared with where blue gets too little; `None` until
    /// then, and where nobody counted.
    #[serde(default)]
    pub before: Option<Sample>,
    /// The old service, in a cut-over: then it is what is live, and stands in
    /// neither slot.
    #[serde(default)]
    pub old: Option<Old>,
}

/// Between which bounds a side is scaled, and what was suspended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Bounds {
    /// Never fewer tasks.
    pub min: u32,
    /// Never more.
    pub max: u32,
    /// What was suspended.
    #[serde(default)]
    pub suspended: Suspended,
}
