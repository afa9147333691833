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
    origin: Origin,
}

/// What is known of how a commit came to the branch.
#[derive(Clone, Debug)]
pub(super) enum Origin {
    /// With this pull request.
    Pull(Box<Pull>),
    /// With none: it was pushed, or there is no GitHub.
    Push,
    /// GitHub did not say.
    Unknown,
}

impl Origin {
    /// The pull request, where there is one and it is known.
    pub(super) fn pull(&self) -> Option<&Pull> {
        match self {
            Self::Pull(pull) => Some(pull),
            Self::Push | Self::Unknown => None,
        }
    }
}

/// So many are kept: a later try goes on with the same report.
const KEPT: usize = 32;

/// What GitHub says of how a commit came to the branch.
async fn asked(agent: &Agent, commit: &str) -> Origin {
    let pull = match &agent.github {
        None => Ok(None),
        Some(github) => github.pull_of_commit(commit, &agent.config.repo.branch).await,
    };
    match pull {
        Ok(Some(pull)) => Origin::Pull(Box::new(pull)),
        Ok(None) => Origin::Push,
        Err(error) => {
            tracing::warn!(%error, commit, "it is not known which pull request this commit came with");
            Origin::Unknown
        }
    }
}

impl Boards {
    /// How a commit came to the branch; nothing is reported of it by that.
    pub(super) async fn origin(&self, agent: &Agent, commit: &str) -> Origin {
        let known = {
            let boards = self.0.lock().await;
            boards.iter().find(|begun| begun.commit == commit).map(|begun| begun.origin.clone())
        };
        match known {
            Some(Origin::Unknown) | None => asked(agent, commit).await,
            Some(origin) => origin,
        }
    }

    /// The report of a commit; begun when there is none.
    pub(super) async fn of(&self, agent: &Agent, commit: &str) -> (Arc<Board>, Origin) {
        let mut boards = self.0.lock().await;
        let standing = boards.iter().position(|begun| begun.commit == commit);
        if let Some(begun) = standing.map(|at| &boards[at])
            && !matches!(begun.origin, Origin::Unknown)
        {
            return (Arc::clone(&begun.board), begun.origin.clone());
        }
        let origin = asked(agent, commit).await;
        if let Some(begun) = standing.map(|at| &mut boards[at]) {
            // What was told so far stays on its board; delivering finds the pull request.
            begun.origin = origin.clone();
            return (Arc::clone(&begun.board), origin);
        }
        let subject = origin
            .pull()
            .map_or_else(|| Subject::Commit(commit.to_owned()), |pull| Subject::Pull(pull.number));
        let revert = origin.pull().and_then(|pull| pull.url.clone());
        let empty = PullReport::new(Purpose::Deploy, &agent.config.repo.branch, commit);
        let report = PullReport { revert, ..empty };
        let board = Board::new(subject, agent.reporter.mailbox(), &agent.seen, report);
        let begun = Begun { commit: commit.to_owned(), board: Arc::clone(&board), origin: origin.clone() };
        boards.push_front(begun);
        boards.truncate(KEPT);
        (board, origin)
    }
}
