use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scalar::{Arn, Cidr, Duration};

/// An application load balancer. Attributes: `dns_name`, `arn`, `zone_id`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoadBalancer {
    /// Who can reach it.
    #[serde(default)]
    pub scheme: Scheme,
    /// Which of `[network]`'s subnets: at least two zones.
    #[serde(default = "private")]
    pub subnets: String,
    /// The networks that may connect to its listeners.
    pub allow_from: Vec<Cidr>,
    /// How long an idle connection is kept: 1 s to 4,000 s.
    #[serde(default = "one_minute")]
    pub idle_timeout: Duration,
    /// Refuse deletion until this is off again.
    #[serde(default)]
    pub deletion_protection: bool,
    /// Drop header fields that are not valid.
    #[serde(default)]
    pub drop_invalid_headers: bool,
    /// What it listens on.
    pub listener: BTreeMap<String, Listener>,
}

/// Who can reach a load balancer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// Only the VPC and what is connected to it.
    #[default]
    Internal,
    /// Everybody.
    InternetFacing,
}

impl Scheme {
    /// AWS's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::InternetFacing => "internet-facing",
        }
    }
}

/// A port that a load balancer listens on. What no rule matches is answered 404.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Listener {
    /// The TCP port.
    #[schemars(range(min = 1, max = 65535))]
    pub port: u16,
    /// `HTTP` or `HTTPS`.
    pub protocol: ListenerProtocol,
    /// For HTTPS: the certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Arn>,
    /// For HTTPS: the security policy's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssl_policy: Option<String>,
    /// The Host headers that are forwarded to the exposed services; all when empty.
    #[serde(default)]
    pub hosts: Vec<String>,
}

/// What a listener speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum ListenerProtocol {
    /// Plain.
    Http,
    /// Over TLS.
    Https,
}

impl ListenerProtocol {
    /// AWS's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "HTTP",
            Self::Https => "HTTPS",
        }
    }
}

fn private() -> String {
    "private".to_owned()
}

fn one_minute() -> Duration {
    Duration::from_seconds(60)
}
