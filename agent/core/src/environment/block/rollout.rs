use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scalar::{Arn, Duration, Percentage};

/// How releases reach people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rollout {
    /// By which means.
    #[serde(default)]
    pub strategy: Strategy,
    /// The role with which ECS moves the load balancer's weights; where ECS does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Arn>,
    /// What a release does to the database.
    #[serde(default)]
    pub schema_change: SchemaChange,
    /// The one-off task that migrates the database before a release's first task starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migration: Option<Migration>,
    /// The steps in which traffic moves.
    #[serde(default)]
    pub shift: Vec<Percentage>,
    /// How long each step is watched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Duration>,
    /// How long the whole is watched before the old side goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bake: Option<Duration>,
    /// How long the new side may take to run, and to be tested, each, before it
    /// is turned back: 30 minutes where nothing is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress_deadline: Option<Duration>,
    /// Ask before traffic moves.
    #[serde(default)]
    pub approve_traffic: bool,
    /// How traffic reaches the load balancer for the first time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switch: Option<Switch>,
    /// What the new side must answer before any traffic moves, beside its health.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<Test>,
    /// Names of alarms that turn a rollout back.
    #[serde(default)]
    pub abort_on: Vec<String>,
}

/// What the new side must answer before any traffic moves, through the load
/// balancer and with the host that people use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Test {
    /// The path at which a WebSocket must open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^/"), length(max = 1024))]
    pub websocket: Option<String>,
    /// Requests that must be answered well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub request: Vec<TestRequest>,
    /// Which certificate a listener that speaks TLS must show.
    #[serde(default)]
    pub certificate: Certificate,
}

/// A request that must be answered well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TestRequest {
    /// The path that is asked for, such as `/api/version`.
    #[schemars(regex(pattern = r"^/"), length(max = 1024))]
    pub path: String,
    /// Status codes that are good: `200`, `200-299`, `200,302`.
    #[serde(default = "ok_code")]
    #[schemars(regex(pattern = r"^[1-5][0-9]{2}([,-][1-5][0-9]{2})*$"))]
    pub codes: String,
    /// A text that the answer must hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
}

fn ok_code() -> String {
    "200".to_owned()
}

/// Which certificate a listener that speaks TLS must show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Certificate {
    /// One that is good for the host and that this machine trusts.
    #[default]
    Trusted,
    /// Any.
    Any,
}

/// By which means a release reaches people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Two sides behind one rule; the agent moves the weights.
    BlueGreen,
    /// ECS's own blue/green, linear or canary deployment.
    Native,
    /// One service, task by task.
    #[default]
    Rolling,
}

/// What a release does to the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SchemaChange {
    /// Nothing.
    None,
    /// Both versions can run on it.
    Additive,
    /// Two versions must never overlap.
    #[default]
    Breaking,
}

/// A task that migrates the database: the service's own, with another command.
/// It must end by itself, with 0 where all is well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Migration {
    /// What it runs instead of the service's command.
    #[schemars(length(min = 1))]
    pub command: Vec<String>,
    /// How long it may take; half an hour where nothing is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Duration>,
}

/// How traffic reaches the load balancer for the first time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Switch {
    /// What is switched.
    pub kind: SwitchKind,
    /// By whom.
    #[serde(default)]
    pub mode: SwitchMode,
    /// The Host header that arrives.
    pub host: String,
    /// The service that people use until then, as `external.NAME`: an external of
    /// kind `ecs_service`. Nothing is cut over where nothing is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// The port that the old service's tasks listen on; the new one's where
    /// nothing is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub old_port: Option<u16>,
    /// Where people's way leads until then, as `external.NAME`: an external of
    /// kind `cloud_map`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// With `mode = "graph"`: the Object ID of the application's registration in
    /// Microsoft Entra, which is not its Application (client) ID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
}

/// What is switched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SwitchKind {
    /// Microsoft Entra application proxy.
    EntraAppProxy,
}

/// By whom it is switched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SwitchMode {
    /// By a person, who is told how.
    #[default]
    Manual,
    /// By a person as well, but the load balancer leads to the old service
    /// first, so that switching changes nothing; then weights move.
    Weights,
    /// By the agent, through Microsoft Graph; by a person where it cannot.
    Graph,
}
