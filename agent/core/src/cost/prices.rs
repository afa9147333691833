use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;

use super::Dollars;

/// The price table that this program was built with.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceTable {
    /// The month of its prices: `2026-11`.
    pub date: String,
    /// Where they are from.
    pub source: String,
    region: BTreeMap<String, Prices>,
}

/// The prices of one region.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Prices {
    pub(super) load_balancer_hour: Dollars,
    pub(super) load_balancer_capacity_unit_hour: Dollars,
    pub(super) public_address_hour: Dollars,
    pub(super) secret_month: Dollars,
    pub(super) alarm_month: Dollars,
    /// Of an alarm whose values are of less than a minute.
    pub(super) fine_alarm_month: Dollars,
    pub(super) dashboard_month: Dollars,
    pub(super) logs_gigabyte: Dollars,
    pub(super) queue_million_requests: Dollars,
    pub(super) bucket_gigabyte_month: Dollars,
    /// By architecture, in AWS's spelling.
    pub(super) fargate: BTreeMap<String, Fargate>,
    /// By engine and node type: an hour of one node.
    pub(super) cache: BTreeMap<String, BTreeMap<String, Dollars>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fargate {
    pub(super) vcpu_hour: Dollars,
    pub(super) gigabyte_hour: Dollars,
}

static TABLE: LazyLock<PriceTable> =
    LazyLock::new(|| toml::from_str(include_str!("prices.toml")).unwrap_or_default());

impl PriceTable {
    /// The table that this program was built with.
    pub fn built_in() -> &'static Self {
        &TABLE
    }

    pub(super) fn of_region(&self, region: &str) -> Option<&Prices> {
        self.region.get(region)
    }
}

#[cfg(test)]
mod tests {
    use super::PriceTable;

    #[test]
    fn the_table_can_be_read() {
        toml::from_str::<PriceTable>(include_str!("prices.toml")).unwrap();
        assert!(PriceTable::built_in().of_region("us-east-1").is_some());
    }
}
