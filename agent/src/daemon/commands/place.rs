use std::{collections::BTreeMap, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use pointsman_core::{
    environment::{Environment, EnvironmentName},
    report::command::Reply,
};

use super::{super::agent::Agent, Ask};
use crate::{
    git::{GitError, Snapshot, changed},
    github::{Client, GithubError, Pull, PullState},
};

/// What was merged longer ago takes no commands.
const LATELY: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The pull request that a command is about.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// It is open, and proposes this commit now.
    Open { pull: Box<Pull>, head: String },
    /// It was merged lately, as this commit.
    Merged { pull: Box<Pull>, commit: String },
}

/// The pull request of that number, where it takes commands: it goes to the
/// watched branch, and is open or was merged lately.
pub(super) async fn of(agent: &Agent, github: &Client, number: u64) -> Result<Option<Place>, GithubError> {
    let Some(PullState { pull, open, merged_at, mergeable: _ }) = github.pull(number).await? else {
        return Ok(None);
    };
    if pull.base_branch != agent.config.repo.branch {
        return Ok(None);
    }
    if open {
        let head = pull.head.clone();
        return Ok(Some(Place::Open { pull: Box::new(pull), head }));
    }
    let lately = merged_at.is_some_and(|at| at >= Timestamp::now() - LATELY);
    let commit = pull.merged_as.clone().filter(|_| lately);
    Ok(commit.map(|commit| Place::Merged { pull: Box::new(pull), commit }))
}

impl Place {
    pub(super) fn pull(&self) -> &Pull {
        match self {
            Self::Open { pull, .. } | Self::Merged { pull, .. } => pull,
        }
    }

    pub(super) fn number(&self) -> u64 {
        self.pull().number
    }
}

impl Ask {
    /// The environments that the pull request changes.
    pub(super) async fn environments(&self) -> Result<Vec<EnvironmentName>, Reply> {
        let has = changes(&self.agent, &self.place).await.map_err(failed)?;
        if has.is_empty() { Err(Reply::NoEnvironment) } else { Ok(has) }
    }

    /// The one that is meant.
    pub(super) async fn one(&self, named: Option<EnvironmentName>) -> Result<EnvironmentName, Reply> {
        let has = self.environments().await?;
        match (named, has.as_slice()) {
            (Some(named), _) if has.contains(&named) => Ok(named),
            (Some(named), _) => Err(Reply::NotOfThis { named, has }),
            (None, [one]) => Ok(one.clone()),
            (None, _) => Err(Reply::WhichEnvironment(has)),
        }
    }

    /// An environment as the watched branch describes it: never as a pull
    /// request does, which may say whose role is assumed.
    pub(super) async fn standing(
        &self,
        name: &EnvironmentName,
    ) -> Result<(Arc<Snapshot>, Environment), Reply> {
        let branch = self.agent.memory().branch.clone();
        let Some(branch) = branch else { return Err(Reply::NotDescribed(name.clone())) };
        let head = self.agent.snapshots.at(&branch).await.map_err(failed)?;
        match head.reading.environment(name.as_str()).cloned() {
            Some(environment) => Ok((head, environment)),
            None => Err(Reply::NotDescribed(name.clone())),
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "an error is given away")]
fn failed(error: GitError) -> Reply {
    Reply::Failed { why: error.to_string() }
}

/// What a pull request changes, or changed.
async fn changes(agent: &Agent, place: &Place) -> Result<Vec<EnvironmentName>, GitError> {
    let pull = place.pull();
    let branch = agent.memory().branch.clone();
    if agent.mirror.revision(&pull.head).is_err() {
        agent.mirror.fetch(agent.credentials().await, &[pull.number]).await?;
    }
    let head = agent.mirror.revision(&pull.head)?;
    let base = match place {
        Place::Open { .. } => branch.map(|branch| agent.mirror.revision(&branch)).transpose()?,
        // Where the branch was before it.
        Place::Merged { commit, .. } => {
            if agent.mirror.revision(commit).is_err() {
                agent.mirror.fetch(agent.credentials().await, &[]).await?;
            }
            agent.mirror.revision(commit)?.first_parent()?
        }
    };
    let left = match base {
        Some(base) => base.merge_base(&head)?.map(|left| left.id()),
        None => None,
    };
    let head = agent.snapshots.at(&pull.head).await?;
    let left = match left {
        Some(left) => Some(agent.snapshots.at(&left).await?),
        None => None,
    };
    let nothing = BTreeMap::new();
    let before = left.as_ref().map_or(&nothing, |left| &left.fingerprints);
    Ok(changed(before, &head.fingerprints).described)
}
