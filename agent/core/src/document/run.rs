use serde::{Deserialize, Serialize};

use crate::{
    failure::{CloudErrorKind, Failure},
    plan::Summary,
    report::{Judged, Outcome},
};

/// A plan as it is printed and written to files.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Planned {
    /// What an approval binds.
    pub approval_hash: String,
    /// How much there is to do.
    pub summary: Summary,
    /// Plan and verdict.
    #[serde(flatten)]
    pub judged: Judged,
}

impl Planned {
    /// The plan with what is told of it.
    pub fn new(judged: Judged) -> Result<Self, serde_json::Error> {
        let approval_hash = judged.plan.approval_hash(&judged.verdict)?;
        Ok(Self { approval_hash, summary: judged.plan.summary(), judged })
    }
}

/// Why a command did not do what it was asked to.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct Problem {
    /// Who can do something about it.
    pub fault: Fault,
    /// The exit code.
    pub exit: u8,
    /// What, where and why.
    pub message: String,
    /// What to do next, where it is known.
    pub next: Option<String>,
    /// What was done before it ended, when it was not everything.
    pub outcome: Option<Box<Outcome>>,
}

/// Who can do something about a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Whoever wrote the command line.
    CommandLine,
    /// Whoever wrote what was read: an environment, a policy, the configuration.
    Input,
    /// Whoever gives permissions and credentials.
    Permission,
    /// Whoever writes policies, or heeds them.
    Policy,
    /// Whoever else is at work, or was: a lock, a stale plan, an object that is not ours.
    SomeoneElse,
    /// AWS: try again, or see what it says.
    Aws,
    /// Nobody: it was stopped, or not agreed to.
    Nobody,
    /// Pointsman: please report it.
    Pointsman,
}

impl Fault {
    /// Whose fault a failure of the engine is.
    pub fn of(failure: &Failure) -> Self {
        match failure {
            Failure::WrongAccount { .. } => Self::Permission,
            Failure::Unready(_) => Self::Input,
            Failure::Locked { .. }
            | Failure::Stale(_)
            | Failure::InUse(_)
            | Failure::Conflicts(_)
            | Failure::State { .. }
            | Failure::Regressed { .. }
            | Failure::Journal(_)
            | Failure::Refused(_)
            | Failure::Sides(_) => Self::SomeoneElse,
            Failure::Stopped | Failure::Declined(_) => Self::Nobody,
            Failure::Denied(_) => Self::Policy,
            Failure::Incomplete(outcome) => Self::of_outcome(outcome),
            Failure::Cloud(error) => Self::of_cloud(error.kind),
            Failure::Json(_) => Self::Pointsman,
        }
    }

    /// Whose fault it is that not everything was done.
    fn of_outcome(outcome: &Outcome) -> Self {
        use crate::report::ChangeResult;
        let first = outcome.changes.iter().find_map(|change| match &change.result {
            ChangeResult::Failed { kind: Some(kind), .. } => Some(Self::of_cloud(*kind)),
            ChangeResult::Failed { kind: None, .. } => Some(Self::Pointsman),
            ChangeResult::Done | ChangeResult::Skipped { .. } => None,
        });
        first.unwrap_or(Self::Nobody)
    }

    fn of_cloud(kind: CloudErrorKind) -> Self {
        match kind {
            CloudErrorKind::Credentials | CloudErrorKind::AccessDenied => Self::Permission,
            CloudErrorKind::NotFound | CloudErrorKind::Unsuitable | CloudErrorKind::Refused => Self::Input,
            CloudErrorKind::Throttled
            | CloudErrorKind::Unreachable
            | CloudErrorKind::Failed
            | CloudErrorKind::TimedOut => Self::Aws,
            CloudErrorKind::NotOurs | CloudErrorKind::Stale | CloudErrorKind::LeaseLost => Self::SomeoneElse,
        }
    }
}

impl Problem {
    /// From a text for people: what stands behind its last `Next:` is what to do.
    pub fn new(fault: Fault, exit: u8, text: &str, outcome: Option<Box<Outcome>>) -> Self {
        let (message, next) = match text.rsplit_once("Next: ") {
            Some((message, next)) => (message.trim_end(), Some(next.trim_end().to_owned())),
            None => (text.trim_end(), None),
        };
        Self { fault, exit, message: message.to_owned(), next, outcome }
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, Problem};

    #[test]
    fn what_to_do_next_stands_apart() {
        let problem = Problem::new(Fault::Input, 1, "no such thing. Next: name it.", None);
        assert_eq!(problem.message, "no such thing.");
        assert_eq!(problem.next.as_deref(), Some("name it."));
        assert_eq!(Problem::new(Fault::Input, 1, "a\nb\n", None).message, "a\nb");
    }
}
