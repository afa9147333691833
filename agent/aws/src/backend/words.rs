use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use pointsman_core::{
    preflight::RUN_TABLE,
    rollout::{Said, Word},
};
use pointsman_engine::ports::CloudError;

use super::run_table::{DynamoJournal, PARTITION, SORT, put, text_of};
use crate::error::During;

const WORDS: &str = "WORD#";
const WORD: &str = "word";

impl DynamoJournal {
    /// Keeps what a person said; sorted by when.
    pub(super) async fn keep_word(&self, word: Word, said: &Said, token: &str) -> Result<(), CloudError> {
        let mut item = self.key(&format!("{WORDS}{:020}#{token}", said.at_ms));
        item.insert(WORD.to_owned(), AttributeValue::S(text_of(&(word, said))?));
        self.expire(&mut item);
        let action = put(RUN_TABLE, item, None)?;
        self.transact(&self.patient, "dynamodb:PutItem", vec![action], token).await.map(|_| ())
    }

    /// What was said since then, the oldest first.
    pub(super) async fn words_since(&self, since_ms: u64) -> Result<Vec<(Word, Said)>, CloudError> {
        let mut pages = self
            .patient
            .query()
            .table_name(RUN_TABLE)
            .consistent_read(true)
            .key_condition_expression(format!("{PARTITION} = :pk AND {SORT} BETWEEN :from AND :to"))
            .expression_attribute_values(":pk", AttributeValue::S(self.lock_id.clone()))
            .expression_attribute_values(":from", AttributeValue::S(format!("{WORDS}{since_ms:020}")))
            .expression_attribute_values(":to", AttributeValue::S(format!("{WORDS}~")))
            .into_paginator()
            .items()
            .send();
        let mut words = Vec::new();
        while let Some(item) = pages.next().await {
            let item =
                item.during(&self.scope, "dynamodb:Query", RUN_TABLE).map_err(|e| self.explained(e))?;
            words.extend(word_of(&item));
        }
        Ok(words)
    }
}

fn word_of(item: &HashMap<String, AttributeValue>) -> Option<(Word, Said)> {
    serde_json::from_str(item.get(WORD)?.as_s().ok()?).ok()
}
