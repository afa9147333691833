use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scalar::{Arn, Duration};

/// All alarms, and whom they tell.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Alarms {
    /// SNS topics.
    #[serde(default)]
    pub notify: Vec<Arn>,
    /// `[alarms.NAME]`.
    #[serde(flatten)]
    pub alarm: BTreeMap<String, Alarm>,
}

/// One alarm: exactly one `…_above`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Alarm {
    /// The address that is watched: `service.web`, without braces.
    pub on: String,
    /// Average CPU in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub cpu_above: Option<f64>,
    /// Average memory in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub memory_above: Option<f64>,
    /// Average response time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_time_above: Option<Duration>,
    /// Over which time one value is formed.
    #[serde(default = "one_minute")]
    pub period: Duration,
    /// How many values in a row.
    #[serde(default = "three")]
    #[schemars(range(min = 1, max = 100))]
    pub evaluations: u32,
}

/// A CloudWatch dashboard. Attribute: `url`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dashboard {
    /// Its name in CloudWatch: up to 255 letters, digits, `-` and `_`.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,255}$"))]
    pub name: String,
}

fn one_minute() -> Duration {
    Duration::from_seconds(60)
}

fn three() -> u32 {
    3
}
