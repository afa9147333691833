use aws_sdk_ecs::types::{LogDriver, Task, TaskDefinition};
use pointsman_core::{
    report::{MOST_LOG_LINES, MOST_STOPPED_TASKS, StoppedTask},
    resource::Service,
};
use pointsman_engine::ports::CloudError;

use super::rollout::{reason, stopped_since};
use crate::{
    aws::Aws,
    error::{Absent, During},
};

/// The tasks of a service that stopped by themselves since then, the newest
/// first, with the last lines that they wrote.
pub(crate) async fn last_words(
    aws: &Aws,
    spec: &Service,
    since_ms: u64,
) -> Result<Vec<StoppedTask>, CloudError> {
    let tasks = stopped_since(aws, spec, since_ms).await?;
    let told = tasks.iter().filter_map(|task| Some((task, reason(task)?))).take(MOST_STOPPED_TASKS);
    let each = told.map(|(task, why)| async move {
        let container = task.containers().iter().find(|container| container.exit_code() != Some(0));
        let id = task.task_arn().and_then(|arn| arn.rsplit('/').next()).unwrap_or_default();
        let log = log(aws, task, id, container.and_then(|container| container.name())).await;
        StoppedTask {
            service: spec.name.clone(),
            task: id.to_owned(),
            why,
            exit_code: container.and_then(|container| container.exit_code()),
            // Why it stopped is told all the same when its log cannot be read.
            log: log.unwrap_or_default(),
        }
    });
    Ok(futures::future::join_all(each).await)
}

/// The last lines of a container's log, where it writes to CloudWatch.
async fn log(aws: &Aws, task: &Task, id: &str, container: Option<&str>) -> Result<Vec<String>, CloudError> {
    let Some(definition) = task.task_definition_arn() else { return Ok(Vec::new()) };
    let described =
        aws.clients.ecs().describe_task_definition().task_definition(definition).send().await.during(
            &aws.scope,
            "ecs:DescribeTaskDefinition",
            definition,
        )?;
    let definition = described.task_definition;
    let Some((group, stream)) = definition.as_ref().and_then(|of| stream_of(of, id, container)) else {
        return Ok(Vec::new());
    };
    let page = aws
        .clients
        .logs()
        .get_log_events()
        .log_group_name(group)
        .log_stream_name(&stream)
        .start_from_head(false)
        .limit(i32::try_from(MOST_LOG_LINES).unwrap_or(i32::MAX))
        .send()
        .await
        .during(&aws.scope, "logs:GetLogEvents", &stream)
        .or_absent()?;
    let events = page.and_then(|page| page.events).unwrap_or_default();
    Ok(StoppedTask::last_lines(events.iter().filter_map(|event| event.message())))
}

/// The log group and stream of a container of a task, by ECS's rule for names.
fn stream_of<'d>(
    definition: &'d TaskDefinition,
    task: &str,
    container: Option<&str>,
) -> Option<(&'d str, String)> {
    let containers = definition.container_definitions();
    let named = containers.iter().find(|described| described.name() == container);
    let described = named.or(containers.first())?;
    let log = described.log_configuration().filter(|log| *log.log_driver() == LogDriver::Awslogs)?;
    let option = |name: &str| log.options()?.get(name).map(String::as_str);
    let stream =
        format!("{}/{}/{task}", option("awslogs-stream-prefix")?, described.name().unwrap_or_default());
    Some((option("awslogs-group")?, stream))
}
