use super::{Context, Wanted, desired, load_balancer, task};
use crate::{
    Address,
    environment::block,
    hash::text_hash,
    resource::{
        Count, HealthCheck, Ingress, Link, ListenerRule, Peer, SecurityGroup, Service, TargetGroup, names,
    },
};

pub(super) fn expand(context: &Context<'_>, name: &str, block: &block::Service, wanted: &mut Wanted) {
    let address = Address::block("service", name);
    let group = address.part("security_group");
    let task_definition = task::expand(context, &block.task(name), wanted);

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
            container: task::family(context, &block.task(name)),
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
