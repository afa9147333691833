//! From a report to GitHub's objects.

use std::time::Duration;

use pointsman_core::{
    environment::{Diagnostic, Severity},
    render::{diagnostic::escaped, pull_request as render},
    report::{
        command::Ended,
        pull_request::{EnvironmentReport, PullReport, Purpose, Status},
    },
};

use super::letter::{CommentText, Letter, Subject};
use crate::github::{
    Annotation, AnnotationLevel, CheckButton, CheckState, Client, CommitCheck, DeploymentState,
    EnvironmentDeployment, GithubError, GithubErrorKind, NewComment,
};
use crate::web::{Links, Page};

/// The check that branch protection can require: always posted.
pub(super) const CHECK: &str = "pointsman";

/// What could not be delivered, and may be later.
#[derive(Debug)]
pub(super) struct Undelivered {
    pub(super) rest: Letter,
    pub(super) cause: Cause,
    /// The pause that GitHub asks for.
    pub(super) retry_after: Option<Duration>,
    /// How much of what is not in the rest GitHub took.
    pub(super) part: Part,
}

/// How much of a letter GitHub took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Everything.
    Whole,
    /// Some of it can never be delivered.
    Some,
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
pub(super) fn letter(subject: &Subject, report: &PullReport, links: &Links) -> Letter {
    let page = link(subject, links, Page::Estate);
    let report = &PullReport { page, ..report.clone() };
    Letter {
        subject: subject.clone(),
        head: report.head.clone(),
        base: report.base.clone(),
        // Also of a commit: its pull request may not have been known.
        comment: Some(CommentText { text: render::comment(report), new: new_comment(report) }),
        deployments: deployments(report, links),
        checks: checks(report, subject, links),
    }
}

/// Brings everything on GitHub to what the letter says, each part for itself.
/// What GitHub rejects for ever is logged and dropped.
///
/// # Errors
///
/// When some of it may succeed later.
pub(super) async fn deliver(github: &Client, letter: Letter) -> Result<Part, Undelivered> {
    let Letter { subject, head, base, comment, deployments, checks } = letter;
    let rest = Letter { subject, head, base, comment: None, deployments: Vec::new(), checks: Vec::new() };
    let mut round = Round { rest, left: None, part: Part::Whole };
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
    let Round { rest, left, part } = round;
    match left {
        Some((cause, retry_after)) if !rest.is_empty() => Err(Undelivered { rest, cause, retry_after, part }),
        _ => Ok(part),
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
    part: Part,
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
                self.part = Part::Some;
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
    // Whoever may not ask for anything makes none either.
    let answered = report.commands.iter().any(|answer| answer.reply.ended() != Ended::NotAllowed);
    let silent = report.environments.is_empty()
        && report.diagnostics.is_empty()
        && report.problem.is_none()
        && !answered;
    if silent { NewComment::Never } else { NewComment::Allowed }
}

fn checks(report: &PullReport, subject: &Subject, links: &Links) -> Vec<CommitCheck> {
    let of_environment = |environment: &EnvironmentReport| CommitCheck {
        commit: report.head.clone(),
        name: format!("{CHECK} / {}", environment.name),
        state: check_state(environment.status),
        title: render::environment_title(environment),
        summary: render::environment_summary(report, environment),
        details_url: link(subject, links, Page::Environment(&environment.name)),
        annotations: annotations(environment),
        buttons: buttons(report.purpose, environment),
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
        details_url: link(subject, links, Page::Estate),
        annotations: report.diagnostics.iter().filter_map(annotation).collect(),
        buttons: Vec::new(),
    });
    checks
}

/// What can be asked of an environment by pressing a button.
fn buttons(purpose: Purpose, environment: &EnvironmentReport) -> Vec<CheckButton> {
    match (purpose, environment.status) {
        (Purpose::Preview, Status::Planned | Status::Denied | Status::NoPlan)
        | (Purpose::Deploy, Status::Failed | Status::Denied | Status::NoPlan) => vec![CheckButton::Again],
        (Purpose::Deploy, Status::Asks) => vec![CheckButton::Approve, CheckButton::Abort],
        (Purpose::Deploy, Status::Deploying) if !environment.rollouts.is_empty() => {
            vec![CheckButton::Promote, CheckButton::Abort]
        }
        (Purpose::Preview | Purpose::Deploy, _) => Vec::new(),
    }
}

