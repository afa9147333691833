use std::collections::BTreeMap;

use super::{Context, Wanted, cache, desired, load_balancer};
use crate::{
    Address,
    environment::block,
    hash::text_hash,
    plan::{Held, HeldReason},
    resource::{
        Count, FileSystem, HealthCheck, Ingress, Link, ListenerRule, LogGroup, Peer, SecurityGroup, Service,
        TargetGroup, TaskDefinition, names,
    },
    scalar::TemplatePart,
};

pub(super) fn expand(context: &Context<'_>, name: &str, block: &block::Service, wanted: &mut Wanted) {
    let address = Address::block("service", name);
    let log_group = address.part("log_group");
    let task_definition = address.part("task_definition");
    let group = address.part("security_group");
    let log_group_name = format!("/pointsman/{}/{name}", context.environment.name);

    wanted.objects.push(desired(
        log_group.clone(),
        LogGroup {
            name: log_group_name.clone(),
            retention_days: block.log_retention.whole_days().and_then(|days| i32::try_from(days).ok()),
            tags: context.tags(&log_group),
        },
    ));

    let mut environment = BTreeMap::new();
    for (variable, template) in &block.environment {
        match context.text(template) {
            Some(text) => {
                environment.insert(variable.clone(), text);
            }
            None => wanted
                .held
                .push(Held::new(address.part("environment").part(variable), HeldReason::NotYetManaged)),
        }
    }
    let (secrets, secret_marks) = secrets(context, &address, block, wanted);
    let mut task = desired(
        task_definition.clone(),
        TaskDefinition {
            family: names::limited(&[context.leaf(), name], 255),
            image: block.image.clone(),
            cpu: block.cpu,
            memory: block.memory,
            architecture: block.architecture.as_str().to_owned(),
            port: block.port,
            command: block.command.clone(),
            execution_role: block.execution_role.to_string(),
            task_role: block.task_role.as_ref().map(ToString::to_string),
            environment,
            secrets,
            secret_marks,
            volumes: volumes(context, &address, block, wanted),
            log_group: log_group_name,
            log_region: context.environment.file.aws.region.clone(),
            stop_timeout: block.stop_timeout.seconds(),
            tags: context.tags(&task_definition),
        },
    );
    task.after = vec![log_group];
    wanted.objects.push(task);

    let exposed = block.expose.as_ref().map(|expose| traffic(context, name, block, expose, wanted));
    let ingress = exposed.iter().map(|exposed| exposed.ingress.clone()).collect();
    wanted.objects.push(desired(
        group.clone(),
        SecurityGroup {
            name: names::limited(&[context.leaf(), name, "service"], 255),
            description: context.description(&address),
            vpc: context.network.vpc.clone(),
            ingress,
            tags: context.tags(&group),
        },
    ));

    let block::Deployment { minimum_healthy_percent, maximum_percent, circuit_breaker } = block.deployment;
    let mut service = desired(
        address.clone(),
        Service {
            name: name.to_owned(),
            cluster: block.cluster.clone(),
            task_definition: Link::to(&task_definition),
            count: if block.scaling.is_some() {
                Count::Initially(block.count)
            } else {
                Count::Fixed(block.count)
            },
            subnets: context.subnets(&block.subnets),
            security_groups: vec![Link::to(&group)],
            target_group: exposed.as_ref().map(|exposed| Link::to(&exposed.target_group)),
            container: names::limited(&[context.leaf(), name], 255),
            port: block.port,
            health_grace: exposed.is_some().then(|| block.health.grace.seconds()),
            circuit_breaker,
            minimum_healthy_percent,
            maximum_percent,
            platform_version: block.platform_version.clone(),
            execute_command: block.execute_command,
            tags: context.tags(&address),
        },
    );
    // ECS refuses a target group that no load balancer uses yet.
    service.after = exposed.into_iter().map(|exposed| exposed.rule).collect();
    wanted.objects.push(service);

    if let Some(scaling) = &block.scaling {
        super::scaling::expand(context, name, block, scaling, wanted);
    }
}

type Links = BTreeMap<String, Link>;

