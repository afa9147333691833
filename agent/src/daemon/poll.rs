use std::{sync::Arc, time::Instant};

use super::{agent::Agent, deploy, memory::Known, preview};
use crate::{
    git::{GitError, Heads, Snapshot, changed},
    github::Pull,
};

/// So many quiet polls, and then GitHub is asked for its pull requests even
/// though no reference moved: one may have been opened anew, or turned to
/// another branch.
const QUIET_POLLS: u32 = 10;

/// Looks once. What cannot be looked at is logged and looked at again at the
/// next poll.
pub(super) async fn poll(agent: Arc<Agent>) {
    if let Err(error) = look(&agent).await {
        tracing::error!(%error, "the config repo could not be looked at; it is tried again at the next poll");
    }
}

async fn look(agent: &Arc<Agent>) -> Result<(), GitError> {
    let credentials = agent.credentials().await;
    let heads = agent.mirror.heads(credentials.clone()).await?;
    let complete = list_pulls(agent, &heads).await;

    let open = agent.memory().open.clone();
    let missing = |commit: &str| agent.mirror.revision(commit).is_err();
    let pulls: Vec<u64> =
        open.iter().filter(|pull| missing(head_of(&heads, pull))).map(|pull| pull.number).collect();
    if missing(&heads.branch) {
        agent.mirror.fetch(credentials.clone(), &[]).await?;
    }
    // By itself: what a pull request holds must not keep the branch from being deployed.
    if !pulls.is_empty()
        && let Err(error) = agent.mirror.fetch(credentials, &pulls).await
    {
        tracing::error!(%error, "the pull requests' commits could not be fetched; the branch is deployed all the same");
    }
    let head = agent.snapshots.at(&heads.branch).await?;
    let previous = agent.memory().branch.clone();
    if previous.as_deref() != Some(&heads.branch) {
        tracing::info!(
            branch = agent.config.repo.branch,
            commit = heads.branch,
            "the branch is at this commit"
        );
        if let Some(previous) = previous {
            deploy::tell_removed(agent, &previous, &head).await;
        }
    }
    start_deploys(agent, &head);
    start_previews(agent, &heads, &head, open);

    let mut memory = agent.memory();
    memory.branch = Some(heads.branch);
    if complete {
        memory.digest = Some(heads.digest);
    }
    Ok(())
}

/// Asks GitHub which pull requests are open, when that may have changed.
/// Whether the answer can be relied on.
async fn list_pulls(agent: &Arc<Agent>, heads: &Heads) -> bool {
    let Some(github) = &agent.github else { return true };
    {
        let mut memory = agent.memory();
        let moved = memory.digest.as_ref() != Some(&heads.digest);
        if moved {
            // A reference can be seen before GitHub lists its pull request.
            memory.until_full = 1;
        } else if memory.until_full > 0 {
            memory.until_full -= 1;
            if memory.until_full > 0 {
                return true;
            }
            memory.until_full = QUIET_POLLS;
        } else {
            memory.until_full = QUIET_POLLS;
        }
    }
    match github.open_pulls(&agent.config.repo.branch).await {
        Ok(open) => {
            let mut memory = agent.memory();
            memory.pulls.retain(|number, _| open.iter().any(|pull| pull.number == *number));
            memory.open = open;
            true
        }
        Err(error) => {
            tracing::warn!(%error, "pull requests are not planned until GitHub answers; deploys go on");
            false
        }
    }
}

fn head_of<'h>(heads: &'h Heads, pull: &'h Pull) -> &'h str {
    heads.pulls.get(&pull.number).unwrap_or(&pull.head)
}

/// Begins with every environment whose newest version is not known to stand.
fn start_deploys(agent: &Arc<Agent>, head: &Arc<Snapshot>) {
    let now = Instant::now();
    let usable = head.policies.is_ok() && head.requirements.stages.is_ok();
    for (name, wanted) in &head.fingerprints {
        let known = {
            let mut memory = agent.memory();
            if agent.stop.is_asked() || memory.busy.contains(name) {
                continue;
            }
            match memory.environments.get_mut(name) {
                Some(known) if !known.is_due(wanted, now) => {
                    if let Known::Deployed { trusted, .. } = known
                        && usable
                    {
                        // The branch was here while this version stood.
                        *trusted = head.revision.id();
                    }
                    continue;
                }
                known => {
                    let known = known.cloned();
                    memory.busy.insert(name.clone());
                    known
                }
            }
        };
        let ended = name.clone();
        let task = deploy::deploy(Arc::clone(agent), Arc::clone(head), name.clone(), known);
        agent.spawn(format!("the deploy of {name}"), task, move |agent| {
            agent.memory().busy.remove(&ended);
        });
    }
}

/// Begins with every open pull request that was not planned as it stands, on
/// the branch as it stands.
fn start_previews(agent: &Arc<Agent>, heads: &Heads, base: &Arc<Snapshot>, open: Vec<Pull>) {
    let now = Instant::now();
    for pull in open {
        let (number, head) = (pull.number, head_of(heads, &pull).to_owned());
        let planned = {
            let mut memory = agent.memory();
            let planned = memory.pulls.get(&number).cloned();
            let is_due = planned.as_ref().is_none_or(|planned| {
                planned.head != head
                    || planned.base != base.revision.id()
                    || planned.again.is_some_and(|(at, _)| now >= at)
            });
            if agent.stop.is_asked() || !is_due || !memory.planning.insert(number) {
                continue;
            }
            planned
        };
        let task = preview::preview(Arc::clone(agent), Arc::clone(base), pull, head, planned);
        agent.spawn(format!("the plan of pull request #{number}"), task, move |agent| {
            agent.memory().planning.remove(&number);
        });
    }
}

/// The environments that a commit no longer describes.
pub(super) async fn removed(
    agent: &Arc<Agent>,
    previous: &str,
    head: &Snapshot,
) -> Result<Vec<pointsman_core::environment::EnvironmentName>, GitError> {
    let before = agent.snapshots.at(previous).await?;
    Ok(changed(&before.fingerprints, &head.fingerprints).deleted)
}
