use std::collections::BTreeSet;

use pointsman_core::{
    Address,
    report::{ChangeResult, MOST_STOPPED_TASKS, Outcome, StoppedTask},
    resource::{Resource, Service},
    rollout::Ending,
    state::State,
};

use crate::Run;

/// What the tasks said last that stopped while a run failed, the newest first.
/// What cannot be learned is left out: the run ended, however that is.
pub(crate) async fn last_words(
    run: &Run,
    state: &State,
    outcome: &Outcome,
    since_ms: u64,
) -> Vec<StoppedTask> {
    let mut tasks = Vec::new();
    for (name, service) in failed_services(state, outcome) {
        let words = run.ports.cloud.last_words(&service, since_ms).await.unwrap_or_default();
        tasks.extend(words.into_iter().map(|words| StoppedTask { service: name.clone(), ..words }));
    }
    tasks.truncate(MOST_STOPPED_TASKS);
    tasks
}

/// The services that failed, each side of them for itself.
fn failed_services(state: &State, outcome: &Outcome) -> Vec<(String, Service)> {
    let failed = outcome
        .changes
        .iter()
        .filter(|change| matches!(change.result, ChangeResult::Failed { .. }))
        .map(|change| change.address.of_block());
    let turned_back = outcome.rollouts.iter().filter_map(|rollout| {
        let ended = rollout.ended.as_ref()?;
        let is_back = matches!(ended.ending, Ending::Restored { .. });
        is_back.then(|| Address::block("service", &ended.to.block_name(&rollout.service)))
    });
    let blocks: BTreeSet<Address> = failed.chain(turned_back).collect();
    let of_block = |block: Address| match &state.objects.get(&block)?.resource {
        Resource::Service(service) => Some((block.to_string(), service.clone())),
        _ => None,
    };
    blocks.into_iter().filter_map(of_block).collect()
}
