use std::{collections::BTreeMap, time::Duration};

use aws_sdk_ecs::types::{
    AssignPublicIp, AwsVpcConfiguration, DeploymentCircuitBreaker, DeploymentConfiguration, LaunchType,
    LoadBalancer, NetworkConfiguration, PropagateTags, SchedulingStrategy, Service as EcsService,
    ServiceField,
};
use futures::future::try_join_all;
use pointsman_core::resource::{Count, Link, Observed, Service, Start};
use pointsman_engine::ports::{CloudError, CloudErrorKind};

use super::{
    Asked, Changes, Found, Lifecycle, all_known, ecs_release, ecs_tags,
    elb::{port, signed, unsigned},
    known, links, native, ours, rollout, sorted, standing, tags_of,
};
use crate::{
    aws::Aws,
    error::{Absent, During, failure, incomplete},
    wait::{Pauses, Progress},
};

/// As many services as one call takes.
const AT_ONCE: usize = 10;

/// What stands is seen by ECS within this time.
const SEEN_WITHIN: Duration = Duration::from_secs(60);

/// What ECS says of a rule or a role that was made just now.
const NOT_SEEN_YET: [&str; 2] =
    ["does not have an associated load balancer", "Unable to assume the service linked role"];

/// Draining lasts as long as the target group's deregistration delay.
const GONE_WITHIN: Duration = Duration::from_secs(20 * 60);

