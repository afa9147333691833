//! What people ask of the agent in comments on pull requests: an exact grammar,
//! in which nothing is guessed.

mod comment;
mod line;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::environment::EnvironmentName;

pub use comment::{Asked, Reading, read};

/// What a command begins with.
pub const WORD: &str = "/pointsman";
/// So many commands of one comment are read.
pub const MOST_COMMANDS: usize = 5;
/// Characters of a command's line; a longer one is not understood.
pub const LONGEST_LINE: usize = 1_000;
/// Characters of a comment, as many as GitHub takes; a longer one is not read.
pub const LONGEST_COMMENT: usize = 65_536;
/// Hexadecimal digits of an approval hash that must be named, and that there are.
pub const PLAN_DIGITS: (usize, usize) = (12, 64);

/// A command. Shown, it is the line that reads as the same command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Plan again.
    Plan {
        /// Which environment; none means all of the pull request.
        environment: Option<EnvironmentName>,
        /// The whole hash of the commit that is meant: forks are planned for
        /// one commit only, and only when it is named.
        commit: Option<String>,
    },
    /// Deploy, or try again what failed.
    Apply {
        /// Which environment; none means the only one.
        environment: Option<EnvironmentName>,
        /// Why it cannot wait for the end of a freeze, in their words.
        break_glass: Option<String>,
    },
    /// Move a rollout on.
    Promote {
        /// Which environment; none means the only one.
        environment: Option<EnvironmentName>,
    },
    /// Turn a rollout back.
    Abort {
        /// Which environment; none means the only one.
        environment: Option<EnvironmentName>,
        /// Why, in their words.
        why: Option<String>,
    },
    /// Agree to a plan.
    Approve {
        /// Which environment; none means the only one.
        environment: Option<EnvironmentName>,
        /// How its approval hash begins; none means the plan that waits.
        plan: Option<String>,
    },
    /// Release a lock that someone else holds.
    Unlock {
        /// Which environment.
        environment: EnvironmentName,
        /// The lock's own ID.
        id: String,
    },
    /// Go back to the release before.
    Rollback {
        /// Which environment.
        environment: EnvironmentName,
    },
    /// Say what can be asked.
    Help,
}

/// Why a line that begins as a command is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// There is no such command.
    Unknown(String),
    /// That is no name of an environment.
    NotAnEnvironment(String),
    /// There is a word too many.
    TooMuch(String),
    /// The environment must be named.
    NoEnvironment,
    /// The lock's ID must be named.
    NoId,
    /// That is no ID of a lock.
    NotAnId(String),
    /// Not the whole hash of a commit.
    NotACommit(String),
    /// Not the beginning of an approval hash.
    NotAPlan(String),
    /// Nothing follows this option.
    NoValue(&'static str),
    /// The line is too long.
    TooLong,
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (verb, environment) = match self {
            Self::Plan { environment, commit: _ } => ("plan", environment.as_ref()),
            Self::Apply { environment, break_glass: _ } => ("apply", environment.as_ref()),
            Self::Promote { environment } => ("promote", environment.as_ref()),
            Self::Abort { environment, why: _ } => ("abort", environment.as_ref()),
            Self::Approve { environment, plan: _ } => ("approve", environment.as_ref()),
            Self::Unlock { environment, id: _ } => ("unlock", Some(environment)),
            Self::Rollback { environment } => ("rollback", Some(environment)),
            Self::Help => ("help", None),
        };
        write!(f, "{WORD} {verb}")?;
        if let Some(environment) = environment {
            write!(f, " {environment}")?;
        }
        match self {
            Self::Plan { commit: Some(commit), .. } => write!(f, " --commit {commit}"),
            Self::Approve { plan: Some(plan), .. } => write!(f, " --plan {plan}"),
            Self::Abort { why: Some(why), .. } => write!(f, " -- {why}"),
            Self::Apply { break_glass: Some(why), .. } => write!(f, " --break-glass -- {why}"),
            Self::Unlock { id, .. } => write!(f, " {id}"),
            _ => Ok(()),
        }
    }
}
