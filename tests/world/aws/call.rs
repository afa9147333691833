//! What is kept of a call.

use std::{fmt, time::Instant};

use bytes::Bytes;

use super::chaos::Harm;

/// A call that went through the proxy.
#[derive(Debug, Clone)]
pub struct Call {
    /// The name that requests are signed with: `ecs`, `elasticloadbalancing`, `logs`, `s3`, ...
    pub service: String,
    /// As AWS's reference names it: `CreateService`.
    pub operation: String,
    /// Whether it may change something.
    pub mutating: bool,
    /// The access key that it was signed with: who called.
    pub key: String,
    /// What it asked for.
    pub asked: Asked,
    /// What was done to it on its way.
    pub harm: Option<Harm>,
    /// When it arrived here.
    pub started: Instant,
    /// When its answer left, none while it is under way or if its caller went away.
    pub ended: Option<Instant>,
    /// The status of its answer.
    pub status: Option<u16>,
    /// Whether the answer came from the test (`fail`), not from the emulator.
    pub injected: bool,
}

/// What a call asked for, as it was sent.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Path and query.
    pub path: String,
    /// The body, in the service's protocol.
    pub body: Bytes,
}

impl fmt::Display for Call {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.service, self.operation)?;
        match self.status {
            Some(status) => write!(formatter, " {status}"),
            None => write!(formatter, " unanswered"),
        }
    }
}
