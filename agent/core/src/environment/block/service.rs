use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scalar::{Arn, Cron, Duration, Reference, Template};

/// An ECS service on Fargate. Attributes: `arn`, `name`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Service {
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
    /// How many tasks; with `scaling`, how many at first.
    #[schemars(range(max = 5000))]
    pub count: u32,
    /// The port that the container listens on.
    #[schemars(range(min = 1, max = 65535))]
    pub port: u16,
    /// Replaces the image's command.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
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
    /// How the load balancer knows that a task is well.
    #[serde(default)]
    pub health: Health,
    /// Where traffic comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expose: Option<Expose>,
    /// Who decides the number of tasks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scaling: Option<Scaling>,
    /// How new tasks take the place of the old ones.
    #[serde(default)]
    pub deployment: Deployment,
    /// Fargate's version: `LATEST`, or one from `1.4.0` on.
    #[serde(default = "latest")]
    #[schemars(regex(pattern = r"^(LATEST|1\.([4-9]|[1-9][0-9]+)\.[0-9]+)$"))]
    pub platform_version: String,
    /// Lets people open a shell in tasks that start from then on (ECS Exec);
    /// needs a `task_role`.
    #[serde(default)]
    pub execute_command: bool,
}

/// How new tasks take the place of the old ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deployment {
    /// Percent of the count that stays healthy meanwhile: 0 to 100.
    #[serde(default = "hundred")]
    #[schemars(range(max = 100))]
    pub minimum_healthy_percent: u32,
    /// Percent of the count that may run meanwhile: 100 to 200.
    #[serde(default = "two_hundred")]
    #[schemars(range(min = 100, max = 200))]
    pub maximum_percent: u32,
    /// Whether ECS ends and rolls back a deployment whose tasks do not start.
    #[serde(default = "yes")]
    pub circuit_breaker: bool,
}

impl Default for Deployment {
    fn default() -> Self {
        Self { minimum_healthy_percent: hundred(), maximum_percent: two_hundred(), circuit_breaker: yes() }
    }
}

/// The processor that tasks run on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Architecture {
    /// 64-bit x86.
    #[default]
    X86_64,
    /// 64-bit Arm (Graviton).
    Arm64,
}

impl Architecture {
    /// AWS's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::X86_64 => "X86_64",
            Self::Arm64 => "ARM64",
        }
    }
}

/// A mounted file system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Volume {
    /// An `[external.NAME]` of kind `efs`.
    pub files: Reference,
    /// The absolute path in the container, such as `/data`.
    #[schemars(regex(pattern = r"^/"))]
    pub mount: String,
    /// Mounted for reading only.
    #[serde(default)]
    pub read_only: bool,
}

/// The target group's health check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Health {
    /// The path that is asked for, such as `/health`.
    #[serde(default = "root_path")]
    #[schemars(regex(pattern = r"^/"), length(max = 1024))]
    pub path: String,
    /// Every so often: 5 s to 300 s.
    #[serde(default = "thirty_seconds")]
    pub interval: Duration,
    /// Given up after: 2 s to 120 s, less than `interval`.
    #[serde(default = "five_seconds")]
    pub timeout: Duration,
    /// Well after so many good answers: 2 to 10.
    #[serde(default = "two")]
    #[schemars(range(min = 2, max = 10))]
    pub healthy: u32,
    /// Unwell after so many bad ones: 2 to 10.
    #[serde(default = "three")]
    #[schemars(range(min = 2, max = 10))]
    pub unhealthy: u32,
    /// Status codes that are good: `200`, `200-299`, `200,302`.
    #[serde(default = "ok_code")]
    #[schemars(regex(pattern = r"^[2-4][0-9]{2}([,-][2-4][0-9]{2})*$"))]
    pub codes: String,
    /// How long after its start a task is not judged.
    #[serde(default = "one_minute")]
    pub grace: Duration,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            path: root_path(),
            interval: thirty_seconds(),
            timeout: five_seconds(),
            healthy: two(),
            unhealthy: three(),
            codes: ok_code(),
            grace: one_minute(),
        }
    }
}

/// Where a service's traffic comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expose {
    /// The listener, `${load_balancer.NAME.listener.NAME}`.
    pub listener: Reference,
    /// The rule's priority among the listener's, 1 to 50,000; chosen from the
    /// order of the services' names when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 50000))]
    pub priority: Option<u32>,
    /// Keep a client on one task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stickiness: Option<Stickiness>,
    /// How long open connections of a leaving task are kept: up to an hour.
    #[serde(default = "five_minutes")]
    pub drain: Duration,
}

/// How a client is kept on one task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stickiness {
    /// By whose cookie.
    pub kind: StickinessKind,
    /// For how long: 1 s to 7 days.
    pub duration: Duration,
}

/// By whose cookie a client is kept on one task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StickinessKind {
    /// The load balancer's own.
    LoadBalancerCookie,
}

/// Who decides the number of tasks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scaling {
    /// Never fewer.
    pub min: u32,
    /// Never more.
    pub max: u32,
    /// The average CPU, in percent, that scaling aims at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub cpu_target: Option<u32>,
    /// The average memory, in percent, that scaling aims at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub memory_target: Option<u32>,
    /// The pause before tasks are taken away.
    #[serde(default = "five_minutes")]
    pub scale_in_cooldown: Duration,
    /// The pause before more are added.
    #[serde(default = "one_minute")]
    pub scale_out_cooldown: Duration,
    /// Stops scaling for a while; what is not written here is a rollout's to stop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspended: Option<ScalingSuspended>,
    /// Other bounds at certain times.
    #[serde(default)]
    pub schedule: Vec<ScalingSchedule>,
}

/// Which kinds of scaling stand still.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScalingSuspended {
    /// No tasks are taken away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale_in: Option<bool>,
    /// No tasks are added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale_out: Option<bool>,
    /// Schedules change nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled: Option<bool>,
}

/// Other bounds from a time on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScalingSchedule {
    /// Unique in the service.
    pub name: String,
    /// When.
    pub cron: Cron,
    /// The time zone of `cron`, such as `Europe/London`; UTC when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[A-Za-z_]+(/[A-Za-z0-9_+-]+)*$"))]
    pub timezone: Option<String>,
    /// Never fewer from then on.
    pub min: u32,
    /// Never more from then on.
    pub max: u32,
}

pub(super) fn private() -> String {
    "private".to_owned()
}

fn root_path() -> String {
    "/".to_owned()
}

fn ok_code() -> String {
    "200".to_owned()
}

fn latest() -> String {
    "LATEST".to_owned()
}

fn hundred() -> u32 {
    100
}

fn two_hundred() -> u32 {
    200
}

fn yes() -> bool {
    true
}

fn two() -> u32 {
    2
}

fn three() -> u32 {
    3
}

fn five_seconds() -> Duration {
    Duration::from_seconds(5)
}

pub(super) fn thirty_seconds() -> Duration {
    Duration::from_seconds(30)
}

fn one_minute() -> Duration {
    Duration::from_seconds(60)
}

fn five_minutes() -> Duration {
    Duration::from_seconds(300)
}

pub(super) fn thirty_days() -> Duration {
    Duration::from_seconds(30 * 86_400)
}
