use super::{Forecast, Span};
use crate::{
    plan::{Change, Step, steps_of},
    resource::Disruption,
};

/// What all changes together disrupt, and how long they take: steps that do
/// not wait for each other run side by side.
pub(crate) fn forecast(changes: &[Change]) -> Forecast {
    let disruption = changes.iter().map(|change| change.disruption).max().unwrap_or(Disruption::None);
    let lasts = changes
        .iter()
        .filter(|change| change.disruption == disruption)
        .map(|change| change.impact.lasts)
        .max_by_key(|lasts| (lasts.is_none(), *lasts))
        .unwrap_or(Some(Span::NONE));
    Forecast { disruption, lasts, takes: longest_way(changes, &steps_of(changes)) }
}

/// The longest way through the steps, for the least and for the most of each.
fn longest_way(changes: &[Change], steps: &[Step]) -> Span {
    let mut ends: Vec<Option<Span>> = vec![None; steps.len()];
    let mut longest = Span::NONE;
    // Each round ends the steps whose predecessors have ended. Steps that wait
    // for each other never do: the plan's steps have no such circle.
    loop {
        let mut ended = false;
        for (number, step) in steps.iter().enumerate() {
            if ends[number].is_some() {
                continue;
            }
            let begins = step.after.iter().try_fold(Span::NONE, |latest, before| {
                ends.get(*before).copied().flatten().map(|end| latest.beside(end))
            });
            if let Some(begins) = begins {
                let end = begins + changes[step.change].impact.step(step.kind);
                ends[number] = Some(end);
                longest = longest.beside(end);
                ended = true;
            }
        }
        if !ended {
            return longest;
        }
    }
}
