//! Who waits for the lock, beside the journal.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use pointsman_core::{lease::Ticket, preflight::RUN_TABLE};
use pointsman_engine::ports::CloudError;

use super::run_table::{DynamoJournal, EXPIRES, PARTITION, SORT, expire, seconds_since_1970, text_of};
use crate::error::During;

const TICKETS: &str = "WAIT#";
const TICKET: &str = "ticket";

/// What was not noted again for so long is nobody's any more. DynamoDB may take
/// days to let it go.
const KEPT: Duration = Duration::from_secs(2 * 60);

/// Nobody waits for longer.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// So many of the newest are looked at: beyond that nobody counts.
const MOST: i32 = 100;

impl DynamoJournal {
    pub(super) async fn note_ticket(&self, ticket: &Ticket) -> Result<(), CloudError> {
        let Ticket { id, since_ms, .. } = ticket;
        let mut item = self.key(&format!("{TICKETS}{since_ms:020}#{id}"));
        item.insert(TICKET.to_owned(), AttributeValue::S(text_of(ticket)?));
        expire(&mut item, seconds_since_1970(), KEPT.as_secs());
        let sent = self.once.put_item().table_name(RUN_TABLE).set_item(Some(item)).send().await;
        sent.during(&self.scope, "dynamodb:PutItem", RUN_TABLE).map(|_| ())
    }

    /// One that cannot be read does not wait.
    pub(super) async fn all_tickets(&self) -> Result<Vec<Ticket>, CloudError> {
        let now = seconds_since_1970();
        let since = now.saturating_sub(LONGEST.as_secs()) * 1_000;
        let read = self
            .once
            .query()
            .table_name(RUN_TABLE)
            .scan_index_forward(false)
            .limit(MOST)
            .key_condition_expression(format!("{PARTITION} = :pk AND {SORT} BETWEEN :from AND :to"))
            .expression_attribute_values(":pk", AttributeValue::S(self.lock_id.clone()))
            .expression_attribute_values(":from", AttributeValue::S(format!("{TICKETS}{since:020}")))
            .expression_attribute_values(":to", AttributeValue::S(format!("{TICKETS}~")))
            .send()
            .await
            .during(&self.scope, "dynamodb:Query", RUN_TABLE)?;
        let tickets = read.items.unwrap_or_default().into_iter().filter_map(|item| {
            let expires: u64 = item.get(EXPIRES)?.as_n().ok()?.parse().ok()?;
            (expires >= now).then_some(())?;
            serde_json::from_str(item.get(TICKET)?.as_s().ok()?).ok()
        });
        Ok(tickets.collect())
    }
}
