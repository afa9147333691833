//! The two sides of a rollout as text: who gets how much of the traffic, and who is well.

use std::fmt::Write;

use crate::{
    render::{
        layout::{self, padded},
        paint::plain,
    },
    rollout::{Facts, Rollout, Side, Slot},
};

/// How wide a bar is, in columns: one for five percent.
const BAR: u64 = 20;
/// Longer names of services are cut, in columns.
const LONGEST_NAME: usize = 16;

/// The two sides, a line each: share of the traffic, tasks.
pub fn tracks(service: &str, rollout: &Rollout, facts: &Facts) -> String {
    let sides = [("blue", rollout.blue()), ("green", rollout.to)];
    let width = (service.chars().count() + 3).min(LONGEST_NAME);
    let mut text = String::new();
    for (name, slot) in sides {
        let Side { desired, healthy, .. } = facts.sides.get(slot);
        let (bar, share) = match share(facts, slot) {
            Some(share) => (bar(share), format!("{share:>3} %")),
            None => (" ".repeat(20), "  - %".to_owned()),
        };
        let tasks = if *desired == 0 {
            "no tasks".to_owned()
        } else {
            format!("{healthy} of {desired} tasks healthy")
        };
        // A long name is cut so that the line stays within 80 columns.
        let old = rollout.snapshot.old.as_ref().filter(|_| rollout.cuts_over() && slot == rollout.blue());
        let block = old.map_or_else(|| slot.block_name(service), |old| old.service.clone());
        let block = layout::cut(&plain(&block), width);
        let _ = writeln!(text, "  {} {} {bar} {share}  {tasks}", padded(name, 5), padded(&block, width));
    }
    text
}

/// A side's share of the traffic in percent; `None` where the rule does not name it.
pub(crate) fn share(facts: &Facts, slot: Slot) -> Option<u64> {
    let total: u64 = facts.weights.iter().map(|(_, weight)| u64::from(*weight)).sum();
    let (_, weight) = facts.weights.iter().find(|(at, _)| *at == slot)?;
    (u64::from(*weight) * 100).checked_div(total)
}

/// Full for each five percent; anything above nothing is seen.
fn bar(share: u64) -> String {
    let full = (share.min(100) * BAR / 100).max(u64::from(share > 0));
    let blocks = |of: &str, count: u64| of.repeat(usize::try_from(count).unwrap_or_default());
    format!("{}{}", blocks("█", full), blocks("░", BAR - full))
}
