use std::collections::HashMap;

use async_trait::async_trait;
use aws_config::{SdkConfig, retry::RetryConfig};
use aws_sdk_dynamodb::{
    Client,
    config::Builder,
    operation::transact_write_items::TransactWriteItemsError,
    types::{AttributeValue, ConditionCheck, Put, TransactWriteItem},
};
use aws_smithy_types::{DateTime, date_time::Format};
use pointsman_core::requirement::{Approved, Shown};
use pointsman_core::rollout::{Said, Word};
use pointsman_core::{
    environment::block,
    journal::{Entry, Release},
    lease::{Fence, LockItem, LockPart, Ticket, Transaction},
    preflight::RUN_TABLE,
};
use pointsman_engine::ports::{CloudError, CloudErrorKind, RunTable, Written};

use super::{
    fence_item::{fence_attributes, fence_condition, fence_of},
    lock_table::{self, Expression, attempt_timeouts},
};
use crate::{
    call::CallLog,
    error::{During, failure, incomplete},
    help,
    scope::Scope,
};

pub(super) const PARTITION: &str = "pk";
pub(super) const SORT: &str = "sk";
pub(super) const EXPIRES: &str = "expires_at";
const FENCE_ITEM: &str = "FENCE";
const ENTRY: &str = "entry";

/// Why DynamoDB cancels a transaction that may be sent again.
const PASSING: [&str; 3] = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];

/// The journal and its fence, as items of one DynamoDB table beside the lock
/// table.
#[derive(Debug)]
pub(crate) struct DynamoJournal {
    /// Repeats what fails.
    pub(super) patient: Client,
    /// Sends once: its caller decides by reading.
    pub(super) once: Client,
    pub(super) scope: Scope,
    pub(super) lock_table: String,
    pub(super) lock_id: String,
    keep_seconds: u64,
}

impl DynamoJournal {
    pub(crate) fn new(config: &SdkConfig, scope: Scope, state: &block::State) -> Self {
        let builder = || Builder::from(config).interceptor(CallLog);
        Self {
            patient: Client::from_conf(builder().timeout_config(attempt_timeouts(config, 3)).build()),
            once: Client::from_conf(
                builder()
                    .timeout_config(attempt_timeouts(config, 1))
                    .retry_config(RetryConfig::disabled())
                    .build(),
            ),
            scope,
            lock_table: state.lock_table.clone(),
            lock_id: state.lock_id(),
            keep_seconds: state.journal_retention.seconds(),
        }
    }

    pub(super) fn key(&self, sort: &str) -> HashMap<String, AttributeValue> {
        HashMap::from([
            (PARTITION.to_owned(), AttributeValue::S(self.lock_id.clone())),
            (SORT.to_owned(), AttributeValue::S(sort.to_owned())),
        ])
    }

    pub(super) fn explained(&self, mut error: CloudError) -> CloudError {
        if error.code.as_deref() == Some("ResourceNotFoundException") {
            error.help = Some(help::no_run_table(&self.scope));
        }
        error
    }

    /// Lets an item go when the journal's time is over, counted from now.
    pub(super) fn expire(&self, item: &mut HashMap<String, AttributeValue>) {
        expire(item, seconds_since_1970(), self.keep_seconds);
    }

    /// Sends a transaction: all of it is done, or nothing.
    pub(super) async fn transact(
        &self,
        client: &Client,
        operation: &'static str,
        actions: Vec<TransactWriteItem>,
        token: &str,
    ) -> Result<Written, CloudError> {
        let sent = client
            .transact_write_items()
            .set_transact_items(Some(actions))
            .client_request_token(token)
            .send()
            .await;
        if let Err(refused) = &sent
            && let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
                refused.as_service_error()
        {
            let failed = |code: &str| {
                cancelled.cancellation_reasons().iter().any(|reason| reason.code() == Some(code))
            };
            if failed("ConditionalCheckFailed") {
                return Ok(Written::Refused);
            }
            // Others work on the same items, or too much is asked: it may be sent again.
            if PASSING.iter().any(|code| failed(code)) {
                let why =
                    "another transaction was at work on the same items, or the table's capacity is used up";
                return Err(failure(CloudErrorKind::Throttled, operation, RUN_TABLE, why, None));
            }
        }
        match sent.during(&self.scope, operation, RUN_TABLE) {
            Ok(_) => Ok(Written::Done),
            Err(error) => Err(self.explained(error)),
        }
    }

