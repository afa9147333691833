//! Whose policies judge.

use std::sync::Arc;

use pointsman_core::{
    environment::{Environment, Place, Severity},
    policy::Effect,
    report::{Judged, pull_request::Remark},
};
use pointsman_engine::Policies;

use super::{agent::Agent, boards::Origin};
use crate::git::{GitError, Revision, Snapshot};

/// Why there are no policies to judge with: then nothing is allowed.
#[derive(Debug, thiserror::Error)]
#[error(
    "The policies at {commit} cannot be used, so nothing is allowed:\n{errors}Next: correct them on the watched branch."
)]
pub(super) struct NoPolicies {
    commit: String,
    errors: String,
}

/// The policies of a commit.
pub(super) fn policies(snapshot: &Snapshot) -> Result<Arc<Policies>, NoPolicies> {
    snapshot.policies.as_ref().map(Arc::clone).map_err(|errors| NoPolicies {
        commit: pointsman_core::render::words::short(&snapshot.revision.id()).to_owned(),
        errors: errors.iter().map(|error| format!("- {error}\n")).collect(),
    })
}

/// Where the branch was before a change: whose policies must allow a first
/// deploy, and what was required.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Base {
    /// Those of this commit, where the branch was before the change; none when
    /// the change began the history.
    Commit(Option<String>),
    /// Policies changed lately, and only GitHub knows which of the commits came
    /// with the pull request.
    Unknown,
}

/// The commit that the branch was at before the change, never a commit of the
/// pull request itself. Where GitHub does not say which those are, any commit
/// will do that has had the same file or folder, `what`, for long.
pub(super) async fn before_change(
    agent: &Agent,
    introduced: &Revision,
    origin: &Origin,
    what: &str,
) -> Result<Base, GitError> {
    let parent = introduced.first_parent()?;
    let is_merge = introduced.parent_count()? > 1;
    let before = parent.as_ref().map(Revision::id);
    let pull = match (origin, &parent) {
        // What a merge brought is on its other side.
        (_, None) | (Origin::Push, _) => return Ok(Base::Commit(before)),
        _ if is_merge => return Ok(Base::Commit(before)),
        (Origin::Pull(pull), Some(_)) => pull,
        // Which of these commits it was does not matter while they say the same.
        (Origin::Unknown, Some(parent)) => {
            let same = parent.has_long_had(what)?;
            return Ok(if same { Base::Commit(before) } else { Base::Unknown });
        }
    };
    // Rebased or squashed: the parent may be a commit of the same pull request.
    if agent.mirror.revision(&pull.head).is_err() {
        agent.mirror.fetch(agent.credentials().await, &[pull.number]).await?;
    }
    let head = agent.mirror.revision(&pull.head)?;
    Ok(Base::Commit(head.merge_base(introduced)?.map(|base| base.id()).or(before)))
}

/// What policies say about places in files.
pub(super) fn remarks(environment: &Environment, judged: &Judged) -> Vec<Remark> {
    let findings = judged.verdict.denials().chain(judged.verdict.warnings());
    findings
        .filter_map(|finding| {
            let place: &Place = environment.place_of(finding.path.as_deref()?)?;
            Some(Remark {
                place: place.clone(),
                severity: match finding.effect {
                    Effect::Deny => Severity::Error,
                    Effect::Warn => Severity::Warning,
                },
                rule: format!("{}.{}", finding.package, finding.rule),
                message: finding.message.clone(),
            })
        })
        .collect()
}
