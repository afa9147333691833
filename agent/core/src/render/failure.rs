//! Why something did not happen: what, where, why, and what to do next.

use std::fmt::Write;

use super::{
    adoption,
    event::holder_words,
    paint::{plain, without},
    plan, preflight, rollout, words,
};
use crate::{
    environment::EnvironmentName,
    failure::{CloudError, CloudErrorKind, Failure, InUse},
    lease::{LockFile, Regression},
    plan::Conflict,
    report::{ChangeResult, Outcome},
    resource::Owner,
    state::StateError,
};

/// The failure as plain text of a few lines, without a trailing line break.
pub fn text(environment: &EnvironmentName, failure: &Failure) -> String {
    match failure {
        Failure::WrongAccount { wanted, found, arn } => format!(
            "{environment} belongs to account {wanted}, and the credentials are of account {found} ({arn}).\n\
             Nothing was written.\n\
             Next: use credentials of account {wanted} ([aws] profile or role_arn), or correct [aws] account."
        ),
        Failure::Locked { holder, lock_id } => format!(
            "{environment} is locked by {}.\n\
             The lock is {}; it was left as it is, and nothing was written.\n\
             Next: wait until it is released and run this again. If its holder is dead and it is Terraform's \
             or a person's, they release it with `terraform force-unlock`{}.",
            holder_words(holder),
            plain(lock_id),
            if lock_id.ends_with(LockFile::SUFFIX) { ", with `use_lockfile` in the backend" } else { "" }
        ),
        Failure::Stopped => {
            format!("{environment}: stopped before anything was written.\nNext: run it again.")
        }
        Failure::Conflicts(conflicts) => {
            let mut text = format!("{environment} cannot be planned:\n");
            for conflict in conflicts {
                let _ = writeln!(text, "- {}", self::conflict(conflict));
            }
            text.push_str("Nothing was written.");
            text
        }
        Failure::Unready(findings) => preflight::unready(environment, findings),
        Failure::Denied(judged) => {
            let mut text = format!("The policies deny this plan for {environment}; nothing was changed.\n");
            for finding in judged.verdict.denials() {
                let _ = writeln!(text, "- {}\n  {}", plain(&finding.message), plan::place(finding));
            }
            text.push_str("Next: change the environment so that the rules allow it. A rule that should change is changed on the branch first, by itself, while the environment stands as deployed.");
            text
        }
        Failure::Stale(_) => format!(
            "What lives in {environment}, or its file, is not what the given plan was made from; nothing was changed.\n\
             Next: look at a new plan (`pointsman plan {environment} --out FILE`) and apply that one."
        ),
        Failure::InUse(in_use) => self::in_use(environment, in_use),
        Failure::Declined(_) => format!("Nothing was changed in {environment}: the plan was not approved."),
        Failure::Incomplete(outcome) => incomplete(outcome),
        Failure::State { location, error } => format!(
            "The state of {environment} at {location} is not used: {error}.\n\
             Nothing was written.\n\
             Next: look at the object's versions in the bucket and restore the last one that Pointsman wrote{}.",
            match error {
                StateError::Unreadable(_) | StateError::Digest => format!(
                    "; if it is lost, `pointsman adopt {environment} --from-tags` rebuilds the state from what stands"
                ),
                StateError::Newer(_) | StateError::Foreign(_) => String::new(),
            }
        ),
        Failure::Regressed { location, known, regression } => {
            let what = regression_words(*regression);
            format!(
                "The state of {environment} at {location} is not used: the journal knows it with serial {known}, and {what}.\n\
                 Nothing was written.\n\
                 Next: restore the version of the object with serial {known} (the bucket is versioned); if it is lost, \
                 `pointsman adopt {environment} --from-tags` rebuilds the state from what stands."
            )
        }
        Failure::Journal(broken) => format!(
            "The journal of {environment} is not used: {broken}.\n\
             The run did not end, and what it made cannot be told from it. Nothing was written.\n\
             Next: `pointsman adopt {environment} --from-tags` rebuilds the state from what stands, and closes the run."
        ),
        Failure::Refused(refused) => {
            format!("Nothing was changed in {environment}.\n{}", rollout::refused(refused))
        }
        Failure::Sides(unclear) => adoption::unclear(environment, unclear),
        Failure::Cloud(error) => cloud(environment, error),
        Failure::Json(error) => format!(
            "The plan of {environment} could not be written down: {error}. This is a defect; please report it."
        ),
    }
}

fn in_use(environment: &EnvironmentName, in_use: &InUse) -> String {
    let InUse { service, old, tasks, by_balancer } = in_use;
    let name = plain(&old.service);
    let why = match (*tasks < old.count, by_balancer) {
        (true, _) => format!("{name} has {tasks} of the {} tasks that it had before the cut-over", old.count),
        (false, true) => "requests still come by the load balancer".to_owned(),
        (false, false) => "a cut-over is under way".to_owned(),
    };
    format!(
        "{environment} is not taken down: people use {} since the cut-over, and {why}.\n\
         Nothing was changed.\n\
         Next: `pointsman rollback {environment}` gives {name} its tasks back and says when people's way is to be switched; \
         or do both by hand, and run this again two minutes after the last request.",
        plain(service)
    )
}

