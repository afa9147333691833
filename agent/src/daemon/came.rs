use pointsman_core::{
    environment::Environment,
    failure::{CloudErrorKind, Failure},
    render,
    report::{
        ChangeResult, Outcome, RolloutOutcome, Standstill,
        pull_request::{EnvironmentReport, Status},
    },
};

use super::policies::remarks;

/// What a try came to.
pub(super) struct Came {
    pub(super) status: Status,
    pub(super) next: Next,
    pub(super) change: Box<dyn FnOnce(&mut EnvironmentReport) + Send>,
}

/// What is to be done about a version after it was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// It stands.
    Stands,
    /// Its fault: it must change.
    Quarantine,
    /// Somebody holds the lock: the next poll tries again.
    Soon,
    /// Something that passes: with growing pauses.
    Later,
}

/// What to tell of a walk's end, and what to do next.
pub(super) fn came_to(environment: &Environment, result: Result<Outcome, Failure>) -> Came {
    let failure = match result {
        Ok(outcome) => {
            let (status, next) =
                if outcome.asks() { (Status::Asks, Next::Soon) } else { (Status::Deployed, Next::Stands) };
            let change = Box::new(move |report: &mut EnvironmentReport| {
                report.problem = None;
                report.judged = Some(outcome.judged.clone());
                report.outcome = Some(outcome);
            });
            return Came { status, next, change };
        }
        Err(failure) => failure,
    };
    let (status, next) = judged_failure(&failure);
    let text = render::failure::text(&environment.name, &failure);
    let environment = environment.clone();
    let change = Box::new(move |report: &mut EnvironmentReport| {
        report.problem = Some(text);
        match failure {
            Failure::Denied(judged) => {
                // The policies' own words are shown with it.
                report.problem = None;
                report.remarks = remarks(&environment, &judged);
                report.judged = Some(*judged);
            }
            Failure::Incomplete(outcome) => {
                if outcome.is_turned_back() {
                    // How it went is told with the rollout.
                    report.problem = None;
                }
                report.judged = Some(outcome.judged.clone());
                report.outcome = Some(*outcome);
            }
            Failure::Stale(judged) | Failure::Declined(judged) => report.judged = Some(*judged),
            Failure::WrongAccount { .. }
            | Failure::Locked { .. }
            | Failure::Stopped
            | Failure::Conflicts(_)
            | Failure::Unready(_)
            | Failure::State { .. }
            | Failure::Regressed { .. }
            | Failure::Journal(_)
            | Failure::Refused(_)
            | Failure::Sides(_)
            | Failure::Cloud(_)
            | Failure::Json(_) => {}
        }
    });
    Came { status, next, change }
}

fn judged_failure(failure: &Failure) -> (Status, Next) {
    match failure {
        Failure::Locked { .. } => (Status::Waiting, Next::Soon),
        Failure::Stopped => (Status::Stopped, Next::Soon),
        Failure::Denied(_) => (Status::Denied, Next::Quarantine),
        Failure::Incomplete(outcome) if was_stopped(outcome) => (Status::Stopped, Next::Soon),
        Failure::Incomplete(outcome) if will_pass(outcome) => (Status::Stopped, Next::Later),
        // Nothing was written: what stands in the way may be mended without the file changing.
        Failure::Cloud(_)
        | Failure::Conflicts(_)
        | Failure::Unready(_)
        | Failure::WrongAccount { .. }
        | Failure::State { .. }
        | Failure::Regressed { .. }
        | Failure::Journal(_)
        | Failure::Refused(_)
        | Failure::Sides(_)
        | Failure::Stale(_)
        | Failure::Declined(_) => (Status::Failed, Next::Later),
        Failure::Incomplete(_) | Failure::Json(_) => (Status::Failed, Next::Quarantine),
    }
}

/// Whether another try may help without the version changing.
pub(super) fn passes(kind: CloudErrorKind) -> bool {
    match kind {
        CloudErrorKind::Credentials
        | CloudErrorKind::Throttled
        | CloudErrorKind::Unreachable
        | CloudErrorKind::Stale
        | CloudErrorKind::LeaseLost => true,
        CloudErrorKind::AccessDenied
        | CloudErrorKind::NotFound
        | CloudErrorKind::Unsuitable
        | CloudErrorKind::Refused
        | CloudErrorKind::NotOurs
        | CloudErrorKind::Failed
        | CloudErrorKind::TimedOut => false,
    }
}

fn was_stopped(outcome: &Outcome) -> bool {
    let failed = outcome.changes.iter().any(|change| matches!(change.result, ChangeResult::Failed { .. }));
    let skipped = |change: &pointsman_core::report::ChangeOutcome| {
        change.result == ChangeResult::Skipped { because_of: None }
    };
    let stands = |rollout: &RolloutOutcome| {
        matches!(rollout.stands, Some(Standstill::Stopped | Standstill::LeaseLost))
    };
    !failed && (outcome.changes.iter().any(skipped) || outcome.rollouts.iter().any(stands))
}

/// Every step that failed did so for a reason that passes by itself.
fn will_pass(outcome: &Outcome) -> bool {
    let mut failed = outcome.changes.iter().filter_map(|change| match &change.result {
        ChangeResult::Failed { kind, .. } => Some(kind),
        ChangeResult::Done | ChangeResult::Skipped { .. } => None,
    });
    failed.clone().next().is_some() && failed.all(|kind| kind.is_some_and(passes))
}
