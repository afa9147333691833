use serde::{Deserialize, Serialize};

use crate::{
    Address,
    resource::{Kind, Owner},
};

/// Why there can be no plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conflict {
    /// An object of that name exists, and it is not this environment's.
    NotOurs {
        /// Where it is wanted.
        address: Address,
        /// What it is.
        kind: Kind,
        /// Its name.
        name: String,
        /// Its ARN or id.
        id: String,
        /// Whose it is.
        owner: Owner,
    },
    /// A field changed that cannot change without losing something.
    Impossible {
        /// Whose field.
        address: Address,
        /// Which.
        field: String,
        /// What lives.
        before: serde_json::Value,
        /// What the file says.
        after: serde_json::Value,
    },
    /// These need each other.
    Cycle {
        /// In order.
        addresses: Vec<Address>,
    },
}
