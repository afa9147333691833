//! Whose policies judge.

use std::sync::Arc;

use pointsman_core::{
    environment::{Environment, Place, Severity},
    policy::{Effect, PolicySet},
    report::{Judged, pull_request::Remark},
};

use super::agent::Agent;
use crate::{
    git::{GitError, Revision, Snapshot},
    github::Pull,
};

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
pub(super) fn policies(snapshot: &Snapshot) -> Result<Arc<PolicySet>, NoPolicies> {
    snapshot.policies.as_ref().map(Arc::clone).map_err(|errors| NoPolicies {
        commit: pointsman_core::render::words::short(&snapshot.revision.id()).to_owned(),
        errors: errors.iter().map(|error| format!("- {error}\n")).collect(),
    })
}

/// The commit whose policies must allow the first deploy of an environment:
/// the one that the branch was at before the change, never a commit of the
/// pull request itself. None when the change began the history.
pub(super) async fn before_first_deploy(
    agent: &Agent,
    introduced: &Revision,
    pull: Option<&Pull>,
) -> Result<Option<String>, GitError> {
    let parent = introduced.first_parent()?;
    let is_merge = introduced.parent_count()? > 1;
    let Some(pull) = pull.filter(|_| !is_merge) else {
        return Ok(parent.map(|parent| parent.id()));
    };
    // Rebased or squashed: the parent may be a commit of the same pull request.
    if agent.mirror.revision(&pull.head).is_err() {
        agent.mirror.fetch(agent.credentials().await, &[pull.number]).await?;
    }
    let head = agent.mirror.revision(&pull.head)?;
    Ok(head.merge_base(introduced)?.or(parent).map(|base| base.id()))
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