    /// The transaction as DynamoDB wants it.
    fn actions(
        &self,
        transaction: &Transaction,
        entries: &[Entry],
    ) -> Result<Vec<TransactWriteItem>, CloudError> {
        let mut actions = Vec::with_capacity(entries.len() + 2);
        match &transaction.lock {
            LockPart::Untouched => {}
            LockPart::Ours { owner } => actions.push(check(
                &self.lock_table,
                lock_table::key(&self.lock_id),
                lock_table::is_of(owner),
            )?),
            LockPart::Put { item, when } => actions.push(put(
                &self.lock_table,
                lock_table::attributes(item),
                Some(lock_table::expression(when)),
            )?),
        }
        let stands = fence_condition(transaction.fence.stands.as_ref());
        actions.push(match &transaction.fence.becomes {
            None => check(RUN_TABLE, self.key(FENCE_ITEM), stands)?,
            Some(fence) => {
                let mut item = self.key(FENCE_ITEM);
                item.extend(fence_attributes(fence));
                put(RUN_TABLE, item, Some(stands))?
            }
        });
        for entry in entries {
            let mut item = self.key(&sort_key(entry.run, entry.sequence));
            item.insert(ENTRY.to_owned(), AttributeValue::S(text_of(entry)?));
            // The same however often it is sent: DynamoDB compares what has the same token.
            expire(&mut item, written_at(entry), self.keep_seconds);
            actions.push(put(RUN_TABLE, item, Some(Expression::absent(PARTITION)))?);
        }
        Ok(actions)
    }
}

#[async_trait]
impl RunTable for DynamoJournal {
    async fn fence(&self) -> Result<Option<Fence>, CloudError> {
        let read = self
            .patient
            .get_item()
            .table_name(RUN_TABLE)
            .set_key(Some(self.key(FENCE_ITEM)))
            .consistent_read(true)
            .send()
            .await
            .during(&self.scope, "dynamodb:GetItem", RUN_TABLE)
            .map_err(|error| self.explained(error))?;
        let Some(item) = read.item else {
            return Ok(None);
        };
        let fence = fence_of(&item).ok_or_else(|| incomplete("dynamodb:GetItem", RUN_TABLE, "fence"))?;
        Ok(Some(fence))
    }

    async fn commit(&self, transaction: &Transaction, entries: &[Entry]) -> Result<Written, CloudError> {
        let actions = self.actions(transaction, entries)?;
        self.transact(&self.once, "dynamodb:PutItem", actions, &transaction.token).await
    }

    async fn release(
        &self,
        lock: Option<&LockItem>,
        release: &Release,
        token: &str,
    ) -> Result<Written, CloudError> {
        self.release_lock(lock, release, token).await
    }

    async fn say(&self, word: Word, said: &Said, token: &str) -> Result<(), CloudError> {
        self.keep_word(word, said, token).await
    }

    async fn said(&self, since_ms: u64) -> Result<Vec<(Word, Said)>, CloudError> {
        self.words_since(since_ms).await
    }

    async fn approve(&self, approved: &Approved, token: &str) -> Result<(), CloudError> {
        self.keep_approved(approved, token).await
    }

    async fn approved(&self) -> Result<Vec<Approved>, CloudError> {
        self.all_approved().await
    }

    async fn show(&self, shown: &Shown, token: &str) -> Result<(), CloudError> {
        self.keep_shown(shown, token).await
    }

    async fn shown(&self) -> Result<Vec<Shown>, CloudError> {
        self.all_shown().await
    }

    async fn note(&self, ticket: &Ticket) -> Result<(), CloudError> {
        self.note_ticket(ticket).await
    }

    async fn tickets(&self) -> Result<Vec<Ticket>, CloudError> {
        self.all_tickets().await
    }

    async fn releases(&self, most: usize) -> Result<Vec<Release>, CloudError> {
        self.released(most).await
    }

