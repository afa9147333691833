use std::{collections::VecDeque, sync::Arc};

use pointsman_core::report::pull_request::{PullReport, Purpose};

use super::{agent::Agent, board::Board, reporter::Subject};
use crate::github::Pull;

/// The reports of the commits that were deployed lately, and the pull requests
/// that they came with.
#[derive(Debug, Default)]
pub(super) struct Boards(tokio::sync::Mutex<VecDeque<Begun>>);

#[derive(Debug)]
struct Begun {
    commit: String,
    board: Arc<Board>,
    pull: Option<Pull>,
}

/// So many are kept: a later try goes on with the same report.
const KEPT: usize = 32;

impl Boards {
    /// The report of a commit; begun when there is none.
    pub(super) async fn of(&self, agent: &Agent, commit: &str) -> (Arc<Board>, Option<Pull>) {
        let mut boards = self.0.lock().await;
        if let Some(begun) = boards.iter().find(|begun| begun.commit == commit) {
            return (Arc::clone(&begun.board), begun.pull.clone());
        }
        let branch = &agent.config.repo.branch;
        let pull = match &agent.github {
            None => Ok(None),
            Some(github) => github.pull_of_commit(commit, branch).await,
        };
        let known = pull.is_ok();
        let pull = pull.unwrap_or_else(|error| {
            tracing::warn!(%error, commit, "it is not known which pull request this commit came with; the deploy goes on");
            None
        });
        let subject = pull
            .as_ref()
            .map_or_else(|| Subject::Commit(commit.to_owned()), |pull| Subject::Pull(pull.number));
        let report = PullReport {
            base: branch.clone(),
            base_commit: None,
            head: commit.to_owned(),
            purpose: Purpose::Deploy,
            environments: Vec::new(),
            diagnostics: Vec::new(),
            problem: None,
        };
        let board = Board::new(subject, agent.reporter.mailbox(), report);
        if known {
            let commit = commit.to_owned();
            boards.push_front(Begun { commit, board: Arc::clone(&board), pull: pull.clone() });
            boards.truncate(KEPT);
        }
        (board, pull)
    }
}
