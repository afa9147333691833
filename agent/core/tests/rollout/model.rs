//! Everything that may happen next.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
    sync::Mutex,
};

use pointsman_core::rollout::{
    Facts, Phase, Reason, Rollout, Slot, Step, Weights, Why, Word, same_weights, step,
};
use stateright::{Model, Property};

use crate::given::{Kind, said};
use crate::promises;
use crate::world::{BLUE, Broken, GREEN, LEAD, NOW, TASKS, WRITES, World};

/// How many faults happen in one history at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Faults {
    /// The agent dies.
    pub crashes: u8,
    /// A side loses its health, or one target of it.
    pub lost: u8,
    /// Somebody writes weights by hand.
    pub hands: u8,
    /// The alarm rings.
    pub alarms: u8,
    /// A person wants it back.
    pub aborts: u8,
    /// ECS gives green up.
    pub gives_up: u8,
    /// Blue's autoscaler adds a task.
    pub grows: u8,
    /// The migration task fails.
    pub fails: u8,
    /// Microsoft Graph refuses to lead people elsewhere.
    pub refuses: u8,
}

/// A use of the rules that is wrong: the model must notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutant {
    /// A phase that was recorded is brought about whatever is seen.
    ByHabit,
    /// On the way back the rule goes to blue at once.
    WeightsBeforeTasks,
    /// Blue goes to zero at COMMIT.
    BlueGoesEarly,
    /// Weights of others are written over.
    Fights,
    /// One poll proves everything.
    OnePoll,
    /// Nothing shows blue's health once the production rule lets go of it.
    BlueUnseen,
    /// Scaling in stays suspended at the end.
    StaysSuspended,
    /// A phase is held to stand once it is recorded.
    StandsUnseen,
    /// Green ends before the production rule lets go of it.
    DiscardsFirst,
    /// The old service goes before people come by the load balancer.
    GoesUnseen,
    /// On the way back green ends while people still come by the load balancer.
    LeavesThemBehind,
    /// The way back forgets how many tasks the old service had.
    ForgetsTheCount,
    /// Green starts before blue has stopped.
    StartsEarly,
    /// Blue starts before green has stopped.
    ReturnsEarly,
    /// On the way back silence is enough, whatever the application answers.
    TrustsSilence,
    /// The agent leads people to the load balancer as soon as somebody agreed.
    LeadsEarly,
    /// A migration that failed is taken for one that is done.
    IgnoresTheCode,
}

impl Mutant {
    pub fn step(self, rollout: &Rollout, facts: &Facts, now: u64) -> Step {
        let right = step(rollout, facts, now);
        match (self, &right) {
            (
                Self::ByHabit,
                Step::Wait { why: Why::Shaken { .. }, .. } | Step::Abort { why: Reason::Unhealthy { .. } },
            ) if rollout.stood_ms.is_none() => Step::Apply,
            (Self::WeightsBeforeTasks, _) if rollout.phase == Phase::BlueFirst => Step::Enter(Phase::Return),
            (Self::WeightsBeforeTasks, Step::Enter(Phase::BlueFirst)) => Step::Apply,
            (Self::Fights, Step::Abort { why: Reason::Weights { .. } }) => Step::Apply,
            (Self::OnePoll, Step::Wait { why: Why::Proving { .. }, .. }) => {
                let mut facts = facts.clone();
                facts.polls.steady = 3;
                step(rollout, &facts, now)
            }
            (Self::DiscardsFirst, Step::Enter(Phase::Return)) if rollout.phase == Phase::Discard => {
                Step::Apply
            }
            (Self::DiscardsFirst, Step::Enter(Phase::Return)) => Step::Enter(Phase::Discard),
            (Self::GoesUnseen, Step::Wait { why: Why::Arriving(_), .. }) => Step::Enter(Phase::Bake),
            (Self::LeavesThemBehind, Step::Wait { why: Why::Leaving(_), .. }) => {
                Step::Enter(Phase::DrainGreen)
            }
            (Self::TrustsSilence, Step::Wait { why: Why::StillLed(_), .. }) => Step::Enter(Phase::DrainGreen),
            (Self::StartsEarly, Step::Enter(Phase::Stop)) => Step::Enter(Phase::First),
            (Self::ReturnsEarly, Step::Apply) if rollout.phase == Phase::StopGreen => {
                Step::Enter(Phase::BlueFirst)
            }
            (Self::IgnoresTheCode, Step::Abort { why: Reason::MigrationFailed(_) }) => {
                Step::Enter(Phase::ScaleUp)
            }
            _ => right,
        }
    }
}

/// What is explored.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scope {
    pub kind: Kind,
    pub faults: Faults,
    pub mutant: Option<Mutant>,
}

#[derive(Debug)]
pub struct Rollouts {
    pub scope: Scope,
    hasher: RandomState,
    /// Worlds whose end was already seen.
    finished: Mutex<HashSet<u64>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    Tick,
    /// The agent looks, decides and records.
    Decide,
    Write(u8),
    /// Microsoft Graph does not do what was asked for.
    Refuses,
    /// The agent dies when it has led people elsewhere, before it records that.
    DiesLeading,
    Crash,
    /// Tasks become healthy.
    Heal(Slot),
    /// All healthy targets are lost, or all but one.
    Lose(Slot, u32),
    Hand(Weights),
    Rings,
    Approve,
    Abort,
    ChecksPass,
    GivesUp,
    Grows,
    /// An autoscaler takes a task away, where that is not suspended.
    Shrinks(Slot),
    /// People's way is switched, as it was asked for.
    Switched,
    /// The migration task ends with this code.
    Migrates(i32),
}

