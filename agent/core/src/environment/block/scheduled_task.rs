use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::service::{Architecture, Volume, private, thirty_days, thirty_seconds};
use crate::scalar::{Arn, Cron, Duration, Template};

/// A task on Fargate that EventBridge Scheduler runs by the clock. Attributes:
/// `arn`, `name`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduledTask {
    /// When: five fields as in crontab, or AWS's six. Not together with `rate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cron: Option<Cron>,
    /// Every so often, in whole minutes, from `1m` on. Not together with `cron`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Duration>,
    /// In which `cron` is meant: `Europe/London`.
    #[serde(default = "utc")]
    #[schemars(regex(pattern = r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$"))]
    pub timezone: String,
    /// Whether it runs at all.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// How many tasks at a time: 1 to 10.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 10))]
    pub count: u32,
    /// The cluster's name; it exists.
    pub cluster: String,
    /// The image, best by digest.
    #[schemars(length(min = 1, max = 512))]
    pub image: String,
    /// CPU units of one task: 256 to 16384, in Fargate's sizes.
    pub cpu: u32,
    /// MiB of memory of one task, in Fargate's sizes.
    pub memory: u32,
    /// The processor.
    #[serde(default)]
    pub architecture: Architecture,
    /// Replaces the image's command.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// The role with which EventBridge Scheduler starts tasks: `ecs:RunTask`, and
    /// `iam:PassRole` for the two roles below. It exists.
    pub schedule_role: Arn,
    /// The role with which ECS starts tasks.
    pub execution_role: Arn,
    /// The role that the application has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_role: Option<Arn>,
    /// Which of `[network]`'s subnets.
    #[serde(default = "private")]
    pub subnets: String,
    /// How long logs are kept: one of CloudWatch's periods, `30d`.
    #[serde(default = "thirty_days")]
    pub log_retention: Duration,
    /// How long a task has to stop: up to 120 s.
    #[serde(default = "thirty_seconds")]
    pub stop_timeout: Duration,
    /// Environment variables.
    #[serde(default)]
    pub environment: BTreeMap<String, Template>,
    /// Environment variables whose values are in Secrets Manager.
    #[serde(default)]
    pub secrets: BTreeMap<String, Template>,
    /// File systems.
    #[serde(default)]
    pub volumes: BTreeMap<String, Volume>,
}

fn utc() -> String {
    "UTC".to_owned()
}

fn yes() -> bool {
    true
}

fn one() -> u32 {
    1
}
