//! A release that ECS itself carries out, watched to its end in ECS's own
//! words, and turned back.

use std::time::{Duration, SystemTime};

use aws_sdk_ecs::types::{
    Service as EcsService, ServiceDeployment, ServiceDeploymentBrief,
    ServiceDeploymentLifecycleStage as Stage, ServiceDeploymentStatus as Status,
    StopServiceDeploymentStopType,
};
use aws_smithy_types::DateTime;
use pointsman_core::resource::{Native, Observed, Service};
use pointsman_engine::ports::CloudError;

use super::{
    rollout::{Events, failed, primary, short, standing, unhealthy},
    service::observed,
};
use crate::{
    aws::Aws,
    error::{During, incomplete},
    wait::{Pauses, Progress},
};

/// Beyond what a stage waits on purpose, it takes no longer than this, or ECS
/// has long given up.
const STAGE_WITHIN: Duration = Duration::from_secs(40 * 60);

/// How often the release that was asked for may be looked for in vain: what was
/// asked for just now is not seen everywhere.
const UNSEEN: u32 = 5;

/// ECS's clock and this machine's differ by less.
const CLOCKS_DIFFER: Duration = Duration::from_secs(5);

const DESCRIBE: &str = "ecs:DescribeServiceDeployments";

/// Waits until ECS has ended the newest deployment well, and the load balancer
/// finds its tasks healthy.
pub(super) async fn settle(
    aws: &Aws,
    spec: &Service,
    object: &Observed,
    progress: &Progress<'_>,
) -> Result<Observed, CloudError> {
    let mut pauses = Pauses::within(STAGE_WITHIN);
    let (mut events, mut course) = (Events::default(), Course::new());
    let mut told = String::new();
    loop {
        let found = standing(aws, spec, object).await?;
        let service = &found;
        if let Some(primary) = primary(service) {
            events.quote(service, primary, progress);
        }
        let deployment = course.look(aws, spec).await?;
        let says = match course.judge(deployment.as_ref()) {
            Judged::UnderWay(says) => says,
            Judged::Unseen => "ECS has not begun yet".to_owned(),
            Judged::GivenUp(why) => {
                let runs = short(service.task_definition().unwrap_or_default());
                return Err(failed(aws, spec, service, &format!("ECS went back to {runs}: {why}")).await);
            }
            Judged::Done => match waits_for(aws, spec, service).await? {
                Ok(None) => return Ok(observed(service, spec)),
                Ok(Some(waiting)) => waiting,
                Err(why) => return Err(failed(aws, spec, service, &why).await),
            },
        };
        if says != told {
            progress.say(&*says);
            let lasts = spec.native.as_ref().map_or(0, Native::minutes);
            pauses.again(STAGE_WITHIN + Duration::from_secs(u64::from(lasts) * 60));
        }
        told = says;
        pauses.pause(DESCRIBE, &spec.name, &told).await?;
    }
}

/// What is missing after ECS's own success; an error where it is another's.
async fn waits_for(
    aws: &Aws,
    spec: &Service,
    service: &EcsService,
) -> Result<Result<Option<String>, String>, CloudError> {
    let (runs, asked) = (service.task_definition().unwrap_or_default(), spec.task_definition.known());
    if let Some(asked) = asked.filter(|asked| *asked != runs) {
        return Ok(Err(format!("ECS runs {}, not {} that was asked for", short(runs), short(asked))));
    }
    let (running, desired) = (service.running_count(), service.desired_count());
    if running != desired || service.pending_count() > 0 {
        return Ok(Ok(Some(format!("{running} of {desired} tasks run"))));
    }
    Ok(Ok(unhealthy(aws, spec).await?))
}

