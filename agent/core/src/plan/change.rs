use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Address,
    forecast::Impact,
    resource::{Desired, Disruption, Kind, Observed, Rule},
};

/// What is done to one object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Change {
    /// To which.
    pub address: Address,
    /// Of which kind it is.
    pub kind: Kind,
    /// Whether people's data is lost when it goes.
    pub stateful: bool,
    /// What is done.
    pub action: Action,
    /// Why.
    pub reason: Reason,
    /// How bad it is for people.
    pub disruption: Disruption,
    /// What they notice, how long, and how long it takes.
    pub impact: Impact,
    /// The fields that change; empty when it is made, taken over or deleted.
    pub fields: Vec<FieldChange>,
    /// What it should be; none when it is deleted.
    #[schemars(with = "Option<serde_json::Map<String, Value>>")]
    pub desired: Option<Desired>,
    /// What lives; none when it is made.
    #[schemars(with = "Option<serde_json::Map<String, Value>>")]
    pub observed: Option<Observed>,
    /// What it needs: these stand before it is made.
    pub dependencies: Vec<Address>,
    /// What it needed when it was last recorded: these go after it let go.
    pub former_dependencies: Vec<Address>,
}

/// What is done to an object. There is no "nothing": what needs nothing is in no plan.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It is made.
    Create,
    /// It is changed where it stands.
    Update,
    /// A new one is made, then the old one is deleted.
    Replace,
    /// New tasks replace the old ones.
    Rollout,
    /// It stands, it is ours, and it was not recorded: it is recorded.
    Adopt,
    /// It is deleted.
    Delete,
}

impl Action {
    /// Whether something new is made.
    pub const fn makes(self) -> bool {
        matches!(self, Self::Create | Self::Replace)
    }
}

/// Why something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It is wanted and was never made.
    New,
    /// It was made, and is gone.
    Gone,
    /// It differs from what is wanted.
    Differs,
    /// AWS gave up on it.
    Failed,
    /// A run that did not end made it.
    Unrecorded,
    /// It is not described any more.
    NotWanted,
    /// It is described, and everything is taken down.
    TakenDown,
    /// Another took its place.
    Replaced,
}

/// One field that changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FieldChange {
    /// Dotted below the object.
    pub field: String,
    /// What a change of it costs.
    pub rule: Rule,
    /// What lives; null when absent.
    pub before: Value,
    /// What is wanted; null when absent.
    pub after: Value,
    /// Who changed it.
    pub origin: Origin,
}

/// Who changed a field, told by what was last applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The file: what lives is what was last applied.
    File,
    /// Someone else: the file still says what was last applied.
    Live,
    /// Both, or it cannot be told.
    Both,
}
