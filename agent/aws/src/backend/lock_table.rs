use std::{collections::HashMap, time::Duration};

use async_trait::async_trait;
use aws_config::{SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_dynamodb::{Client, config::Builder, types::AttributeValue};
use pointsman_core::{
    environment::block,
    lease::{AgentMark, LockCondition, LockItem},
};
use pointsman_engine::ports::{CloudError, CloudErrorKind, LockTable, Written};

use crate::{call::CallLog, error::During, help, scope::Scope};

const KEY: &str = "LockID";
const INFO: &str = "Info";
const OWNER: &str = "AgentOwner";
const FENCE: &str = "AgentFence";
const RECORD_VERSION: &str = "AgentRvn";
const LEASE: &str = "AgentLeaseMs";

/// One attempt at the lock: a heartbeat that hangs must leave time for a
/// second one before the lease runs out.
const ATTEMPT: Duration = Duration::from_secs(5);

/// Terraform's lock item in a DynamoDB table.
#[derive(Debug)]
pub(crate) struct DynamoTable {
    /// Repeats what fails.
    patient: Client,
    /// Sends once: its caller decides by reading.
    once: Client,
    scope: Scope,
    table: String,
    lock_id: String,
    /// The table, by account and region.
    place: String,
}

impl DynamoTable {
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
            place: format!("{}/{}/{}", state.owner(&scope.account), scope.region, state.lock_table),
            scope,
            table: state.lock_table.clone(),
            lock_id: state.lock_id(),
        }
    }

    /// Adds what is known about tables that are missing or not Terraform's.
    fn explained(&self, mut error: CloudError) -> CloudError {
        match error.code.as_deref() {
            Some("ResourceNotFoundException") => {
                error.help = Some(help::no_table(&self.table, &self.scope));
            }
            Some("ValidationException") if names_the_key(&error.message) => {
                error.kind = CloudErrorKind::Unsuitable;
                error.help = Some(help::other_key(&self.table));
            }
            _ => {}
        }
        error
    }
}

/// DynamoDB's words for an item whose key is not the table's.
fn names_the_key(message: &str) -> bool {
    message.contains("key element")
        || message.contains("Missing the key")
        || message.contains("key attribute")
}

#[async_trait]
impl LockTable for DynamoTable {
    fn lock_id(&self) -> &str {
        &self.lock_id
    }

    fn place(&self) -> &str {
        &self.place
    }

    async fn read(&self) -> Result<Option<LockItem>, CloudError> {
        let read = self
            .patient
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key(&self.lock_id)))
            .consistent_read(true)
            .send()
            .await
            .during(&self.scope, "dynamodb:GetItem", &self.table)
            .map_err(|error| self.explained(error))?;
        Ok(read.item.map(|item| item_of(&self.lock_id, &item)))
    }

    async fn put(&self, item: &LockItem, condition: &LockCondition) -> Result<Written, CloudError> {
        let Expression { text, values } = expression(condition);
        let put = self
            .once
            .put_item()
            .table_name(&self.table)
            .set_item(Some(attributes(item)))
            .condition_expression(text)
            .set_expression_attribute_values((!values.is_empty()).then_some(values));
        match put.send().await.during(&self.scope, "dynamodb:PutItem", &self.table) {
            Ok(_) => Ok(Written::Done),
            Err(error) if is_refused(&error) => Ok(Written::Refused),
            Err(error) => Err(self.explained(error)),
        }
    }

    async fn delete(&self, owner: &str) -> Result<(), CloudError> {
        let Expression { text, values } = is_of(owner);
        let deleted = self
            .patient
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(key(&self.lock_id)))
            .condition_expression(text)
            .set_expression_attribute_values(Some(values))
            .send()
            .await
            .during(&self.scope, "dynamodb:DeleteItem", &self.table);
        match deleted {
            Ok(_) => Ok(()),
            // Gone, or another's: not ours to delete any more.
            Err(error) if is_refused(&error) => Ok(()),
            Err(error) => Err(self.explained(error)),
        }
    }
}

/// What one attempt, and all of so many, may take.
pub(super) fn attempt_timeouts(config: &SdkConfig, attempts: u32) -> TimeoutConfig {
    let attempt = config
        .timeout_config()
        .and_then(TimeoutConfig::operation_attempt_timeout)
        .map_or(ATTEMPT, |attempt| attempt.min(ATTEMPT));
    let mut timeouts = config.timeout_config().map(TimeoutConfig::to_builder).unwrap_or_default();
    timeouts.set_operation_attempt_timeout(Some(attempt));
    timeouts.set_operation_timeout(Some(attempt * attempts));
    timeouts.build()
}

/// A condition, and the values that it names.
#[derive(Debug)]
pub(super) struct Expression {
    pub(super) text: String,
    pub(super) values: HashMap<String, AttributeValue>,
}

