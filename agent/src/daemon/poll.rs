use std::{sync::Arc, time::Instant};

use pointsman_core::environment::EnvironmentName;

use super::{
    agent::Agent,
    asked, commands, confirm, deploy, left,
    memory::{Known, Work},
    preview,
};
use crate::{
    git::{GitError, Heads, Snapshot, changed, group_of},
    github::Pull,
};

/// So many quiet polls, and then GitHub is asked for its pull requests even
/// though no reference moved: one may have been opened anew, or turned to
/// another branch.
const QUIET_POLLS: u32 = 10;

/// Looks once. What cannot be looked at is logged and looked at again at the
/// next poll.
pub(super) async fn poll(agent: Arc<Agent>) {
    asked::take_up(&agent);
    let began = Instant::now();
    let looked = look(&agent).await;
    agent.metrics.poll_seconds.add(began.elapsed());
    agent.metrics.polls.add(if looked.is_ok() { "ok" } else { "failed" });
    agent.seen.looked(looked.as_ref().err().map(ToString::to_string));
    if let Err(error) = looked {
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
    fetch_groups(agent, &heads).await;
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
    agent.memory().branch = Some(heads.branch.clone());
    start_deploys(agent, &head, Which::All);
    start_previews(agent, &heads, &head, open);
    confirm::start(agent);
    start_groups(agent, &heads, &head);
    preview::tell_others(agent);
    if complete {
        agent.memory().digest = Some(heads.digest);
    }
    // No reference moves by a comment: it is looked for at every poll.
    commands::start(agent);
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
            memory.told.retain(|number, _| open.iter().any(|pull| pull.number == *number));
            (memory.open, memory.listed) = (open, true);
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

/// Brings the groups of the merge queue that are not here yet.
async fn fetch_groups(agent: &Arc<Agent>, heads: &Heads) {
    let missing = |commit: &str| agent.mirror.revision(commit).is_err();
    let groups: Vec<String> =
        heads.groups.iter().filter(|(_, commit)| missing(commit)).map(|(group, _)| group.clone()).collect();
    if groups.is_empty() {
        return;
    }
    let credentials = agent.credentials().await;
    if let Err(error) = agent.mirror.fetch_groups(credentials, &groups).await {
        tracing::warn!(%error, "groups of the merge queue could not be fetched; they are tried again at the next poll");
    }
}

/// Which environments are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    /// Every one.
    All,
    /// Those that wait for others.
    Waiting,
}

/// Begins with every environment whose newest version is not known to stand,
/// and whose needs do.
fn start_deploys(agent: &Arc<Agent>, head: &Arc<Snapshot>, which: Which) {
    let now = Instant::now();
    let usable = head.policies.is_ok() && head.requirements.stages.is_ok();
    for (name, wanted) in &head.fingerprints {
        let (known, needs) = {
            let mut memory = agent.memory();
            if agent.stop.is_asked() || memory.busy.contains_key(name) {
                continue;
            }
            let needs = memory.unmet(head, name);
            let is_held = match memory.waiting.get(name) {
                // It was said what it waits for, and it still does.
                Some(waiting) => waiting.fingerprint == *wanted && waiting.needs == needs,
                None if which == Which::Waiting => continue,
                None => false,
            };
            match memory.environments.get_mut(name) {
                known if is_held || known.as_ref().is_some_and(|known| !known.is_due(wanted, now)) => {
                    // Whoever tries again drives its rollouts as well.
                    let is_tried_again = !is_held && matches!(known, Some(Known::Later { .. }));
                    if let Some(Known::Deployed { trusted, .. }) = known
                        && usable
                        && !is_held
                    {
                        // The branch was here while this version stood.
                        *trusted = head.revision.id();
                    }
                    if which == Which::All
                        && !is_tried_again
                        && head.reading.environment(name.as_str()).is_some_and(left::is_possible)
                    {
                        memory.busy.insert(name.clone(), Work::Looks);
                        drop(memory);
                        let task = left::go_on(Arc::clone(agent), Arc::clone(head), name.clone());
                        spawn(agent, format!("the rollouts of {name}"), task, name);
                    }
                    continue;
                }
                known => {
                    let known = known.cloned();
                    memory.busy.insert(name.clone(), Work::Deploys);
                    (known, needs)
                }
            }
        };
        let (ended, head) = (name.clone(), Arc::clone(head));
        let task = deploy::deploy(Arc::clone(agent), Arc::clone(&head), name.clone(), known, needs);
        let shared = Arc::clone(agent);
        agent.spawn(format!("the deploy of {name}"), task, move |agent| {
            let is_newest = {
                let mut memory = agent.memory();
                memory.busy.remove(&ended);
                memory.branch.as_deref() == Some(head.revision.id().as_str())
            };
            // What waits for it need not wait for the next poll as well.
            if is_newest {
                start_deploys(&shared, &head, Which::Waiting);
            }
        });
    }
}

/// Starts a task on an environment, which is busy until it ends.
fn spawn(
    agent: &Arc<Agent>,
    what: String,
    task: impl Future<Output = ()> + Send + 'static,
    name: &EnvironmentName,
) {
    let ended = name.clone();
    agent.spawn(what, task, move |agent| {
        let is_due = {
            let mut memory = agent.memory();
            memory.busy.remove(&ended);
            let known = memory.environments.get(&ended);
            matches!(known, Some(Known::Later { at, .. }) if *at <= Instant::now())
        };
        // Somebody asked meanwhile that it be tried again.
        if is_due {
            agent.look_soon();
        }
    });
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
            let asked = memory.heard.is_asked_again(number);
            let is_due = asked
                || planned.as_ref().is_none_or(|planned| {
                    planned.head != head
                        || planned.base != base.revision.id()
                        || planned.again.is_some_and(|(at, _)| now >= at)
                });
            if agent.stop.is_asked() || !is_due || !memory.planning.insert(number) {
                continue;
            }
            memory.heard.begins_again(number);
            planned
        };
        let task = preview::preview(Arc::clone(agent), Arc::clone(base), pull, head, planned);
        agent.spawn(format!("the plan of pull request #{number}"), task, move |agent| {
            agent.memory().planning.remove(&number);
        });
    }
}

