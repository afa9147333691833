//! The two sides of services whose state is lost: which of them is live is told
//! from what lives.

use std::collections::BTreeMap;

use pointsman_core::{
    Address,
    environment::block::Strategy,
    report::adoption::SidesFound,
    resource::{Desired, Observed, Resource},
    rollout::{Pair, Slot, Track, Unclear, found},
    state::State,
};

use super::survey::as_it_lives;
use crate::{
    Failure, Run,
    ports::{Sought, Standing, Underway},
    rollout::now_ms,
};

/// What its service's own record leads to, by what it is called below the side:
/// it may be of an earlier description, with another name.
const LED_TO: [&str; 2] = ["task_definition", "target_group"];

/// Looks up by its id what the services of both sides refer to, where something
/// else, or nothing, was found under its name.
pub(super) async fn follow(
    run: &Run,
    described: &[Desired],
    found: &mut BTreeMap<Address, Observed>,
) -> Result<(), Failure> {
    let mut sought = Vec::new();
    for (service, slot) in sides(run) {
        let side = Address::block("service", &slot.block_name(&service));
        let Some(Resource::Service(standing)) = found.get(&side).map(|it| &it.resource) else { continue };
        let links = [Some(&standing.task_definition), standing.target_group.as_ref()];
        for (part, link) in LED_TO.iter().zip(links) {
            let address = side.part(part);
            let (Some(id), Some(desired)) =
                (link.and_then(|it| it.known()), described.iter().find(|it| it.address == address))
            else {
                continue;
            };
            if found.get(&address).is_none_or(|it| it.id != id) {
                let resource = desired.resource.clone();
                sought.push(Sought { address, id: Some(id.to_owned()), resource, recorded: None });
            }
        }
    }
    if !sought.is_empty() {
        found.extend(run.ports.cloud.observe(&sought).await?);
    }
    Ok(())
}

/// Which side of each service is live. `ours` is what lives and is ours.
pub(super) async fn tracks(
    run: &Run,
    state: Option<&State>,
    ours: &BTreeMap<Address, Observed>,
) -> Result<Vec<SidesFound>, Failure> {
    // Where ECS moves traffic, there is one side, and the rule says nothing of it.
    if run.environment.file.is_native() {
        let has_two =
            |service: &String| ours.contains_key(&Address::block("service", &Slot::B.block_name(service)));
        let unclear: Vec<_> =
            exposed(run).into_iter().filter(has_two).map(|service| (service, Unclear::Native)).collect();
        return if unclear.is_empty() { Ok(Vec::new()) } else { Err(Failure::Sides(unclear)) };
    }
    let (mut all, mut unclear) = (Vec::new(), Vec::new());
    let is_blue_green =
        run.environment.file.rollout.as_ref().is_some_and(|it| it.strategy == Strategy::BlueGreen);
    for service in exposed(run) {
        let standing = |slot: Slot| {
            let observed = ours.get(&Address::block("service", &slot.block_name(&service)))?;
            match &observed.resource {
                Resource::Service(it) => Some(Standing { service: it.clone(), id: observed.id.clone() }),
                _ => None,
            }
        };
        let asked = Underway {
            sides: Pair { a: standing(Slot::A), b: standing(Slot::B) },
            watched: None,
            until_gone: false,
            groups: Pair::default(),
            rule: ours
                .get(&Address::block("service", &service).part("listener_rule"))
                .map(|rule| rule.id.clone()),
            balancer: None,
            alarms: Vec::new(),
            on_green: Vec::new(),
            opened_at_ms: now_ms(),
            counted_since_ms: None,
        };
        let runs = |slot: Slot| {
            let side = asked.sides.get(slot).as_ref()?;
            Some(side.service.task_definition.known().unwrap_or_default().to_owned())
        };
        let runs = Pair { a: runs(Slot::A), b: runs(Slot::B) };
        let facts = run.ports.cloud.underway(&asked).await?;
        match found(state.and_then(|state| state.tracks.get(&service)), &runs, &facts) {
            // Of a service that was never rolled out from one side to the other, nothing is to be known.
            Ok(Some(track)) if is_blue_green || track.live == Slot::B || track.idle.is_some() => {
                let is_left = track.open.is_none();
                let left = if is_left { facts.sides.get(track.live.other()).desired } else { 0 };
                all.push(SidesFound { service, track, left });
            }
            Ok(_) => {}
            Err(why) => unclear.push((service, why)),
        }
    }
    if unclear.is_empty() { Ok(all) } else { Err(Failure::Sides(unclear)) }
}

/// What is left of the state, with these tracks, and with what lives on both
/// sides in place of what was recorded there.
pub(super) fn as_found(
    run: &Run,
    state: Option<&State>,
    sides: &[SidesFound],
    described: &[Desired],
    ours: &BTreeMap<Address, Observed>,
) -> Result<State, Failure> {
    let empty = || State::new(run.environment.name.clone(), String::new());
    let mut state = state.cloned().unwrap_or_else(empty);
    state.tracks = tracks_of(sides);
    for SidesFound { service, .. } in sides {
        for slot in [Slot::A, Slot::B] {
            let side = Address::block("service", &slot.block_name(service));
            let of_side = described.iter().filter(|it| it.address == side || it.address.is_within(&side));
            for desired in of_side {
                if let Some(live) = ours.get(&desired.address) {
                    state.record(&as_it_lives(desired, live), live, &desired.dependencies())?;
                }
            }
        }
    }
    Ok(state)
}

/// The tracks by service, as a state has them.
pub(super) fn tracks_of(sides: &[SidesFound]) -> BTreeMap<String, Track> {
    sides.iter().map(|it| (it.service.clone(), it.track.clone())).collect()
}

fn exposed(run: &Run) -> Vec<String> {
    let exposed = run.environment.file.service.iter().filter(|(_, block)| block.expose.is_some());
    exposed.map(|(name, _)| name.clone()).collect()
}

fn sides(run: &Run) -> Vec<(String, Slot)> {
    exposed(run).into_iter().flat_map(|name| [(name.clone(), Slot::A), (name, Slot::B)]).collect()
}
