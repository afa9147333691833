use std::collections::BTreeSet;

use pointsman_core::{
    Address,
    report::{ChangeResult, Outcome, StoppedTask},
    resource::Resource,
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
    for block in failed_services(outcome) {
        tasks.extend(words_of(run, state, &block, since_ms).await);
    }
    tasks
}

/// The same of one service, as far as it stands.
pub(crate) async fn words_of(run: &Run, state: &State, block: &Address, since_ms: u64) -> Vec<StoppedTask> {
    let Some(Resource::Service(service)) = state.objects.get(block).map(|recorded| &recorded.resource) else {
        return Vec::new();
    };
    let words = run.ports.cloud.last_words(service, since_ms).await.unwrap_or_default();
    words.into_iter().map(|words| StoppedTask { service: block.to_string(), ..words }).collect()
}

/// The services that failed, each side of them for itself.
fn failed_services(outcome: &Outcome) -> BTreeSet<Address> {
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
    failed.chain(turned_back).collect()
}
