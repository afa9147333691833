use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Field, Link, Spec, Tags, Text};

/// A task definition of one Fargate container. AWS never changes one: every
/// change registers a new revision, which new tasks then bring.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskDefinition {
    /// What its revisions have in common; also the container's name.
    pub family: String,
    /// The image.
    pub image: String,
    /// CPU units.
    pub cpu: u32,
    /// MiB of memory.
    pub memory: u32,
    /// `X86_64` or `ARM64`.
    pub architecture: String,
    /// The container's port, where it listens on one.
    pub port: Option<u16>,
    /// Replaces the image's command when not empty.
    pub command: Vec<String>,
    /// The role with which ECS starts tasks.
    pub execution_role: String,
    /// The application's role.
    pub task_role: Option<String>,
    /// Environment variables.
    pub environment: BTreeMap<String, Text>,
    /// The log group's name.
    pub log_group: String,
    /// The log group's region.
    pub log_region: String,
    /// Seconds between asking a container to stop and ending it.
    pub stop_timeout: u64,
    /// Its tags.
    pub tags: Tags,
}

impl Spec for TaskDefinition {
    fn fields(&self) -> Vec<Field> {
        let Self {
            family,
            image,
            cpu,
            memory,
            architecture,
            port,
            command,
            execution_role,
            task_role,
            environment,
            log_group,
            log_region,
            stop_timeout,
            tags,
        } = self;
        let mut fields = vec![
            Field::replace("family", family.clone()),
            Field::rollout("image", image.clone()),
            Field::rollout("cpu", *cpu),
            Field::rollout("memory", *memory),
            Field::rollout("architecture", architecture.clone()),
            Field::rollout("port", *port),
            Field::rollout("command", command.clone()),
            Field::rollout("execution_role", execution_role.clone()),
            Field::rollout("task_role", task_role.clone()),
            Field::rollout("log_group", log_group.clone()),
            Field::rollout("log_region", log_region.clone()),
            Field::rollout("stop_timeout", *stop_timeout),
        ];
        fields.extend(
            environment
                .iter()
                .map(|(name, value)| Field::rollout(format!("environment.{name}"), value.to_value())),
        );
        fields.extend(tags.fields());
        fields
    }

    fn links(&self) -> Vec<&Link> {
        self.environment.values().flat_map(|text| &text.0).collect()
    }

    fn links_mut(&mut self) -> Vec<&mut Link> {
        self.environment.values_mut().flat_map(|text| &mut text.0).collect()
    }

    fn name(&self) -> String {
        self.family.clone()
    }
}
