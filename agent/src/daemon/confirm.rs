//! After a start: whether GitHub was told the end of what was deployed lately.
//! The outbox may be lost with its disk; what stands in the account says what
//! should have been reported.

use std::{collections::BTreeSet, sync::Arc};

use pointsman_core::{
    environment::EnvironmentName,
    report::pull_request::{EnvironmentReport, Status},
    state::State,
};

use super::{agent::Agent, deliver::CHECK, outbox::MOST_AGE};
use crate::github::{Client, DeploymentState, GithubError};

/// Whether the end of a deploy is so recent that its report is looked for, and
/// of which commit it is.
pub(super) fn recent(state: &State, now: jiff::Timestamp) -> Option<String> {
    let run = state.last_run.as_ref()?;
    let ended: jiff::Timestamp = run.ended_at.parse().ok()?;
    (run.commit == state.deployed_commit && now.duration_since(ended) <= MOST_AGE)
        .then(|| run.commit.clone())?
}

/// Begins to look, when there is something to look for and nothing left to
/// deliver.
pub(super) fn start(agent: &Arc<Agent>) {
    let Some(github) = agent.github.clone() else { return };
    {
        let mut memory = agent.memory();
        if memory.unconfirmed.is_empty()
            || memory.confirming
            || !agent.reporter.is_idle()
            || agent.stop.is_asked()
        {
            return;
        }
        memory.confirming = true;
    }
    let task = confirm(Arc::clone(agent), github);
    agent
        .spawn("the look for unreported deploys".to_owned(), task, |agent| agent.memory().confirming = false);
}

async fn confirm(agent: Arc<Agent>, github: Arc<Client>) {
    let unconfirmed = agent.memory().unconfirmed.clone();
    for (commit, names) in unconfirmed {
        match is_told(&github, &commit, &names).await {
            Ok(true) => {}
            Ok(false) => tell(&agent, &commit, &names).await,
            Err(error) if error.is_temporary() => {
                tracing::debug!(%error, commit, "it is looked later whether this deploy was reported");
                return;
            }
            Err(error) => tracing::warn!(%error, commit, "it is not known whether this deploy was reported"),
        }
        agent.memory().unconfirmed.remove(&commit);
    }
}

/// Whether the check that is posted last has ended, and each environment's
/// deployment well.
async fn is_told(
    github: &Client,
    commit: &str,
    names: &BTreeSet<EnvironmentName>,
) -> Result<bool, GithubError> {
    if !github.has_ended(commit, CHECK).await? {
        return Ok(false);
    }
    for name in names {
        if github.deployment_state(commit, name.as_str()).await? != Some(DeploymentState::Success) {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn tell(agent: &Agent, commit: &str, names: &BTreeSet<EnvironmentName>) {
    tracing::info!(commit, "GitHub was not told that this commit is deployed; it is told now");
    let (board, _) = agent.boards.of(agent, commit).await;
    board.change(|report| {
        for name in names {
            // What this run has to say of it is newer.
            if report.environments.iter().all(|environment| environment.name != *name) {
                let stands =
                    EnvironmentReport { status: Status::Deployed, ..EnvironmentReport::queued(name.clone()) };
                report.environments.push(stands);
            }
        }
    });
}
