//! Differences in fields that somebody else than the file decides.

use serde_json::Value;

use super::HeldReason;
use crate::resource::Decider;

/// What becomes of a difference.
pub(super) enum Decided {
    /// The file decides: it is a change.
    Changed,
    /// It is no difference at all.
    Same,
    /// It is left alone, and why.
    Held(HeldReason),
}

/// What becomes of a difference in a field that is decided so.
pub(super) fn decided(decider: &Decider, live: &Value, written: &Value) -> Decided {
    let both = || (shown(live), shown(written));
    match decider {
        Decider::File => Decided::Changed,
        Decider::Aws => Decided::Same,
        Decider::Autoscaler => {
            let (live, written) = both();
            Decided::Held(HeldReason::AutoscalerOwns { live, written })
        }
        Decider::Floor if live.as_u64() >= written.as_u64() => Decided::Same,
        Decider::Floor => Decided::Changed,
        Decider::Schedule(set) if set.contains(live) => {
            let (live, written) = both();
            Decided::Held(HeldReason::ScheduleOwns { live, written })
        }
        Decider::Schedule(_) => Decided::Changed,
        Decider::Rollout if *live == Value::Bool(true) => Decided::Held(HeldReason::Suspended),
        Decider::Rollout => Decided::Same,
        Decider::Ecs if names(live) == names(written) => Decided::Same,
        Decider::Ecs => Decided::Changed,
    }
}

/// What a value gives weights to.
fn names(value: &Value) -> Option<Vec<&String>> {
    value.as_object().map(|weights| weights.keys().collect())
}

/// A value as people read it.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
