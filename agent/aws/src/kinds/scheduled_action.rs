use aws_sdk_applicationautoscaling::types::{ScalableTargetAction, ScheduledAction as AwsScheduledAction};
use futures::future::try_join_all;
use pointsman_core::resource::{Link, Observed, ScheduledAction};
use pointsman_engine::ports::CloudError;

use super::{
    Asked, Changes, Lifecycle,
    elb::{signed, unsigned},
    known,
    scaling::{self, AT_ONCE, BUSY_FOR, DIMENSION, NAMESPACE},
    standing,
};
use crate::{
    aws::Aws,
    error::{Absent, During, incomplete},
    wait::{Progress, while_busy},
};

const PUT: &str = "application-autoscaling:PutScheduledAction";
const DESCRIBE: &str = "application-autoscaling:DescribeScheduledActions";

/// Every scheduled action with one of these names, whatever its target.
pub(super) async fn described(
    aws: &Aws,
    asked: &[Asked<'_, ScheduledAction>],
) -> Result<Vec<Observed>, CloudError> {
    let names = scaling::names(asked, |spec| &spec.name);
    let calls = names.chunks(AT_ONCE).map(|names| named(aws, names.to_vec(), None));
    Ok(try_join_all(calls).await?.into_iter().flatten().collect())
}

async fn named(aws: &Aws, names: Vec<String>, target: Option<&str>) -> Result<Vec<Observed>, CloudError> {
    let mut pages = aws
        .clients
        .scaling()
        .describe_scheduled_actions()
        .service_namespace(NAMESPACE)
        .set_resource_id(target.map(ToOwned::to_owned))
        .set_scheduled_action_names(Some(names))
        .into_paginator()
        .items()
        .send();
    let mut found = Vec::new();
    while let Some(action) = pages.next().await {
        found.push(observed(&action.during(&aws.scope, DESCRIBE, "")?));
    }
    Ok(found)
}

fn observed(action: &AwsScheduledAction) -> Observed {
    let bounds = action.scalable_target_action();
    let bound = |value: fn(&ScalableTargetAction) -> Option<i32>| {
        bounds.and_then(value).map(|value| unsigned(Some(value)))
    };
    let day = |time: Option<&aws_smithy_types::DateTime>| {
        time.map(|time| time.secs().to_string()).unwrap_or_default()
    };
    let (start, end) = (action.start_time(), action.end_time());
    let spec = ScheduledAction {
        name: action.scheduled_action_name().to_owned(),
        target: Link::Known(action.resource_id().to_owned()),
        schedule: action.schedule().to_owned(),
        timezone: action.timezone().filter(|zone| !["UTC", "Etc/UTC"].contains(zone)).map(ToOwned::to_owned),
        min: bound(ScalableTargetAction::min_capacity),
        max: bound(ScalableTargetAction::max_capacity),
        limits: (start.is_some() || end.is_some()).then(|| format!("from {} to {}", day(start), day(end))),
    };
    let arn = action.scheduled_action_arn();
    standing(spec, arn, [("arn", Some(arn))])
}

/// Its name on its target makes it one: put again, it is the same. Start and
/// end that are not said are taken away.
async fn put(aws: &Aws, spec: &ScheduledAction, progress: &Progress<'_>) -> Result<(), CloudError> {
    let target = known(&spec.target, PUT)?;
    let bounds = ScalableTargetAction::builder()
        .set_min_capacity(spec.min.map(signed))
        .set_max_capacity(spec.max.map(signed))
        .build();
    while_busy(progress, BUSY_FOR, || async {
        aws.clients
            .scaling()
            .put_scheduled_action()
            .service_namespace(NAMESPACE)
            .scalable_dimension(DIMENSION)
            .resource_id(target)
            .scheduled_action_name(&spec.name)
            .schedule(&spec.schedule)
            .timezone(spec.timezone.as_deref().unwrap_or("UTC"))
            .scalable_target_action(bounds.clone())
            .send()
            .await
            .during(&aws.scope, PUT, &spec.name)
    })
    .await?;
    Ok(())
}

impl Lifecycle for ScheduledAction {
    /// AWS answers no ARN: it is asked for.
    async fn create(&self, aws: &Aws, _token: &str, progress: &Progress<'_>) -> Result<Observed, CloudError> {
        put(aws, self, progress).await?;
        let target = known(&self.target, PUT)?;
        let made = named(aws, vec![self.name.clone()], Some(target)).await?;
        made.into_iter().next().ok_or_else(|| incomplete(DESCRIBE, &self.name, "scheduled action"))
    }

    async fn update(
        &self,
        aws: &Aws,
        object: &Observed,
        _changes: &Changes<'_>,
        progress: &Progress<'_>,
    ) -> Result<Observed, CloudError> {
        put(aws, self, progress).await?;
        Ok(Observed { resource: self.clone().into(), ..object.clone() })
    }

    async fn delete(&self, aws: &Aws, id: &str, progress: &Progress<'_>) -> Result<(), CloudError> {
        let operation = "application-autoscaling:DeleteScheduledAction";
        let target = known(&self.target, operation)?;
        while_busy(progress, BUSY_FOR, || async {
            aws.clients
                .scaling()
                .delete_scheduled_action()
                .service_namespace(NAMESPACE)
                .scheduled_action_name(&self.name)
                .resource_id(target)
                .scalable_dimension(DIMENSION)
                .send()
                .await
                .during(&aws.scope, operation, id)
                .or_absent()
        })
        .await
        .map(|_| ())
    }
}
