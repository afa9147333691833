use serde::{Deserialize, Serialize};

use super::{Field, Link, Spec, Tags};

/// An SQS queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Queue {
    /// Unique in account and region; at most 80 characters, a FIFO queue's with
    /// its ending `.fifo`.
    pub name: String,
    /// In order, and each message once.
    pub fifo: bool,
    /// Messages of the same content are one.
    pub content_deduplication: bool,
    /// Seconds that a received message is hidden.
    pub visibility_timeout: u64,
    /// Seconds that a message is kept.
    pub retention: u64,
    /// Seconds that a new message is hidden.
    pub delay: u64,
    /// Bytes of the largest message.
    pub max_message_size: u64,
    /// Seconds that a receiver waits.
    pub receive_wait: u64,
    /// `sqs`, or a KMS key; `None` when messages are not encrypted.
    pub encryption: Option<String>,
    /// Where messages go that nobody could work off.
    pub dead_letter: Option<DeadLetter>,
    /// Its tags.
    pub tags: Tags,
}

/// Where messages go that nobody could work off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// The other queue's ARN.
    pub queue: Link,
    /// After so many tries.
    pub after: u32,
}

impl Spec for Queue {
    fn fields(&self) -> Vec<Field> {
        let Self {
            name,
            fifo,
            content_deduplication,
            visibility_timeout,
            retention,
            delay,
            max_message_size,
            receive_wait,
            encryption,
            dead_letter,
            tags,
        } = self;
        let (queue, after) = match dead_letter {
            Some(DeadLetter { queue, after }) => (Some(queue.to_value()), Some(*after)),
            None => (None, None),
        };
        let mut fields = vec![
            Field::replace("name", name.clone()),
            Field::replace("fifo", *fifo),
            Field::in_place("content_deduplication", *content_deduplication),
            Field::in_place("visibility_timeout", *visibility_timeout),
            Field::in_place("retention", *retention),
            Field::in_place("delay", *delay),
            Field::in_place("max_message_size", *max_message_size),
            Field::in_place("receive_wait", *receive_wait),
            Field::in_place("encryption", encryption.clone()),
            Field::in_place("dead_letter.queue", queue),
            Field::in_place("dead_letter.after", after),
        ];
        fields.extend(tags.fields());
        fields
    }

    fn links(&self) -> Vec<&Link> {
        self.dead_letter.iter().map(|dead| &dead.queue).collect()
    }

    fn links_mut(&mut self) -> Vec<&mut Link> {
        self.dead_letter.iter_mut().map(|dead| &mut dead.queue).collect()
    }

    fn name(&self) -> String {
        self.name.clone()
    }
}