impl Rollouts {
    pub fn new(scope: Scope) -> Self {
        Self { scope, hasher: RandomState::new(), finished: Mutex::default() }
    }

    /// Whether the end of such a world is asked for the first time.
    pub fn is_new(&self, world: &World) -> bool {
        let mut bare = world.clone();
        bare.left = Faults::default();
        bare.broken = Broken::default();
        self.finished.lock().unwrap().insert(self.hasher.hash_one(&bare))
    }
}

impl Model for Rollouts {
    type State = World;
    type Action = Event;

    fn init_states(&self) -> Vec<World> {
        vec![World::new(&self.scope)]
    }

    fn actions(&self, world: &World, events: &mut Vec<Event>) {
        let Some(phase) = world.phase() else { return };
        if world.to_write == 0 {
            events.push(Event::Decide);
            events.push(Event::Tick);
        }
        events.extend(WRITES.into_iter().filter(|what| world.to_write & what != 0).map(Event::Write));
        if world.to_write == LEAD {
            events.push(Event::Write(LEAD));
            let Faults { refuses, crashes, .. } = world.left;
            events.extend((refuses > 0).then_some(Event::Refuses));
            events.extend((crashes > 0).then_some(Event::DiesLeading));
        }
        for slot in [BLUE, GREEN] {
            let live = world.live.get(slot);
            if live.healthy < live.desired {
                events.push(Event::Heal(slot));
            }
            if world.left.lost > 0 {
                events.extend(
                    [0, 1].into_iter().filter(|to| live.healthy > *to).map(|to| Event::Lose(slot, to)),
                );
            }
        }
        if !world.live.b.held && world.live.b.desired > 1 && phase != Phase::ScaleUp {
            events.push(Event::Shrinks(GREEN));
        }
        let Faults { crashes, lost: _, hands, alarms, aborts, gives_up, grows, fails, refuses: _ } =
            world.left;
        let mut may = |left: u8, event: Event| {
            if left > 0 {
                events.push(event);
            }
        };
        may(crashes, Event::Crash);
        for weights in [vec![(BLUE, 100)], vec![(GREEN, 100)], vec![(BLUE, 1), (GREEN, 9)], Vec::new()] {
            if !same_weights(&weights, &world.weights) {
                may(hands, Event::Hand(weights));
            }
        }
        may(alarms, Event::Rings);
        may(gives_up, Event::GivesUp);
        if world.live.a.desired == TASKS {
            may(grows, Event::Grows);
        }
        if phase.can_abort() {
            may(aborts, Event::Abort);
        }
        may(u8::from(world.is_asked_to_switch()), Event::Switched);
        if world.migrates() {
            may(1, Event::Migrates(0));
            may(fails, Event::Migrates(1));
        }
        if phase == Phase::Gate && world.to_write == 0 {
            events.push(Event::Approve);
        }
        if phase == Phase::Test && !world.checked {
            events.push(Event::ChecksPass);
        }
    }

    fn next_state(&self, before: &World, event: Event) -> Option<World> {
        let mut world = before.clone();
        match event {
            Event::Tick => world.tick(),
            Event::Decide => world.decide(&self.scope),
            Event::Write(what) => world.write(what, &self.scope),
            Event::Refuses => {
                world.left.refuses -= 1;
                world.refused(&self.scope);
            }
            Event::DiesLeading => {
                world.left.crashes -= 1;
                world.lead();
                world.crash();
            }
            Event::Crash => {
                world.left.crashes -= 1;
                world.crash();
            }
            Event::Heal(slot) => world.heal(slot),
            Event::Lose(slot, to) => {
                world.left.lost -= 1;
                let live = world.live.get_mut(slot);
                live.healthy = to;
                live.lost = true;
            }
            Event::Hand(weights) => {
                world.left.hands -= 1;
                world.weights = weights;
                world.by_hand = true;
            }
            Event::Rings => {
                world.left.alarms -= 1;
                world.rings = true;
            }
            Event::Approve => world.approve(),
            Event::Abort => {
                world.left.aborts -= 1;
                world.track.say(Word::Abort, said(NOW)).unwrap();
            }
            Event::ChecksPass => world.checked = true,
            Event::GivesUp => {
                world.left.gives_up -= 1;
                world.gave_up = true;
            }
            Event::Grows => {
                world.left.grows -= 1;
                world.live.a.desired += 1;
            }
            Event::Switched => world.by_balancer = !world.by_balancer,
            Event::Migrates(code) => {
                world.left.fails -= u8::from(code != 0);
                world.migrated = Some(code);
            }
            Event::Shrinks(slot) => {
                let live = world.live.get_mut(slot);
                live.desired -= 1;
                live.healthy = live.healthy.min(live.desired);
            }
        }
        (world != *before).then_some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        promises::all()
    }
}
