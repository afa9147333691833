use std::collections::BTreeMap;

use super::{Context, Wanted, desired};
use crate::{
    Address,
    environment::block::Task,
    plan::{Held, HeldReason},
    resource::{LogGroup, TaskDefinition, names},
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

/// The log group and the task definition; answers the latter's address.
pub(super) fn expand(context: &Context<'_>, task: &Task<'_>, wanted: &mut Wanted) -> Address {
    let address = Address::block(task.kind, task.name);
    let log_group = address.part("log_group");
    let task_definition = address.part("task_definition");
    let log_group_name = format!("/pointsman/{}/{}", context.environment.name, parts(task).join("-"));
    wanted.objects.push(desired(
        log_group.clone(),
        LogGroup {
            name: log_group_name.clone(),
            retention_days: task.log_retention.whole_days().and_then(|days| i32::try_from(days).ok()),
            tags: context.tags(&log_group),
        },
    ));

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
            log_group: log_group_name,
            log_region: context.environment.file.aws.region.clone(),
            stop_timeout: task.stop_timeout.seconds(),
            tags: context.tags(&task_definition),
        },
    );
    definition.after = vec![log_group];
    wanted.objects.push(definition);

    for (part, is_written) in [("secrets", !task.secrets.is_empty()), ("volumes", !task.volumes.is_empty())] {
        if is_written {
            wanted.held.push(Held::new(address.part(part), HeldReason::NotYetManaged));
        }
    }
    task_definition
}
