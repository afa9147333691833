//! A release that ECS itself carries out, watched to its end in ECS's own
//! words, and turned back.

mod course;
mod deployments;

use std::time::Duration;

use aws_sdk_ecs::types::{Deployment, DeploymentRolloutState, Service as EcsService};
use pointsman_core::resource::{Native, Observed, Resource, Service};
use pointsman_engine::ports::{CloudError, CloudErrorKind};

use self::course::{Course, Judged, step};
pub(crate) use self::deployments::{newest_release, turn_back, went_back};
use super::{
    elb::unsigned,
    rollout::{Events, failed, keeps_others, primary, short, standing, unhealthy},
    service::observed,
};
use crate::{
    aws::Aws,
    error::incomplete,
    wait::{Pauses, Progress},
};

/// Beyond what a stage waits on purpose, it takes no longer than this, or ECS
/// has long given up.
const STAGE_WITHIN: Duration = Duration::from_secs(40 * 60);

const DESCRIBE: &str = "ecs:DescribeServiceDeployments";

/// Waits until ECS has ended the newest deployment well, and the load balancer
/// finds its tasks healthy. `after` is the newest one before it, where that is
/// known: a failure of that one is not this one's.
pub(crate) async fn settle(
    aws: &Aws,
    spec: &Service,
    object: &Observed,
    after: Option<&str>,
    progress: &Progress<'_>,
) -> Result<Observed, CloudError> {
    let mut pauses = Pauses::within(STAGE_WITHIN);
    let (mut events, mut course) = (Events::default(), Course::new(after));
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
