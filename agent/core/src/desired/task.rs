use std::collections::BTreeMap;

use super::{Context, Wanted, cache, desired};
use crate::{
    Address,
    environment::block::{Task, Volume},
    plan::{Held, HeldReason},
    resource::{FileSystem, Link, LogGroup, TaskDefinition, names},
    scalar::TemplatePart,
};

/// What a block that runs tasks calls its objects by. A service's name stands
/// alone; others say what they are, so that both may be called the same.
fn parts<'a>(task: &Task<'a>) -> Vec<&'a str> {
    match task.kind {
        "service" => vec![task.name],
        _ => vec![task.name, "scheduled"],
    }
}

/// What a task's revisions have in common; also its container's name.
pub(super) fn family(context: &Context<'_>, task: &Task<'_>) -> String {
    names::limited(&[vec![context.leaf()], parts(task)].concat(), 255)
}

/// Where tasks write what they log.
pub(super) struct Logs {
    address: Address,
    name: String,
}

/// The log group of a block's tasks.
pub(super) fn logs(context: &Context<'_>, task: &Task<'_>, wanted: &mut Wanted) -> Logs {
    let address = Address::block(task.kind, task.name).part("log_group");
    let name = format!("/pointsman/{}/{}", context.environment.name, parts(task).join("-"));
    wanted.objects.push(desired(
        address.clone(),
        LogGroup {
            name: name.clone(),
            retention_days: task.log_retention.whole_days().and_then(|days| i32::try_from(days).ok()),
            tags: context.tags(&address),
        },
    ));
    Logs { address, name }
}

/// The task definition; answers its address.
pub(super) fn definition(
    context: &Context<'_>,
    task: &Task<'_>,
    logs: &Logs,
    wanted: &mut Wanted,
) -> Address {
    let address = Address::block(task.kind, task.name);
    let task_definition = address.part("task_definition");
    let mut environment = BTreeMap::new();
    for (variable, template) in task.environment {
        match context.text(template) {
            Some(text) => {
                environment.insert(variable.clone(), text);
            }
            None => wanted
                .held
                .push(Held::new(address.part("environment").part(variable), HeldReason::NotYetManaged)),
        }
    }
    let (secrets, secret_marks) = secrets(context, &address, task, wanted);
    let mut definition = desired(
        task_definition.clone(),
        TaskDefinition {
            family: family(context, task),
            image: task.image.to_owned(),
            cpu: task.cpu,
            memory: task.memory,
            architecture: task.architecture.as_str().to_owned(),
            port: task.port,
            command: task.command.to_vec(),
            execution_role: task.execution_role.to_string(),
            task_role: task.task_role.map(ToString::to_string),
            environment,
            secrets,
            secret_marks,
            volumes: volumes(context, &address, task, wanted),
            log_group: logs.name.clone(),
            log_region: context.environment.file.aws.region.clone(),
            stop_timeout: task.stop_timeout.seconds(),
            tags: context.tags(&task_definition),
        },
    );
    definition.after = vec![logs.address.clone()];
    wanted.objects.push(definition);

    task_definition
}

type Links = BTreeMap<String, Link>;

/// The secrets that variables are taken from, and the marks of those that
/// change with what they are composed of: ECS reads a secret only when a task
/// starts, so that a new value needs new tasks.
fn secrets(context: &Context<'_>, address: &Address, task: &Task<'_>, wanted: &mut Wanted) -> (Links, Links) {
    let (mut secrets, mut marks) = (Links::new(), Links::new());
    for (variable, template) in task.secrets {
        let link = match template.parts() {
            [TemplatePart::Reference(reference)] => {
                if let ["cache", name, "url_secret"] = reference.segments().as_slice() {
                    let mark = Link::attribute(&cache::url_secret(name), "composed_of");
                    marks.insert(variable.clone(), mark);
                }
                context.link(reference)
            }
            _ => template.as_literal().map(|arn| Link::Known(arn.to_owned())),
        };
        match link {
            Some(link) => {
                secrets.insert(variable.clone(), link);
            }
            None => {
                wanted
                    .held
                    .push(Held::new(address.part("secrets").part(variable), HeldReason::NotYetManaged));
            }
        }
    }
    (secrets, marks)
}

fn volumes(
    context: &Context<'_>,
    address: &Address,
    task: &Task<'_>,
    wanted: &mut Wanted,
) -> BTreeMap<String, FileSystem> {
    let mut volumes = BTreeMap::new();
    for (name, volume) in task.volumes {
        let Volume { files, mount, read_only } = volume;
        match context.external(files) {
            Some(found) => {
                let files = FileSystem {
                    id: found.id.clone(),
                    access_point: found.attributes.get("access_point").cloned(),
                    root: "/".to_owned(),
                    encrypted: true,
                    iam: task.task_role.is_some(),
                    mount: Some(mount.clone()),
                    read_only: *read_only,
                };
                volumes.insert(name.clone(), files);
            }
            None => {
                wanted.held.push(Held::new(address.part("volumes").part(name), HeldReason::NotYetManaged));
            }
        }
    }
    volumes
}