fn cloud(environment: &EnvironmentName, error: &CloudError) -> String {
    let what = match error.kind {
        CloudErrorKind::Credentials => "AWS does not accept the credentials",
        CloudErrorKind::AccessDenied => "AWS denies this to the identity in use",
        CloudErrorKind::NotFound => "what is asked for does not exist",
        CloudErrorKind::Unsuitable => "what was found does not fit",
        CloudErrorKind::Throttled => "AWS asks to be asked less often, even after waiting",
        CloudErrorKind::Unreachable => "AWS did not answer",
        CloudErrorKind::Refused => "AWS refused",
        CloudErrorKind::NotOurs => "the name is taken by something that is not ours",
        CloudErrorKind::Failed => "AWS gave up",
        CloudErrorKind::TimedOut => "it took too long",
        CloudErrorKind::Stale => "someone else wrote at the same time",
        CloudErrorKind::LeaseLost => "the lease was lost, and nothing more was sent",
    };
    let mut text = format!("{what}.\n{}", plain(&error.to_string()));
    let help = error.help.as_deref().map(plain);
    let next = match (lacks_ground(error), help) {
        (true, Some(help)) => format!("`pointsman init {environment} --create` makes it; or {help}"),
        (false, Some(help)) => help,
        (_, None) => return text,
    };
    let _ = write!(text, "\nNext: {next}");
    text
}

/// Whether it is the bucket or the lock table that is missing.
fn lacks_ground(error: &CloudError) -> bool {
    match error.code.as_deref() {
        Some("NoSuchBucket") => true,
        Some("ResourceNotFoundException") => error.operation.starts_with("dynamodb:"),
        _ => false,
    }
}

/// A conflict in one or two sentences.
pub fn conflict(conflict: &Conflict) -> String {
    match conflict {
        Conflict::NotOurs { address, kind, name, id, owner } => {
            let whose = match owner {
                Owner::Environment { environment, address } => {
                    format!("it belongs to {address} of {environment}")
                }
                Owner::Unknown => "it carries no tags of ours".to_owned(),
            };
            format!(
                "{address}: the {} {} ({}) exists and is not ours: {}. Adopt it (`pointsman adopt`, in a later version) or rename.",
                kind.title(),
                plain(name),
                plain(id),
                plain(&whose)
            )
        }
        Conflict::Impossible { address, field, before, after } => format!(
            "{address}: {field} cannot change from {} to {} on what lives, and a replacement would lose something. \
             Give the block another name to make a new one beside it.",
            words::value(before),
            words::value(after)
        ),
        Conflict::Cycle { addresses } => {
            let names: Vec<&str> = addresses.iter().map(crate::Address::as_str).collect();
            format!("these need each other, so none can be made first: {}", names.join(", "))
        }
    }
}

fn incomplete(outcome: &Outcome) -> String {
    let told = |driven| without(&rollout::outcome(&outcome.environment, driven));
    if outcome.is_turned_back() {
        let told: String = outcome.rollouts.iter().map(told).collect();
        return format!(
            "Not released in {}:\n{told}Next: mend the cause, and release that.",
            outcome.environment
        );
    }
    let mut text = format!("Not everything was done in {}:\n", outcome.environment);
    for change in &outcome.changes {
        let line = match &change.result {
            ChangeResult::Done => continue,
            ChangeResult::Failed { why, .. } => {
                format!("{} {} failed: {}", words::doing(change.action), change.address, plain(why))
            }
            ChangeResult::Skipped { because_of: Some(other) } => {
                format!("{} was not begun, because {other} was not done", change.address)
            }
            ChangeResult::Skipped { because_of: None } => {
                format!("{} was not finished, because the agent was asked to stop", change.address)
            }
        };
        let _ = writeln!(text, "- {line}");
    }
    for driven in &outcome.rollouts {
        text.push_str(&told(driven));
    }
    let done = outcome.changes.iter().filter(|change| change.result == ChangeResult::Done).count();
    let _ = write!(
        text,
        "{} done and recorded in the state (serial {}).\nNext: mend the cause and run it again; it goes on from here.",
        words::count(done, "change is", "changes are"),
        outcome.serial
    );
    text
}

/// What stands where the journal knows a later state.
pub(super) fn regression_words(regression: Regression) -> String {
    match regression {
        Regression::Gone => "there is none any more".to_owned(),
        Regression::Older { serial } => format!("an older one with serial {serial} stands there"),
        Regression::Foreign => "another state stands there, of another lineage".to_owned(),
        Regression::Other => "it has the same serial and another content".to_owned(),
    }
}
