//! The two sides of a service while a rollout is under way: what ECS runs, what
//! the load balancer finds healthy and where it sends people, which alarms
//! ring, and what CloudWatch counted.

mod ringing;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{SystemTime, UNIX_EPOCH},
};

use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricDataResult, MetricStat};
use aws_sdk_ecs::types::{Deployment, DeploymentRolloutState, Service as EcsService};
use aws_sdk_elasticloadbalancingv2::types::{TargetHealthDescription, TargetHealthStateEnum};
use aws_smithy_types::DateTime;
use pointsman_core::{
    resource::{ListenerRule, Resource, Service},
    rollout::{Facts, Pair, Polls, Sample, Side, Slot, Weights},
};
use pointsman_engine::ports::{CloudError, CloudErrorKind, Standing, Underway};

use self::ringing::{Ringing, ringing};
use super::{
    elb::unsigned,
    listener_rule,
    rollout::{self, is_complaint, primary, reason, short},
    service::described,
    target_group,
};
use crate::{aws::Aws, error::During};

/// CloudWatch's finest period for load balancers.
const MINUTE_MS: u64 = 60_000;
/// So far back is looked for the last request.
const LOOK_BACK_MS: u64 = 15 * MINUTE_MS;

/// Everything that a rollout's next step follows from, asked side by side.
pub(crate) async fn underway(aws: &Aws, asked: &Underway) -> Result<Facts, CloudError> {
    let services = services(aws, &asked.sides);
    // Whatever CloudWatch answers or not, people can be led back.
    let metered = async { Ok(futures::try_join!(ringing(aws, asked), counted(aws, asked))) };
    let weights = weights(aws, asked);
    let health =
        async { futures::try_join!(health(aws, &asked.sides, Slot::A), health(aws, &asked.sides, Slot::B)) };
    let (services, weights, metered, health) = futures::try_join!(services, weights, metered, health)?;
    let (unmetered, (ringing, counted)) = match metered {
        Ok(metered) => (None, metered),
        Err(error) if error.kind == CloudErrorKind::LeaseLost => return Err(error),
        Err(error) => (Some(error.to_string()), Default::default()),
    };
    let mut sides = Pair::<Side>::default();
    for (slot, health) in [(Slot::A, health.0), (Slot::B, health.1)] {
        let Some(standing) = asked.sides.get(slot) else { continue };
        let found = services.iter().find(|service| service.service_arn() == Some(&standing.id));
        let mut side =
            found.map(|service| running(service, &standing.service, asked.opened_at_ms)).unwrap_or_default();
        side.healthy = health.healthy;
        side.zones = health.zones;
        if let Some(found) = found.filter(|it| asked.until_gone && it.desired_count() == 0) {
            side.running = rollout::living(aws, found, &standing.service).await?;
        }
        let misses = found.is_some_and(|it| it.running_count() < it.desired_count());
        side.stopped = if misses || side.failed.is_some() || asked.watched == Some(slot) {
            stopped(aws, &standing.service, asked.opened_at_ms).await?
        } else {
            Vec::new()
        };
        if let Some(failed) = &mut side.failed
            && let Some(first) = side.stopped.first()
        {
            failed.push_str(&format!("; a task stopped: {first}"));
        }
        if let Some(Counted { sample, quiet_for_ms }) = *counted.get(slot) {
            side.counted = sample;
            side.quiet_for_ms = Some(quiet_for_ms);
        }
        *sides.get_mut(slot) = side;
    }
    let Ringing { by_itself, on_green } = ringing;
    Ok(Facts {
        sides,
        weights,
        ringing: by_itself,
        ringing_on_green: on_green,
        unmetered,
        polls: Polls::default(),
        ..Facts::default()
    })
}

async fn services(aws: &Aws, sides: &Pair<Option<Standing>>) -> Result<Vec<EcsService>, CloudError> {
    let standing: Vec<&Standing> = [&sides.a, &sides.b].into_iter().flatten().collect();
    // An old service may stand in another cluster than the new one.
    let mut by_cluster: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for side in standing {
        by_cluster.entry(&side.service.cluster).or_default().push(side.service.name.clone());
    }
    let asked = by_cluster.iter().map(|(cluster, names)| described(aws, cluster, names));
    Ok(futures::future::try_join_all(asked).await?.into_iter().flatten().collect())
}

