use std::fmt;

use serde::{Deserialize, Serialize};

/// What AWS, or the way to it, refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub struct CloudError {
    /// What callers tell apart.
    pub kind: CloudErrorKind,
    /// The call: `ecs:CreateService`.
    pub operation: String,
    /// What it was about: a name, an ARN, a bucket.
    pub subject: String,
    /// AWS's code, when it answered: `AccessDeniedException`.
    pub code: Option<String>,
    /// AWS's sentence, or the way's.
    pub message: String,
    /// AWS's request id.
    pub request_id: Option<String>,
    /// What to do next, when it is known.
    pub help: Option<String>,
}

/// What callers tell apart in refusals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CloudErrorKind {
    /// No credentials, or AWS does not know them, or they expired.
    Credentials,
    /// The identity may not do this.
    AccessDenied,
    /// What was asked for does not exist.
    NotFound,
    /// What was found is not what was asked for: none or several of a network,
    /// a table with another key.
    Unsuitable,
    /// Too many requests, even after waiting.
    Throttled,
    /// No answer.
    Unreachable,
    /// AWS refused what was asked.
    Refused,
    /// The name is taken by something that is not ours.
    NotOurs,
    /// AWS tried and gave up: a deployment, a cache.
    Failed,
    /// It took longer than its kind may.
    TimedOut,
    /// What stands is not what was read before: someone else wrote.
    Stale,
    /// The lease was not fresh: nothing was sent.
    LeaseLost,
}

impl CloudErrorKind {
    /// Whether another try may help without the version changing.
    pub fn passes(self) -> bool {
        match self {
            Self::Credentials | Self::Throttled | Self::Unreachable | Self::Stale | Self::LeaseLost => true,
            Self::AccessDenied
            | Self::NotFound
            | Self::Unsuitable
            | Self::Refused
            | Self::NotOurs
            | Self::Failed
            | Self::TimedOut => false,
        }
    }
}

impl fmt::Display for CloudError {
    /// In one line: what, about what, what AWS says.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind: _, operation, subject, code, message, request_id, help: _ } = self;
        write!(f, "{operation}")?;
        if !subject.is_empty() {
            write!(f, " {subject}")?;
        }
        write!(f, ": ")?;
        if let Some(code) = code {
            write!(f, "{code}: ")?;
        }
        write!(f, "{message}")?;
        if let Some(request_id) = request_id {
            write!(f, " (request {request_id})")?;
        }
        Ok(())
    }
}
