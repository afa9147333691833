//! What came of a deploy, for terminals.

use std::fmt::Write;

use super::{
    paint::{bold, dim, green, plain},
    words,
};
use crate::{
    plan::Action,
    report::{ChangeResult, Outcome},
};

/// The end of a deploy in a few lines.
pub fn terminal(outcome: &Outcome) -> String {
    let mut text = String::new();
    let plan = &outcome.judged.plan;
    if outcome.changes.is_empty() {
        let _ = writeln!(text, "{} nothing to do in {}", green("Done:"), bold(outcome.environment.as_str()));
    } else {
        let done = |wanted: &[Action]| {
            outcome
                .changes
                .iter()
                .filter(|change| change.result == ChangeResult::Done && wanted.contains(&change.action))
                .count()
        };
        let _ = writeln!(
            text,
            "{} {} added, {} changed, {} destroyed in {} {}",
            green("Done:"),
            done(&[Action::Create, Action::Replace]),
            done(&[Action::Update, Action::Rollout, Action::Adopt]),
            done(&[Action::Delete, Action::Replace]),
            bold(outcome.environment.as_str()),
            dim(&format!("({}, state serial {})", words::took(outcome.took_ms), outcome.serial)),
        );
    }
    for rollout in &outcome.rollouts {
        text.push_str(&super::rollout::outcome(&outcome.environment, rollout));
    }
    let protected: Vec<&str> = plan
        .held
        .iter()
        .filter(|held| held.reason == crate::plan::HeldReason::Protected)
        .map(|held| held.address.as_str())
        .collect();
    if !protected.is_empty() && plan.changes.iter().any(|change| change.action == Action::Delete) {
        let _ = writeln!(text, "Untouched, because they are external: {}", protected.join(", "));
    }
    if !outcome.outputs.is_empty() {
        text.push_str("\nOutputs:\n");
        for (name, value) in &outcome.outputs {
            let _ = writeln!(text, "  {name} = {}", plain(value));
        }
    }
    text
}
