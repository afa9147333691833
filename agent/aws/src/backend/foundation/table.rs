use std::time::Duration;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType, TableDescription,
    TimeToLiveSpecification, TimeToLiveStatus,
};
use pointsman_core::preflight::{Answer, Key, KeyRole, Table, TableTraits};
use pointsman_engine::ports::{CloudError, CloudErrorKind};

use super::Ground;
use crate::{
    error::{Absent, During, exists_already, failure},
    wait::Pauses,
};

/// Whether it is asked when items go.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Expiry {
    Ask,
    Leave,
}

impl Ground {
    pub(super) async fn look_at_table(&self, table: &str, expiry: Expiry) -> Table {
        let expires = async {
            match expiry {
                Expiry::Ask => self.expires(table).await,
                Expiry::Leave => Ok(None),
            }
        };
        let (described, expires) = futures::join!(self.described(table), expires);
        match described {
            Ok(None) => Table::Absent,
            Err(error) => Table::Unknown(error),
            Ok(Some(described)) => Table::Stands(TableTraits {
                key: key_of(&described),
                status: described.table_status().map(|status| status.as_str().to_owned()).unwrap_or_default(),
                expires,
            }),
        }
    }

    async fn described(&self, table: &str) -> Result<Option<TableDescription>, CloudError> {
        Ok(self
            .tables
            .describe_table()
            .table_name(table)
            .send()
            .await
            .during(&self.scope, "dynamodb:DescribeTable", table)
            .or_absent()?
            .and_then(|answer| answer.table))
    }

    async fn expires(&self, table: &str) -> Answer<Option<String>> {
        let set = self
            .tables
            .describe_time_to_live()
            .table_name(table)
            .send()
            .await
            .during(&self.scope, "dynamodb:DescribeTimeToLive", table)
            .or_absent()?
            .and_then(|answer| answer.time_to_live_description);
        let on = |status: &TimeToLiveStatus| {
            matches!(status, TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)
        };
        Ok(set.filter(|set| set.time_to_live_status().is_some_and(on)).and_then(|set| set.attribute_name))
    }

    /// Makes it, or finds the one that another made, and waits until it is ready.
    pub(super) async fn make_table(&self, table: &str, key: &[Key]) -> Result<(), CloudError> {
        let operation = "dynamodb:CreateTable";
        let mut create =
            self.tables.create_table().table_name(table).billing_mode(BillingMode::PayPerRequest);
        for Key { name, role, kind } in key {
            let role = match role {
                KeyRole::Partition => KeyType::Hash,
                KeyRole::Sort => KeyType::Range,
            };
            let unbuilt = |error: &dyn std::fmt::Display| {
                failure(CloudErrorKind::Refused, operation, table, error.to_string(), None)
            };
            let element = KeySchemaElement::builder().attribute_name(name).key_type(role).build();
            let attribute = AttributeDefinition::builder()
                .attribute_name(name)
                .attribute_type(ScalarAttributeType::from(kind.as_str()))
                .build();
            create = create
                .key_schema(element.map_err(|error| unbuilt(&error))?)
                .attribute_definitions(attribute.map_err(|error| unbuilt(&error))?);
        }
        match create.send().await.during(&self.scope, operation, table) {
            Ok(_) => {}
            // Another `init` makes it at the same time.
            Err(error)
                if error.code.as_deref() == Some("ResourceInUseException") || exists_already(&error) => {}
            Err(error) => return Err(error),
        }
        let mut pauses = Pauses::within(Duration::from_secs(180));
        loop {
            let described = self.described(table).await?;
            let status =
                described.as_ref().and_then(|table| table.table_status()).map(|status| status.as_str());
            if status == Some("ACTIVE") {
                return Ok(());
            }
            pauses.pause(operation, table, status.unwrap_or("not shown yet")).await?;
        }
    }

    pub(super) async fn expire(&self, table: &str, attribute: &str) -> Result<(), CloudError> {
        let operation = "dynamodb:UpdateTimeToLive";
        let wanted = TimeToLiveSpecification::builder().attribute_name(attribute).enabled(true).build();
        let wanted = wanted
            .map_err(|error| failure(CloudErrorKind::Refused, operation, table, error.to_string(), None))?;
        let set = self
            .tables
            .update_time_to_live()
            .table_name(table)
            .time_to_live_specification(wanted)
            .send()
            .await
            .during(&self.scope, operation, table);
        match set {
            // Refused as "already enabled" when another set it meanwhile: what stands decides.
            Err(error) if error.code.as_deref() == Some("ValidationException") => {
                match self.expires(table).await? {
                    Some(set) if set == attribute => Ok(()),
                    _ => Err(error),
                }
            }
            other => other.map(|_| ()),
        }
    }
}

/// The key, partition first.
fn key_of(table: &TableDescription) -> Vec<Key> {
    let kind = |name: &str| {
        let attribute = table.attribute_definitions().iter().find(|one| one.attribute_name() == name);
        attribute.map(|one| one.attribute_type().as_str().to_owned()).unwrap_or_default()
    };
    let mut key: Vec<Key> = table
        .key_schema()
        .iter()
        .map(|element| Key {
            name: element.attribute_name().to_owned(),
            role: if *element.key_type() == KeyType::Range { KeyRole::Sort } else { KeyRole::Partition },
            kind: kind(element.attribute_name()),
        })
        .collect();
    key.sort_by_key(|part| part.role == KeyRole::Sort);
    key
}
