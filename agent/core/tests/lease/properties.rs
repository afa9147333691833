//! The promises of the agent about lock, state and journal, and what the model
//! must have come across for them to mean anything.

use stateright::Property;

use crate::agent::{Agent, Held, Phase, Stage, Step, step, steps};
use crate::model::{Faults, Lease, Scope};
use crate::world::{Flying, World};

pub const ONE_HOLDER: &str = "P1: two leases are never both fresh, unless a person removed one's lock";
pub const ONE_WRITER: &str = "P1: two proofs that let writes leave are never both fresh";
pub const FRESH_WRITES: &str =
    "P2: no write leaves without a fresh lease, or lands in a run that another closed";
pub const FOREIGN_LOCKS: &str = "P3: a lock that is not an agent's is never touched";
pub const NO_ORPHAN: &str = "P4: what was made is in the state, or an open intent of the open run names it";
pub const NO_DUPLICATE: &str = "P5: nothing is made twice";
pub const ONLY_GROWS: &str = "P6: fence, serial and state only grow";
pub const FINISHES: &str = "P9: without further faults, one replica alone brings everything to its end";

pub fn all() -> Vec<Property<Lease>> {
    vec![
        Property::always(ONE_HOLDER, one_holder),
        Property::always(ONE_WRITER, one_writer),
        Property::always(FRESH_WRITES, |_, world: &World| !world.broken.stale && !world.broken.late),
        Property::always(FOREIGN_LOCKS, |_, world: &World| !world.broken.foreign),
        Property::always(NO_ORPHAN, no_orphan),
        Property::always(NO_DUPLICATE, |_, world: &World| world.made.iter().all(|times| *times <= 1)),
        Property::always(ONLY_GROWS, |_, world: &World| !world.broken.back),
        Property::always(FINISHES, finishes),
        Property::sometimes("a dead holder's lock is stolen", |_, world: &World| {
            any(world, |held| held.stolen)
        }),
        Property::sometimes(
            "a run that did not end is recovered, and something is found",
            |_, world: &World| any(world, |held| matches!(held.stage, Stage::Recovered { objects: 1.., .. })),
        ),
        Property::sometimes("a lost reply to a taking is resolved", |_, world: &World| {
            any(world, |held| held.resolved)
        }),
        Property::sometimes("a lost reply to a write is resolved", |_, world: &World| {
            any(
                world,
                |held| matches!(held.stage, Stage::Doubt { object } if world.standing() & (1 << object) != 0),
            )
        }),
        Property::sometimes("a lost reply to a heartbeat is resolved", |_, world: &World| {
            any(world, |held| held.beat.is_some())
        }),
        Property::sometimes("a lock is removed by force under a write on its way", |_, world: &World| {
            world.lock.is_none() && world.flying.iter().any(|flying| matches!(flying, Flying::Write { .. }))
        }),
        Property::sometimes(
            "a lock is removed by force, and Terraform has it while a run is open",
            |_, world: &World| {
                world.lock.as_ref().is_some_and(|lock| lock.mark.is_none()) && world.open_run().is_some()
            },
        ),
        Property::sometimes(
            "a holder stalls until it is stale, and another waits for what it may have sent",
            |m: &Lease, w: &World| {
                any(w, |held| held.writes() && !held.fresh.is_fresh(w.clock(), &m.scope.timing))
                    && any(w, |held| matches!(held.stage, Stage::Quiet { .. }))
            },
        ),
        Property::sometimes("everything is done", |model: &Lease, world: &World| {
            !world.has_work(&model.scope)
        }),
    ]
}

fn any(world: &World, what: impl Fn(&Held) -> bool) -> bool {
    world.agents.iter().any(|agent| matches!(&agent.phase, Phase::Held(held) if what(held)))
}

fn fresh(model: &Lease, world: &World, which: fn(&Held) -> bool) -> usize {
    let is = |held: &Held| which(held) && held.fresh.is_fresh(world.clock(), &model.scope.timing);
    world.agents.iter().filter(|agent| matches!(&agent.phase, Phase::Held(held) if is(held))).count()
}

fn one_holder(model: &Lease, world: &World) -> bool {
    world.left.unlocks < model.scope.faults.unlocks || fresh(model, world, |_| true) <= 1
}

/// A person may remove a lock under its holder, and another take it at once:
/// then two are fresh, but one of them knows that a run is open and waits. Who
/// may write is who is fresh and past that.
fn one_writer(model: &Lease, world: &World) -> bool {
    fresh(model, world, Held::writes) <= 1
}

fn no_orphan(_: &Lease, world: &World) -> bool {
    let named = if world.open_run().is_some() { world.journal.open() } else { 0 };
    world.standing() & !(world.state.objects | named) == 0
}

/// Whatever is on its way arrives, or does not; every agent is dead, and so is
/// Terraform's; a replica starts.
fn finishes(model: &Lease, world: &World) -> bool {
    if !model.is_new(world) {
        return true;
    }
    [true, false].into_iter().all(|arrives| {
        let mut alone = world.clone();
        alone.left = Faults { beats: 40, ..Faults::default() };
        alone.agents = [Agent { life: 90, ..Agent::default() }, Agent::default()];
        while let Some(index) = alone.flying.iter().position(|flying| matches!(flying, Flying::Write { .. }))
        {
            if arrives { alone.land(index, true, &model.scope) } else { alone.vanish(index) }
        }
        alone.flying.clear();
        if alone.lock.as_ref().is_some_and(|lock| lock.mark.is_none()) {
            alone.lock = None;
        }
        finishes_alone(alone, &model.scope)
    })
}

/// Steps of one replica within which everything is at its end.
const STEPS: usize = 60;

fn finishes_alone(mut world: World, scope: &Scope) -> bool {
    let scope = &Scope { takings: u64::MAX, ..*scope };
    for _ in 0..STEPS {
        let idle = world.agents[0].phase == Phase::Idle;
        if idle && !world.has_work(scope) {
            return world.made.iter().map(|times| usize::from(*times)).sum::<usize>()
                == usize::from(scope.objects);
        }
        let mut possible = Vec::new();
        steps(&world, 0, scope, &mut possible);
        if !world.flying.is_empty() {
            world.land(0, true, scope);
        } else if possible.contains(&Step::Go) {
            step(&mut world, 0, Step::Go, scope);
        } else if possible.contains(&Step::Beat) {
            step(&mut world, 0, Step::Beat, scope);
        } else {
            world.tick();
        }
        if !idle && world.agents[0].phase == Phase::Idle {
            world.tick();
        }
    }
    false
}
