//! Whether another try of the same version may help.

use super::{ChangeOutcome, ChangeResult, Outcome, RolloutOutcome, Standstill};
use crate::failure::CloudErrorKind;

/// Whether what went wrong may be gone at the next try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passing {
    /// It was stopped, by the agent's end or the loss of its lease.
    Stopped,
    /// Every step that failed did so for a reason that passes by itself.
    ByItself,
    /// It stays wrong until the version, or something else, is changed.
    Not,
}

impl Outcome {
    /// Whether what went wrong may be gone at the next try; `Not` for what
    /// succeeded as well.
    pub fn passing(&self) -> Passing {
        let mut failed = self.changes.iter().filter_map(|change| match &change.result {
            ChangeResult::Failed { kind, .. } => Some(kind),
            ChangeResult::Done | ChangeResult::Skipped { .. } => None,
        });
        let any = failed.clone().next().is_some();
        let skipped = |change: &ChangeOutcome| change.result == ChangeResult::Skipped { because_of: None };
        let stands = |rollout: &RolloutOutcome| {
            matches!(rollout.stands, Some(Standstill::Stopped | Standstill::LeaseLost))
        };
        if !any && (self.changes.iter().any(skipped) || self.rollouts.iter().any(stands)) {
            Passing::Stopped
        } else if any && failed.all(|kind| kind.is_some_and(CloudErrorKind::passes)) {
            Passing::ByItself
        } else {
            Passing::Not
        }
    }

    /// Whether the same version is not to be tried again by itself.
    pub fn is_quarantined(&self) -> bool {
        !self.succeeded() && !self.asks() && self.passing() == Passing::Not
    }
}
