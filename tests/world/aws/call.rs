//! What is kept of a call.

use std::{fmt, time::Instant};

use bytes::Bytes;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{chaos::Harm, operation::Operation};

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

/// Tells what is asked for from everything else that is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mark([u8; 32]);

impl Mark {
    /// Sent again by whoever sent it, a call has the same.
    pub(crate) fn of(operation: &Operation, asked: &Asked) -> Self {
        Self::with(operation, asked.path.as_bytes(), &asked.body)
    }

    /// Asked for by somebody else as well: without the UUIDs by which clients name what they send, in
    /// whichever order it is said, and of a secret, whose content is made up, its name alone.
    pub(crate) fn by_meaning(operation: &Operation, asked: &Asked) -> Self {
        let body = match serde_json::from_slice::<Value>(&asked.body) {
            Ok(value) if value.get("SecretString").is_some() => value["Name"].to_string().into_bytes(),
            Ok(value) => value.to_string().into_bytes(),
            Err(_) => asked.body.to_vec(),
        };
        let path = without_uuids(asked.path.clone().into_bytes());
        Self::with(operation, &path, &without_uuids(body))
    }

    fn with(Operation { service, name, protocol: _ }: &Operation, path: &[u8], body: &[u8]) -> Self {
        let mut digest = Sha256::new();
        for part in [service.as_bytes(), name.as_bytes(), path, body] {
            digest.update(part);
            digest.update([0]);
        }
        Self(digest.finalize().into())
    }
}

fn without_uuids(mut text: Vec<u8>) -> Vec<u8> {
    /// Its length as text.
    const UUID: usize = 36;
    let mut at = 0;
    while let Some(name) = text.get_mut(at..at + UUID) {
        if is_uuid(name) {
            name.fill(b'0');
            at += UUID;
        } else {
            at += 1;
        }
    }
    text
}

fn is_uuid(text: &[u8]) -> bool {
    text.iter().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    })
}
