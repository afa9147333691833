//! What is written into the state of a run: that it began, and what came of it.

use pointsman_core::{
    report::{ChangeResult, Outcome},
    rollout::{EcsRelease, Ended, Purpose as For},
    state::{LastRun, State},
};

use crate::{Purpose, Run};

/// What the state says of a run until it has ended.
pub(crate) fn begun(run: &Run) -> LastRun {
    LastRun {
        commit: run.commit.clone(),
        succeeded: false,
        ended_at: jiff::Timestamp::now().to_string(),
        summary: pointsman_core::render::status::NOT_ENDED.to_owned(),
        failures: Vec::new(),
        quarantined: false,
    }
}

/// Records whose the environment is from now on: a pull request's that is still
/// open, or the branch's.
pub(crate) fn lend(state: &mut State, run: &Run) {
    match run.purpose {
        Purpose::Deploy | Purpose::Destroy => state.proposed = run.proposed,
        Purpose::GoOn | Purpose::GoBack => {}
    }
}

/// Writes what came of the run into the state.
pub(crate) fn conclude(state: &mut State, outcome: &Outcome, run: &Run) {
    let now = jiff::Timestamp::now().to_string();
    if outcome.succeeded() {
        state.deployed_commit = match run.purpose {
            Purpose::Destroy => None,
            Purpose::Deploy if !ended_another(run, outcome) => run.commit.clone(),
            // What was released says it; who goes back stays with what was merged.
            Purpose::Deploy | Purpose::GoOn | Purpose::GoBack => outcome
                .rollouts
                .iter()
                .filter_map(|rollout| rollout.ended.as_ref())
                .find(|ended| is_of_commit(ended) && !ended.commit.is_empty())
                .map_or_else(|| state.deployed_commit.clone(), |ended| Some(ended.commit.clone())),
        };
        if run.takes_down() {
            state.tracks.clear();
        }
        state.deployed_at = Some(now.clone());
    }
    lend(state, run);
    // What was not seen to end is left to whoever comes next.
    let looked_at_all = outcome.succeeded() && matches!(run.purpose, Purpose::Deploy | Purpose::Destroy);
    state
        .ecs_releases
        .retain(|service, _| !looked_at_all && !EcsRelease::has_ended(service, &outcome.changes));
    state.outputs.clone_from(&outcome.outputs);
    state.last_run = Some(LastRun {
        commit: run.commit.clone(),
        succeeded: outcome.succeeded(),
        ended_at: now,
        summary: summary(outcome),
        failures: LastRun::failures(&outcome.changes),
        quarantined: is_its_own(run, outcome) && outcome.is_quarantined(),
    });
}

/// Whether what came of a run came of its own commit.
fn is_its_own(run: &Run, outcome: &Outcome) -> bool {
    let own = run.commit.as_deref().unwrap_or_default();
    let of_its_own = |ended: &Ended| ended.purpose == For::Release && ended.commit == own;
    match run.purpose {
        Purpose::Deploy => !ended_another(run, outcome),
        Purpose::GoOn => outcome.rollouts.iter().filter_map(|it| it.ended.as_ref()).any(of_its_own),
        Purpose::Destroy | Purpose::GoBack => false,
    }
}

/// Whether a run did no more than end the rollouts of an earlier commit.
pub(crate) fn ended_another(run: &Run, outcome: &Outcome) -> bool {
    let own = run.commit.as_deref().unwrap_or_default();
    let is_another = |ended: &Ended| is_of_commit(ended) && ended.commit != own;
    run.purpose == Purpose::Deploy
        && outcome.changes.iter().all(|change| change.result == ChangeResult::Done)
        && outcome.rollouts.iter().any(|rollout| rollout.ended.as_ref().is_some_and(is_another))
}

/// Whether it brought what a commit says.
fn is_of_commit(ended: &Ended) -> bool {
    matches!(ended.purpose, For::Release | For::CutOver)
}

/// What a plan comes to, in a line.
pub(crate) fn summary(outcome: &Outcome) -> String {
    pointsman_core::render::plan::summary(outcome.judged.plan.summary())
}
