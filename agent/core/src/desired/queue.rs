use super::{Context, Wanted, desired};
use crate::{
    Address,
    environment::block,
    resource::{DeadLetter, Link, Queue, names},
};

/// SQS's longest name.
const LONGEST_NAME: usize = 80;

pub(super) fn expand(context: &Context<'_>, name: &str, block: &block::Queue, wanted: &mut Wanted) {
    let address = Address::block("queue", name);
    let ending = if block.fifo { ".fifo" } else { "" };
    wanted.objects.push(desired(
        address.clone(),
        Queue {
            name: names::limited(&[context.leaf(), name], LONGEST_NAME - ending.len()) + ending,
            fifo: block.fifo,
            content_deduplication: block.content_deduplication,
            visibility_timeout: block.visibility_timeout.seconds(),
            retention: block.retention.seconds(),
            delay: block.delay.seconds(),
            max_message_size: block.max_message_size.into(),
            receive_wait: block.receive_wait.seconds(),
            encryption: Some(block.encryption.clone()),
            dead_letter: block.dead_letter.as_ref().and_then(dead_letter),
            tags: context.tags(&address),
        },
    ));
}

fn dead_letter(block: &block::DeadLetter) -> Option<DeadLetter> {
    match block.queue.segments().as_slice() {
        ["queue", other] => {
            let queue = Link::attribute(&Address::block("queue", other), "arn");
            Some(DeadLetter { queue, after: block.after })
        }
        _ => None,
    }
}