/// Begins with every group of the merge queue that was not planned yet. A group
/// is planned once: the queue makes another when the branch does not become it.
fn start_groups(agent: &Arc<Agent>, heads: &Heads, base: &Arc<Snapshot>) {
    let now = Instant::now();
    agent.memory().groups.retain(|group, _| heads.groups.contains_key(group));
    for (group, head) in &heads.groups {
        if agent.mirror.revision(head).is_err() {
            continue;
        }
        let (planned, pull) = {
            let mut memory = agent.memory();
            let number = group_of(group, &agent.config.repo.branch);
            // As long as it is not known whose it is, a fork's might be taken for ours.
            let Some(pull) = memory.open.iter().find(|pull| Some(pull.number) == number).cloned() else {
                continue;
            };
            let planned = memory.groups.get(group).cloned();
            let is_due = planned.as_ref().is_none_or(|planned| {
                planned.head != *head || planned.again.is_some_and(|(at, _)| now >= at)
            });
            if agent.stop.is_asked() || !is_due || !memory.planning_groups.insert(group.clone()) {
                continue;
            }
            (planned, pull)
        };
        let ended = group.clone();
        let task = preview::group(
            Arc::clone(agent),
            Arc::clone(base),
            preview::Group { branch: group.clone(), head: head.clone(), pull },
            planned,
        );
        agent.spawn(format!("the plan of the merge queue's {group}"), task, move |agent| {
            agent.memory().planning_groups.remove(&ended);
        });
    }
}

/// The environments that a commit no longer describes.
pub(super) async fn removed(
    agent: &Arc<Agent>,
    previous: &str,
    head: &Snapshot,
) -> Result<Vec<EnvironmentName>, GitError> {
    let before = agent.snapshots.at(previous).await?;
    Ok(changed(&before.fingerprints, &head.fingerprints).deleted)
}
