use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Decider, Field, Link, Native, Rule, Spec, Tags};
use crate::forecast::Consequence;

/// An ECS service on Fargate, deployed task by task with ECS's circuit breaker,
/// or from one target group to another by ECS itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Service {
    /// Unique in the cluster.
    pub name: String,
    /// The cluster's name.
    pub cluster: String,
    /// The task definition's ARN.
    pub task_definition: Link,
    /// How many tasks.
    pub count: Count,
    /// Subnet ids, sorted.
    pub subnets: Vec<String>,
    /// Security groups, sorted.
    pub security_groups: Vec<Link>,
    /// The target group's ARN, when traffic comes through a load balancer.
    pub target_group: Option<Link>,
    /// The container that the target group's traffic goes to.
    pub container: String,
    /// Its port.
    pub port: u16,
    /// Seconds that a new task is not judged by the load balancer.
    pub health_grace: Option<u64>,
    /// Whether a deployment that cannot start is rolled back by ECS.
    pub circuit_breaker: bool,
    /// Percent of the count that stays healthy during a deployment.
    pub minimum_healthy_percent: u32,
    /// Percent of the count that may run during a deployment.
    pub maximum_percent: u32,
    /// Fargate's version, or `LATEST`.
    pub platform_version: String,
    /// Whether people may open a shell in new tasks.
    pub execute_command: bool,
    /// How its first tasks start.
    #[serde(default, skip_serializing_if = "Start::is_together")]
    pub start: Start,
    /// How ECS itself moves traffic to new tasks; task by task, where it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub native: Option<Native>,
    /// Its tags.
    pub tags: Tags,
}

/// How the first tasks of a service start. Several at once on an empty database
/// would all migrate it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// All at once.
    #[default]
    Together,
    /// One alone where the service is made; the others once it is healthy.
    FirstAlone,
    /// It was made with one task, which was not seen healthy yet.
    StillAlone,
}

impl Start {
    fn is_together(&self) -> bool {
        *self == Self::Together
    }
}

/// How many tasks, and who says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Count {
    /// Exactly as many.
    Fixed(u32),
    /// As many when the service is made; the autoscaler decides from then on.
    Initially(u32),
    /// Not fewer, while a rollout needs them: the autoscaler may add some.
    AtLeast(u32),
}

impl Count {
    /// The number, whoever decides.
    pub fn tasks(self) -> u32 {
        match self {
            Self::Fixed(tasks) | Self::Initially(tasks) | Self::AtLeast(tasks) => tasks,
        }
    }
}

impl Spec for Service {
    fn fields(&self) -> Vec<Field> {
        let Self {
            name,
            cluster,
            task_definition,
            count,
            subnets,
            security_groups,
            target_group,
            container,
            port,
            health_grace,
            circuit_breaker,
            minimum_healthy_percent,
            maximum_percent,
            platform_version,
            execute_command,
            // How it comes to be, not what it is.
            start: _,
            native,
            tags,
        } = self;
        let decider = match count {
            Count::Fixed(_) => Decider::File,
            Count::Initially(_) => Decider::Autoscaler,
            Count::AtLeast(_) => Decider::Floor,
        };
        let groups = match native {
            Some(native) => native.groups(target_group.as_ref()),
            None => target_group.as_ref().map_or(Value::Null, Link::to_value),
        };
        let mut fields = vec![
            Field::new(Rule::Impossible, "name", name.clone()),
            Field::replace("cluster", cluster.clone()),
            Field::rollout("task_definition", task_definition.to_value()),
            Field::in_place("count", count.tasks())
                .noticed_when_less(Consequence::FewerTasks)
                .decided_by(decider),
            Field::rollout("subnets", subnets.clone()),
            Field::rollout("security_groups", security_groups.iter().map(Link::to_value).collect::<Vec<_>>()),
            Field::rollout("target_group", groups),
            Field::rollout("container", container.clone()),
            Field::rollout("port", *port),
            Field::in_place("health_grace", *health_grace),
            Field::in_place("circuit_breaker", *circuit_breaker),
            Field::in_place("minimum_healthy_percent", *minimum_healthy_percent),
            Field::in_place("maximum_percent", *maximum_percent),
            Field::rollout("platform_version", platform_version.clone()),
            Field::in_place("execute_command", *execute_command),
        ];
        fields.extend(Native::fields(native.as_ref()));
        fields.extend(tags.fields());
        fields
    }

    fn links(&self) -> Vec<&Link> {
        std::iter::once(&self.task_definition)
            .chain(&self.security_groups)
            .chain(&self.target_group)
            .chain(self.native.iter().flat_map(Native::links))
            .collect()
    }

    fn links_mut(&mut self) -> Vec<&mut Link> {
        std::iter::once(&mut self.task_definition)
            .chain(&mut self.security_groups)
            .chain(&mut self.target_group)
            .chain(self.native.iter_mut().flat_map(Native::links_mut))
            .collect()
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    fn claim(&self) -> Option<String> {
        Some(format!("{}/{}", self.cluster, self.name))
    }
}

impl Service {
    /// The same with one task, where that must be healthy before the others
    /// start; `is_made` where the service does not stand yet.
    pub fn alone(&self, is_made: bool) -> Option<Self> {
        let is_first = match self.start {
            Start::Together => false,
            Start::FirstAlone => is_made,
            Start::StillAlone => true,
        };
        (is_first && self.count.tasks() > 1).then(|| Self {
            count: Count::Fixed(1),
            start: Start::StillAlone,
            ..self.clone()
        })
    }

    /// The same once its first task was healthy, or does not matter.
    #[must_use]
    pub fn together(&self) -> Self {
        Self { start: Start::Together, ..self.clone() }
    }
}
