//! What SQS asks of a queue.

use super::{Diagnostic, Subject, out_of_range};

/// Durations within what SQS takes.
pub(super) fn times(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (name, queue) in &subject.file.queue {
        for (key, value, range, words) in [
            ("visibility_timeout", queue.visibility_timeout, 0..=43_200, "up to `12h`"),
            ("retention", queue.retention, 60..=1_209_600, "`60s` to `14d`"),
            ("delay", queue.delay, 0..=900, "up to `15m`"),
            ("receive_wait", queue.receive_wait, 0..=20, "up to `20s`"),
        ] {
            if !range.contains(&value.seconds()) {
                found.push(out_of_range(subject, &["queue", name, key], value, words));
            }
        }
    }
}

/// What only a FIFO queue knows, and that a queue and its dead letters are of one sort.
pub(super) fn sorts(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (name, queue) in &subject.file.queue {
        if queue.content_deduplication && !queue.fifo {
            found.push(
                Diagnostic::error("queue", format!("`queue.{name}` is no FIFO queue and cannot deduplicate"))
                    .at(subject.key(&["queue", name, "content_deduplication"]))
                    .label("only FIFO queues do")
                    .help("add `fifo = true`, or take this line out"),
            );
        }
        let Some(dead) = &queue.dead_letter else {
            continue;
        };
        let segments = dead.queue.segments();
        let ["queue", other] = segments.as_slice() else {
            continue;
        };
        if subject.file.queue.get(*other).is_some_and(|other| other.fifo != queue.fifo) {
            let sort = if queue.fifo { "a FIFO queue" } else { "a standard queue" };
            found.push(
                Diagnostic::error(
                    "queue",
                    format!("`queue.{name}` and its dead letters in `queue.{other}` are of two sorts"),
                )
                .at(subject.place(&["queue", name, "dead_letter", "queue"]))
                .label(format!("must be {sort} too"))
                .help("let both say the same for `fifo`: SQS moves no message from one sort to the other")
                .related(subject.key(&["queue", other]), "the queue of dead letters"),
            );
        }
    }
}
