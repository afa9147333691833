use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Refusal, Slot, Word};
use crate::{
    plan::{Action, Plan},
    resource::{Kind, Resource},
};

/// A release that ECS itself carries out, as long as it is under way. It is no
/// [`super::Track`]: ECS knows its steps, and ends it whoever watches.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct EcsRelease {
    /// The commit that is released; empty where it is not known.
    pub commit: String,
    /// The approval hash of its plan.
    pub plan: String,
    /// When it was begun, Unix milliseconds.
    pub opened_at_ms: u64,
}

impl EcsRelease {
    /// Whether a person's word about it can be followed: ECS can be told to go
    /// back, and nothing else.
    pub fn hears(word: Word) -> Result<(), Refusal> {
        match word {
            Word::Abort => Ok(()),
            Word::Approve | Word::Promote => Err(Refusal::EcsDecides),
        }
    }
}

/// The services to which a plan brings new tasks through ECS's own release.
pub fn released_by_ecs(plan: &Plan) -> Vec<String> {
    let by_ecs = |resource: &Resource| matches!(resource, Resource::Service(it) if it.native.is_some());
    let released = plan.changes.iter().filter(|change| {
        change.kind == Kind::Service
            && change.action == Action::Rollout
            && change.desired.as_ref().is_some_and(|desired| by_ecs(&desired.resource))
    });
    let names = released.filter_map(|change| {
        let address = change.address.of_block();
        let name = address.as_str().strip_prefix("service.")?;
        Some(Slot::of_block_name(name).0.to_owned())
    });
    names.collect()
}
