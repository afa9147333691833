use serde::{Deserialize, Serialize};

use crate::Address;

/// What the plan deliberately leaves alone, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Held {
    /// What is left alone.
    pub address: Address,
    /// Why.
    pub reason: HeldReason,
}

impl Held {
    /// Something left alone for a reason.
    pub fn new(address: Address, reason: HeldReason) -> Self {
        Self { address, reason }
    }
}

/// Why something is left alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HeldReason {
    /// Its kind is read and checked, but comes with a later version.
    NotYetManaged,
    /// It is external: referred to, never written.
    Protected,
    /// The autoscaler decides it; it differs from the file.
    AutoscalerOwns {
        /// What lives.
        live: String,
        /// What the file says.
        written: String,
    },
    /// A schedule set it; it differs from the file.
    ScheduleOwns {
        /// What lives.
        live: String,
        /// What the file says.
        written: String,
    },
    /// It is suspended, and the file says nothing of that: a rollout takes it up again.
    Suspended,
    /// `[drift] ignore` names it; it differs from the file.
    Ignored {
        /// What lives.
        live: String,
        /// What the file says.
        written: String,
    },
    /// It is recorded, but what lives no longer carries our tags.
    NotOursAnyMore,
}
