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
    /// Environment variables that ECS takes from secrets: their ARNs.
    pub secrets: BTreeMap<String, Link>,
    /// Marks of secrets whose change new tasks must see, by variable.
    pub secret_marks: BTreeMap<String, Link>,
    /// Mounted file systems, by the volume's name.
    pub volumes: BTreeMap<String, FileSystem>,
    /// The log group's name.
    pub log_group: String,
    /// The log group's region.
    pub log_region: String,
    /// Seconds between asking a container to stop and ending it.
    pub stop_timeout: u64,
    /// Its tags.
    pub tags: Tags,
}

/// An EFS file system as a task mounts it, always encrypted on the network
/// when we make it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FileSystem {
    /// `fs-…`.
    pub id: String,
    /// `fsap-…`; with one, `root` is `/`.
    pub access_point: Option<String>,
    /// The folder of the file system that is mounted.
    pub root: String,
    /// Encrypted on the network.
    pub encrypted: bool,
    /// Whether the task's role is asked whether it may.
    pub iam: bool,
    /// Where it is in the container; none when it is not mounted there.
    pub mount: Option<String>,
    /// Mounted for reading only.
    pub read_only: bool,
}

impl FileSystem {
    fn fields(&self, name: &str) -> [Field; 7] {
        let Self { id, access_point, root, encrypted, iam, mount, read_only } = self;
        let of = |field: &str| format!("volumes.{name}.{field}");
        [
            Field::rollout(of("file_system"), id.clone()),
            Field::rollout(of("access_point"), access_point.clone()),
            Field::rollout(of("root"), root.clone()),
            Field::rollout(of("encrypted"), *encrypted),
            Field::rollout(of("iam"), *iam),
            Field::rollout(of("mount"), mount.clone()),
            Field::rollout(of("read_only"), *read_only),
        ]
    }
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
            secrets,
            secret_marks,
            volumes,
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
        fields.extend(
            secrets.iter().map(|(name, arn)| Field::rollout(format!("secrets.{name}"), arn.to_value())),
        );
        fields.extend(
            secret_marks
                .iter()
                .map(|(name, mark)| Field::rollout(format!("secret_marks.{name}"), mark.to_value())),
        );
        fields.extend(volumes.iter().flat_map(|(name, files)| files.fields(name)));
        fields.extend(tags.fields());
        fields
    }

    fn links(&self) -> Vec<&Link> {
        let texts = self.environment.values().flat_map(|text| &text.0);
        texts.chain(self.secrets.values()).chain(self.secret_marks.values()).collect()
    }

    fn links_mut(&mut self) -> Vec<&mut Link> {
        let texts = self.environment.values_mut().flat_map(|text| &mut text.0);
        texts.chain(self.secrets.values_mut()).chain(self.secret_marks.values_mut()).collect()
    }

    fn name(&self) -> String {
        self.family.clone()
    }
}
