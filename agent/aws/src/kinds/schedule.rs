use std::time::Duration;

use aws_sdk_scheduler::{
    error::BuildError,
    operation::get_schedule::GetScheduleOutput,
    types::{
        AssignPublicIp, AwsVpcConfiguration, EcsParameters, FlexibleTimeWindow, FlexibleTimeWindowMode,
        LaunchType, NetworkConfiguration, ScheduleState, Target,
    },
};
use futures::future::try_join_all;
use pointsman_core::resource::{Link, Observed, Schedule};
use pointsman_engine::ports::{CloudError, CloudErrorKind};

use super::{
    Asked, Changes, Found, Lifecycle, all_known, asked::names, known, links, owned, sorted, standing,
};
use crate::{
    aws::Aws,
    error::{Absent, During, failure, incomplete},
    wait::{Progress, while_busy},
};

/// Another change of the same schedule is over within this time.
const LET_GO: Duration = Duration::from_secs(60);

/// Its name is its id, in the default group.
pub(super) async fn observe(aws: &Aws, asked: &[Asked<'_, Schedule>]) -> Result<Found, CloudError> {
    let each = asked.iter().map(|asked| async move {
        for name in names(asked, &asked.spec.name) {
            if let Some(found) = find(aws, name).await? {
                return Ok(Some((asked.address.clone(), found)));
            }
        }
        Ok(None)
    });
    Ok(try_join_all(each).await?.into_iter().flatten().collect())
}

async fn find(aws: &Aws, name: &str) -> Result<Option<Observed>, CloudError> {
    let asked = aws.clients.scheduler().get_schedule().name(name).send().await;
    let found = asked.during(&aws.scope, "scheduler:GetSchedule", name).or_absent()?;
    Ok(found.map(|found| stands(aws, observed(&found))))
}

fn observed(found: &GetScheduleOutput) -> Schedule {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let number = |number: Option<i32>| number.and_then(|number| u32::try_from(number).ok());
    let target = found.target();
    let tasks = target.and_then(Target::ecs_parameters);
    let network = tasks
        .and_then(EcsParameters::network_configuration)
        .and_then(NetworkConfiguration::awsvpc_configuration);
    let cluster = target.map(Target::arn).unwrap_or_default();
    Schedule {
        name: text(found.name()),
        description: text(found.description()),
        expression: text(found.schedule_expression()),
        timezone: found.schedule_expression_timezone().unwrap_or("UTC").to_owned(),
        enabled: found.state() == Some(&ScheduleState::Enabled),
        cluster: cluster.rsplit_once("cluster/").map_or(cluster, |(_, name)| name).to_owned(),
        task_definition: Link::Known(text(tasks.map(EcsParameters::task_definition_arn))),
        count: number(tasks.and_then(EcsParameters::task_count)).unwrap_or(1),
        subnets: sorted(network.map(|network| network.subnets().to_vec()).unwrap_or_default()),
        security_groups: links(network.map(|network| network.security_groups().to_vec()).unwrap_or_default()),
        role: text(target.map(Target::role_arn)),
        flexible_minutes: number(
            found.flexible_time_window().and_then(FlexibleTimeWindow::maximum_window_in_minutes),
        ),
    }
}

fn stands(aws: &Aws, spec: Schedule) -> Observed {
    let (name, owner) = (spec.name.clone(), spec.owner());
    let arn = aws.scope.arn("scheduler", &format!("schedule/default/{name}"));
    Observed { owner, ..standing(spec, &name, [("arn", Some(arn.as_str())), ("name", Some(name.as_str()))]) }
}

/// What both calls that write a schedule say. The SDK's two builders have
/// nothing in common but these values.
struct Said {
    target: Target,
    window: FlexibleTimeWindow,
    state: ScheduleState,
}

fn said(aws: &Aws, spec: &Schedule, operation: &'static str) -> Result<Said, CloudError> {
    let Schedule {
        name,
        description: _,
        expression: _,
        timezone: _,
        enabled,
        cluster,
        task_definition,
        count,
        subnets,
        security_groups,
        role,
        flexible_minutes,
    } = spec;
    let unbuilt =
        |error: BuildError| failure(CloudErrorKind::Refused, operation, name, error.to_string(), None);
    let number = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    let network = AwsVpcConfiguration::builder()
        .set_subnets(Some(subnets.clone()))
        .set_security_groups(Some(all_known(security_groups, operation)?))
        .assign_public_ip(AssignPublicIp::Disabled)
        .build()
        .map_err(unbuilt)?;
    let tasks = EcsParameters::builder()
        .task_definition_arn(known(task_definition, operation)?)
        .task_count(number(*count))
        .launch_type(LaunchType::Fargate)
        .network_configuration(NetworkConfiguration::builder().awsvpc_configuration(network).build())
        .build()
        .map_err(unbuilt)?;
    let target = Target::builder()
        .arn(aws.scope.arn("ecs", &format!("cluster/{cluster}")))
        .role_arn(role)
        .ecs_parameters(tasks)
        .build()
        .map_err(unbuilt)?;
    let mode = match flexible_minutes {
        Some(_) => FlexibleTimeWindowMode::Flexible,
        None => FlexibleTimeWindowMode::Off,
    };
    let window = FlexibleTimeWindow::builder()
        .mode(mode)
        .set_maximum_window_in_minutes(flexible_minutes.map(number))
        .build()
        .map_err(unbuilt)?;
    let state = if *enabled { ScheduleState::Enabled } else { ScheduleState::Disabled };
    Ok(Said { target, window, state })
}

/// Says the whole schedule anew: what is left out falls back to its default.
async fn set(aws: &Aws, spec: &Schedule, progress: &Progress<'_>) -> Result<(), CloudError> {
    let operation = "scheduler:UpdateSchedule";
    while_busy(progress, LET_GO, || async {
        let Said { target, window, state } = said(aws, spec, operation)?;
        aws.clients
            .scheduler()
            .update_schedule()
            .name(&spec.name)
            .description(&spec.description)
            .schedule_expression(&spec.expression)
            .schedule_expression_timezone(&spec.timezone)
            .state(state)
            .target(target)
            .flexible_time_window(window)
            .send()
            .await
            .during(&aws.scope, operation, &spec.name)
    })
    .await
    .map(|_| ())
}

impl Lifecycle for Schedule {
    async fn create(&self, aws: &Aws, token: &str, progress: &Progress<'_>) -> Result<Observed, CloudError> {
        let operation = "scheduler:CreateSchedule";
        let found = match find(aws, &self.name).await? {
            Some(found) => Some(found),
            None => {
                let Said { target, window, state } = said(aws, self, operation)?;
                let made = aws
                    .clients
                    .scheduler()
                    .create_schedule()
                    .name(&self.name)
                    .client_token(token)
                    .description(&self.description)
                    .schedule_expression(&self.expression)
                    .schedule_expression_timezone(&self.timezone)
                    .state(state)
                    .target(target)
                    .flexible_time_window(window)
                    .send()
                    .await
                    .during(&aws.scope, operation, &self.name);
                match made {
                    Ok(_) => None,
                    Err(error) if error.code.as_deref() == Some("ConflictException") => {
                        let found = find(aws, &self.name).await?;
                        Some(
                            found
                                .ok_or_else(|| incomplete(operation, &self.name, "schedule of this name"))?,
                        )
                    }
                    Err(error) => return Err(error),
                }
            }
        };
        if let Some(found) = found {
            owned(found, &self.owner(), operation)?;
            set(aws, self, progress).await?;
        }
        Ok(stands(aws, self.clone()))
    }

    async fn update(
        &self,
        aws: &Aws,
        object: &Observed,
        _changes: &Changes<'_>,
        progress: &Progress<'_>,
    ) -> Result<Observed, CloudError> {
        let spec = Self { name: object.id.clone(), ..self.clone() };
        set(aws, &spec, progress).await?;
        Ok(stands(aws, spec))
    }

    async fn delete(&self, aws: &Aws, id: &str, progress: &Progress<'_>) -> Result<(), CloudError> {
        while_busy(progress, LET_GO, || async {
            aws.clients
                .scheduler()
                .delete_schedule()
                .name(id)
                .send()
                .await
                .during(&aws.scope, "scheduler:DeleteSchedule", id)
                .or_absent()
        })
        .await
        .map(|_| ())
    }
}
