//! ECS's service deployments: which one is the newest, what came of it, and
//! telling ECS to go back with it.

use std::time::{Duration, SystemTime};

use aws_sdk_ecs::types::{
    ServiceDeployment, ServiceDeploymentBrief, ServiceDeploymentStatus as Status,
    StopServiceDeploymentStopType,
};
use aws_smithy_types::DateTime;
use pointsman_core::{resource::Service, rollout::EcsRelease};
use pointsman_engine::ports::CloudError;

use super::{
    DESCRIBE,
    course::{Judged, judge},
};
use crate::{
    aws::Aws,
    error::{During, incomplete},
};

/// ECS's clock and this machine's differ by less.
pub(super) const CLOCKS_DIFFER: Duration = Duration::from_secs(5);

/// Tells ECS to go back with what it is releasing; whether there was something:
/// not where it releases nothing that is seen yet, or goes back already.
pub(crate) async fn turn_back(aws: &Aws, service: &Service) -> Result<bool, CloudError> {
    let under_way = [Status::Pending, Status::InProgress];
    let Some(newest) = newest(aws, service, Some(&under_way)).await? else {
        return Ok(false);
    };
    let arn = newest.service_deployment_arn().unwrap_or_default();
    aws.clients
        .ecs()
        .stop_service_deployment()
        .service_deployment_arn(arn)
        .stop_type(StopServiceDeploymentStopType::Rollback)
        .send()
        .await
        .during(&aws.scope, "ecs:StopServiceDeployment", arn)?;
    Ok(true)
}

/// By what ECS tells the newest deployment of a service from others.
pub(crate) async fn newest_release(aws: &Aws, service: &Service) -> Result<Option<String>, CloudError> {
    Ok(newest(aws, service, None).await?.and_then(|brief| brief.service_deployment_arn))
}

/// Why ECS went back with the newest release, where that is this one.
pub(crate) async fn went_back(
    aws: &Aws,
    service: &Service,
    release: &EcsRelease,
) -> Result<Option<String>, CloudError> {
    let since = SystemTime::UNIX_EPOCH + Duration::from_millis(release.opened_at_ms);
    let newest = newest(aws, service, None).await?.filter(|brief| match &release.after {
        Some(former) => brief.service_deployment_arn() != Some(former),
        None => brief.created_at().is_some_and(|at| *at >= DateTime::from(since - CLOCKS_DIFFER)),
    });
    let Some(arn) = newest.and_then(|brief| brief.service_deployment_arn) else { return Ok(None) };
    Ok(match judge(&described(aws, &arn).await?) {
        Judged::GivenUp(why) => Some(why),
        Judged::UnderWay(_) | Judged::Unseen | Judged::Done => None,
    })
}

pub(super) async fn described(aws: &Aws, arn: &str) -> Result<ServiceDeployment, CloudError> {
    let described = aws
        .clients
        .ecs()
        .describe_service_deployments()
        .service_deployment_arns(arn)
        .send()
        .await
        .during(&aws.scope, DESCRIBE, arn)?;
    let found = described.service_deployments.unwrap_or_default().into_iter().next();
    found.ok_or_else(|| incomplete(DESCRIBE, arn, "service deployment"))
}

/// The newest deployment of a service; of these states only, where some are given.
pub(super) async fn newest(
    aws: &Aws,
    spec: &Service,
    states: Option<&[Status]>,
) -> Result<Option<ServiceDeploymentBrief>, CloudError> {
    let mut newest: Option<ServiceDeploymentBrief> = None;
    let mut token = None;
    loop {
        let page = aws
            .clients
            .ecs()
            .list_service_deployments()
            .cluster(&spec.cluster)
            .service(&spec.name)
            .set_status(states.map(<[Status]>::to_vec))
            .set_next_token(token)
            .send()
            .await
            .during(&aws.scope, "ecs:ListServiceDeployments", &spec.name)?;
        let made = |brief: &ServiceDeploymentBrief| brief.created_at().copied();
        for brief in page.service_deployments.unwrap_or_default() {
            if newest.as_ref().is_none_or(|before| made(before) < made(&brief)) {
                newest = Some(brief);
            }
        }
        token = page.next_token;
        if token.is_none() {
            return Ok(newest);
        }
    }
}
