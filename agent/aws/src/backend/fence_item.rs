//! The journal's fence as an item of the run table, and as a condition on it.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use pointsman_core::lease::{Fence, StateMark};

use super::{lock_table::Expression, run_table::PARTITION};

const FENCE: &str = "fence";
const OPEN_RUN: &str = "open_run";
const STATE_LINEAGE: &str = "state_lineage";
const STATE_SERIAL: &str = "state_serial";
const STATE_DIGEST: &str = "state_digest";
const LAST_ENTRY: &str = "last_entry";

pub(super) fn fence_attributes(fence: &Fence) -> HashMap<String, AttributeValue> {
    let Fence { fence, open_run, state, last_entry } = fence;
    let mut attributes = HashMap::from([
        (FENCE.to_owned(), AttributeValue::N(fence.to_string())),
        (LAST_ENTRY.to_owned(), AttributeValue::S(last_entry.clone())),
    ]);
    if let Some(open_run) = open_run {
        attributes.insert(OPEN_RUN.to_owned(), AttributeValue::N(open_run.to_string()));
    }
    if let Some(StateMark { lineage, serial, digest }) = state {
        attributes.insert(STATE_LINEAGE.to_owned(), AttributeValue::S(lineage.clone()));
        attributes.insert(STATE_SERIAL.to_owned(), AttributeValue::N(serial.to_string()));
        attributes.insert(STATE_DIGEST.to_owned(), AttributeValue::S(digest.clone()));
    }
    attributes
}

pub(super) fn fence_of(item: &HashMap<String, AttributeValue>) -> Option<Fence> {
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
    let number = |name: &str| item.get(name).and_then(|value| value.as_n().ok()).and_then(|n| n.parse().ok());
    let state = number(STATE_SERIAL).map(|serial| StateMark {
        lineage: text(STATE_LINEAGE).unwrap_or_default(),
        serial,
        digest: text(STATE_DIGEST).unwrap_or_default(),
    });
    Some(Fence {
        fence: number(FENCE)?,
        open_run: number(OPEN_RUN),
        state,
        last_entry: text(LAST_ENTRY).unwrap_or_default(),
    })
}

/// Exactly [`Fence::version`], as an expression.
pub(super) fn fence_condition(stands: Option<&Fence>) -> Expression {
    let Some(fence) = stands else {
        return Expression::absent(PARTITION);
    };
    let (fence, open_run, serial) = fence.version();
    let mut condition = Expression::equal(FENCE, ":fence", AttributeValue::N(fence.to_string()));
    for (name, value) in [(OPEN_RUN, open_run), (STATE_SERIAL, serial)] {
        condition = condition.and(match value {
            None => Expression::absent(name),
            Some(value) => Expression::equal(name, &format!(":{name}"), AttributeValue::N(value.to_string())),
        });
    }
    condition
}

#[cfg(test)]
mod tests {
    use pointsman_core::lease::{Fence, StateMark};

    use super::{fence_attributes, fence_of};

    #[test]
    fn a_fence_is_read_as_it_was_written() {
        let state = Some(StateMark { lineage: "l".to_owned(), serial: 3, digest: "d".to_owned() });
        for fence in [
            Fence { fence: 7, open_run: Some(6), state, last_entry: "h".to_owned() },
            Fence { fence: 1, ..Fence::default() },
        ] {
            assert_eq!(fence_of(&fence_attributes(&fence)), Some(fence));
        }
    }
}
