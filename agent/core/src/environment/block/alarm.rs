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

/// One alarm: exactly one `…_above`, or a `metric` with `above` or `below`.
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
    /// Any other metric that CloudWatch has of what is watched, by its name there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255))]
    pub metric: Option<String>,
    /// With `metric`: it rings above this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<f64>,
    /// With `metric`: it rings below this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<f64>,
    /// How values become one: `Sum` for counts, else `Average`, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(
        pattern = r"^(Average|Sum|Minimum|Maximum|SampleCount|p([0-9]{1,2}(\.[0-9]{1,2})?|100))$"
    ))]
    pub statistic: Option<String>,
    /// Over which time one value is formed.
    #[serde(default = "one_minute")]
    pub period: Duration,
    /// How many values are looked at.
    #[serde(default = "three")]
    #[schemars(range(min = 1, max = 100))]
    pub evaluations: u32,
    /// How many of these must be over the threshold; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub datapoints: Option<u32>,
    /// What a missing value counts as: `not_breaching` for a load balancer,
    /// which measures nothing while nobody asks, else `missing`, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<MissingData>,
    /// Adds so many tasks to the watched service each time that it rings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub scale_out: Option<u32>,
    /// The pause until it may add tasks again.
    #[serde(default = "one_minute")]
    pub scale_out_cooldown: Duration,
}

/// What a missing value counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MissingData {
    /// The alarm stays as it is.
    Ignore,
    /// As one over the threshold.
    Breaching,
    /// As one within the threshold.
    NotBreaching,
    /// The alarm says that it does not know.
    Missing,
}

impl MissingData {
    /// AWS's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ignore => "ignore",
            Self::Breaching => "breaching",
            Self::NotBreaching => "notBreaching",
            Self::Missing => "missing",
        }
    }
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
