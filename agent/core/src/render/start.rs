//! How services start that are made with one task first.

use crate::{plan::Plan, render::words, resource::Resource};

/// A sentence for each service whose first task starts alone.
pub(super) fn alone(plan: &Plan) -> Vec<String> {
    let services = plan.changes.iter().filter_map(|change| {
        let Resource::Service(service) = &change.desired.as_ref()?.resource else { return None };
        service.alone(change.action.makes())?;
        let others = usize::try_from(service.count.tasks()).unwrap_or(usize::MAX).saturating_sub(1);
        let follow = if others == 1 { "follows" } else { "follow" };
        Some(format!(
            "{} starts with one task, so that one alone migrates the database; the {} {follow} once it is healthy.",
            change.address,
            words::count(others, "other", "others"),
        ))
    });
    services.collect()
}
