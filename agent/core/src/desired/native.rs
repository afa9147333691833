//! Releases that ECS itself carries out: from one target group of a service to
//! the other, behind one rule whose weights are ECS's.

use super::{
    Context, Wanted, alarm, desired,
    service::{production_rule, target_group},
    sides::group,
};
use crate::{
    Address,
    environment::block,
    resource::{Forward, Link, Native, Shift, TargetGroup},
    rollout::Slot,
    scalar::{Duration, Percentage},
};

/// The part of a service's side in which every second release stands.
pub(super) const ALTERNATE_TARGET_GROUP: &str = "alternate_target_group";

fn alternate(service: &str, slot: Slot) -> Address {
    Address::block("service", &slot.block_name(service)).part(ALTERNATE_TARGET_GROUP)
}

/// How ECS moves the traffic of a service's side, and its second target group;
/// none where it does not.
pub(super) fn of(
    context: &Context<'_>,
    service: &str,
    block: &block::Service,
    slot: Slot,
    wanted: &mut Wanted,
) -> Option<Native> {
    let file = &context.environment.file;
    let rollout = file.rollout.as_ref().filter(|_| context.is_native(service))?;
    let expose = block.expose.as_ref()?;
    let address = alternate(service, slot);
    let name = format!("{}--alternate", slot.block_name(service));
    let group = group(context, &address, &name, block.port, block, expose);
    wanted.objects.push(desired(address.clone(), TargetGroup { ecs_moves: true, ..group }));
    let steps: Vec<u8> = rollout.shift.iter().copied().map(Percentage::value).collect();
    let mut alarms: Vec<String> =
        abort_on(context).flat_map(|(name, block)| alarm::names(context, name, block)).collect();
    alarms.sort();
    Some(Native {
        alternate: Link::to(&address),
        rule: Link::to(&production_rule(service)),
        role: rollout.role.as_ref().map(ToString::to_string).unwrap_or_default(),
        // Check refuses what ECS cannot do.
        shift: Shift::of(&steps, minutes(rollout.hold)).unwrap_or(Shift::AtOnce),
        bake: minutes(rollout.bake),
        alarms,
    })
}

/// Where the rule of a service leads when it is made; from then on ECS says so.
pub(super) fn forward(context: &Context<'_>, service: &str) -> Vec<Forward> {
    let live = context.track(service).map_or(Slot::A, |track| track.live);
    let groups = [(target_group(service, live), 1), (alternate(service, live), 0)];
    groups.map(|(group, weight)| Forward { target_group: Link::to(&group), weight }).into()
}

/// The alarms that stand before a service that they turn back. One that adds
/// tasks comes after it: ECS knows it by its name.
pub(super) fn watched(context: &Context<'_>) -> Vec<Address> {
    let before = abort_on(context).filter(|(_, block)| block.scale_out.is_none());
    before.flat_map(|(name, block)| alarm::addresses(context, name, block)).collect()
}

fn abort_on<'a>(context: &Context<'a>) -> impl Iterator<Item = (&'a String, &'a block::Alarm)> {
    let file = &context.environment.file;
    let names = file.rollout.iter().flat_map(|rollout| &rollout.abort_on);
    names.filter_map(|name| file.alarms.as_ref()?.alarm.get_key_value(name))
}

fn minutes(duration: Option<Duration>) -> u32 {
    duration.map_or(0, |it| u32::try_from(it.seconds() / 60).unwrap_or(u32::MAX))
}
