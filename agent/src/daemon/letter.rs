//! A report as it is sent: plain data, so that it can be kept on disk.

use pointsman_core::report::pull_request::PullReport;
use serde::{Deserialize, Serialize};

use crate::github::{CommitCheck, EnvironmentDeployment, NewComment};

/// Where a report belongs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Subject {
    /// A pull request, by number.
    Pull(u64),
    /// A commit that came with none.
    Commit(String),
}

/// Everything that GitHub is told of one subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Letter {
    pub(super) subject: Subject,
    /// The commit that it is about.
    pub(super) head: String,
    /// The watched branch, on which pull requests of commits are looked for.
    pub(super) base: String,
    pub(super) comment: Option<CommentText>,
    pub(super) deployments: Vec<EnvironmentDeployment>,
    pub(super) checks: Vec<CommitCheck>,
}

/// What the comment of a pull request says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CommentText {
    pub(super) text: String,
    pub(super) new: NewComment,
}

impl Letter {
    /// The same with what an older letter to the subject says beyond it: its
    /// parts were not delivered yet. A plan for a head that is no longer one
    /// is of no use to anybody.
    pub(super) fn after(mut self, older: Self) -> Self {
        let Self { subject: _, head, base: _, comment, deployments, checks } = older;
        if head != self.head && deployments.is_empty() {
            return self;
        }
        self.comment = self.comment.or(comment);
        for deployment in deployments {
            let same = |newer: &EnvironmentDeployment| {
                newer.commit == deployment.commit && newer.environment == deployment.environment
            };
            if !self.deployments.iter().any(same) {
                self.deployments.push(deployment);
            }
        }
        for check in checks {
            let same = |newer: &CommitCheck| newer.commit == check.commit && newer.name == check.name;
            if !self.checks.iter().any(same) {
                self.checks.push(check);
            }
        }
        self
    }

    /// Whether it says nothing.
    pub(super) fn is_empty(&self) -> bool {
        let Self { subject: _, head: _, base: _, comment, deployments, checks } = self;
        comment.is_none() && deployments.is_empty() && checks.is_empty()
    }
}

/// What of a report cannot wait: two reports of one essence differ in
/// progress alone.
pub(super) fn essence(report: &PullReport) -> String {
    let statuses: Vec<_> =
        report.environments.iter().map(|environment| (&environment.name, environment.status)).collect();
    format!("{:?}", (&report.head, report.purpose, &report.problem, statuses, &report.commands))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::github::{CheckState, DeploymentState};

    fn letter(head: &str, deployed: &[(&str, DeploymentState)], checked: &[(&str, CheckState)]) -> Letter {
        Letter {
            subject: Subject::Pull(7),
            head: head.to_owned(),
            base: "main".to_owned(),
            comment: None,
            deployments: deployed
                .iter()
                .map(|(environment, state)| EnvironmentDeployment {
                    commit: head.to_owned(),
                    environment: (*environment).to_owned(),
                    state: *state,
                    description: String::new(),
                    url: None,
                    log_url: None,
                    production: false,
                })
                .collect(),
            checks: checked
                .iter()
                .map(|(name, state)| CommitCheck {
                    commit: head.to_owned(),
                    name: (*name).to_owned(),
                    state: *state,
                    title: String::new(),
                    summary: String::new(),
                    details_url: None,
                    annotations: Vec::new(),
                    buttons: Vec::new(),
                })
                .collect(),
        }
    }

    #[test]
    fn what_was_not_delivered_goes_with_the_newer_letter() {
        let older = letter(
            "a",
            &[("x", DeploymentState::InProgress), ("y", DeploymentState::Success)],
            &[("y", CheckState::Success)],
        );
        let newer = letter("a", &[("x", DeploymentState::Success)], &[("x", CheckState::Success)]);
        let both = letter(
            "a",
            &[("x", DeploymentState::Success), ("y", DeploymentState::Success)],
            &[("x", CheckState::Success), ("y", CheckState::Success)],
        );
        assert_eq!(newer.after(older), both);
    }

    #[test]
    fn a_plan_for_a_head_that_moved_is_dropped_and_a_deploy_never() {
        let plan = letter("a", &[], &[("x", CheckState::InProgress)]);
        let newer = letter("b", &[], &[("x", CheckState::Queued)]);
        assert_eq!(newer.clone().after(plan), newer);
        let deploy = letter("a", &[("x", DeploymentState::Success)], &[("x", CheckState::Success)]);
        let both = newer.after(deploy);
        assert_eq!((both.deployments.len(), both.checks.len()), (1, 2));
    }
}
