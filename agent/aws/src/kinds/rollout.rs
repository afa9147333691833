//! A service's deployment, watched to its end in ECS's own words.

use std::{collections::BTreeSet, time::Duration};

use aws_sdk_ecs::types::{
    Deployment, DeploymentRolloutState, DesiredStatus, Service as EcsService, Task, TaskStopCode,
};
use aws_sdk_elasticloadbalancingv2::types::{TargetHealthDescription, TargetHealthStateEnum};
use pointsman_core::resource::{Link, Observed, Readiness, Service};
use pointsman_engine::ports::{CloudError, CloudErrorKind};

use super::{
    native,
    service::{described, observed},
    target_group,
};
use crate::{
    aws::Aws,
    error::{During, failure, incomplete},
    wait::{Pauses, Progress},
};

/// Images are pulled, tasks are started and old ones drained in this time, or
/// ECS's circuit breaker has long spoken.
const STEADY_WITHIN: Duration = Duration::from_secs(40 * 60);

/// Stopped tasks that are looked at for their reasons: as many as ECS lists and
/// describes at once, in no order.
const STOPPED_TASKS: i32 = 100;

/// ECS's clock, which may tell whole seconds, and this machine's differ by less.
const CLOCKS_DIFFER_MS: u64 = 5_000;

/// So many tasks are described at once.
const DESCRIBED_TASKS: usize = 100;

/// How many of ECS's latest complaints an error quotes.
const QUOTED_EVENTS: usize = 3;

const OPERATION: &str = "ecs:DescribeServices";

/// Whether a service's newest deployment is done. Never `Failed`: a service
/// whose deployment failed still serves, and is deployed to again.
pub(super) fn readiness(service: &EcsService) -> Readiness {
    let Some(primary) = primary(service) else {
        return Readiness::Ready;
    };
    match primary.rollout_state() {
        Some(DeploymentRolloutState::Failed) => Readiness::Pending(format!(
            "its deployment failed: {}",
            primary.rollout_state_reason().unwrap_or("ECS does not say why")
        )),
        Some(DeploymentRolloutState::InProgress) => Readiness::Pending(words(service, primary)),
        _ if native::observed(service).is_some() && keeps_others(service, primary) => {
            Readiness::Pending(words(service, primary))
        }
        _ if service.running_count() < service.desired_count() => Readiness::Pending(words(service, primary)),
        _ => Readiness::Ready,
    }
}

/// Where ECS itself moves traffic, the tasks before stand until it is done.
pub(super) fn keeps_others(service: &EcsService, primary: &Deployment) -> bool {
    service.deployments().iter().any(|other| other.id() != primary.id() && other.running_count() > 0)
}

pub(super) fn primary(service: &EcsService) -> Option<&Deployment> {
    service.deployments().iter().find(|deployment| deployment.status() == Some("PRIMARY"))
}

fn words(service: &EcsService, primary: &Deployment) -> String {
    let (running, desired) = (primary.running_count(), service.desired_count());
    let leaving: i32 = service
        .deployments()
        .iter()
        .filter(|deployment| deployment.id() != primary.id())
        .map(Deployment::running_count)
        .sum();
    let leaving = if leaving == 0 { String::new() } else { format!(", {leaving} of before still run") };
    format!("{running} of {desired} tasks run{leaving}")
}

/// Waits until the deployment that was asked for is the only one, its tasks
/// run and the load balancer finds them healthy.
pub(super) async fn settle(
    aws: &Aws,
    spec: &Service,
    object: &Observed,
    progress: &Progress<'_>,
) -> Result<Observed, CloudError> {
    let mut pauses = Pauses::within(STEADY_WITHIN);
    let mut events = Events::default();
    let mut course = Course::default();
    let mut told = String::new();
    loop {
        let found = standing(aws, spec, object).await?;
        let service = &found;
        let primary =
            primary(service).ok_or_else(|| incomplete(OPERATION, &spec.name, "primary deployment"))?;
        events.quote(service, primary, progress);
        if let Some(why) = course.given_up(service, primary, spec) {
            return Err(failed(aws, spec, service, &why).await);
        }
        let mut says = words(service, primary);
        if is_steady(service, primary, spec) {
            match unhealthy(aws, spec, spec.count.tasks()).await? {
                None => return Ok(observed(service, spec)),
                Some(waiting) => says = waiting,
            }
        }
        if says != told {
            progress.say(&*says);
        }
        told = says;
        pauses.pause(OPERATION, &spec.name, &told).await?;
    }
}