/// What ECS says of a side, and has said since that time (Unix milliseconds).
fn running(service: &EcsService, spec: &Service, since_ms: u64) -> Side {
    let asked = spec.task_definition.known();
    let newest = primary(service);
    let is_ours = newest.is_some_and(|it| asked.is_none_or(|asked| it.task_definition() == Some(asked)));
    let is_done = newest
        .is_some_and(|it| it.rollout_state().is_none_or(|state| *state == DeploymentRolloutState::Completed));
    let of_ours =
        service.deployments().iter().find(|it| asked.is_none_or(|asked| it.task_definition() == Some(asked)));
    let failed = of_ours
        .filter(|it| it.rollout_state() == Some(&DeploymentRolloutState::Failed))
        .map(|it| it.rollout_state_reason().unwrap_or("ECS does not say why").to_owned())
        .map(|why| why.trim_end_matches('.').to_owned())
        .or_else(|| if of_ours.is_none() { went_back(service, newest?, since_ms) } else { None });
    Side {
        desired: unsigned(Some(service.desired_count())),
        running: unsigned(Some(service.running_count())),
        settled: is_ours && is_done && service.deployments().len() == 1,
        failed,
        ..Side::default()
    }
}

/// ECS went back to what ran before, and shows the deployment that failed no
/// more. Its absence alone says nothing: what was asked for just now is not
/// seen everywhere. ECS's own complaint since then does.
fn went_back(service: &EcsService, newest: &Deployment, since_ms: u64) -> Option<String> {
    let since = i64::try_from(since_ms).unwrap_or(i64::MAX);
    let events = service.events().iter();
    let events =
        events.filter(|it| it.created_at().and_then(|at| at.to_millis().ok()).is_some_and(|at| at >= since));
    let complaint = events.filter_map(|event| event.message()).find(|says| is_complaint(says))?;
    let runs = short(newest.task_definition().unwrap_or_default());
    Some(format!("ECS went back to {runs}: {}", complaint.trim_end_matches('.')))
}

#[derive(Default)]
struct Health {
    healthy: u32,
    zones: u32,
}

async fn health(aws: &Aws, sides: &Pair<Option<Standing>>, slot: Slot) -> Result<Health, CloudError> {
    let group = sides.get(slot).as_ref().and_then(|side| side.service.target_group.as_ref()?.known());
    let Some(group) = group else {
        return Ok(Health::default());
    };
    let is_healthy = |target: &&TargetHealthDescription| {
        target.target_health().and_then(|health| health.state()) == Some(&TargetHealthStateEnum::Healthy)
    };
    let targets = target_group::health(aws, group).await?.unwrap_or_default();
    let healthy: Vec<&TargetHealthDescription> = targets.iter().filter(is_healthy).collect();
    let zones: BTreeSet<&str> =
        healthy.iter().filter_map(|target| target.target()?.availability_zone()).collect();
    let number = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    Ok(Health { healthy: number(healthy.len()), zones: number(zones.len()) })
}

/// Where the production rule sends people, by slot; empty when it is gone, or
/// forwards to anything else.
async fn weights(aws: &Aws, asked: &Underway) -> Result<Weights, CloudError> {
    let Some(rule) = &asked.rule else {
        return Ok(Weights::new());
    };
    let found = listener_rule::described(aws, vec![rule.clone()]).await?;
    let Some(Resource::ListenerRule(ListenerRule { forward, .. })) =
        found.into_iter().next().map(|it| it.resource)
    else {
        return Ok(Weights::new());
    };
    let of_service = |slot: Slot| asked.sides.get(slot).as_ref()?.service.target_group.as_ref()?.known();
    let group_of = |slot: Slot| asked.groups.get(slot).as_deref().or_else(|| of_service(slot));
    let slot_of = |arn: &str| [Slot::A, Slot::B].into_iter().find(|slot| group_of(*slot) == Some(arn));
    let weights = forward.iter().map(|it| Some((slot_of(it.target_group.known()?)?, it.weight)));
    let mut weights = weights.collect::<Option<Weights>>().unwrap_or_default();
    weights.sort();
    Ok(weights)
}

/// What CloudWatch counted of a side.
#[derive(Clone, Copy)]
struct Counted {
    sample: Option<Sample>,
    quiet_for_ms: u64,
}

