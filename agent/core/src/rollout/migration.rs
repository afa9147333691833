use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The one-off task that migrates the database before the first task of a
/// release starts: the release's own task, with another command.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct MigrationTask {
    /// What it runs.
    pub command: Vec<String>,
    /// How long it has, milliseconds.
    pub within_ms: u64,
}

/// How far the migration task is, as ECS answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Migration {
    /// It starts, or runs.
    Running,
    /// It ended.
    Ended(Migrated),
}

/// How a migration task ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Migrated {
    /// What its container answered; none where it never ran.
    #[serde(default)]
    pub exit_code: Option<i32>,
    /// Why it stopped, in ECS's words.
    #[serde(default)]
    pub reason: Option<String>,
    /// The last lines that it wrote, the newest last.
    #[serde(default)]
    pub lines: Vec<String>,
}

impl Migrated {
    /// Whether the database is migrated.
    pub fn is_done(&self) -> bool {
        self.exit_code == Some(0)
    }
}
