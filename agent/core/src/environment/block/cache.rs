use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An ElastiCache replication group. Attributes: `url_secret`, `endpoint`, `port`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cache {
    /// `redis` or `valkey`.
    pub engine: CacheEngine,
    /// The engine's version, such as `7.1`.
    #[schemars(regex(pattern = r"^[0-9]+(\.[0-9x]+){0,2}$"))]
    pub engine_version: String,
    /// The nodes' type, such as `cache.t3.micro`.
    #[schemars(regex(pattern = r"^cache\.[a-z0-9]+\.[a-z0-9]+$"))]
    pub node_type: String,
    /// How many nodes hold the data: 1 to 6; two or more fail over by themselves.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 6))]
    pub nodes: u32,
    /// At rest and in transit.
    #[serde(default)]
    pub encryption: CacheEncryption,
    /// Ask clients for a token.
    #[serde(default)]
    pub auth: bool,
    /// Which of `[network]`'s subnets: `private` when absent.
    #[serde(default = "private")]
    pub subnets: String,
    /// The TCP port.
    #[serde(default = "redis_port")]
    #[schemars(range(min = 1, max = 65535))]
    pub port: u16,
    /// A weekly window in UTC, `sun:05:00-sun:06:00`, of at least an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(
        pattern = r"^(mon|tue|wed|thu|fri|sat|sun):[0-2][0-9]:[0-5][0-9]-(mon|tue|wed|thu|fri|sat|sun):[0-2][0-9]:[0-5][0-9]$"
    ))]
    pub maintenance_window: Option<String>,
    /// Settings of the parameter group, by AWS's names.
    #[serde(default)]
    pub parameters: std::collections::BTreeMap<String, String>,
}

/// Which engine answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CacheEngine {
    /// Redis OSS.
    Redis,
    /// Valkey.
    Valkey,
}

impl CacheEngine {
    /// AWS's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Redis => "redis",
            Self::Valkey => "valkey",
        }
    }
}

/// What is encrypted; both by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CacheEncryption {
    /// On disk.
    #[serde(default = "yes")]
    pub at_rest: bool,
    /// On the network (TLS).
    #[serde(default = "yes")]
    pub in_transit: bool,
}

impl Default for CacheEncryption {
    fn default() -> Self {
        Self { at_rest: true, in_transit: true }
    }
}

fn one() -> u32 {
    1
}

fn yes() -> bool {
    true
}

fn redis_port() -> u16 {
    6379
}

fn private() -> String {
    "private".to_owned()
}
