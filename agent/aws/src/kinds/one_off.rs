//! A task that runs once and ends by itself: started once, watched, and asked
//! what it came to.

use aws_sdk_ecs::types::{ContainerOverride, DesiredStatus, LaunchType, Task, TaskOverride};
use pointsman_core::{
    report::{MOST_LOG_LINES, StoppedTask},
    rollout::{Migrated, Migration},
};
use pointsman_engine::ports::{CloudError, CloudErrorKind, OneOff};

use super::{elb::signed, known, service::network, task_definition::STREAM_PREFIX};
use crate::{
    aws::Aws,
    error::{Absent, During, failure, incomplete},
};

/// Starts it; one that was started under its token before is not started again.
pub(crate) async fn start(aws: &Aws, one: &OneOff) -> Result<(), CloudError> {
    let operation = "ecs:RunTask";
    if find(aws, one).await?.is_some() {
        return Ok(());
    }
    let spec = &one.service;
    let own =
        ContainerOverride::builder().name(&spec.container).set_command(Some(one.command.clone())).build();
    let started = aws
        .clients
        .ecs()
        .run_task()
        .cluster(&spec.cluster)
        .task_definition(known(&spec.task_definition, operation)?)
        .launch_type(LaunchType::Fargate)
        .network_configuration(network(spec, operation)?)
        .platform_version(&spec.platform_version)
        .overrides(TaskOverride::builder().container_overrides(own).build())
        .started_by(&one.token)
        .client_token(&one.token)
        .count(1)
        .send()
        .await
        .during(&aws.scope, operation, &spec.name)?;
    match started.failures().first() {
        Some(refused) => {
            let why = refused.reason().unwrap_or("ECS does not say why");
            Err(failure(CloudErrorKind::Refused, operation, &spec.name, why, None))
        }
        None if started.tasks().is_empty() => Err(incomplete(operation, &spec.name, "task")),
        None => Ok(()),
    }
}

/// Stops it, where it still runs.
pub(crate) async fn stop(aws: &Aws, one: &OneOff) -> Result<(), CloudError> {
    let Some(task) = find(aws, one).await?.filter(|task| task.last_status() != Some("STOPPED")) else {
        return Ok(());
    };
    aws.clients
        .ecs()
        .stop_task()
        .cluster(&one.service.cluster)
        .task(task.task_arn().unwrap_or_default())
        .reason("pointsman: the rollout goes back")
        .send()
        .await
        .during(&aws.scope, "ecs:StopTask", &one.service.name)?;
    Ok(())
}

/// How far it is; none where ECS knows nothing of it, or not any more.
pub(crate) async fn look(aws: &Aws, one: &OneOff) -> Result<Option<Migration>, CloudError> {
    let Some(task) = find(aws, one).await? else {
        return Ok(None);
    };
    if task.last_status() != Some("STOPPED") {
        return Ok(Some(Migration::Running));
    }
    let exit_code = task
        .containers()
        .iter()
        .find(|it| it.name() == Some(&one.service.container))
        .and_then(|it| it.exit_code());
    let detail = task.containers().iter().find_map(|container| container.reason());
    let reason = [task.stopped_reason(), detail].into_iter().flatten().collect::<Vec<_>>().join(", ");
    let lines = lines(aws, one, &task).await?;
    let reason = Some(reason).filter(|reason| !reason.is_empty());
    Ok(Some(Migration::Ended(Migrated { exit_code, reason, lines })))
}

async fn find(aws: &Aws, one: &OneOff) -> Result<Option<Task>, CloudError> {
    let ecs = aws.clients.ecs();
    let mut arns = Vec::new();
    for status in [DesiredStatus::Running, DesiredStatus::Stopped] {
        let listed = ecs
            .list_tasks()
            .cluster(&one.service.cluster)
            .started_by(&one.token)
            .desired_status(status)
            .send()
            .await
            .during(&aws.scope, "ecs:ListTasks", &one.service.name)?;
        arns.extend(listed.task_arns.unwrap_or_default());
    }
    if arns.is_empty() {
        return Ok(None);
    }
    let described =
        ecs.describe_tasks().cluster(&one.service.cluster).set_tasks(Some(arns)).send().await.during(
            &aws.scope,
            "ecs:DescribeTasks",
            &one.service.name,
        )?;
    Ok(described.tasks.unwrap_or_default().into_iter().find(|task| task.started_by() == Some(&one.token)))
}

/// The last lines that it wrote; none where there is no log of it.
async fn lines(aws: &Aws, one: &OneOff, task: &Task) -> Result<Vec<String>, CloudError> {
    let id = task.task_arn().and_then(|arn| arn.rsplit('/').next()).unwrap_or_default();
    let container = &one.service.container;
    let found = aws
        .clients
        .logs()
        .get_log_events()
        .log_group_name(&one.log_group)
        .log_stream_name(format!("{STREAM_PREFIX}/{container}/{id}"))
        .start_from_head(false)
        .limit(signed(MOST_LOG_LINES))
        .send()
        .await
        .during(&aws.scope, "logs:GetLogEvents", &one.log_group)
        .or_absent()?;
    let events = found.and_then(|found| found.events).unwrap_or_default();
    Ok(StoppedTask::last_lines(events.iter().filter_map(|event| event.message())))
}
