//! From a report to GitHub's objects.

use std::time::Duration;

use pointsman_core::{
    environment::{Diagnostic, Severity},
    render::pull_request as render,
    report::pull_request::{EnvironmentReport, PullReport, Purpose, Status},
};

use super::letter::{CommentText, Letter, Subject};
use crate::github::{
    Annotation, AnnotationLevel, CheckState, Client, CommitCheck, DeploymentState, EnvironmentDeployment,
    GithubError, GithubErrorKind, NewComment,
};

/// The check that branch protection can require: always posted.
pub(super) const CHECK: &str = "pointsman";

/// What could not be delivered, and may be later.
#[derive(Debug)]
pub(super) struct Undelivered {
    pub(super) rest: Letter,
    pub(super) cause: Cause,
    /// The pause that GitHub asks for.
    pub(super) retry_after: Option<Duration>,
}

/// Whose trouble it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// GitHub's, or the way's: nobody's letters arrive.
    Github,
    /// Perhaps this subject's alone.
    Subject,
}

/// A report as it is sent.
pub(super) fn letter(subject: &Subject, report: &PullReport) -> Letter {
    Letter {
        subject: subject.clone(),
        head: report.head.clone(),
        base: report.base.clone(),
        // Also of a commit: its pull request may not have been known.
        comment: Some(CommentText { text: render::comment(report), new: new_comment(report) }),
        deployments: deployments(report),
        checks: checks(report),
    }
}

/// Brings everything on GitHub to what the letter says, each part for itself.
/// What GitHub rejects for ever is logged and dropped.
///
/// # Errors
///
/// When some of it may succeed later.
pub(super) async fn deliver(github: &Client, letter: Letter) -> Result<(), Undelivered> {
    let Letter { subject, head, base, comment, deployments, checks } = letter;
    let rest = Letter { subject, head, base, comment: None, deployments: Vec::new(), checks: Vec::new() };
    let mut round = Round { rest, left: None };
    if let Some(comment) = comment
        && round.is_left(put_comment(github, &round.rest, &comment).await)
    {
        round.rest.comment = Some(comment);
    }
    for deployment in deployments {
        if round.is_over() || round.is_left(github.put_deployment(&deployment).await) {
            round.rest.deployments.push(deployment);
        }
    }
    // Last: whoever sees a check end finds the rest in place.
    for check in checks {
        if round.is_over() || round.is_left(github.put_check(&check).await) {
            round.rest.checks.push(check);
        }
    }
    let Round { rest, left } = round;
    match left {
        Some((cause, retry_after)) if !rest.is_empty() => Err(Undelivered { rest, cause, retry_after }),
        _ => Ok(()),
    }
}

async fn put_comment(github: &Client, letter: &Letter, comment: &CommentText) -> Result<(), GithubError> {
    let number = match &letter.subject {
        Subject::Pull(number) => Some(*number),
        Subject::Commit(commit) => github.number_of_pull(commit, &letter.base).await?,
    };
    match number {
        Some(number) => github.put_comment(number, &comment.text, comment.new).await,
        None => Ok(()),
    }
}

/// One try of a letter.
struct Round {
    rest: Letter,
    left: Option<(Cause, Option<Duration>)>,
}

impl Round {
    /// Whether a part is left for later; said either way.
    fn is_left(&mut self, result: Result<(), GithubError>) -> bool {
        let Err(error) = result else { return false };
        let subject = &self.rest.subject;
        let cause = match error.kind {
            GithubErrorKind::RateLimited
            | GithubErrorKind::Unreachable
            | GithubErrorKind::Unauthorized
            | GithubErrorKind::Credentials => Cause::Github,
            GithubErrorKind::Unavailable | GithubErrorKind::Unreadable => Cause::Subject,
            GithubErrorKind::Forbidden | GithubErrorKind::NotFound | GithubErrorKind::Invalid => {
                tracing::error!(%error, ?subject, "a report cannot be delivered; the work itself goes on");
                return false;
            }
        };
        tracing::warn!(%error, ?subject, "a report is delivered later");
        self.left = Some((cause, error.retry_after));
        true
    }

    /// Whether trying on would only cost time.
    fn is_over(&self) -> bool {
        matches!(self.left, Some((Cause::Github, _)))
    }
}

