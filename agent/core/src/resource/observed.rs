use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Resource;
use crate::Address;

/// An object as it lives, in the same shape as what should be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observed {
    /// What it is; every link is known.
    pub resource: Resource,
    /// Its ARN, or the id that AWS's calls want where they want no ARN.
    pub id: String,
    /// What else is known of it: `arn`, `dns_name`, `endpoint`, …
    pub attributes: BTreeMap<String, String>,
    /// Whose it is, by its tags.
    pub owner: Owner,
    /// Whether it can be worked with.
    pub readiness: Readiness,
}

impl Observed {
    /// An attribute; `id` always is one, and so is `metric_name`, as CloudWatch's
    /// metrics call what has an ARN.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        match name {
            "id" => Some(&self.id),
            "metric_name" => Some(metric_name(&self.id)),
            name => self.attributes.get(name).map(String::as_str),
        }
    }
}

/// `app/NAME/ID` of a load balancer, `targetgroup/NAME/ID` of a target group.
fn metric_name(arn: &str) -> &str {
    let end = arn.rsplit_once(':').map_or(arn, |(_, end)| end);
    end.strip_prefix("loadbalancer/").unwrap_or(end)
}

/// Whose an object is, by its tags.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Owner {
    /// An environment's, under an address of it.
    Environment {
        /// The environment's name as tagged.
        environment: String,
        /// The address as tagged.
        address: Address,
    },
    /// Nobody's that we know.
    Unknown,
}

impl Owner {
    /// Whether it is this environment's.
    pub fn is_of(&self, name: &crate::environment::EnvironmentName) -> bool {
        matches!(self, Self::Environment { environment, .. } if *environment == name.to_string())
    }
}

/// Whether an object can be worked with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Readiness {
    /// It stands.
    Ready,
    /// AWS is at work on it; in AWS's words.
    Pending(String),
    /// AWS gave up on it; in AWS's words.
    Failed(String),
}

#[cfg(test)]
mod tests {
    use super::metric_name;

    #[test]
    fn metrics_call_load_balancing_by_the_end_of_its_arn() {
        let arn = |end: &str| format!("arn:aws:elasticloadbalancing:us-east-1:1:{end}");
        assert_eq!(metric_name(&arn("loadbalancer/app/web/50dc")), "app/web/50dc");
        assert_eq!(metric_name(&arn("targetgroup/web/6d0e")), "targetgroup/web/6d0e");
    }
}
