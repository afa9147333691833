use serde::{Deserialize, Serialize};

use super::{Decider, Field, Link, Rule, Spec, Tags, Token};
use crate::forecast::{Consequence, Work};

/// An ElastiCache replication group of one shard (cluster mode off).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReplicationGroup {
    /// Unique in account and region; at most 40 characters, lower case.
    pub name: String,
    /// For people.
    pub description: String,
    /// `redis` or `valkey`.
    pub engine: String,
    /// `7.1`: major and minor, as AWS counts them.
    pub engine_version: String,
    /// Such as `cache.t3.micro`.
    pub node_type: String,
    /// How many nodes; more than one fail over by themselves.
    pub nodes: u32,
    /// The parameter group's name.
    pub parameter_group: Link,
    /// The subnet group's name.
    pub subnet_group: Link,
    /// Security groups, sorted.
    pub security_groups: Vec<Link>,
    /// The TCP port.
    pub port: u16,
    /// Encrypted on disk.
    pub at_rest: bool,
    /// Encryption on the network.
    pub in_transit: Transit,
    /// The token that it asks clients for.
    pub auth_token: Option<Token>,
    /// A weekly window in UTC; AWS chooses one when absent.
    pub maintenance_window: Option<String>,
    /// Its tags.
    pub tags: Tags,
}

/// Encryption on the network. AWS switches it on and off by way of the middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transit {
    /// None.
    Off,
    /// TLS for those who ask for it.
    Preferred,
    /// TLS for everybody.
    Required,
}

impl Transit {
    /// As AWS and plans write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Preferred => "preferred",
            Self::Required => "required",
        }
    }

    /// The rule for its change: living groups learned it with version 7.
    fn rule(engine_version: &str) -> Rule {
        let major = engine_version.split('.').next().and_then(|major| major.parse::<u32>().ok());
        if major.is_some_and(|major| major >= 7) { Rule::InPlace } else { Rule::Impossible }
    }
}

impl Spec for ReplicationGroup {
    fn fields(&self) -> Vec<Field> {
        let Self {
            name,
            description,
            engine,
            engine_version,
            node_type,
            nodes,
            parameter_group,
            subnet_group,
            security_groups,
            port,
            at_rest,
            in_transit,
            auth_token,
            maintenance_window,
            tags,
        } = self;
        let decider = if maintenance_window.is_none() { Decider::Aws } else { Decider::File };
        let window = Field::in_place("maintenance_window", maintenance_window.clone()).decided_by(decider);
        // Several nodes are exchanged one by one, and fail over; the only one cannot.
        let (scaled, upgraded) = if *nodes > 1 {
            (Consequence::Failover, Consequence::Failover)
        } else {
            (Consequence::NodeReplaced, Consequence::Restart)
        };
        let mut fields = vec![
            Field::replace("name", name.clone()),
            Field::in_place("description", description.clone()),
            Field::replace("engine", engine.clone()),
            Field::in_place("engine_version", engine_version.clone())
                .noticed(upgraded)
                .takes(Work::CacheChanged),
            Field::in_place("node_type", node_type.clone()).noticed(scaled).takes(Work::CacheChanged),
            Field::in_place("nodes", *nodes)
                .noticed_when_less(Consequence::Failover)
                .takes(Work::CacheChanged),
            Field::in_place("parameter_group", parameter_group.to_value()),
            Field::replace("subnet_group", subnet_group.to_value()),
            Field::in_place(
                "security_groups",
                security_groups.iter().map(Link::to_value).collect::<Vec<_>>(),
            ),
            Field::replace("port", *port),
            Field::replace("at_rest", *at_rest),
            Field::new(Transit::rule(engine_version), "in_transit", in_transit.as_str()),
            Field::in_place("auth_token", auth_token.as_ref().map(|token| token.version.to_value())),
            window,
        ];
        fields.extend(tags.fields());
        fields
    }

    fn links(&self) -> Vec<&Link> {
        [&self.parameter_group, &self.subnet_group]
            .into_iter()
            .chain(&self.security_groups)
            .chain(self.auth_token.iter().flat_map(Token::links))
            .collect()
    }

    fn links_mut(&mut self) -> Vec<&mut Link> {
        [&mut self.parameter_group, &mut self.subnet_group]
            .into_iter()
            .chain(&mut self.security_groups)
            .chain(self.auth_token.iter_mut().flat_map(Token::links_mut))
            .collect()
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    // A group with TLS answers at another address than one without.
    fn unsettled_by(&self, field: &str) -> &'static [&'static str] {
        if field == "in_transit" { &["endpoint"] } else { &[] }
    }
}
