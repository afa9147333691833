//! Who judges a deploy: whose policies, and whose requirements.

use std::sync::Arc;

use pointsman_core::{
    environment::EnvironmentName,
    render,
    requirement::{FILE, Requirements},
};
use pointsman_engine::Policies;

use super::{
    agent::Agent,
    boards::Origin,
    memory::Known,
    policies::{Base, before_change, policies},
    requirements::required,
};
use crate::git::{GitError, GitErrorKind, Revision, Snapshot};

/// What judges: the policies, and what is required before an apply.
pub(super) type Judges = (Vec<Arc<Policies>>, Result<Vec<Requirements>, String>);

/// The policies that must allow it, and the requirements that must be met: those
/// of the last revision that stood, and those of the branch.
pub(super) async fn judges(
    agent: &Agent,
    head: &Snapshot,
    name: &EnvironmentName,
    introduced: &Revision,
    known: Option<&Known>,
    deployed: Option<String>,
    origin: &Origin,
) -> Result<Result<Judges, String>, GitError> {
    let trusted = match (known.and_then(Known::trusted), deployed) {
        (Some(trusted), Some(_)) => Some(trusted.clone()),
        (_, deployed) => deployed,
    };
    // A rewritten history no longer has the commit that was deployed.
    let trusted = trusted.filter(|commit| {
        let gone = matches!(agent.mirror.revision(commit), Err(error) if error.kind == GitErrorKind::CommitMissing);
        if gone {
            tracing::warn!(commit, "the deployed commit is not in the repository any more: in place of its policies, those from before this change judge");
        }
        !gone
    });
    let trusted = match trusted {
        Some(trusted) => Some(trusted),
        None => match before_change(agent, introduced, origin, &agent.config.repo.policies).await? {
            Base::Commit(base) => base,
            Base::Unknown => return Ok(Err(render::policy::unknown_base().to_owned())),
        },
    };
    let mut snapshots = Vec::new();
    if let Some(trusted) = trusted.filter(|trusted| *trusted != head.revision.id()) {
        snapshots.push(agent.snapshots.at(&trusted).await?);
    }
    let required = required_before(agent, head, name, introduced, origin, &snapshots).await?;
    let sets = snapshots.iter().map(AsRef::as_ref).chain([head]).map(policies).collect::<Result<Vec<_>, _>>();
    Ok(sets.map(|sets| (sets, required)).map_err(|error| error.to_string()))
}

/// What is required by the branch, by the revision that stood, and by what the
/// branch was before the change.
async fn required_before(
    agent: &Agent,
    head: &Snapshot,
    name: &EnvironmentName,
    introduced: &Revision,
    origin: &Origin,
    stood: &[Arc<Snapshot>],
) -> Result<Result<Vec<Requirements>, String>, GitError> {
    let mut before = stood.to_vec();
    match before_change(agent, introduced, origin, FILE).await? {
        Base::Commit(Some(base)) => before.push(agent.snapshots.at(&base).await?),
        Base::Commit(None) => {}
        Base::Unknown => return Ok(Err(render::requirement::unknown_base().to_owned())),
    }
    Ok(required(agent, name.as_str(), head, &before))
}
