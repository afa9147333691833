use std::collections::{BTreeMap, BTreeSet};

use super::{Action, Change, Plan};
use crate::{Address, state::unretired};

/// One thing to do, and what must be done before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The number of its change in the plan.
    pub change: usize,
    /// Which part of the change.
    pub kind: StepKind,
    /// Numbers of the steps that come before, sorted.
    pub after: Vec<usize>,
}

/// The part of a change that a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StepKind {
    /// Makes, changes or records an object.
    Make,
    /// Deletes an object, or the old one of two.
    Remove,
}

/// The plan's steps: every object is made after what it needs, and deleted
/// after everything that needed it has let go of it.
pub fn steps(plan: &Plan) -> Vec<Step> {
    steps_of(&plan.changes)
}

/// The same, of changes that are no plan yet.
pub(crate) fn steps_of(changes: &[Change]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut makes: BTreeMap<&Address, usize> = BTreeMap::new();
    for (index, change) in changes.iter().enumerate() {
        if change.action != Action::Delete {
            makes.insert(&change.address, steps.len());
            steps.push(Step { change: index, kind: StepKind::Make, after: Vec::new() });
        }
    }
    for (index, change) in changes.iter().enumerate() {
        if matches!(change.action, Action::Delete | Action::Replace) {
            steps.push(Step { change: index, kind: StepKind::Remove, after: Vec::new() });
        }
    }
    let order: Vec<Vec<usize>> = (0..steps.len())
        .map(|number| {
            let change = &changes[steps[number].change];
            let after: BTreeSet<usize> = match steps[number].kind {
                StepKind::Make => {
                    change.dependencies.iter().filter_map(|need| makes.get(need).copied()).collect()
                }
                StepKind::Remove => {
                    let going = unretired(&change.address);
                    let held_it = |other: &usize| {
                        let other = &changes[steps[*other].change];
                        other.dependencies.contains(&going) || other.former_dependencies.contains(&going)
                    };
                    (0..steps.len())
                        .filter(|other| *other != number)
                        .filter(held_it)
                        .chain(makes.get(&change.address).copied())
                        .collect()
                }
            };
            after.into_iter().collect()
        })
        .collect();
    for (step, after) in steps.iter_mut().zip(order) {
        step.after = after;
    }
    steps
}
