use pointsman_core::failure::Failure;

/// How a command ends; the numbers are a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Something was wrong.
    Error = 1,
    /// With `--detailed-exitcode`: there are changes.
    Changes = 2,
    /// Someone else has the lock.
    Locked = 3,
    /// The policies deny it.
    Denied = 4,
    /// The plan given is not what would be done now.
    Stale = 5,
    /// The command line was not understood.
    Usage = 64,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command did not do what it was asked to, in words for people.
#[derive(Debug)]
pub struct Problem {
    /// How to end.
    pub exit: Exit,
    /// What, where, why, and what to do next.
    pub text: String,
}

impl Problem {
    /// Something was wrong.
    pub fn error(text: impl Into<String>) -> Self {
        Self { exit: Exit::Error, text: text.into() }
    }

    /// The engine's failure.
    pub fn of(environment: &pointsman_core::environment::EnvironmentName, failure: &Failure) -> Self {
        let exit = match failure {
            Failure::Locked { .. } => Exit::Locked,
            Failure::Denied(_) => Exit::Denied,
            Failure::Stale(_) => Exit::Stale,
            Failure::WrongAccount { .. }
            | Failure::Stopped
            | Failure::Conflicts(_)
            | Failure::Unready(_)
            | Failure::Declined(_)
            | Failure::Incomplete(_)
            | Failure::State { .. }
            | Failure::Cloud(_)
            | Failure::Json(_) => Exit::Error,
        };
        Self { exit, text: pointsman_core::render::failure::text(environment, failure) }
    }
}