/// The service as it stands.
pub(super) async fn standing(aws: &Aws, spec: &Service, object: &Observed) -> Result<EcsService, CloudError> {
    let found = described(aws, &spec.cluster, std::slice::from_ref(&spec.name)).await?;
    let is_it = |service: &EcsService| {
        service.service_arn() == Some(&object.id) && service.status() == Some("ACTIVE")
    };
    found.into_iter().find(is_it).ok_or_else(|| {
        failure(CloudErrorKind::NotFound, OPERATION, &spec.name, "the service is not there", None)
    })
}

fn is_steady(service: &EcsService, primary: &Deployment, spec: &Service) -> bool {
    let asked_for = spec.task_definition.known();
    let done = asked_for.is_none_or(|asked_for| primary.task_definition() == Some(asked_for))
        && primary.rollout_state().is_none_or(|state| *state == DeploymentRolloutState::Completed);
    done && service.deployments().len() == 1
        && service.running_count() == service.desired_count()
        && service.pending_count() == 0
}

/// How often a service may be seen without the deployment that was asked for
/// before that is believed: what was asked for just now is not seen everywhere.
const UNSEEN: u32 = 5;

/// What was seen of the deployment that was asked for.
#[derive(Default)]
struct Course {
    seen: bool,
    unseen: u32,
}

impl Course {
    /// Why ECS gave up on the deployment that was asked for, when it did.
    fn given_up(&mut self, service: &EcsService, primary: &Deployment, spec: &Service) -> Option<String> {
        let reason = |deployment: &Deployment| {
            deployment.rollout_state_reason().unwrap_or("ECS does not say why").to_owned()
        };
        let has_failed =
            |deployment: &Deployment| deployment.rollout_state() == Some(&DeploymentRolloutState::Failed);
        let asked_for = spec.task_definition.known()?;
        if primary.task_definition() == Some(asked_for) {
            self.seen = true;
            return has_failed(primary).then(|| reason(primary));
        }
        let went_back = short(primary.task_definition().unwrap_or_default());
        let of_ours = |deployment: &&Deployment| deployment.task_definition() == Some(asked_for);
        match service.deployments().iter().find(of_ours) {
            Some(failed) if has_failed(failed) => {
                Some(format!("ECS went back to {went_back}: {}", reason(failed)))
            }
            _ if self.seen || self.unseen >= UNSEEN => {
                Some(format!("ECS runs {went_back}, not {} that was asked for", short(asked_for)))
            }
            _ => {
                self.unseen += 1;
                None
            }
        }
    }
}

