//! What people approved, and what they were shown when they did: items beside
//! the journal, sorted by when.

use aws_sdk_dynamodb::types::AttributeValue;
use pointsman_core::{
    preflight::RUN_TABLE,
    requirement::{Approved, Shown},
};
use pointsman_engine::ports::CloudError;
use serde::{Serialize, de::DeserializeOwned};

use super::run_table::{DynamoJournal, PARTITION, SORT, put, text_of};
use crate::error::During;

const APPROVED: &str = "APPROVED#";
const SHOWN: &str = "SHOWN#";
/// Where its text is in an item.
const WHAT: &str = "approval";

impl DynamoJournal {
    pub(super) async fn keep_approved(&self, approved: &Approved, token: &str) -> Result<(), CloudError> {
        self.keep_at(APPROVED, approved.at_ms, approved, token).await
    }

    pub(super) async fn keep_shown(&self, shown: &Shown, token: &str) -> Result<(), CloudError> {
        self.keep_at(SHOWN, shown.at_ms, shown, token).await
    }

    pub(super) async fn all_approved(&self) -> Result<Vec<Approved>, CloudError> {
        self.kept_under(APPROVED).await
    }

    pub(super) async fn all_shown(&self) -> Result<Vec<Shown>, CloudError> {
        self.kept_under(SHOWN).await
    }

    async fn keep_at(
        &self,
        prefix: &str,
        at_ms: u64,
        what: &impl Serialize,
        token: &str,
    ) -> Result<(), CloudError> {
        let mut item = self.key(&format!("{prefix}{at_ms:020}#{token}"));
        item.insert(WHAT.to_owned(), AttributeValue::S(text_of(what)?));
        self.expire(&mut item);
        let action = put(RUN_TABLE, item, None)?;
        self.transact(&self.patient, "dynamodb:PutItem", vec![action], token).await.map(|_| ())
    }

    /// One that was changed so that it cannot be read counts for nothing.
    async fn kept_under<T: DeserializeOwned>(&self, prefix: &str) -> Result<Vec<T>, CloudError> {
        let mut pages = self
            .patient
            .query()
            .table_name(RUN_TABLE)
            .consistent_read(true)
            .key_condition_expression(format!("{PARTITION} = :pk AND begins_with({SORT}, :kept)"))
            .expression_attribute_values(":pk", AttributeValue::S(self.lock_id.clone()))
            .expression_attribute_values(":kept", AttributeValue::S(prefix.to_owned()))
            .into_paginator()
            .items()
            .send();
        let mut kept = Vec::new();
        while let Some(item) = pages.next().await {
            let item =
                item.during(&self.scope, "dynamodb:Query", RUN_TABLE).map_err(|e| self.explained(e))?;
            let text = item.get(WHAT).and_then(|text| text.as_s().ok());
            kept.extend(text.and_then(|text| serde_json::from_str::<T>(text).ok()));
        }
        Ok(kept)
    }
}