/// Tells ECS to go back with what it is releasing. Nothing where it releases
/// nothing, or goes back already.
pub(crate) async fn turn_back(aws: &Aws, service: &Service) -> Result<(), CloudError> {
    let under_way = [Status::Pending, Status::InProgress];
    let Some(newest) = newest(aws, service, Some(&under_way)).await? else {
        return Ok(());
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
    Ok(())
}

/// The newest deployment of a service; of these states only, where some are given.
async fn newest(
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

/// What was seen of the deployment that is watched.
struct Course {
    /// What ended before was watched by somebody else.
    since: SystemTime,
    watched: Option<String>,
    unseen: u32,
}

/// How the deployment stands.
#[derive(Debug, PartialEq, Eq)]
enum Judged {
    /// Where it is.
    UnderWay(String),
    /// Nothing that was begun since is seen yet.
    Unseen,
    /// It ended well.
    Done,
    /// ECS went back, and why.
    GivenUp(String),
}

impl Course {
    fn new() -> Self {
        Self { since: SystemTime::now() - CLOCKS_DIFFER, watched: None, unseen: 0 }
    }

    async fn look(&mut self, aws: &Aws, spec: &Service) -> Result<Option<ServiceDeployment>, CloudError> {
        let arn = match &self.watched {
            Some(arn) => Some(arn.clone()),
            None => newest(aws, spec, None).await?.and_then(|brief| brief.service_deployment_arn),
        };
        let Some(arn) = arn else { return Ok(None) };
        let described = aws
            .clients
            .ecs()
            .describe_service_deployments()
            .service_deployment_arns(&arn)
            .send()
            .await
            .during(&aws.scope, "ecs:DescribeServiceDeployments", &arn)?;
        let found = described.service_deployments.unwrap_or_default().into_iter().next();
        found.map(Some).ok_or_else(|| incomplete(DESCRIBE, &arn, "service deployment"))
    }

    fn judge(&mut self, deployment: Option<&ServiceDeployment>) -> Judged {
        let Some(deployment) = deployment else {
            return self.unseen(Judged::Done);
        };
        let judged = judge(deployment);
        let is_over = !matches!(judged, Judged::UnderWay(_));
        let ended = deployment.finished_at().or(deployment.stopped_at());
        let is_history = ended.is_some_and(|ended| *ended < DateTime::from(self.since));
        if self.watched.is_none() && is_over && is_history {
            // A success before is what still stands; a failure before was told to somebody else.
            return self.unseen(Judged::Done);
        }
        self.watched = deployment.service_deployment_arn().map(ToOwned::to_owned);
        judged
    }

    fn unseen(&mut self, at_last: Judged) -> Judged {
        self.unseen += 1;
        if self.unseen > UNSEEN { at_last } else { Judged::Unseen }
    }
}

fn judge(deployment: &ServiceDeployment) -> Judged {
    let rollback = deployment.rollback().and_then(|rollback| rollback.reason());
    let reason = deployment.status_reason().or(rollback).unwrap_or("ECS does not say why");
    let reason = reason.trim_end_matches('.').to_owned();
    match deployment.status() {
        Some(Status::Successful) => Judged::Done,
        Some(Status::Stopped | Status::RollbackSuccessful) => Judged::GivenUp(reason),
        Some(Status::RollbackFailed) => Judged::GivenUp(format!("{reason}; and going back failed")),
        Some(Status::RollbackRequested | Status::RollbackInProgress | Status::StopRequested) => {
            Judged::UnderWay(format!("going back: {reason}"))
        }
        _ => Judged::UnderWay(stage(deployment)),
    }
}

/// A stage of ECS's by the name of the phase that does the same where the agent
/// moves traffic itself.
fn stage(deployment: &ServiceDeployment) -> String {
    let target = deployment.target_service_revision();
    let tasks = target.map(|target| (target.running_task_count(), target.requested_task_count()));
    let weight = target.and_then(|target| target.requested_production_traffic_weight());
    match deployment.lifecycle_stage() {
        None | Some(Stage::ReconcileService | Stage::PreScaleUp) => "scale up".to_owned(),
        Some(Stage::ScaleUp) => match tasks {
            Some((running, requested)) => format!("scale up: {running} of {requested} new tasks run"),
            None => "scale up".to_owned(),
        },
        Some(Stage::PostScaleUp | Stage::TestTrafficShift | Stage::PostTestTrafficShift) => "test".to_owned(),
        Some(Stage::ProductionTrafficShift | Stage::PostProductionTrafficShift) => match weight {
            Some(percent) => format!("shift to {percent} %"),
            None => "shift".to_owned(),
        },
        Some(Stage::BakeTime) => "bake".to_owned(),
        Some(Stage::CleanUp) => "clean up".to_owned(),
        Some(other) => other.as_str().to_lowercase().replace('_', " "),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use aws_sdk_ecs::types::{
        Rollback, ServiceDeployment, ServiceDeploymentLifecycleStage as Stage,
        ServiceDeploymentStatus as Status, ServiceRevisionSummary,
    };
    use aws_smithy_types::DateTime;

    use super::{Course, Judged, UNSEEN, judge};

    fn deployment(status: Status) -> ServiceDeployment {
        ServiceDeployment::builder().service_deployment_arn("arn:one").status(status).build()
    }

    #[test]
    fn ecs_going_back_is_a_failure_with_its_reason() {
        let back = ServiceDeployment::builder()
            .status(Status::RollbackSuccessful)
            .rollback(Rollback::builder().reason("tasks failed to start.").build())
            .build();
        assert_eq!(judge(&back), Judged::GivenUp("tasks failed to start".to_owned()));
        assert_eq!(judge(&deployment(Status::Stopped)), Judged::GivenUp("ECS does not say why".to_owned()));
        assert_eq!(judge(&deployment(Status::Successful)), Judged::Done);
        let goes = judge(&deployment(Status::RollbackInProgress));
        assert_eq!(goes, Judged::UnderWay("going back: ECS does not say why".to_owned()));
    }

    #[test]
    fn stages_have_the_names_of_our_phases() {
        let at = |stage: Stage| {
            let target = ServiceRevisionSummary::builder()
                .running_task_count(1)
                .requested_task_count(2)
                .requested_production_traffic_weight(10.0)
                .build();
            let deployment = ServiceDeployment::builder()
                .status(Status::InProgress)
                .lifecycle_stage(stage)
                .target_service_revision(target)
                .build();
            match judge(&deployment) {
                Judged::UnderWay(says) => says,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(at(Stage::PreScaleUp), "scale up");
        assert_eq!(at(Stage::ScaleUp), "scale up: 1 of 2 new tasks run");
        assert_eq!(at(Stage::PostTestTrafficShift), "test");
        assert_eq!(at(Stage::ProductionTrafficShift), "shift to 10 %");
        assert_eq!(at(Stage::BakeTime), "bake");
        assert_eq!(at(Stage::CleanUp), "clean up");
        assert_eq!(at(Stage::from("PRE_PRODUCTION_TRAFFIC_SHIFT")), "pre production traffic shift");
    }

    #[test]
    fn what_ended_before_is_not_what_was_asked_for() {
        let mut course = Course::new();
        let ended = |at: DateTime| {
            ServiceDeployment::builder()
                .service_deployment_arn("arn:one")
                .status(Status::RollbackSuccessful)
                .status_reason("alarm")
                .finished_at(at)
                .build()
        };
        let before = ended(DateTime::from(course.since - Duration::from_secs(1)));
        for _ in 0..UNSEEN {
            assert_eq!(course.judge(Some(&before)), Judged::Unseen);
        }
        assert_eq!(course.judge(Some(&before)), Judged::Done, "what stands is looked at then");
        let now = ended(DateTime::from(course.since + Duration::from_secs(1)));
        assert_eq!(course.judge(Some(&now)), Judged::GivenUp("alarm".to_owned()));
        // Seen once, it is the one.
        assert_eq!(course.judge(Some(&before)), Judged::GivenUp("alarm".to_owned()));
    }
}