/// What comes with a pull request leads to its page.
fn link(subject: &Subject, links: &Links, otherwise: Page<'_>) -> Option<String> {
    match subject {
        Subject::Pull(number) => links.link_to(Page::Pull(*number)),
        Subject::Commit(_) => links.link_to(otherwise),
    }
}

fn check_state(status: Status) -> CheckState {
    match status {
        Status::Queued => CheckState::Queued,
        Status::Planning
        | Status::Waiting
        | Status::Deploying
        | Status::Stopped
        | Status::Asks
        | Status::Held => CheckState::InProgress,
        Status::Planned | Status::Deployed => CheckState::Success,
        Status::Checked | Status::Postponed | Status::Removed => CheckState::Neutral,
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
        title: escaped(&remark.rule),
        message: escaped(&remark.message),
    });
    environment.diagnostics.iter().filter_map(annotation).chain(of_policies).collect()
}

fn annotation(diagnostic: &Diagnostic) -> Option<Annotation> {
    let place = diagnostic.place.as_ref()?;
    let help =
        diagnostic.help.iter().flat_map(|help| help.lines()).map(|line| format!("\n{}", escaped(line)));
    Some(Annotation {
        path: place.file.clone(),
        line: place.line,
        level: level(diagnostic.severity),
        title: diagnostic.code.to_owned(),
        message: format!("{}{}", escaped(&diagnostic.message), help.collect::<String>()),
    })
}

fn level(severity: Severity) -> AnnotationLevel {
    match severity {
        Severity::Error => AnnotationLevel::Failure,
        Severity::Warning => AnnotationLevel::Warning,
    }
}

fn deployments(report: &PullReport, links: &Links) -> Vec<EnvironmentDeployment> {
    if report.purpose == Purpose::Preview {
        return Vec::new();
    }
    let of_environment = |environment: &EnvironmentReport| {
        let state = match environment.status {
            Status::Queued | Status::Planning | Status::Waiting | Status::Held => DeploymentState::Queued,
            Status::Deploying | Status::Stopped | Status::Asks => DeploymentState::InProgress,
            Status::Deployed => DeploymentState::Success,
            Status::Invalid | Status::Denied | Status::NoPlan | Status::Failed => DeploymentState::Failure,
            Status::Planned | Status::Checked | Status::Postponed | Status::Removed => return None,
        };
        let outputs = environment.outcome.as_ref().map(|outcome| &outcome.outputs);
        let address = |value: &&String| value.starts_with("https://") || value.starts_with("http://");
        Some(EnvironmentDeployment {
            commit: report.head.clone(),
            environment: environment.name.to_string(),
            state,
            description: render::environment_title(environment),
            url: outputs.and_then(|outputs| outputs.values().find(address)).cloned(),
            log_url: links.link_to(Page::Environment(&environment.name)),
            production: environment.name.stage() == Some("production"),
        })
    };
    report.environments.iter().filter_map(of_environment).collect()
}

#[cfg(test)]
mod tests {
    use pointsman_core::environment::{Diagnostic, Place};

    #[test]
    fn what_others_wrote_moves_nothing_in_an_annotation() {
        let place = Place { file: "a.toml".to_owned(), start: 0, end: 1, line: 3, column: 5 };
        let found = Diagnostic::error("x", "no \u{1b}[31m\u{202e}b").at(place).help("one\ntwo \u{200b}");
        let annotation = super::annotation(&found).map(|annotation| annotation.message);
        assert_eq!(annotation.as_deref(), Some("no \\u{1b}[31m\\u{202e}b\none\ntwo \\u{200b}"));
    }
}
