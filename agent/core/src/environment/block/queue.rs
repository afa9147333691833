use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scalar::{Duration, Reference};

/// An SQS queue. Attributes: `url`, `arn`, `name`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// Messages come in the order in which they were sent, each once.
    #[serde(default)]
    pub fifo: bool,
    /// Of a FIFO queue: messages of the same content are one message.
    #[serde(default)]
    pub content_deduplication: bool,
    /// How long a received message is hidden from others: up to 12 hours.
    #[serde(default = "thirty_seconds")]
    pub visibility_timeout: Duration,
    /// How long a message is kept: 60 s to 14 days.
    #[serde(default = "four_days")]
    pub retention: Duration,
    /// How long a new message is hidden: up to 15 minutes.
    #[serde(default = "at_once")]
    pub delay: Duration,
    /// The largest message in bytes: 1 KiB to 1 MiB.
    #[serde(default = "one_mebibyte")]
    #[schemars(range(min = 1024, max = 1_048_576))]
    pub max_message_size: u32,
    /// How long a receiver waits for a message: up to 20 s.
    #[serde(default = "at_once")]
    pub receive_wait: Duration,
    /// `sqs` for SQS's own keys, or a KMS key by id, alias or ARN.
    #[serde(default = "sqs")]
    #[schemars(regex(
        pattern = r"^(sqs|alias/[A-Za-z0-9/_-]+|arn:aws[a-z-]*:kms:\S+|(mrk-)?[0-9a-f-]{32,36})$"
    ))]
    pub encryption: String,
    /// Where messages go that nobody could work off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_letter: Option<DeadLetter>,
}

/// Where messages go that nobody could work off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeadLetter {
    /// The other queue, `${queue.NAME}`; FIFO if this one is.
    pub queue: Reference,
    /// After so many tries: 1 to 1000.
    #[schemars(range(min = 1, max = 1000))]
    pub after: u32,
}

fn sqs() -> String {
    "sqs".to_owned()
}

fn one_mebibyte() -> u32 {
    1_048_576
}

fn at_once() -> Duration {
    Duration::from_seconds(0)
}

fn thirty_seconds() -> Duration {
    Duration::from_seconds(30)
}

fn four_days() -> Duration {
    Duration::from_seconds(4 * 86_400)
}
