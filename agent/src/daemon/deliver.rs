//! From a report to GitHub's objects.

use std::time::Duration;

use pointsman_core::{
    environment::{Diagnostic, Severity},
    render::pull_request as render,
    report::pull_request::{EnvironmentReport, PullReport, Purpose, Status},
};

use super::reporter::Subject;
use crate::github::{
    Annotation, CheckState, Client, CommitCheck, DeploymentState, EnvironmentDeployment, GithubError,
    NewComment,
};

/// The check that branch protection can require: always posted.
const CHECK: &str = "pointsman";

/// How much of a report GitHub took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Everything.
    Whole,
    /// Some of it can never be delivered.
    Some,
}

/// Brings everything on GitHub to what the report says. What cannot be
/// delivered, now or ever, is logged; each part is tried for itself.
///
/// # Errors
///
/// When some of it may succeed later; with the pause that GitHub asks for.
pub(super) async fn deliver(
    github: &Client,
    subject: &Subject,
    report: &PullReport,
) -> Result<Part, Option<Duration>> {
    let mut later = None;
    let mut part = Part::Whole;
    let mut note = |result: Result<(), GithubError>| {
        let Err(error) = result else { return };
        if error.is_temporary() {
            tracing::warn!(%error, ?subject, "a report is delivered later");
            later = Some(error.retry_after);
        } else {
            part = Part::Some;
            tracing::error!(%error, ?subject, "a report cannot be delivered; the work itself goes on");
        }
    };
    if let Subject::Pull(number) = subject {
        note(github.put_comment(*number, &render::comment(report), new_comment(report)).await);
    }
    for deployment in deployments(report) {
        note(github.put_deployment(&deployment).await);
    }
    // Last: whoever sees a check end finds the rest in place.
    for check in checks(report) {
        note(github.put_check(&check).await);
    }
    later.map_or(Ok(part), Err)
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
        Status::Planning
        | Status::Waiting
        | Status::Deploying
        | Status::Stopped
        | Status::Asks
        | Status::Held => CheckState::InProgress,
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

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "failure",
        Severity::Warning => "warning",
    }
}

fn deployments(report: &PullReport) -> Vec<EnvironmentDeployment> {
    if report.purpose == Purpose::Preview {
        return Vec::new();
    }
    let of_environment = |environment: &EnvironmentReport| {
        let state = match environment.status {
            Status::Queued | Status::Planning | Status::Waiting | Status::Held => DeploymentState::Queued,
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