async fn counted(aws: &Aws, asked: &Underway) -> Result<Pair<Option<Counted>>, CloudError> {
    let mut counted = Pair::default();
    let queries: Vec<MetricDataQuery> = [Slot::A, Slot::B]
        .into_iter()
        .flat_map(|slot| [REQUESTS, ERRORS].map(|metric| query(asked, slot, metric)))
        .flatten()
        .collect();
    if queries.is_empty() {
        return Ok(counted);
    }
    let now = now_ms();
    let since = asked.counted_since_ms.map(|since| since / MINUTE_MS * MINUTE_MS);
    let from = since.unwrap_or(now).min(now.saturating_sub(LOOK_BACK_MS)).max(now.saturating_sub(86_400_000));
    let answer = aws
        .clients
        .cloudwatch()
        .get_metric_data()
        .set_metric_data_queries(Some(queries))
        .start_time(time_of(from))
        .end_time(time_of(now))
        .send()
        .await
        .during(&aws.scope, "cloudwatch:GetMetricData", "AWS/ApplicationELB")?;
    for slot in [Slot::A, Slot::B].into_iter().filter(|slot| asked.sides.get(*slot).is_some()) {
        let of = |metric: &Metered| {
            let id = metric.id(slot);
            answer
                .metric_data_results()
                .iter()
                .find(move |it| it.id() == Some(&id))
                .map(points)
                .unwrap_or_default()
        };
        let (requests, errors) = (of(&REQUESTS), of(&ERRORS));
        let sum = |points: &[(u64, u64)], since: u64| {
            points.iter().filter(|(at, _)| *at >= since).map(|(_, value)| value).sum()
        };
        let last = requests.iter().filter(|(_, value)| *value > 0).map(|(at, _)| at + MINUTE_MS).max();
        *counted.get_mut(slot) = Some(Counted {
            sample: since
                .map(|since| Sample { requests: sum(&requests, since), errors: sum(&errors, since) }),
            quiet_for_ms: now.saturating_sub(last.unwrap_or(from)),
        });
    }
    Ok(counted)
}

/// A metric of a target group.
#[derive(Clone, Copy)]
struct Metered {
    short: &'static str,
    name: &'static str,
}

const REQUESTS: Metered = Metered { short: "requests", name: "RequestCount" };
const ERRORS: Metered = Metered { short: "errors", name: "HTTPCode_Target_5XX_Count" };

impl Metered {
    fn id(&self, slot: Slot) -> String {
        let slot = match slot {
            Slot::A => "a",
            Slot::B => "b",
        };
        format!("{}_{slot}", self.short)
    }
}

fn query(asked: &Underway, slot: Slot, metered: Metered) -> Option<MetricDataQuery> {
    let balancer = asked.balancer.as_ref()?;
    let group = asked.sides.get(slot).as_ref()?.service.target_group.as_ref()?.known()?;
    let group = group.rsplit_once(':').map_or(group, |(_, end)| end);
    let dimension = |name: &str, value: &str| Dimension::builder().name(name).value(value).build();
    let metric = Metric::builder()
        .namespace("AWS/ApplicationELB")
        .metric_name(metered.name)
        .dimensions(dimension("LoadBalancer", balancer))
        .dimensions(dimension("TargetGroup", group))
        .build();
    let stat = MetricStat::builder().metric(metric).period(60).stat("Sum").build();
    Some(MetricDataQuery::builder().id(metered.id(slot)).metric_stat(stat).build())
}

/// The beginning of each period, Unix milliseconds, with its sum.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sums of whole requests")]
fn points(result: &MetricDataResult) -> Vec<(u64, u64)> {
    let at = |time: &DateTime| u64::try_from(time.to_millis().unwrap_or_default()).unwrap_or_default();
    result
        .timestamps()
        .iter()
        .map(at)
        .zip(result.values().iter().map(|value| value.max(0.0) as u64))
        .collect()
}

/// Why tasks of a side stopped by themselves since the rollout was opened, the
/// newest first.
async fn stopped(aws: &Aws, spec: &Service, since_ms: u64) -> Result<Vec<String>, CloudError> {
    Ok(rollout::stopped_since(aws, spec, since_ms).await?.iter().filter_map(reason).collect())
}

fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or_default()
}

fn time_of(ms: u64) -> DateTime {
    DateTime::from_millis(i64::try_from(ms).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::{Deployment, DeploymentRolloutState, Service as EcsService, ServiceEvent};
    use aws_smithy_types::DateTime;

    use super::went_back;

    #[test]
    fn a_deployment_that_is_gone_failed_only_where_ecs_complained_since() {
        let before = Deployment::builder()
            .status("PRIMARY")
            .task_definition("arn:aws:ecs:us-east-1:1:task-definition/web:1")
            .rollout_state(DeploymentRolloutState::Completed)
            .build();
        let said = |message: &str, at: i64| {
            let event =
                ServiceEvent::builder().message(message).created_at(DateTime::from_millis(at)).build();
            let service = EcsService::builder().events(event).deployments(before.clone()).build();
            went_back(&service, &before, 1_000)
        };
        let failed = "(service web) (deployment ecs-svc/1) deployment failed: tasks failed to start.";
        assert_eq!(
            said(failed, 1_000).as_deref(),
            Some(
                "ECS went back to web:1: (service web) (deployment ecs-svc/1) deployment failed: tasks failed to start"
            )
        );
        assert_eq!(said(failed, 999), None, "that was another rollout's");
        assert_eq!(said("(service web) has reached a steady state.", 1_000), None);
    }
}