/// A pull request that has nothing to do with us is not commented on.
fn new_comment(report: &PullReport) -> NewComment {
    let silent = report.environments.is_empty() && report.diagnostics.is_empty() && report.problem.is_none();
    if silent { NewComment::Never } else { NewComment::Allowed }
}

fn checks(report: &PullReport) -> Vec<CommitCheck> {
    let of_environment = |environment: &EnvironmentReport| CommitCheck {
        commit: report.head.clone(),
        name: format!("{CHECK} / {}", environment.name),
        state: check_state(environment.status),
        title: render::environment_title(environment),
        summary: render::environment_summary(report, environment),
        annotations: annotations(environment),
    };
    let mut checks: Vec<CommitCheck> = report.environments.iter().map(of_environment).collect();
    let stopped = report.problem.is_some() || report.diagnostics.iter().any(Diagnostic::is_error);
    checks.push(CommitCheck {
        commit: report.head.clone(),
        name: CHECK.to_owned(),
        state: if stopped {
            CheckState::Failure
        } else {
            render::worst_status(report).map_or(CheckState::Success, whole_state)
        },
        title: render::title(report),
        summary: render::overview(report),
        annotations: report.diagnostics.iter().filter_map(annotation).collect(),
    });
    checks
}

fn check_state(status: Status) -> CheckState {
    match status {
        Status::Queued => CheckState::Queued,
        Status::Planning | Status::Waiting | Status::Deploying | Status::Stopped | Status::Asks => {
            CheckState::InProgress
        }
        Status::Planned | Status::Deployed => CheckState::Success,
        Status::Checked | Status::Removed => CheckState::Neutral,
        Status::Invalid | Status::Denied | Status::NoPlan | Status::Failed => CheckState::Failure,
    }
}

/// The whole is done or not: one environment that is queued keeps it open.
fn whole_state(status: Status) -> CheckState {
    match check_state(status) {
        CheckState::Queued => CheckState::InProgress,
        CheckState::Neutral => CheckState::Success,
        other => other,
    }
}

fn annotations(environment: &EnvironmentReport) -> Vec<Annotation> {
    let of_policies = environment.remarks.iter().map(|remark| Annotation {
        path: remark.place.file.clone(),
        line: remark.place.line,
        level: level(remark.severity),
        title: remark.rule.clone(),
        message: remark.message.clone(),
    });
    environment.diagnostics.iter().filter_map(annotation).chain(of_policies).collect()
}

fn annotation(diagnostic: &Diagnostic) -> Option<Annotation> {
    let place = diagnostic.place.as_ref()?;
    let help = diagnostic.help.as_ref().map(|help| format!("\n{help}")).unwrap_or_default();
    Some(Annotation {
        path: place.file.clone(),
        line: place.line,
        level: level(diagnostic.severity),
        title: diagnostic.code.to_owned(),
        message: format!("{}{help}", diagnostic.message),
    })
}

fn level(severity: Severity) -> AnnotationLevel {
    match severity {
        Severity::Error => AnnotationLevel::Failure,
        Severity::Warning => AnnotationLevel::Warning,
    }
}

fn deployments(report: &PullReport) -> Vec<EnvironmentDeployment> {
    if report.purpose == Purpose::Preview {
        return Vec::new();
    }
    let of_environment = |environment: &EnvironmentReport| {
        let state = match environment.status {
            Status::Queued | Status::Planning | Status::Waiting => DeploymentState::Queued,
            Status::Deploying | Status::Stopped | Status::Asks => DeploymentState::InProgress,
            Status::Deployed => DeploymentState::Success,
            Status::Invalid | Status::Denied | Status::NoPlan | Status::Failed => DeploymentState::Failure,
            Status::Planned | Status::Checked | Status::Removed => return None,
        };
        let outputs = environment.outcome.as_ref().map(|outcome| &outcome.outputs);
        let address = |value: &&String| value.starts_with("https://") || value.starts_with("http://");
        Some(EnvironmentDeployment {
            commit: report.head.clone(),
            environment: environment.name.to_string(),
            state,
            description: render::environment_title(environment),
            url: outputs.and_then(|outputs| outputs.values().find(address)).cloned(),
            production: environment.name.stage() == Some("production"),
        })
    };
    report.environments.iter().filter_map(of_environment).collect()
}
