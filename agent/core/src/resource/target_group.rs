use serde::{Deserialize, Serialize};

use super::{Field, Link, Rule, Spec, Tags};

/// A target group of addresses (target type `ip`), as Fargate tasks need it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetGroup {
    /// Unique in account and region; at most 32 characters.
    pub name: String,
    /// The port that targets listen on.
    pub port: u16,
    /// `HTTP`.
    pub protocol: String,
    /// The VPC's id.
    pub vpc: String,
    /// How targets are known to be well.
    pub health: HealthCheck,
    /// Seconds that a leaving target keeps its connections.
    pub deregistration_delay: u64,
    /// Seconds that the load balancer's cookie keeps a client on its target.
    pub stickiness: Option<u64>,
    /// Whether ECS moves traffic between it and another one: whichever has the
    /// tasks, a new one in its place has none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ecs_moves: bool,
    /// Its tags.
    pub tags: Tags,
}

/// How targets are known to be well. Times in seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// The path that is asked for.
    pub path: String,
    /// Every so often.
    pub interval: u64,
    /// Given up after.
    pub timeout: u64,
    /// Well after so many good answers.
    pub healthy: u32,
    /// Unwell after so many bad ones.
    pub unhealthy: u32,
    /// Good status codes.
    pub codes: String,
}

impl Spec for TargetGroup {
    fn fields(&self) -> Vec<Field> {
        let Self { name, port, protocol, vpc, health, deregistration_delay, stickiness, ecs_moves, tags } =
            self;
        let replaced = if *ecs_moves { Rule::Impossible } else { Rule::Replace };
        let HealthCheck { path, interval, timeout, healthy, unhealthy, codes } = health;
        let mut fields = vec![
            Field::new(replaced, "name", name.clone()),
            Field::new(replaced, "port", *port),
            Field::new(replaced, "protocol", protocol.clone()),
            Field::new(replaced, "vpc", vpc.clone()),
            Field::in_place("health.path", path.clone()),
            Field::in_place("health.interval", *interval),
            Field::in_place("health.timeout", *timeout),
            Field::in_place("health.healthy", *healthy),
            Field::in_place("health.unhealthy", *unhealthy),
            Field::in_place("health.codes", codes.clone()),
            Field::in_place("deregistration_delay", *deregistration_delay),
            Field::in_place("stickiness", *stickiness),
        ];
        fields.extend(tags.fields());
        fields
    }

    fn links(&self) -> Vec<&Link> {
        Vec::new()
    }

    fn links_mut(&mut self) -> Vec<&mut Link> {
        Vec::new()
    }

    fn name(&self) -> String {
        self.name.clone()
    }
}
