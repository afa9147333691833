//! Taking down what people were cut over to: not before the old service is
//! there for them again.

use pointsman_core::{
    failure::InUse,
    rollout::{Old, is_quiet},
    state::State,
};

use crate::{Failure, Run, rollout::look_at_rest};

/// Refuses to take down a service that people use: after a cut-over, until the
/// old service has its recorded number of tasks back and nobody comes by the
/// load balancer any more.
pub(crate) async fn check_way_out(run: &Run, state: Option<&State>) -> Result<(), Failure> {
    let Some(state) = state else {
        return Ok(());
    };
    for (service, old) in in_use(state) {
        let tasks = tasks_of(run, &old).await?;
        let facts = look_at_rest(run, state, &service).await?;
        let by_balancer = !is_quiet(&facts.sides.a) || !is_quiet(&facts.sides.b);
        let is_open = state.tracks.get(&service).is_some_and(|track| track.open.is_some());
        if tasks < old.count || by_balancer || is_open {
            return Err(Failure::InUse(Box::new(InUse { service, old, tasks, by_balancer })));
        }
    }
    Ok(())
}

/// The services that people were led to, or may have been, and from where.
fn in_use(state: &State) -> Vec<(String, Old)> {
    let services = state.tracks.iter().filter_map(|(service, track)| {
        let moves = track.open.as_ref().is_some_and(|open| open.cuts_over() && open.moved);
        let old = track.old.as_ref().filter(|old| !old.serves || moves)?;
        Some((service.clone(), old.clone()))
    });
    services.collect()
}

/// How many tasks the old service is asked for; none where it is gone.
async fn tasks_of(run: &Run, old: &Old) -> Result<u32, Failure> {
    let Some(external) = run.environment.file.external.get(&old.external) else {
        return Ok(0);
    };
    let living = run.ports.cloud.external(&old.external, external).await?;
    Ok(living.attributes.get("desired_count").and_then(|count| count.parse().ok()).unwrap_or_default())
}
