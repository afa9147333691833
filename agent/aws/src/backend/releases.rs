use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, Delete, TransactWriteItem};
use pointsman_core::{journal::Release, lease::LockItem, preflight::RUN_TABLE};
use pointsman_engine::ports::{CloudError, Written};

use super::{
    lock_table,
    run_table::{DynamoJournal, PARTITION, SORT, put, text_of, unbuilt},
};
use crate::error::During;

const RELEASES: &str = "RELEASE#";
const RELEASE: &str = "release";

impl DynamoJournal {
    /// Deletes a lock that is still exactly this one, where one is named, and notes who did.
    pub(super) async fn release_lock(
        &self,
        lock: Option<&LockItem>,
        release: &Release,
        token: &str,
    ) -> Result<Written, CloudError> {
        let mut item = self.key(&format!("{RELEASES}{}#{token}", release.at));
        item.insert(RELEASE.to_owned(), AttributeValue::S(text_of(release)?));
        self.expire(&mut item);
        let mut actions = vec![put(RUN_TABLE, item, None)?];
        if let Some(lock) = lock {
            actions.push(delete(&self.lock_table, lock)?);
        }
        self.transact(&self.patient, "dynamodb:DeleteItem", actions, token).await
    }

    /// The newest releases, the newest first.
    pub(super) async fn released(&self, most: usize) -> Result<Vec<Release>, CloudError> {
        let mut pages = self
            .patient
            .query()
            .table_name(RUN_TABLE)
            .consistent_read(true)
            .scan_index_forward(false)
            .key_condition_expression(format!("{PARTITION} = :pk AND begins_with({SORT}, :release)"))
            .expression_attribute_values(":pk", AttributeValue::S(self.lock_id.clone()))
            .expression_attribute_values(":release", AttributeValue::S(RELEASES.to_owned()))
            .into_paginator()
            .items()
            .send();
        let mut releases = Vec::new();
        while releases.len() < most {
            let Some(item) = pages.next().await else { break };
            let item =
                item.during(&self.scope, "dynamodb:Query", RUN_TABLE).map_err(|e| self.explained(e))?;
            releases.extend(release_of(&item));
        }
        Ok(releases)
    }
}

fn release_of(item: &HashMap<String, AttributeValue>) -> Option<Release> {
    serde_json::from_str(item.get(RELEASE)?.as_s().ok()?).ok()
}

/// The lock as it was read: the same words for it, and the same owner or none.
fn delete(table: &str, lock: &LockItem) -> Result<TransactWriteItem, CloudError> {
    let lock_table::Expression { text, values } = lock_table::is_still(lock);
    let delete = Delete::builder()
        .table_name(table)
        .set_key(Some(lock_table::key(&lock.lock_id)))
        .condition_expression(text)
        .set_expression_attribute_values(Some(values))
        .build()
        .map_err(|error| unbuilt(&error))?;
    Ok(TransactWriteItem::builder().delete(delete).build())
}