    async fn entries(&self, run: u64) -> Result<Vec<Entry>, CloudError> {
        let operation = "dynamodb:Query";
        let mut pages = self
            .patient
            .query()
            .table_name(RUN_TABLE)
            .consistent_read(true)
            .key_condition_expression(format!("{PARTITION} = :pk AND begins_with({SORT}, :run)"))
            .expression_attribute_values(":pk", AttributeValue::S(self.lock_id.clone()))
            .expression_attribute_values(":run", AttributeValue::S(run_prefix(run)))
            .into_paginator()
            .items()
            .send();
        let mut entries = Vec::new();
        while let Some(item) = pages.next().await {
            let item = item.during(&self.scope, operation, RUN_TABLE).map_err(|e| self.explained(e))?;
            entries.extend(entry_of(&item));
        }
        Ok(entries)
    }

    async fn latest(&self, runs: usize) -> Result<Vec<Entry>, CloudError> {
        let operation = "dynamodb:Query";
        let mut pages = self
            .patient
            .query()
            .table_name(RUN_TABLE)
            .consistent_read(true)
            .scan_index_forward(false)
            .key_condition_expression(format!("{PARTITION} = :pk AND begins_with({SORT}, :run)"))
            .expression_attribute_values(":pk", AttributeValue::S(self.lock_id.clone()))
            .expression_attribute_values(":run", AttributeValue::S("RUN#".to_owned()))
            .into_paginator()
            .items()
            .send();
        let mut entries: Vec<Entry> = Vec::new();
        let mut seen = 0;
        while let Some(item) = pages.next().await {
            let item = item.during(&self.scope, operation, RUN_TABLE).map_err(|e| self.explained(e))?;
            let Some(entry) = entry_of(&item) else { continue };
            seen += usize::from(entries.last().is_none_or(|newer| newer.run != entry.run));
            if seen > runs {
                break;
            }
            entries.push(entry);
        }
        Ok(entries)
    }
}

/// Lets an item go so many seconds after a time.
pub(super) fn expire(item: &mut HashMap<String, AttributeValue>, since: u64, keep_seconds: u64) {
    let expires = since.saturating_add(keep_seconds);
    item.insert(EXPIRES.to_owned(), AttributeValue::N(expires.to_string()));
}

pub(super) fn seconds_since_1970() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn written_at(entry: &Entry) -> u64 {
    let at = DateTime::from_str(&entry.at, Format::DateTime).ok();
    at.and_then(|at| u64::try_from(at.secs()).ok()).unwrap_or_default()
}

fn run_prefix(run: u64) -> String {
    format!("RUN#{run:012}#")
}

fn sort_key(run: u64, sequence: u32) -> String {
    format!("{}{sequence:08}", run_prefix(run))
}

pub(super) fn text_of(data: &impl serde::Serialize) -> Result<String, CloudError> {
    serde_json::to_string(data).map_err(|error| unbuilt(&error))
}

/// None for one that was changed so that it cannot be read: it is missing then.
fn entry_of(item: &HashMap<String, AttributeValue>) -> Option<Entry> {
    serde_json::from_str(item.get(ENTRY)?.as_s().ok()?).ok()
}

pub(super) fn unbuilt(error: &dyn std::fmt::Display) -> CloudError {
    failure(CloudErrorKind::Refused, "dynamodb:PutItem", RUN_TABLE, error.to_string(), None)
}

pub(super) fn put(
    table: &str,
    item: HashMap<String, AttributeValue>,
    condition: Option<Expression>,
) -> Result<TransactWriteItem, CloudError> {
    let mut put = Put::builder().table_name(table).set_item(Some(item));
    if let Some(Expression { text, values }) = condition {
        put = put.condition_expression(text);
        put = put.set_expression_attribute_values((!values.is_empty()).then_some(values));
    }
    let put = put.build().map_err(|error| unbuilt(&error))?;
    Ok(TransactWriteItem::builder().put(put).build())
}

fn check(
    table: &str,
    key: HashMap<String, AttributeValue>,
    condition: Expression,
) -> Result<TransactWriteItem, CloudError> {
    let Expression { text, values } = condition;
    let check = ConditionCheck::builder()
        .table_name(table)
        .set_key(Some(key))
        .condition_expression(text)
        .set_expression_attribute_values((!values.is_empty()).then_some(values))
        .build()
        .map_err(|error| unbuilt(&error))?;
    Ok(TransactWriteItem::builder().condition_check(check).build())
}

#[cfg(test)]
mod tests {
    use super::sort_key;

    #[test]
    fn entries_sort_in_the_order_they_were_written() {
        assert!(sort_key(9, 10) < sort_key(9, 11) && sort_key(9, 99) < sort_key(10, 0));
    }
}
