use pointsman_core::{
    environment::Environment,
    failure::Failure,
    render,
    report::{
        Outcome, Passing,
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
    /// It is not begun before others stand.
    Held,
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
            | Failure::InUse(_)
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
        Failure::Incomplete(outcome) if outcome.passing() == Passing::Stopped => {
            (Status::Stopped, Next::Soon)
        }
        Failure::Incomplete(outcome) if outcome.passing() == Passing::ByItself => {
            (Status::Stopped, Next::Later)
        }
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
        | Failure::InUse(_)
        | Failure::Declined(_) => (Status::Failed, Next::Later),
        Failure::Incomplete(_) | Failure::Json(_) => (Status::Failed, Next::Quarantine),
    }
}