/// `family:revision` of a task definition's ARN.
pub(super) fn short(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// The whole story of a deployment that failed.
pub(super) async fn failed(aws: &Aws, spec: &Service, service: &EcsService, why: &str) -> CloudError {
    let mut message = why.trim_end_matches('.').to_owned();
    // What cannot be learned does not hide what is known.
    let stopped = stopped_tasks(aws, spec).await.unwrap_or_default();
    for reason in &stopped {
        message.push_str("; a task stopped: ");
        message.push_str(reason);
    }
    let complaints =
        service.events().iter().filter_map(|event| event.message()).filter(|says| is_complaint(says));
    for complaint in complaints.take(QUOTED_EVENTS) {
        message.push_str("; ECS says: ");
        message.push_str(complaint.trim_end_matches('.'));
    }
    let help = "what ran before still runs; correct what the stopped tasks complain of (image, secrets, health \
                check, memory), and deploy again";
    failure(CloudErrorKind::Failed, OPERATION, &spec.name, message, Some(help.to_owned()))
}

/// Whether one of ECS's events tells of trouble rather than of progress.
pub(super) fn is_complaint(event: &str) -> bool {
    // The service's name comes first, and may be any word.
    let event = event.split_once(") ").map_or(event, |(_, event)| event);
    ["fail", "unable", "unhealthy", "rolled back", "rolling back"].iter().any(|word| event.contains(word))
}

/// Why tasks of this task definition stopped, each reason once.
async fn stopped_tasks(aws: &Aws, spec: &Service) -> Result<BTreeSet<String>, CloudError> {
    Ok(stopped(aws, spec).await?.iter().filter_map(reason).collect())
}

/// The last tasks of this task definition that stopped.
async fn stopped(aws: &Aws, spec: &Service) -> Result<Vec<Task>, CloudError> {
    let ecs = aws.clients.ecs();
    let listed = ecs
        .list_tasks()
        .cluster(&spec.cluster)
        .service_name(&spec.name)
        .desired_status(DesiredStatus::Stopped)
        .max_results(STOPPED_TASKS)
        .send()
        .await
        .during(&aws.scope, "ecs:ListTasks", &spec.name)?;
    let arns = listed.task_arns.unwrap_or_default();
    if arns.is_empty() {
        return Ok(Vec::new());
    }
    let described = ecs.describe_tasks().cluster(&spec.cluster).set_tasks(Some(arns)).send().await.during(
        &aws.scope,
        "ecs:DescribeTasks",
        &spec.name,
    )?;
    let mut tasks = described.tasks.unwrap_or_default();
    tasks.retain(|task| {
        spec.task_definition.known().is_none_or(|asked| task.task_definition_arn() == Some(asked))
    });
    Ok(tasks)
}

/// How many tasks of a service have a process, or will: ECS's count of those that
/// run leaves out who begins, whose targets drain and whose process still ends.
pub(super) async fn living(aws: &Aws, service: &EcsService, spec: &Service) -> Result<u32, CloudError> {
    let ecs = aws.clients.ecs();
    let mut arns = Vec::new();
    for desired in [DesiredStatus::Running, DesiredStatus::Stopped] {
        let listed = ecs.list_tasks().cluster(&spec.cluster).service_name(&spec.name).desired_status(desired);
        let mut pages = listed.into_paginator().send();
        while let Some(page) = pages.next().await {
            arns.extend(page.during(&aws.scope, "ecs:ListTasks", &spec.name)?.task_arns.unwrap_or_default());
        }
    }
    let mut living = 0;
    for arns in arns.chunks(DESCRIBED_TASKS) {
        let described = ecs.describe_tasks().cluster(&spec.cluster).set_tasks(Some(arns.to_vec())).send();
        let described = described.await.during(&aws.scope, "ecs:DescribeTasks", &spec.name)?;
        living += described.tasks().iter().filter(|task| task.last_status() != Some("STOPPED")).count();
    }
    let counted = service.running_count().max(0) + service.pending_count().max(0);
    Ok(u32::try_from(living).unwrap_or(u32::MAX).max(counted.unsigned_abs()))
}

/// Those that stopped since then (Unix milliseconds), the newest first.
pub(super) async fn stopped_since(aws: &Aws, spec: &Service, since_ms: u64) -> Result<Vec<Task>, CloudError> {
    let at = |task: &Task| {
        let at = task.stopped_at().and_then(|at| at.to_millis().ok()).unwrap_or_default();
        u64::try_from(at).unwrap_or_default()
    };
    let since_ms = since_ms.saturating_sub(CLOCKS_DIFFER_MS);
    let mut tasks = stopped(aws, spec).await?;
    tasks.retain(|task| at(task) >= since_ms);
    tasks.sort_by_key(|task| std::cmp::Reverse(at(task)));
    Ok(tasks)
}

/// Why a task stopped, where it did so by itself.
pub(super) fn reason(task: &Task) -> Option<String> {
    let stopped = task.stopped_reason()?;
    // What ECS stops to make room is no reason.
    if task.stop_code() == Some(&TaskStopCode::UserInitiated) || stopped.starts_with("Scaling activity") {
        return None;
    }
    let mut reason = stopped.trim_end_matches('.').to_owned();
    for container in task.containers() {
        if let Some(detail) = container.reason() {
            reason.push_str(", ");
            reason.push_str(detail);
        }
        if let Some(code) = container.exit_code() {
            reason.push_str(&format!(", exit code {code}"));
        }
    }
    Some(reason)
}

/// What the load balancer waits for; `None` when so many targets are healthy,
/// or nothing asks for them.
pub(super) async fn unhealthy(aws: &Aws, spec: &Service, wanted: u32) -> Result<Option<String>, CloudError> {
    let alternate = spec.native.as_ref().map(|native| &native.alternate);
    let groups: Vec<&str> = spec.target_group.iter().chain(alternate).filter_map(Link::known).collect();
    if groups.is_empty() {
        return Ok(None);
    }
    let mut targets = Vec::new();
    for group in groups {
        let Some(found) = target_group::health(aws, group).await? else {
            return Ok(None);
        };
        targets.extend(found);
    }
    let state =
        |target: &TargetHealthDescription| target.target_health().and_then(|health| health.state()).cloned();
    let healthy =
        targets.iter().filter(|target| state(target) == Some(TargetHealthStateEnum::Healthy)).count();
    let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
    if healthy >= wanted {
        return Ok(None);
    }
    let complaint = targets
        .iter()
        .filter(|target| state(target) != Some(TargetHealthStateEnum::Healthy))
        .filter_map(|target| target.target_health()?.description())
        .next()
        .map(|complaint| format!(": {complaint}"))
        .unwrap_or_default();
    Ok(Some(format!("the load balancer finds {healthy} of {wanted} tasks healthy{complaint}")))
}

/// Events that were told already.
#[derive(Default)]
pub(super) struct Events {
    looked: bool,
    told: BTreeSet<String>,
}

impl Events {
    /// Tells every event of a deployment that is under way once, oldest first.
    /// What was there before the first look at a finished one is history.
    pub(super) fn quote(&mut self, service: &EcsService, primary: &Deployment, progress: &Progress<'_>) {
        let under_way = primary.rollout_state() == Some(&DeploymentRolloutState::InProgress);
        let first_look = !std::mem::replace(&mut self.looked, true);
        for event in service.events().iter().rev() {
            let (Some(id), Some(message)) = (event.id(), event.message()) else {
                continue;
            };
            let is_history = first_look && !under_way
                || matches!((event.created_at(), primary.created_at()), (Some(at), Some(since)) if at < since);
            if self.told.insert(id.to_owned()) && !is_history {
                progress.say(message);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::{Deployment, DeploymentRolloutState, Service as EcsService};
    use pointsman_core::resource::{Count, Link, Readiness, Service, Start, Tags};

    use super::{Course, UNSEEN, is_steady, primary, readiness};

    fn deployment(
        status: &str,
        task_definition: &str,
        state: DeploymentRolloutState,
        running: i32,
    ) -> Deployment {
        Deployment::builder()
            .id(task_definition)
            .status(status)
            .task_definition(task_definition)
            .rollout_state(state)
            .rollout_state_reason("tasks failed to start.")
            .running_count(running)
            .build()
    }

    fn service(running: i32, deployments: Vec<Deployment>) -> EcsService {
        EcsService::builder()
            .desired_count(2)
            .running_count(running)
            .set_deployments(Some(deployments))
            .build()
    }

    fn asked_for(task_definition: &str) -> Service {
        Service {
            name: "web".to_owned(),
            cluster: "main".to_owned(),
            task_definition: Link::Known(task_definition.to_owned()),
            count: Count::Fixed(2),
            subnets: Vec::new(),
            security_groups: Vec::new(),
            target_group: None,
            container: "web".to_owned(),
            port: 80,
            health_grace: None,
            circuit_breaker: true,
            minimum_healthy_percent: 100,
            maximum_percent: 200,
            platform_version: "LATEST".to_owned(),
            execute_command: false,
            start: Start::Together,
            native: None,
            tags: Tags::default(),
        }
    }

    fn given_up(course: &mut Course, service: &EcsService, asked: &str) -> Option<String> {
        course.given_up(service, primary(service).unwrap(), &asked_for(asked))
    }

    #[test]
    fn a_deployment_that_ecs_took_back_is_a_failure() {
        let went_back = service(
            2,
            vec![
                deployment("PRIMARY", "family/web:1", DeploymentRolloutState::InProgress, 2),
                deployment("ACTIVE", "family/web:2", DeploymentRolloutState::Failed, 0),
            ],
        );
        let why = given_up(&mut Course::default(), &went_back, "family/web:2").unwrap();
        assert_eq!(why, "ECS went back to web:1: tasks failed to start.");
    }

    #[test]
    fn a_deployment_that_was_seen_and_is_gone_is_a_failure() {
        let ours = service(0, vec![deployment("PRIMARY", "web:2", DeploymentRolloutState::InProgress, 0)]);
        let theirs = service(2, vec![deployment("PRIMARY", "web:1", DeploymentRolloutState::Completed, 2)]);
        let mut course = Course::default();
        assert_eq!(given_up(&mut course, &ours, "web:2"), None);
        assert!(given_up(&mut course, &theirs, "web:2").unwrap().contains("not web:2 that was asked for"));
    }

    #[test]
    fn one_that_is_not_seen_yet_is_waited_for_and_not_taken_for_done() {
        let before = service(2, vec![deployment("PRIMARY", "web:1", DeploymentRolloutState::Completed, 2)]);
        assert!(!is_steady(&before, primary(&before).unwrap(), &asked_for("web:2")));
        assert!(is_steady(&before, primary(&before).unwrap(), &asked_for("web:1")));
        let mut course = Course::default();
        for _ in 0..UNSEEN {
            assert_eq!(given_up(&mut course, &before, "web:2"), None);
        }
        assert!(given_up(&mut course, &before, "web:2").is_some());
    }

    #[test]
    fn a_service_whose_deployment_failed_stands_and_says_so() {
        let failed = service(0, vec![deployment("PRIMARY", "web:1", DeploymentRolloutState::Failed, 0)]);
        let words = "its deployment failed: tasks failed to start.";
        assert_eq!(readiness(&failed), Readiness::Pending(words.to_owned()));
        let done = service(2, vec![deployment("PRIMARY", "web:1", DeploymentRolloutState::Completed, 2)]);
        assert_eq!(readiness(&done), Readiness::Ready);
    }
}
