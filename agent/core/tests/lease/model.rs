//! Everything that may happen next.

use std::{
    collections::HashSet,
    hash::{BuildHasher, Hash, Hasher, RandomState},
    sync::{Arc, Mutex},
};

use pointsman_core::lease::Timing;
use stateright::{Model, Property};

use crate::agent::{Phase, Step, item, step, steps, stop};
use crate::properties;
use crate::world::{Flying, World};

/// How many faults happen in one history at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Faults {
    /// Agents die.
    pub crashes: u8,
    /// Replies do not come, or writes do not arrive.
    pub lost: u8,
    /// Terraform takes the lock.
    pub foreign: u8,
    /// A person runs `force-unlock`.
    pub unlocks: u8,
    /// Heartbeats that are sent: no fault, but bounded like one.
    pub beats: u8,
}

/// A use of the rules that is wrong: the model must notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutant {
    NoFenceCondition,
    NoReadBack,
    StealWithoutWatching,
    ReleaseUnasked,
    NoQuiesce,
    BeatWithoutVersion,
    /// A heartbeat in doubt is sent again with the version it had.
    VersionAgain,
}

/// What is explored. Stalls need no bound of their own: time may go on
/// whatever an agent has left to do.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    pub timing: Timing,
    /// How often the lock is taken.
    pub takings: u64,
    /// Objects that are wanted, 1 or 2.
    pub objects: u8,
    pub faults: Faults,
    pub mutant: Option<Mutant>,
}

impl Scope {
    /// The objects that are wanted, one bit each.
    pub fn wanted(&self) -> u8 {
        (1 << self.objects) - 1
    }
}

/// The default times, ten seconds a tick, as short as `Timing::fault` lets them be.
pub const SCALED: Timing = Timing {
    heartbeat_ms: 1,
    fresh_ms: 2,
    attempt_ms: 1,
    watch_ms: 4,
    quiesce_ms: 3,
    strict: false,
    look_again_ms: 1,
};

#[derive(Debug)]
pub struct Lease {
    pub scope: Scope,
    hasher: RandomState,
    /// Worlds from which a replica was already seen to finish alone.
    finishing: Mutex<HashSet<u64>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    Tick,
    Agent(usize, Step),
    Crash(usize),
    /// What is on its way arrives, and its sender hears of it.
    Lands(usize),
    /// It arrives, and its sender does not hear of it.
    LandsUnheard(usize),
    /// It never arrives.
    Vanishes(usize),
    TerraformLocks,
    TerraformReleases,
    ForceUnlock,
}

impl Lease {
    pub fn new(scope: Scope) -> Self {
        Self { scope, hasher: RandomState::new(), finishing: Mutex::default() }
    }

    /// Whether this is the first time that this is asked of such a world.
    pub fn is_new(&self, world: &World) -> bool {
        let World { lock, fence, journal, state, made, flying, agents: _, left: _, broken: _ } = world;
        let mut hasher = self.hasher.build_hasher();
        (lock, fence, journal, state, made).hash(&mut hasher);
        for flying in flying {
            match flying {
                Flying::Write { object, run, owner: _, sent } => (object, run, sent).hash(&mut hasher),
                Flying::Take(_) | Flying::Beat { .. } => {}
            }
        }
        self.finishing.lock().unwrap().insert(hasher.finish())
    }
}

impl Model for Lease {
    type State = World;
    type Action = Event;

    fn init_states(&self) -> Vec<World> {
        vec![World::new(self.scope.faults)]
    }

    fn actions(&self, world: &World, events: &mut Vec<Event>) {
        let scope = &self.scope;
        // The agents are alike, and time has no beginning: the first act is agent 0's.
        if world.fence.is_none()
            && world.flying.is_empty()
            && world.lock.is_none()
            && world.agents.iter().all(|agent| agent.phase == Phase::Idle)
        {
            events.push(Event::Agent(0, Step::Go));
            if world.left.foreign > 0 {
                events.push(Event::TerraformLocks);
            }
            return;
        }
        let overdue = world.flying.iter().any(|flying| match flying {
            Flying::Write { sent, .. } => world.clock().since(*sent) >= scope.timing.attempt_ms,
            Flying::Take(_) | Flying::Beat { .. } => false,
        });
        if !overdue {
            events.push(Event::Tick);
        }
        for who in 0..world.agents.len() {
            let mut mine = Vec::new();
            steps(world, who, scope, &mut mine);
            events.extend(mine.into_iter().map(|step| Event::Agent(who, step)));
            if world.left.crashes > 0 && !matches!(world.agents[who].phase, Phase::Idle | Phase::Looked(_)) {
                events.push(Event::Crash(who));
            }
        }
        for (index, flying) in world.flying.iter().enumerate() {
            match flying {
                Flying::Take(_) | Flying::Beat { .. } => events.push(Event::Lands(index)),
                Flying::Write { .. } => {
                    events.push(Event::Lands(index));
                    if world.left.lost > 0 {
                        events.extend([Event::LandsUnheard(index), Event::Vanishes(index)]);
                    }
                }
            }
        }
        match &world.lock {
            None if world.left.foreign > 0 => events.push(Event::TerraformLocks),
            None => {}
            Some(lock) if lock.mark.is_none() => events.push(Event::TerraformReleases),
            Some(_) if world.left.unlocks > 0 => events.push(Event::ForceUnlock),
            Some(_) => {}
        }
    }

    fn next_state(&self, before: &World, event: Event) -> Option<World> {
        let mut world = before.clone();
        match event {
            Event::Tick => world.tick(),
            Event::Agent(who, one) => step(&mut world, who, one, &self.scope),
            Event::Crash(who) => {
                world.left.crashes -= 1;
                let mut agent = world.agents[who].clone();
                stop(&world, &mut agent, who);
                world.agents[who] = agent;
            }
            Event::Lands(index) => world.land(index, true, &self.scope),
            Event::LandsUnheard(index) => {
                world.left.lost -= 1;
                world.land(index, false, &self.scope);
            }
            Event::Vanishes(index) => {
                world.left.lost -= 1;
                world.vanish(index);
            }
            Event::TerraformLocks => {
                world.left.foreign -= 1;
                world.lock = Some(Arc::new(item(None)));
            }
            Event::TerraformReleases => world.lock = None,
            Event::ForceUnlock => {
                world.left.unlocks -= 1;
                world.lock = None;
            }
        }
        (world != *before).then_some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all()
    }
}