impl Expression {
    pub(super) fn absent(name: &str) -> Self {
        Self { text: format!("attribute_not_exists({name})"), values: HashMap::new() }
    }

    pub(super) fn equal(name: &str, placeholder: &str, value: AttributeValue) -> Self {
        Self {
            text: format!("{name} = {placeholder}"),
            values: HashMap::from([(placeholder.to_owned(), value)]),
        }
    }

    pub(super) fn and(mut self, other: Self) -> Self {
        self.text = format!("{} AND {}", self.text, other.text);
        self.values.extend(other.values);
        self
    }
}

pub(super) fn key(lock_id: &str) -> HashMap<String, AttributeValue> {
    HashMap::from([(KEY.to_owned(), AttributeValue::S(lock_id.to_owned()))])
}

/// That the lock is this owner's.
pub(super) fn is_of(owner: &str) -> Expression {
    Expression::equal(OWNER, ":owner", AttributeValue::S(owner.to_owned()))
}

/// That the lock is the very one that was read, as its holder took it: renewed
/// meanwhile is well.
pub(super) fn is_still(item: &LockItem) -> Expression {
    let owner = match &item.mark {
        Some(mark) => is_of(&mark.owner),
        None => Expression::absent(OWNER),
    };
    owner.and(Expression::equal(INFO, ":info", AttributeValue::S(item.info.clone())))
}

/// Exactly [`LockCondition::holds`], as an expression.
pub(super) fn expression(when: &LockCondition) -> Expression {
    match when {
        LockCondition::Absent => Expression::absent(KEY),
        LockCondition::Exactly(AgentMark { owner, fence: _, record_version, lease_ms: _ }) => {
            let version = AttributeValue::N(record_version.to_string());
            is_of(owner).and(Expression::equal(RECORD_VERSION, ":version", version))
        }
    }
}

fn is_refused(error: &CloudError) -> bool {
    error.code.as_deref() == Some("ConditionalCheckFailedException")
}

pub(super) fn attributes(item: &LockItem) -> HashMap<String, AttributeValue> {
    let LockItem { lock_id, info, mark } = item;
    let mut attributes = HashMap::from([
        (KEY.to_owned(), AttributeValue::S(lock_id.clone())),
        (INFO.to_owned(), AttributeValue::S(info.clone())),
    ]);
    if let Some(AgentMark { owner, fence, record_version, lease_ms }) = mark {
        attributes.insert(OWNER.to_owned(), AttributeValue::S(owner.clone()));
        attributes.insert(FENCE.to_owned(), AttributeValue::N(fence.to_string()));
        attributes.insert(RECORD_VERSION.to_owned(), AttributeValue::N(record_version.to_string()));
        attributes.insert(LEASE.to_owned(), AttributeValue::N(lease_ms.to_string()));
    }
    attributes
}

/// An item without all of the agent's attributes is not the agent's.
fn item_of(lock_id: &str, item: &HashMap<String, AttributeValue>) -> LockItem {
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
    let number = |name: &str| item.get(name).and_then(|value| value.as_n().ok()).and_then(|n| n.parse().ok());
    let mark = || {
        Some(AgentMark {
            owner: text(OWNER)?,
            fence: number(FENCE)?,
            record_version: number(RECORD_VERSION)?,
            lease_ms: number(LEASE)?,
        })
    };
    LockItem { lock_id: lock_id.to_owned(), info: text(INFO).unwrap_or_default(), mark: mark() }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use aws_sdk_dynamodb::types::AttributeValue;
    use pointsman_core::lease::{AgentMark, LockItem};

    use super::{attributes, item_of};

    #[test]
    fn an_item_is_read_as_it_was_written() {
        let mark = AgentMark { owner: "me".to_owned(), fence: 7, record_version: 3, lease_ms: 25_000 };
        let item = LockItem { lock_id: "b/k".to_owned(), info: "{}".to_owned(), mark: Some(mark) };
        assert_eq!(item_of("b/k", &attributes(&item)), item);
    }

    #[test]
    fn what_terraform_wrote_has_no_mark() {
        let item = HashMap::from([
            ("LockID".to_owned(), AttributeValue::S("b/k".to_owned())),
            ("Info".to_owned(), AttributeValue::S(r#"{"Who":"anna@laptop"}"#.to_owned())),
        ]);
        let read = item_of("b/k", &item);
        assert_eq!((read.mark.as_ref(), read.terraform_info().who.as_str()), (None, "anna@laptop"));
    }

    #[test]
    fn half_a_mark_is_none() {
        let mark = AgentMark { owner: "me".to_owned(), fence: 7, record_version: 3, lease_ms: 25_000 };
        let mut item =
            attributes(&LockItem { lock_id: "b/k".to_owned(), info: "{}".to_owned(), mark: Some(mark) });
        item.remove("AgentRvn");
        assert_eq!(item_of("b/k", &item).mark, None);
    }
}
