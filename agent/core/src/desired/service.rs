use std::collections::BTreeMap;

use super::{
    Context, Wanted, desired, load_balancer, native,
    sides::{Laid, Sides},
    task,
};
use crate::{
    Address,
    environment::block,
    hash::text_hash,
    resource::{Forward, Ingress, Link, ListenerRule, Peer, SecurityGroup, names},
    rollout::Slot,
};

/// The header that leads to the side that is not live yet, while it is tested.
pub const TEST_HEADER: &str = "X-Pointsman-Side";

pub(super) fn expand(context: &Context<'_>, name: &str, block: &block::Service, wanted: &mut Wanted) {
    let address = Address::block("service", name);
    let group = address.part("security_group");
    let sides = Sides::of(context, name);
    let logs = task::logs(context, &block.task(name), wanted);

    let ingress = block.expose.as_ref().map(|expose| traffic(context, name, block, expose, &sides, wanted));
    wanted.objects.push(desired(
        group.clone(),
        SecurityGroup {
            name: names::limited(&[context.leaf(), name, "service"], 255),
            description: context.description(&address),
            vpc: context.network.vpc.clone(),
            ingress: ingress.into_iter().collect(),
            tags: context.tags(&group),
        },
    ));
    for laid in &sides.laid {
        let Laid { slot, tasks, is_frozen, gets_scaled: _ } = *laid;
        if is_frozen {
            sides.frozen(context, name, block, *laid, wanted);
        } else {
            sides.fresh(context, name, block, slot, tasks, &logs, wanted);
        }
    }
}

/// The address of the rule that leads people to a service.
pub(super) fn production_rule(name: &str) -> Address {
    Address::block("service", name).part("listener_rule")
}

/// The address of the rule that leads tests alone to one of its sides.
pub(super) fn test_rule(name: &str) -> Address {
    Address::block("service", name).part("test_rule")
}

/// The address of the target group of one of its sides.
pub(super) fn target_group(name: &str, slot: Slot) -> Address {
    Address::block("service", &slot.block_name(name)).part("target_group")
}

/// The part of a service that stands for an old service's tasks.
pub(super) const OLD_TARGET_GROUP: &str = "old_target_group";

/// The address of the target group of the tasks of the old service that it is
/// cut over from.
pub fn old_target_group(name: &str) -> Address {
    Address::block("service", name).part(OLD_TARGET_GROUP)
}

/// The rules that let traffic in, and what its security group lets through.
fn traffic(
    context: &Context<'_>,
    name: &str,
    block: &block::Service,
    expose: &block::Expose,
    sides: &Sides,
    wanted: &mut Wanted,
) -> Ingress {
    let segments = expose.listener.segments();
    let (balancer, listener) = match segments.as_slice() {
        ["load_balancer", balancer, "listener", listener] => (*balancer, *listener),
        _ => ("", ""),
    };
    let mut hosts: Vec<String> = context
        .environment
        .file
        .load_balancer
        .get(balancer)
        .and_then(|balancer| balancer.listener.get(listener))
        .map(|listener| listener.hosts.clone())
        .unwrap_or_default();
    hosts.sort();
    let priority = expose.priority.unwrap_or_else(|| stable_priority(name));
    let forward = sides.weights.iter().map(|(slot, weight)| Forward {
        target_group: Link::to(&sides.group_of(name, *slot)),
        weight: *weight,
    });
    let mut forward: Vec<Forward> = forward.collect();
    let ecs_moves = context.is_native(name);
    if ecs_moves {
        forward = native::forward(context, name);
    }
    let stickiness = expose.stickiness.as_ref().filter(|_| forward.len() > 1 && !ecs_moves);
    sides.old_targets(context, name, block, expose, wanted);
    let rule = production_rule(name);
    let listener = context.link(&expose.listener).unwrap_or_else(|| Link::Known(expose.listener.to_string()));
    wanted.objects.push(desired(
        rule.clone(),
        ListenerRule {
            listener: listener.clone(),
            priority,
            hosts: hosts.clone(),
            headers: BTreeMap::new(),
            forward,
            ecs_moves,
            stickiness: stickiness.map(|stickiness| stickiness.duration.seconds()),
            tags: context.tags(&rule),
        },
    ));
    if let Some(slot) = sides.test {
        let rule = test_rule(name);
        let marks = vec![test_mark(context.environment.name.as_str(), name)];
        wanted.objects.push(desired(
            rule.clone(),
            ListenerRule {
                listener,
                priority: test_priority(name, priority),
                hosts,
                headers: BTreeMap::from([(TEST_HEADER.to_owned(), marks)]),
                forward: Forward::all_to(Link::to(&sides.group_of(name, slot))),
                ecs_moves: false,
                stickiness: None,
                tags: context.tags(&rule),
            },
        ));
    }
    Ingress::tcp(block.port, Peer::Group(Link::to(&load_balancer::security_group(balancer))))
}

/// The value of [`TEST_HEADER`] that leads to the side under test. It keeps
/// people from getting there by accident; it is no secret.
pub fn test_mark(environment: &str, service: &str) -> String {
    text_hash(&format!("{environment}/{service}/test"))[..16].to_owned()
}

/// From 10,000 to 49,999, by the service's name alone: another service that
/// comes or goes moves no rule.
fn stable_priority(name: &str) -> u32 {
    10_000 + number_of(name) % 40_000
}

/// Before the production rule, which would take everything; from 1 on.
fn test_priority(name: &str, production: u32) -> u32 {
    let most = production.saturating_sub(1).clamp(1, 9_999);
    1 + number_of(&format!("{name}/test")) % most
}

fn number_of(text: &str) -> u32 {
    u32::from_str_radix(&text_hash(text)[..6], 16).unwrap_or_default()
}
