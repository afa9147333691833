use pointsman_core::rollout::{Phase, Said, Step, Word, step};

use super::{
    facts::{Already, look_at},
    has_heard, now_ms, open,
};
use crate::{Failure, Run, keeper::load};

/// Whether every rollout that is open waits for a person and nothing else, as it
/// lives: whoever finds it so need not take the lease. False where none is open.
/// Asks a few cheap things, and writes nothing.
pub async fn waits(run: &Run) -> Result<bool, Failure> {
    let Some(state) = load(&run.ports, &run.environment.name).await?.state else {
        return Ok(false);
    };
    let open = open(&state);
    for (service, rollout) in &open {
        if rollout.phase != Phase::Gate || rollout.stood_ms.is_none() {
            return Ok(false);
        }
        let said = run.ports.runs.said(rollout.opened_at_ms).await?;
        let mut track = state.tracks.get(service).cloned().unwrap_or_default();
        // A word about another plan is never taken.
        let is_new =
            |(word, said): (Word, Said)| !has_heard(rollout, word, &said) && track.say(word, said).is_ok();
        if said.into_iter().any(is_new) {
            return Ok(false);
        }
        let facts = look_at(run, &state, service, rollout, Already::default()).await?;
        if !matches!(step(rollout, &facts, now_ms()), Step::Ask { .. }) {
            return Ok(false);
        }
    }
    Ok(!open.is_empty())
}
