//! A release that ECS itself carries out, watched to its end in ECS's own
//! words, and turned back.

use std::time::{Duration, SystemTime};

use aws_sdk_ecs::types::{
    Deployment, DeploymentRolloutState, Service as EcsService, ServiceDeployment, ServiceDeploymentBrief,
    ServiceDeploymentLifecycleStage as Stage, ServiceDeploymentStatus as Status,
    StopServiceDeploymentStopType,
};
use aws_smithy_types::DateTime;
use pointsman_core::resource::{Native, Observed, Resource, Service};
use pointsman_engine::ports::{CloudError, CloudErrorKind};

use super::{
    elb::unsigned,
    rollout::{Events, failed, keeps_others, primary, short, standing, unhealthy},
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

/// How often a service may be seen otherwise than it was asked for before that
/// is believed, about a minute: what was asked for just now is not seen everywhere.
const UNSEEN: u32 = 12;

/// A service that was not released for so long may have no release that ECS
/// still knows: it keeps them for 90 days.
const FORGOTTEN: Duration = Duration::from_secs(80 * 24 * 60 * 60);

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
    let (mut told, mut stood_at) = (String::new(), None);
    loop {
        let found = standing(aws, spec, object).await?;
        let service = &found;
        let primary =
            primary(service).ok_or_else(|| incomplete(DESCRIBE, &spec.name, "primary deployment"))?;
        events.quote(service, primary, progress);
        let deployment = course.look(aws, spec).await?;
        let judged = course.judge(deployment.as_ref(), primary);
        let is_over = judged == Judged::Done;
        let says = match judged {
            Judged::UnderWay(says) => says,
            Judged::Unseen => "ECS has not begun yet".to_owned(),
            Judged::GivenUp(why) => {
                let runs = short(service.task_definition().unwrap_or_default());
                return Err(failed(aws, spec, service, &format!("ECS went back to {runs}: {why}")).await);
            }
            Judged::Done => match another(spec, &observed(service, spec)) {
                Some(why) if course.is_believed() => return Err(failed(aws, spec, service, &why).await),
                Some(why) => why,
                None => match waits_for(aws, spec, service, primary).await? {
                    None => return Ok(observed(service, spec)),
                    Some(waiting) => waiting,
                },
            },
        };
        // Tasks that come and go move nothing.
        let stands_at = deployment.as_ref().map(step);
        if stands_at != stood_at {
            let lasts = spec.native.as_ref().map_or(0, Native::minutes);
            pauses.again(STAGE_WITHIN + Duration::from_secs(u64::from(lasts) * 60));
            stood_at = stands_at;
        }
        if says != told {
            progress.say(&*says);
            pauses.sooner();
        }
        told = says;
        pauses.pause(DESCRIBE, &spec.name, &told).await.map_err(|late| ended_late(late, is_over))?;
    }
}

/// Where a release stands: as long as none of it changes, it does not move.
fn step(deployment: &ServiceDeployment) -> (Option<Status>, Option<Stage>, Option<String>) {
    let target = deployment.target_service_revision();
    let weight = target.and_then(|target| target.requested_production_traffic_weight());
    (
        deployment.status().cloned(),
        deployment.lifecycle_stage().cloned(),
        weight.map(|percent| percent.to_string()),
    )
}

/// What ECS has ended well cannot be told to go back any more.
fn ended_late(mut late: CloudError, is_over: bool) -> CloudError {
    if is_over && late.kind == CloudErrorKind::TimedOut {
        late.kind = CloudErrorKind::Failed;
    }
    late
}

/// What ECS runs instead of what was asked for.
fn another(spec: &Service, lives: &Observed) -> Option<String> {
    let Resource::Service(lives) = &lives.resource else { return None };
    let (runs, asked) = (lives.task_definition.known(), spec.task_definition.known());
    if let (Some(runs), Some(asked)) = (runs, asked)
        && runs != asked
    {
        return Some(format!("ECS runs {}, not {} that was asked for", short(runs), short(asked)));
    }
    let led = |service: &Service| service.native.as_ref().map(|it| (it.rule.clone(), it.role.clone()));
    let network = |service: &Service| (service.subnets.clone(), service.security_groups.clone());
    (led(lives) != led(spec) || network(lives) != network(spec))
        .then(|| "ECS runs it in another network, or behind another rule, than was asked for".to_owned())
}

/// What is missing after ECS's own success.
async fn waits_for(
    aws: &Aws,
    spec: &Service,
    service: &EcsService,
    primary: &Deployment,
) -> Result<Option<String>, CloudError> {
    let (running, desired) = (service.running_count(), service.desired_count());
    let is_done = primary.rollout_state().is_none_or(|state| *state == DeploymentRolloutState::Completed);
    if !is_done || keeps_others(service, primary) || running != desired || service.pending_count() > 0 {
        return Ok(Some(format!("{running} of {desired} tasks run")));
    }
    // As many as there are to be by now: somebody may have taken tasks away meanwhile.
    unhealthy(aws, spec, unsigned(Some(desired))).await
}

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

