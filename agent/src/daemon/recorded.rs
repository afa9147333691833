//! The file that an open rollout began with. Whatever the branch says since is
//! the next deploy's, which policies and requirements judge.

use pointsman_core::{
    environment::{Environment, EnvironmentName},
    rollout::{Purpose, Rollout},
    state::State,
};

use super::agent::Agent;
use crate::git::GitError;

/// An environment as the commit of its open rollout describes it, and that
/// commit.
pub(super) struct Recorded {
    pub(super) environment: Environment,
    pub(super) commit: String,
}

/// The rollout that is open; the first where there are several.
pub(super) fn open(state: Option<&State>) -> Option<&Rollout> {
    state?.tracks.values().find_map(|track| track.open.as_ref())
}

/// What an open rollout goes on with, or what stands goes back with; none where
/// no commit says, or it no longer describes the environment.
pub(super) async fn recorded(
    agent: &Agent,
    state: &State,
    name: &EnvironmentName,
) -> Result<Option<Recorded>, GitError> {
    let began = open(Some(state)).and_then(|open| match open.purpose {
        Purpose::Release | Purpose::CutOver => Some(open.commit.clone()),
        // What goes back stays with what was merged.
        Purpose::Back | Purpose::ToOld => None,
    });
    let commit = began.filter(|commit| !commit.is_empty()).or_else(|| state.deployed_commit.clone());
    let Some(commit) = commit else { return Ok(None) };
    let snapshot = agent.snapshots.at(&commit).await?;
    let environment = snapshot.reading.environment(name.as_str()).cloned();
    Ok(environment.map(|environment| Recorded { environment, commit }))
}
