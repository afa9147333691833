use std::collections::BTreeMap;

use super::{Architecture, EnvironmentFile, ScheduledTask, Service, Volume};
use crate::scalar::{Arn, Duration, Template};

/// What the blocks have in common that run tasks on Fargate: the same checks,
/// references and objects follow from it.
#[derive(Clone, Copy, Debug)]
pub struct Task<'a> {
    /// The block's table.
    pub kind: &'static str,
    /// Its name there.
    pub name: &'a str,
    /// The image.
    pub image: &'a str,
    /// CPU units.
    pub cpu: u32,
    /// MiB of memory.
    pub memory: u32,
    /// The processor.
    pub architecture: Architecture,
    /// The port that the container listens on, where it does.
    pub port: Option<u16>,
    /// Replaces the image's command when not empty.
    pub command: &'a [String],
    /// The role with which ECS starts tasks.
    pub execution_role: &'a Arn,
    /// The application's role.
    pub task_role: Option<&'a Arn>,
    /// Which of `[network]`'s subnets.
    pub subnets: &'a str,
    /// How long logs are kept.
    pub log_retention: Duration,
    /// How long a task has to stop.
    pub stop_timeout: Duration,
    /// Environment variables.
    pub environment: &'a BTreeMap<String, Template>,
    /// Environment variables from secrets.
    pub secrets: &'a BTreeMap<String, Template>,
    /// File systems.
    pub volumes: &'a BTreeMap<String, Volume>,
}

impl EnvironmentFile {
    /// Everything that runs tasks.
    pub fn tasks(&self) -> impl Iterator<Item = Task<'_>> {
        let scheduled = self.scheduled_task.iter().map(|(name, block)| block.task(name));
        self.service.iter().map(|(name, block)| block.task(name)).chain(scheduled)
    }
}

impl Service {
    /// What its tasks are.
    pub fn task<'a>(&'a self, name: &'a str) -> Task<'a> {
        Task {
            kind: "service",
            name,
            image: &self.image,
            cpu: self.cpu,
            memory: self.memory,
            architecture: self.architecture,
            port: Some(self.port),
            command: &self.command,
            execution_role: &self.execution_role,
            task_role: self.task_role.as_ref(),
            subnets: &self.subnets,
            log_retention: self.log_retention,
            stop_timeout: self.stop_timeout,
            environment: &self.environment,
            secrets: &self.secrets,
            volumes: &self.volumes,
        }
    }
}

impl ScheduledTask {
    /// What its tasks are.
    pub fn task<'a>(&'a self, name: &'a str) -> Task<'a> {
        Task {
            kind: "scheduled_task",
            name,
            image: &self.image,
            cpu: self.cpu,
            memory: self.memory,
            architecture: self.architecture,
            port: None,
            command: &self.command,
            execution_role: &self.execution_role,
            task_role: self.task_role.as_ref(),
            subnets: &self.subnets,
            log_retention: self.log_retention,
            stop_timeout: self.stop_timeout,
            environment: &self.environment,
            secrets: &self.secrets,
            volumes: &self.volumes,
        }
    }
}
