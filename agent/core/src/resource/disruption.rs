use serde::{Deserialize, Serialize};

/// What people notice of a change, from nothing to the worst.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Disruption {
    /// Nothing.
    None,
    /// Tasks are replaced; their connections drain.
    ConnectionsDrain,
    /// It cannot be reached for a while.
    Outage,
    /// What it holds is lost.
    DataLost,
}