/// The secrets that variables are taken from, and the marks of those that
/// change with what they are composed of: ECS reads a secret only when a task
/// starts, so that a new value needs new tasks.
fn secrets(
    context: &Context<'_>,
    address: &Address,
    block: &block::Service,
    wanted: &mut Wanted,
) -> (Links, Links) {
    let (mut secrets, mut marks) = (Links::new(), Links::new());
    for (variable, template) in &block.secrets {
        let link = match template.parts() {
            [TemplatePart::Reference(reference)] => {
                if let ["cache", name, "url_secret"] = reference.segments().as_slice() {
                    let mark = Link::attribute(&cache::url_secret(name), "composed_of");
                    marks.insert(variable.clone(), mark);
                }
                context.link(reference)
            }
            _ => template.as_literal().map(|arn| Link::Known(arn.to_owned())),
        };
        match link {
            Some(link) => {
                secrets.insert(variable.clone(), link);
            }
            None => {
                wanted
                    .held
                    .push(Held::new(address.part("secrets").part(variable), HeldReason::NotYetManaged));
            }
        }
    }
    (secrets, marks)
}

fn volumes(
    context: &Context<'_>,
    address: &Address,
    block: &block::Service,
    wanted: &mut Wanted,
) -> BTreeMap<String, FileSystem> {
    let mut volumes = BTreeMap::new();
    for (name, volume) in &block.volumes {
        let block::Volume { files, mount, read_only } = volume;
        match context.external(files) {
            Some(found) => {
                let files = FileSystem {
                    id: found.id.clone(),
                    access_point: found.attributes.get("access_point").cloned(),
                    root: "/".to_owned(),
                    encrypted: true,
                    iam: block.task_role.is_some(),
                    mount: Some(mount.clone()),
                    read_only: *read_only,
                };
                volumes.insert(name.clone(), files);
            }
            None => {
                wanted.held.push(Held::new(address.part("volumes").part(name), HeldReason::NotYetManaged));
            }
        }
    }
    volumes
}

/// What lets traffic in.
struct Exposed {
    target_group: Address,
    rule: Address,
    ingress: Ingress,
}

fn traffic(
    context: &Context<'_>,
    name: &str,
    block: &block::Service,
    expose: &block::Expose,
    wanted: &mut Wanted,
) -> Exposed {
    let address = Address::block("service", name);
    let target_group = address.part("target_group");
    let rule = address.part("listener_rule");
    let segments = expose.listener.segments();
    let (balancer, listener) = match segments.as_slice() {
        ["load_balancer", balancer, "listener", listener] => (*balancer, *listener),
        _ => ("", ""),
    };
    let health = &block.health;
    let port = block.port.to_string();
    wanted.objects.push(desired(
        target_group.clone(),
        TargetGroup {
            name: names::versioned(&[context.leaf(), name], &[&port, "HTTP", &context.network.vpc], 32),
            port: block.port,
            protocol: "HTTP".to_owned(),
            vpc: context.network.vpc.clone(),
            health: HealthCheck {
                path: health.path.clone(),
                interval: health.interval.seconds(),
                timeout: health.timeout.seconds(),
                healthy: health.healthy,
                unhealthy: health.unhealthy,
                codes: health.codes.clone(),
            },
            deregistration_delay: expose.drain.seconds(),
            stickiness: expose.stickiness.as_ref().map(|stickiness| stickiness.duration.seconds()),
            tags: context.tags(&target_group),
        },
    ));
    let mut hosts: Vec<String> = context
        .environment
        .file
        .load_balancer
        .get(balancer)
        .and_then(|balancer| balancer.listener.get(listener))
        .map(|listener| listener.hosts.clone())
        .unwrap_or_default();
    hosts.sort();
    wanted.objects.push(desired(
        rule.clone(),
        ListenerRule {
            listener: context
                .link(&expose.listener)
                .unwrap_or_else(|| Link::Known(expose.listener.to_string())),
            priority: expose.priority.unwrap_or_else(|| stable_priority(name)),
            hosts,
            target_group: Some(Link::to(&target_group)),
            tags: context.tags(&rule),
        },
    ));
    let ingress = Ingress::tcp(block.port, Peer::Group(Link::to(&load_balancer::security_group(balancer))));
    Exposed { target_group, rule, ingress }
}

/// From 10,000 to 49,999, by the service's name alone: another service that
/// comes or goes moves no rule.
fn stable_priority(name: &str) -> u32 {
    let number = u32::from_str_radix(&text_hash(name)[..6], 16).unwrap_or_default();
    10_000 + number % 40_000
}
