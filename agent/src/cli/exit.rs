use pointsman_core::{
    document::{self, Fault},
    failure::Failure,
    report::Outcome,
};

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
    /// Who can do something about it.
    pub fault: Fault,
    /// What was done, when it was not everything.
    pub outcome: Option<Box<Outcome>>,
}

impl Problem {
    /// Something in what was given was wrong.
    pub fn error(text: impl Into<String>) -> Self {
        Self { exit: Exit::Error, text: text.into(), fault: Fault::Input, outcome: None }
    }

    /// Something that should not be able to happen did.
    pub fn defect(error: &impl std::fmt::Display) -> Self {
        let text = format!("{error}. This is a defect of pointsman. Next: report it, with what you did.");
        Self { fault: Fault::Pointsman, ..Self::error(text) }
    }

    /// For machines.
    pub fn data(&self) -> document::Problem {
        let Self { exit, text, fault, outcome } = self;
        document::Problem::new(*fault, *exit as u8, text, outcome.clone())
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
            | Failure::InUse(_)
            | Failure::Declined(_)
            | Failure::Incomplete(_)
            | Failure::State { .. }
            | Failure::Regressed { .. }
            | Failure::Journal(_)
            | Failure::Refused(_)
            | Failure::Sides(_)
            | Failure::Cloud(_)
            | Failure::Json(_) => Exit::Error,
        };
        let outcome = match failure {
            Failure::Incomplete(outcome) => Some(outcome.clone()),
            _ => None,
        };
        let text = pointsman_core::render::failure::text(environment, failure);
        Self { exit, text, fault: Fault::of(failure), outcome }
    }
}
