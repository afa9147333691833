use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scalar::{Cron, Duration};

/// A secret in Secrets Manager. Attribute: `arn`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Secret {
    /// Make a random value of so many letters and digits once: 16 to 128. A
    /// value that was made is kept, whatever is written here later.
    #[schemars(range(min = 16, max = 128))]
    pub generate: u32,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// How long a deleted one can be taken back: 7 to 30 days. Described again
    /// in that time, it comes back with its old value.
    #[serde(default = "thirty_days")]
    pub recovery: Duration,
}

/// When nothing may be applied.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Freeze {
    /// Each of these.
    pub windows: Vec<FreezeWindow>,
}

/// A recurring time without applies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FreezeWindow {
    /// When it begins.
    pub cron: Cron,
    /// How long it lasts.
    pub duration: Duration,
    /// An IANA time zone, such as `Europe/London`; UTC when absent.
    #[serde(default = "utc")]
    #[schemars(regex(pattern = r"^[A-Za-z_]+(/[A-Za-z0-9_+-]+)*$"))]
    pub timezone: String,
}

/// What to do about differences that nobody merged.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Drift {
    /// Addresses with a field, `service.web.count`, that diff and apply leave alone.
    #[serde(default)]
    pub ignore: Vec<String>,
    /// Whether the schedule may write.
    #[serde(default)]
    pub correct: Correct,
}

/// Whether the drift schedule may write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Correct {
    /// Report only.
    #[default]
    Never,
    /// What is changed in place and disrupts nothing.
    Safe,
    /// Everything that policies allow.
    Always,
}

fn thirty_days() -> Duration {
    Duration::from_seconds(30 * 86_400)
}

fn utc() -> String {
    "UTC".to_owned()
}
