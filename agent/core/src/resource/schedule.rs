use serde::{Deserialize, Serialize};

use super::{Field, Link, Owner, Spec};
use crate::Address;

/// A schedule of EventBridge Scheduler that runs tasks on Fargate. It has no
/// tags: its description says whose it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// Unique in the default group; at most 64 characters.
    pub name: String,
    /// `ADDRESS of ENVIRONMENT`.
    pub description: String,
    /// `cron(…)` or `rate(…)`.
    pub expression: String,
    /// In which `cron` is meant.
    pub timezone: String,
    /// Whether it runs anything.
    pub enabled: bool,
    /// The cluster's name.
    pub cluster: String,
    /// The task definition's ARN.
    pub task_definition: Link,
    /// Tasks at a time.
    pub count: u32,
    /// Subnets, sorted.
    pub subnets: Vec<String>,
    /// Security groups, sorted.
    pub security_groups: Vec<Link>,
    /// The role with which tasks are started.
    pub role: String,
    /// Minutes within which it may begin later; none begins at once.
    pub flexible_minutes: Option<u32>,
}

impl Schedule {
    /// Whose it is, by its description.
    pub fn owner(&self) -> Owner {
        match self.description.split_once(" of ") {
            Some((address, environment)) => Address::parse(address).map_or(Owner::Unknown, |address| {
                Owner::Environment { environment: environment.to_owned(), address }
            }),
            None => Owner::Unknown,
        }
    }
}

impl Spec for Schedule {
    fn fields(&self) -> Vec<Field> {
        let Self {
            name,
            description,
            expression,
            timezone,
            enabled,
            cluster,
            task_definition,
            count,
            subnets,
            security_groups,
            role,
            flexible_minutes,
        } = self;
        let groups: Vec<_> = security_groups.iter().map(Link::to_value).collect();
        vec![
            Field::replace("name", name.clone()),
            Field::in_place("description", description.clone()),
            Field::in_place("expression", expression.clone()),
            Field::in_place("timezone", timezone.clone()),
            Field::in_place("enabled", *enabled),
            Field::in_place("cluster", cluster.clone()),
            // The next run takes it; nothing that runs is ended.
            Field::in_place("task_definition", task_definition.to_value()),
            Field::in_place("count", *count),
            Field::in_place("subnets", subnets.clone()),
            Field::in_place("security_groups", groups),
            Field::in_place("schedule_role", role.clone()),
            Field::in_place("flexible_minutes", *flexible_minutes),
        ]
    }

    fn links(&self) -> Vec<&Link> {
        std::iter::once(&self.task_definition).chain(&self.security_groups).collect()
    }

    fn links_mut(&mut self) -> Vec<&mut Link> {
        std::iter::once(&mut self.task_definition).chain(&mut self.security_groups).collect()
    }

    fn name(&self) -> String {
        self.name.clone()
    }
}