/// Why ECS went back with the newest release, where that was begun since then
/// (Unix milliseconds).
pub(crate) async fn went_back(
    aws: &Aws,
    service: &Service,
    since_ms: u64,
) -> Result<Option<String>, CloudError> {
    let since = SystemTime::UNIX_EPOCH + Duration::from_millis(since_ms);
    let newest = newest(aws, service, None)
        .await?
        .filter(|brief| brief.created_at().is_some_and(|at| *at >= DateTime::from(since - CLOCKS_DIFFER)));
    let Some(arn) = newest.and_then(|brief| brief.service_deployment_arn) else { return Ok(None) };
    Ok(match judge(&described(aws, &arn).await?) {
        Judged::GivenUp(why) => Some(why),
        Judged::UnderWay(_) | Judged::Unseen | Judged::Done => None,
    })
}

async fn described(aws: &Aws, arn: &str) -> Result<ServiceDeployment, CloudError> {
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
        match arn {
            Some(arn) => described(aws, &arn).await.map(Some),
            None => Ok(None),
        }
    }

    /// Done only where ECS released nothing since the tasks that it counts as
    /// the newest.
    fn judge(&mut self, deployment: Option<&ServiceDeployment>, primary: &Deployment) -> Judged {
        let begun = |before: Duration| {
            let at = DateTime::from(self.since - before);
            primary.created_at().is_none_or(|begun| *begun >= at)
        };
        let Some(deployment) = deployment else {
            return if begun(FORGOTTEN) { Judged::Unseen } else { Judged::Done };
        };
        let judged = judge(deployment);
        let is_over = !matches!(judged, Judged::UnderWay(_));
        let is_before = |at: DateTime| deployment.created_at().is_none_or(|made| *made < at);
        if self.watched.is_none() && is_over && is_before(DateTime::from(self.since)) {
            // A success is what still stands, where nothing was begun after it; a
            // failure was told to somebody else.
            let is_older = primary
                .created_at()
                .and_then(|at| SystemTime::try_from(*at).ok())
                .is_some_and(|begun| is_before(DateTime::from(begun - CLOCKS_DIFFER)));
            let is_last = if judged == Judged::Done { !is_older } else { !begun(Duration::ZERO) };
            return if is_last { Judged::Done } else { Judged::Unseen };
        }
        self.watched = deployment.service_deployment_arn().map(ToOwned::to_owned);
        judged
    }

    /// Whether what is seen was seen often enough.
    fn is_believed(&mut self) -> bool {
        self.unseen += 1;
        self.unseen > UNSEEN
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
    use std::time::{Duration, SystemTime};

    use aws_sdk_ecs::types::{
        Deployment, Rollback, ServiceDeployment, ServiceDeploymentLifecycleStage as Stage,
        ServiceDeploymentStatus as Status, ServiceRevisionSummary,
    };
    use aws_smithy_types::DateTime;

    use super::{Course, FORGOTTEN, Judged, judge, step};

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

    fn ended(status: Status, made: SystemTime) -> ServiceDeployment {
        ServiceDeployment::builder()
            .service_deployment_arn("arn:one")
            .status(status)
            .status_reason("alarm")
            .created_at(DateTime::from(made))
            .build()
    }

    fn primary(made: SystemTime) -> Deployment {
        Deployment::builder().created_at(DateTime::from(made)).build()
    }

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn what_ended_before_is_not_what_was_asked_for() {
        let mut course = Course::new();
        let since = course.since;
        let (before, now) = (since - MINUTE, since + Duration::from_secs(1));
        for status in [Status::RollbackSuccessful, Status::Successful] {
            for _ in 0..100 {
                assert_eq!(course.judge(Some(&ended(status.clone(), before)), &primary(now)), Judged::Unseen);
            }
            let stands = course.judge(Some(&ended(status, before)), &primary(before));
            assert_eq!(stands, Judged::Done, "nothing was begun since");
        }
        let ours = ended(Status::RollbackSuccessful, now);
        assert_eq!(course.judge(Some(&ours), &primary(now)), Judged::GivenUp("alarm".to_owned()));
        // Seen once, it is the one.
        let again = course.judge(Some(&ended(Status::Stopped, before)), &primary(now));
        assert_eq!(again, Judged::GivenUp("alarm".to_owned()));
    }

    #[test]
    fn a_release_that_is_not_listed_is_no_success() {
        let mut course = Course::new();
        let since = course.since;
        assert_eq!(course.judge(None, &primary(since)), Judged::Unseen);
        assert_eq!(course.judge(None, &primary(since - MINUTE)), Judged::Unseen);
        assert_eq!(course.judge(None, &primary(since - 2 * FORGOTTEN)), Judged::Done);
    }

    #[test]
    fn only_what_moves_gives_a_release_more_time() {
        let at = |tasks: i32, weight: f64, stage: Stage| {
            let target = ServiceRevisionSummary::builder()
                .running_task_count(tasks)
                .requested_production_traffic_weight(weight)
                .build();
            step(&ServiceDeployment::builder().lifecycle_stage(stage).target_service_revision(target).build())
        };
        assert_eq!(at(1, 0.0, Stage::ScaleUp), at(2, 0.0, Stage::ScaleUp));
        assert_ne!(at(2, 0.0, Stage::ScaleUp), at(2, 0.0, Stage::BakeTime));
        assert_ne!(at(2, 10.0, Stage::ScaleUp), at(2, 20.0, Stage::ScaleUp));
    }
}