/// Per cluster in as few calls as it takes; again by name what is not there
/// under its ARN.
pub(super) async fn observe(aws: &Aws, asked: &[Asked<'_, Service>]) -> Result<Found, CloudError> {
    let recorded = |asked: &Asked<'_, Service>| asked.id.and_then(parts);
    let named = |asked: &Asked<'_, Service>| (asked.spec.cluster.clone(), asked.spec.name.clone());
    let first = asked.iter().map(|asked| recorded(asked).unwrap_or_else(|| named(asked)));
    let mut found = look(aws, first.collect()).await?;
    let again: Vec<(String, String)> = asked
        .iter()
        .filter(|asked| asked.by_name)
        .filter(|asked| {
            recorded(asked).is_some_and(|place| place != named(asked) && !found.contains_key(&place))
        })
        .map(named)
        .collect();
    if !again.is_empty() {
        found.extend(look(aws, again).await?);
    }
    Ok(asked
        .iter()
        .filter_map(|asked| {
            let place = recorded(asked).filter(|place| found.contains_key(place));
            let service = found.get(&place.unwrap_or_else(|| named(asked)))?;
            Some((asked.address.clone(), observed(service, asked.spec)))
        })
        .collect())
}

/// Cluster and name in a service's ARN.
fn parts(arn: &str) -> Option<(String, String)> {
    let (cluster, name) = arn.split_once(":service/")?.1.split_once('/')?;
    Some((cluster.to_owned(), name.to_owned()))
}

type Services = BTreeMap<(String, String), EcsService>;

/// Services that stand, by cluster and name.
async fn look(aws: &Aws, places: Vec<(String, String)>) -> Result<Services, CloudError> {
    let mut clusters: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (cluster, name) in places {
        let names = clusters.entry(cluster).or_default();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let calls = clusters.iter().flat_map(|(cluster, names)| {
        names.chunks(AT_ONCE).map(move |names| async move {
            let services = described(aws, cluster, names).await?;
            Ok::<_, CloudError>((cluster, services))
        })
    });
    let mut found = Services::new();
    for (cluster, services) in try_join_all(calls).await? {
        for service in services.into_iter().filter(is_active) {
            let name = service.service_name().unwrap_or_default().to_owned();
            found.insert((cluster.clone(), name), service);
        }
    }
    Ok(found)
}

/// What is draining goes whatever anybody does: only what is active stands.
fn is_active(service: &EcsService) -> bool {
    service.status() == Some("ACTIVE")
}

/// Services as ECS has them; none in a cluster that does not exist.
pub(super) async fn described(
    aws: &Aws,
    cluster: &str,
    names: &[String],
) -> Result<Vec<EcsService>, CloudError> {
    Ok(aws
        .clients
        .ecs()
        .describe_services()
        .cluster(cluster)
        .set_services(Some(names.to_vec()))
        .include(ServiceField::Tags)
        .send()
        .await
        .during(&aws.scope, "ecs:DescribeServices", cluster)
        .or_absent()?
        .and_then(|described| described.services)
        .unwrap_or_default())
}

async fn named(aws: &Aws, spec: &Service) -> Result<Option<EcsService>, CloudError> {
    let found = described(aws, &spec.cluster, std::slice::from_ref(&spec.name)).await?;
    Ok(found.into_iter().find(|service| service.status() != Some("INACTIVE")))
}

/// `like` tells what ECS does not: without a load balancer it knows no
/// container and no port.
pub(super) fn observed(service: &EcsService, like: &Service) -> Observed {
    let network = service.network_configuration().and_then(NetworkConfiguration::awsvpc_configuration);
    let deployment = service.deployment_configuration();
    let balancer = service.load_balancers().first();
    let cluster = service.cluster_arn().and_then(|arn| arn.rsplit('/').next()).unwrap_or(&like.cluster);
    let spec = Service {
        name: service.service_name().unwrap_or_default().to_owned(),
        cluster: cluster.to_owned(),
        task_definition: Link::Known(service.task_definition().unwrap_or_default().to_owned()),
        count: Count::Fixed(unsigned(Some(service.desired_count()))),
        subnets: sorted(network.map(|network| network.subnets().to_vec()).unwrap_or_default()),
        security_groups: links(network.map(|network| network.security_groups().to_vec()).unwrap_or_default()),
        target_group: balancer
            .and_then(LoadBalancer::target_group_arn)
            .map(|arn| Link::Known(arn.to_owned())),
        container: balancer.and_then(LoadBalancer::container_name).unwrap_or(&like.container).to_owned(),
        port: balancer.map_or(like.port, |balancer| port(balancer.container_port())),
        // ECS says 0 where nothing was asked for.
        health_grace: balancer
            .and(service.health_check_grace_period_seconds())
            .map(|seconds| unsigned(Some(seconds)).into()),
        circuit_breaker: deployment
            .and_then(DeploymentConfiguration::deployment_circuit_breaker)
            .is_some_and(DeploymentCircuitBreaker::enable),
        minimum_healthy_percent: deployment
            .and_then(DeploymentConfiguration::minimum_healthy_percent)
            .map_or(100, |percent| unsigned(Some(percent))),
        maximum_percent: deployment
            .and_then(DeploymentConfiguration::maximum_percent)
            .map_or(200, |percent| unsigned(Some(percent))),
        platform_version: service.platform_version().unwrap_or("LATEST").to_owned(),
        execute_command: service.enable_execute_command(),
        start: Start::Together,
        native: native::observed(service),
        tags: ecs_tags::of(service.tags()),
    };
    let arn = service.service_arn();
    let mut observed = standing(
        spec,
        arn.unwrap_or_default(),
        [("arn", arn), ("name", service.service_name()), ("cluster", Some(cluster))],
    );
    observed.readiness = rollout::readiness(service);
    observed
}

pub(super) fn network(spec: &Service, operation: &'static str) -> Result<NetworkConfiguration, CloudError> {
    let groups = all_known(&spec.security_groups, operation)?;
    let network = AwsVpcConfiguration::builder()
        .set_subnets(Some(spec.subnets.clone()))
        .set_security_groups(Some(groups))
        .assign_public_ip(AssignPublicIp::Disabled)
        .build()
        .map_err(|error| failure(CloudErrorKind::Refused, operation, &spec.name, error.to_string(), None))?;
    Ok(NetworkConfiguration::builder().awsvpc_configuration(network).build())
}

fn balancers(spec: &Service, operation: &'static str) -> Result<Vec<LoadBalancer>, CloudError> {
    let Some(group) = &spec.target_group else {
        return Ok(Vec::new());
    };
    Ok(vec![
        LoadBalancer::builder()
            .target_group_arn(known(group, operation)?)
            .container_name(&spec.container)
            .container_port(spec.port.into())
            .set_advanced_configuration(native::advanced(spec, operation)?)
            .build(),
    ])
}

fn deployment(spec: &Service, operation: &'static str) -> Result<DeploymentConfiguration, CloudError> {
    let breaker =
        DeploymentCircuitBreaker::builder().enable(spec.circuit_breaker).rollback(spec.circuit_breaker);
    let deployment = DeploymentConfiguration::builder()
        .deployment_circuit_breaker(breaker.build())
        .minimum_healthy_percent(signed(spec.minimum_healthy_percent))
        .maximum_percent(signed(spec.maximum_percent));
    Ok(native::configured(deployment, spec, operation)?.build())
}

async fn make(aws: &Aws, spec: &Service, token: &str) -> Result<EcsService, CloudError> {
    let operation = "ecs:CreateService";
    let made = aws
        .clients
        .ecs()
        .create_service()
        .cluster(&spec.cluster)
        .service_name(&spec.name)
        .task_definition(known(&spec.task_definition, operation)?)
        .desired_count(signed(spec.count.tasks()))
        .launch_type(LaunchType::Fargate)
        .scheduling_strategy(SchedulingStrategy::Replica)
        .network_configuration(network(spec, operation)?)
        .set_load_balancers(Some(balancers(spec, operation)?))
        .set_health_check_grace_period_seconds(spec.health_grace.map(signed))
        .deployment_configuration(deployment(spec, operation)?)
        .platform_version(&spec.platform_version)
        .enable_execute_command(spec.execute_command)
        .enable_ecs_managed_tags(true)
        .propagate_tags(PropagateTags::Service)
        .set_tags(Some(ecs_tags::list(tags_of(&spec.tags, token))))
        .send()
        .await
        .during(&aws.scope, operation, &spec.name)
        .map_err(|mut error| {
            if error.code.as_deref() == Some("ClusterNotFoundException") {
                error.help = Some(format!(
                    "create the cluster with `aws ecs create-cluster --cluster-name {} {}`, or correct `cluster`",
                    spec.cluster,
                    aws.scope.cli_options()
                ));
            }
            error
        })?;
    made.service.ok_or_else(|| incomplete(operation, &spec.name, "service"))
}

impl Lifecycle for Service {
    /// Its name in its cluster makes it one: a repeated call finds it.
    async fn create(&self, aws: &Aws, token: &str, progress: &Progress<'_>) -> Result<Observed, CloudError> {
        let operation = "ecs:CreateService";
        let mut pauses = Pauses::within(GONE_WITHIN);
        let mut seen = Pauses::within(SEEN_WITHIN);
        loop {
            match named(aws, self).await? {
                Some(found) if is_active(&found) => {
                    return ours(observed(&found, self), &self.tags, operation);
                }
                Some(_) => {
                    let says = "its predecessor of the same name is draining";
                    progress.say(says);
                    pauses.pause(operation, &self.name, says).await?;
                    continue;
                }
                None => {}
            }
            match make(aws, self, token).await {
                Ok(made) => return Ok(observed(&made, self)),
                // It exists since the look, or is not wholly gone: the next look decides.
                Err(error)
                    if error.code.as_deref() == Some("InvalidParameterException")
                        && (error.message.contains("not idempotent")
                            || error.message.contains("raining")) =>
                {
                    pauses.pause(operation, &self.name, &error.message).await?;
                }
                Err(error) if NOT_SEEN_YET.iter().any(|words| error.message.contains(words)) => {
                    progress.say(&*error.message);
                    if seen.pause(operation, &self.name, &error.message).await.is_err() {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn update(
        &self,
        aws: &Aws,
        object: &Observed,
        changes: &Changes<'_>,
        _progress: &Progress<'_>,
    ) -> Result<Observed, CloudError> {
        let operation = "ecs:UpdateService";
        let mut update = aws.clients.ecs().update_service().cluster(&self.cluster).service(&self.name);
        if changes.any(&["task_definition"]) {
            update = update.task_definition(known(&self.task_definition, operation)?);
        }
        if changes.any(&["subnets", "security_groups"]) {
            update = update.network_configuration(network(self, operation)?);
        }
        if changes.any(&["target_group", "container", "port"]) || changes.any(&native::OF_TRAFFIC) {
            update = update.set_load_balancers(Some(balancers(self, operation)?));
        }
        let bounds = ["circuit_breaker", "minimum_healthy_percent", "maximum_percent"];
        if changes.any(&bounds) || changes.any(&native::OF_STEPS) {
            update = update.deployment_configuration(deployment(self, operation)?);
        }
        let update = update
            .set_platform_version(changes.when("platform_version", self.platform_version.clone()))
            .set_enable_execute_command(changes.when("execute_command", self.execute_command))
            .set_desired_count(changes.when("count", signed(self.count.tasks())))
            .set_health_check_grace_period_seconds(if self.target_group.is_some() {
                changes.when("health_grace", self.health_grace.map_or(0, signed))
            } else {
                None
            });
        ecs_tags::update(aws, &object.id, changes, &self.tags).await?;
        if changes.only_tags() {
            let resource = self.clone().into();
            return Ok(Observed { resource, owner: self.tags.owner(), ..object.clone() });
        }
        let updated = update.send().await.during(&aws.scope, operation, &self.name)?;
        let service = updated.service.ok_or_else(|| incomplete(operation, &self.name, "service"))?;
        // The answer of this call leaves tags out.
        let mut observed = observed(&service, self);
        if let Some(tags) = observed.resource.tags_mut() {
            tags.clone_from(&self.tags);
        }
        observed.owner = self.tags.owner();
        Ok(observed)
    }

    async fn delete(&self, aws: &Aws, id: &str, progress: &Progress<'_>) -> Result<(), CloudError> {
        let operation = "ecs:DeleteService";
        let (cluster, name) = parts(id).unwrap_or_else(|| (self.cluster.clone(), self.name.clone()));
        let deleted = aws
            .clients
            .ecs()
            .delete_service()
            .cluster(&cluster)
            .service(&name)
            .force(true)
            .send()
            .await
            .during(&aws.scope, operation, &name);
        match deleted {
            Ok(_) => {}
            Err(error) if error.kind == CloudErrorKind::NotFound => return Ok(()),
            // Draining already, or gone.
            Err(error) if error.code.as_deref() == Some("ServiceNotActiveException") => {}
            Err(error) => return Err(error),
        }
        let mut pauses = Pauses::within(GONE_WITHIN);
        let mut told = String::new();
        loop {
            let left = described(aws, &cluster, std::slice::from_ref(&name)).await?;
            let Some(left) = left.iter().find(|service| service.status() != Some("INACTIVE")) else {
                return Ok(());
            };
            let says = format!("draining, {} tasks still run", left.running_count());
            if says != told {
                progress.say(&*says);
            }
            told = says;
            pauses.pause(operation, &name, &told).await?;
        }
    }

    async fn settle(
        &self,
        aws: &Aws,
        object: &Observed,
        progress: &Progress<'_>,
    ) -> Result<Observed, CloudError> {
        if self.native.is_some() {
            return ecs_release::settle(aws, self, object, None, progress).await;
        }
        rollout::settle(aws, self, object, progress).await
    }
}
