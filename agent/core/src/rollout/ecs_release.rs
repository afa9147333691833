use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Refusal, Slot, Word};
use crate::{
    Address,
    failure::CloudErrorKind,
    plan::{Action, Plan},
    report::{ChangeOutcome, ChangeResult},
    resource::{Resource, Service},
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
    /// ECS's newest deployment before it; none where ECS knew of none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
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

    /// Whether the release of a service was seen to end in a run that came to
    /// this: well, or because ECS went back. Any other failure leaves it open.
    pub fn has_ended(service: &str, changes: &[ChangeOutcome]) -> bool {
        changes.iter().any(|change| {
            let is_over = match &change.result {
                ChangeResult::Done => true,
                ChangeResult::Failed { kind, .. } => *kind == Some(CloudErrorKind::Failed),
                ChangeResult::Skipped { .. } => false,
            };
            is_over && of(&change.address).as_deref() == Some(service)
        })
    }
}

/// The services to which a plan brings new tasks through ECS's own release.
pub fn released_by_ecs(plan: &Plan) -> Vec<(String, &Service)> {
    let released = plan.changes.iter().filter(|change| change.action == Action::Rollout);
    released
        .filter_map(|change| match &change.desired.as_ref()?.resource {
            Resource::Service(service) if service.native.is_some() => Some((of(&change.address)?, service)),
            _ => None,
        })
        .collect()
}

/// The service whose side this is; none for its parts.
pub fn of(address: &Address) -> Option<String> {
    let name = address.as_str().strip_prefix("service.").filter(|_| address.of_block() == *address)?;
    Some(Slot::of_block_name(name).0.to_owned())
}

#[cfg(test)]
mod tests {
    use super::EcsRelease;
    use crate::{
        Address,
        failure::CloudErrorKind,
        plan::Action,
        report::{ChangeOutcome, ChangeResult},
    };

    #[test]
    fn it_ends_where_it_was_seen_to_end() {
        let ended = |address: Address, result: ChangeResult| {
            let change = ChangeOutcome { address, action: Action::Rollout, result, took_ms: 0 };
            EcsRelease::has_ended("web", &[change])
        };
        let web = || Address::block("service", "web");
        let failed = |kind| ChangeResult::Failed { why: String::new(), kind };
        assert!(ended(web(), ChangeResult::Done));
        assert!(ended(web(), failed(Some(CloudErrorKind::Failed))), "ECS went back");
        for kind in [None, Some(CloudErrorKind::Throttled), Some(CloudErrorKind::TimedOut)] {
            assert!(!ended(web(), failed(kind)), "{kind:?}");
        }
        assert!(!ended(web(), ChangeResult::Skipped { because_of: None }));
        assert!(!ended(web().part("task_definition"), ChangeResult::Done), "a part is not the release");
        assert!(!ended(Address::block("service", "other"), ChangeResult::Done));
    }
}
