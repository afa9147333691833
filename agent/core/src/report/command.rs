//! What people asked in comments, and what came of it, as data.

use crate::{
    command::Mistake,
    environment::EnvironmentName,
    lease::LockItem,
    rollout::{Refusal, Word},
};

/// A command, and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Which command: the comment's id and the command's place in it; 0 and a
    /// number of its own for a button.
    pub of: (u64, usize),
    /// The login of whoever asked.
    pub who: String,
    /// When, RFC 3339.
    pub at: String,
    /// The line as it was written. Written by others.
    pub asked: String,
    /// What came of it.
    pub reply: Reply,
}

/// What came of a command.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// Whoever asked may not ask that.
    NotAllowed {
        /// Who may.
        needs: Right,
    },
    /// The line is no command.
    Mistaken(Mistake),
    /// The comment was edited before it was read.
    Edited,
    /// So many commands more stood in the comment, and were not read.
    TooMany(usize),
    /// What can be asked here.
    Help(Help),
    /// It is planned again.
    PlansAgain,
    /// A fork's commit is planned with credentials.
    ForkAllowed {
        /// The commit.
        commit: String,
    },
    /// A fork is planned for a commit that is named.
    ForkNeedsCommit {
        /// The commit that it proposes now.
        head: String,
    },
    /// Another commit was named than the one that is proposed now.
    OtherCommit {
        /// The commit that it proposes now.
        head: String,
    },
    /// It is merged: nothing is left to plan.
    IsMerged,
    /// It is not merged: nothing was deployed that this could be about.
    IsOpen,
    /// One must be named.
    WhichEnvironment(Vec<EnvironmentName>),
    /// The pull request does not change it.
    NotOfThis {
        /// The one that was named.
        named: EnvironmentName,
        /// Those that it changes.
        has: Vec<EnvironmentName>,
    },
    /// The pull request changes no environment.
    NoEnvironment,
    /// The watched branch does not describe it, or not without errors.
    NotDescribed(EnvironmentName),
    /// A word about rollouts was kept.
    Said {
        /// Where.
        environment: EnvironmentName,
        /// What was said.
        word: Word,
        /// The services whose rollouts it is about.
        services: Vec<String>,
    },
    /// A word about rollouts was not kept.
    Refused {
        /// Where.
        environment: EnvironmentName,
        /// For each service why not.
        refused: Vec<(String, Refusal)>,
    },
    /// No rollout is open.
    NothingOpen(EnvironmentName),
    /// What stands, or is rolled out, did not come with this pull request.
    OfAnother {
        /// Where.
        environment: EnvironmentName,
        /// The commit that it came with.
        commit: String,
    },
    /// GitHub does not say with which pull request that commit came.
    OriginUnknown {
        /// Where.
        environment: EnvironmentName,
        /// The commit.
        commit: String,
    },
    /// A rollout began after the comment was written.
    BeganLater(EnvironmentName),
    /// A word about a plan was kept.
    Kept {
        /// Which, as plain text.
        says: String,
    },
    /// It is deployed by merging.
    MergeFirst,
    /// It is applied before the merge, when its turn comes.
    Applies(EnvironmentName),
    /// It is tried again.
    TriesAgain(EnvironmentName),
    /// It is what the branch says.
    Stands(EnvironmentName),
    /// It is being worked on.
    IsBusy(EnvironmentName),
    /// It waits for its turn to go back.
    GoesBack(EnvironmentName),
    /// It went back, or waits for approval on the way.
    WentBack(EnvironmentName),
    /// Its lock was released.
    Unlocked {
        /// Where.
        environment: EnvironmentName,
        /// The lock that is gone.
        item: Box<LockItem>,
    },
    /// Its lock is free.
    LockFree(EnvironmentName),
    /// Another lock stands than the one that was named.
    OtherLock {
        /// Where.
        environment: EnvironmentName,
        /// The lock that stands.
        item: Box<LockItem>,
    },
    /// It could not be done: what, why and what to do, as plain text.
    Failed {
        /// Why.
        why: String,
    },
}

/// What a help text is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Help {
    /// Whether it is merged.
    pub merged: bool,
    /// The commit that a fork proposes; none when it comes from this repository.
    pub fork: Option<String>,
    /// The environments that it changes.
    pub environments: Vec<EnvironmentName>,
}

/// What a person may do in the repository, as GitHub says at that moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// Nothing.
    None,
    /// Read it.
    Read,
    /// Write to it.
    Write,
    /// Administer it.
    Admin,
}

/// How a command ended, at a glance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ended {
    /// It was done, or is being done.
    Done,
    /// It was not understood, or makes no sense now.
    NotDone,
    /// It is not theirs to ask.
    NotAllowed,
}

impl Reply {
    /// How the command ended.
    pub fn ended(&self) -> Ended {
        match self {
            Self::NotAllowed { .. } => Ended::NotAllowed,
            Self::Help(_)
            | Self::PlansAgain
            | Self::ForkAllowed { .. }
            | Self::Said { .. }
            | Self::TriesAgain(_)
            | Self::Applies(_)
            | Self::Stands(_)
            | Self::GoesBack(_)
            | Self::WentBack(_)
            | Self::Unlocked { .. }
            | Self::LockFree(_)
            | Self::Kept { .. } => Ended::Done,
            Self::Mistaken(_)
            | Self::Edited
            | Self::TooMany(_)
            | Self::ForkNeedsCommit { .. }
            | Self::OtherCommit { .. }
            | Self::IsMerged
            | Self::IsOpen
            | Self::WhichEnvironment(_)
            | Self::NotOfThis { .. }
            | Self::NoEnvironment
            | Self::NotDescribed(_)
            | Self::Refused { .. }
            | Self::NothingOpen(_)
            | Self::OfAnother { .. }
            | Self::OriginUnknown { .. }
            | Self::BeganLater(_)
            | Self::MergeFirst
            | Self::IsBusy(_)
            | Self::OtherLock { .. }
            | Self::Failed { .. } => Ended::NotDone,
        }
    }
}
