//! What the model walks through: the record, what lives, and what an agent has
//! still to write.

use pointsman_core::rollout::{
    Ending, Entry, Facts, Layout, Led, Migrated, Migration, Pair, Phase, Polls, Rollout, Sample, Settings,
    Side, Slot, Step, Tasks, Track, Weights, layout, same_weights, step,
};

use crate::given::{Kind, said};
use crate::model::{Faults, Mutant, Scope};

/// What the clock always says: time goes on by what is recorded becoming older.
pub const NOW: u64 = 10 * UNIT;
/// One step of the clock: as long as a side must be quiet.
pub const UNIT: u64 = 120_000;
/// What is older than this is as old as it gets.
const OLDEST: u64 = NOW - 3 * UNIT;
/// The tasks that blue has at first.
pub const TASKS: u32 = 2;

pub const BLUE: Slot = Slot::A;
pub const GREEN: Slot = Slot::B;

/// One side as it lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Live {
    pub desired: u32,
    pub healthy: u32,
    /// Whether scaling in is suspended.
    pub held: bool,
    /// It lost health by itself, not by what the agent wrote.
    pub lost: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    pub kind: Kind,
    /// People come by the load balancer, and not to the old service.
    pub by_balancer: bool,
    /// The migration task was started.
    pub migrating: bool,
    /// What it ended with.
    pub migrated: Option<i32>,
    pub track: Track,
    pub live: Pair<Live>,
    pub weights: Weights,
    /// The weights were written by hand.
    pub by_hand: bool,
    pub test: Option<Slot>,
    pub polls: Polls,
    pub rings: bool,
    pub gave_up: bool,
    pub checked: bool,
    /// What is still to be written of the layout, a bit each.
    pub to_write: u8,
    pub left: Faults,
    pub broken: Broken,
}

/// Promises that were broken on the way here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Broken {
    /// Weights were to be written for a side that was seen without health,
    /// while the other was seen to have some.
    pub blind: bool,
    /// Green got traffic without three polls that showed it to be whole.
    pub unproven: bool,
    /// Somebody's weights were written over on the way forward.
    pub fights: bool,
}

/// What a layout is made of; each is written by itself, in any order.
pub const WRITES: [u8; 4] = [WEIGHTS, TEST, OF_BLUE, OF_GREEN];
pub const WEIGHTS: u8 = 1;
pub const TEST: u8 = 2;
pub const OF_BLUE: u8 = 4;
pub const OF_GREEN: u8 = 8;
/// Leading people elsewhere: after all of these.
pub const LEAD: u8 = 16;

impl World {
    pub fn new(scope: &Scope) -> Self {
        let Scope { kind, faults: left, mutant: _ } = *scope;
        let settings = Settings {
            shift: vec![50, 100],
            hold_ms: UNIT,
            bake_ms: UNIT,
            approve_traffic: true,
            drain_ms: UNIT,
            approval_ms: 2 * UNIT,
            patience_ms: 3 * UNIT,
            ..Settings::default()
        };
        Self {
            kind,
            by_balancer: !kind.cuts_over(),
            migrating: false,
            migrated: None,
            track: kind.opened(settings, TASKS, NOW),
            live: Pair { a: Live { desired: TASKS, healthy: TASKS, ..Live::default() }, b: Live::default() },
            weights: vec![(if kind.cuts_over() { GREEN } else { BLUE }, 100)],
            by_hand: false,
            test: None,
            polls: Polls::default(),
            rings: false,
            gave_up: false,
            checked: false,
            to_write: 0,
            left,
            broken: Broken::default(),
        }
    }

    pub fn phase(&self) -> Option<Phase> {
        self.track.open.as_ref().map(|rollout| rollout.phase)
    }

    /// Whether the production rule names a side. One that it names with a
    /// weight of 0 gets the requests of those who hold its cookie.
    pub fn names(&self, slot: Slot) -> bool {
        self.weights.iter().any(|(at, _)| *at == slot)
    }

    /// The layout as the agent under test has it.
    pub fn layout(&self, scope: &Scope) -> Layout {
        let mut layout = layout(&self.track);
        match (scope.mutant, self.phase()) {
            (Some(Mutant::BlueGoesEarly), Some(Phase::Commit)) => layout.tasks.a = Some(Tasks::Zero),
            (Some(Mutant::BlueUnseen), Some(_)) if layout.test == Some(BLUE) => layout.test = None,
            (Some(Mutant::StaysSuspended), Some(Phase::Discard | Phase::Cleanup)) => {
                for slot in [BLUE, GREEN] {
                    let tasks = layout.tasks.get_mut(slot);
                    *tasks = tasks.map(|it| if it == Tasks::Free { Tasks::Held(0) } else { it });
                }
            }
            _ => {}
        }
        layout
    }

    /// What is seen: the health of a side that no rule names is not known.
    pub fn facts(&self) -> Facts {
        let side = |slot: Slot| {
            let Live { desired, healthy, .. } = *self.live.get(slot);
            let by_itself = slot == BLUE && self.kind.cuts_over() && !self.is_joined();
            let is_named = by_itself || self.test == Some(slot) || self.names(slot);
            let seen = if is_named { healthy } else { 0 };
            Side {
                desired,
                running: desired,
                settled: true,
                healthy: seen,
                zones: seen.min(2),
                failed: (slot == GREEN && self.gave_up).then(|| "gave up".to_owned()),
                counted: Some(Sample {
                    requests: u64::from(self.by_balancer && self.names(slot)),
                    errors: 0,
                }),
                quiet_for_ms: Some(if self.is_heard() { 0 } else { UNIT }),
                ..Side::default()
            }
        };
        Facts {
            sides: Pair { a: side(Slot::A), b: side(Slot::B) },
            weights: self.weights.clone(),
            ringing_on_green: Vec::new(),
            unmetered: None,
            ringing: if self.rings { vec!["errors".to_owned()] } else { Vec::new() },
            checked: self.checked.then_some(Ok(())),
            migration: self.migrating.then(|| {
                self.migrated.map_or(Migration::Running, |code| {
                    Migration::Ended(Migrated { exit_code: Some(code), ..Migrated::default() })
                })
            }),
            entry: self.entry(),
            short_for_ms: None,
            refused_for_ms: None,
            polls: self.polls,
        }
    }

    /// Whether people who come by the load balancer are counted without a gap.
    /// Where the application can be asked it is night: hardly anybody comes.
    fn is_heard(&self) -> bool {
        self.kind.cuts_over() && self.by_balancer && self.kind != Kind::Graph
    }

    /// Where the application answers that it leads.
    fn entry(&self) -> Option<Entry> {
        let open = self.track.open.as_ref().filter(|_| self.kind == Kind::Graph);
        open.filter(|open| open.watches_entry())?;
        Some(if self.by_balancer { Entry::Balancer } else { Entry::Old })
    }

    fn is_joined(&self) -> bool {
        self.track.open.as_ref().is_some_and(|open| open.is_joined())
    }

    /// Whether a person is asked to switch people's way, and has not.
    pub fn is_asked_to_switch(&self) -> bool {
        let open = self.track.open.as_ref();
        let stands = open.is_some_and(|open| open.stood_ms.is_some());
        let by_hand =
            self.kind != Kind::Graph || open.is_some_and(|open| matches!(open.led, Some(Led::ByHand(_))));
        match self.phase() {
            Some(Phase::Switch) => stands && !self.by_balancer && self.kind.cuts_over() && by_hand,
            Some(Phase::SwitchBack) => stands && self.by_balancer && by_hand,
            _ => false,
        }
    }

    /// Whether the migration task runs.
    pub fn migrates(&self) -> bool {
        self.migrating && self.migrated.is_none()
    }

    /// The agent looks, asks the machine and records what it decides. What
    /// happens between looking and recording might as well happen right after:
    /// nothing is written before.
    pub fn decide(&mut self, scope: &Scope) {
        let Some(rollout) = self.track.open.clone() else { return };
        let mut facts = self.facts();
        self.polls = self.polls.next(&rollout, &facts);
        facts.polls = self.polls;
        let step = scope
            .mutant
            .map_or_else(|| step(&rollout, &facts, NOW), |mutant| mutant.step(&rollout, &facts, NOW));
        match &step {
            Step::Apply => self.judge_apply(&facts, scope),
            Step::Enter(phase) if phase.has_traffic() && !rollout.phase.has_traffic() => {
                let green = facts.sides.get(GREEN);
                self.broken.unproven |= facts.polls.steady < 3 || green.healthy < rollout.tasks;
            }
            _ => {}
        }
        self.track.follow(&step, NOW);
        if matches!(step, Step::End(_)) && self.kind == Kind::Weights && !self.by_balancer {
            // What stands at rest is brought about with the end; until then nobody comes that way.
            self.weights = self.layout(scope).weights.unwrap_or_default();
        }
        if scope.mutant == Some(Mutant::StandsUnseen) && matches!(step, Step::Enter(_)) {
            self.track.stood(NOW);
        }
        if self.phase() != Some(rollout.phase) {
            self.checked = false;
        }
    }

    /// The agent begins to write; what it is about to write is judged by what it saw.
    fn judge_apply(&mut self, facts: &Facts, scope: &Scope) {
        let layout = self.layout(scope);
        self.to_write = WRITES.iter().sum();
        if self.leads(scope).is_some() {
            self.to_write |= LEAD;
        }
        let Some(wanted) = layout.weights else { return };
        let differs = !same_weights(&wanted, &facts.weights);
        let phase = self.phase().unwrap();
        let blue_gone = phase == Phase::Cleanup && facts.sides.get(BLUE).desired == 0;
        self.broken.fights |=
            differs && self.by_hand && !phase.is_way_back() && !blue_gone && !self.is_as_before(facts);
        for (slot, weight) in wanted {
            let (its, others) = (facts.sides.get(slot), facts.sides.get(slot.other()));
            // Where nobody comes, nobody is led astray.
            self.broken.blind |=
                self.by_balancer && differs && weight > 0 && its.healthy == 0 && others.healthy > 0;
        }
    }

    /// Whether somebody wrote just what the phase before wanted, and this one
    /// was not seen to stand: nobody can tell that from not yet brought about.
    fn is_as_before(&self, facts: &Facts) -> bool {
        let unmade = |open: &Rollout| open.stood_ms.is_none() && open.cuts_over() && !open.moved;
        if facts.weights.is_empty() && self.track.open.as_ref().is_some_and(unmade) {
            // A rule that is gone is made anew where nobody was led to it yet.
            return true;
        }
        let before = match self.track.open.as_ref().map(|open| (open.phase, open.stood_ms)) {
            Some((Phase::Switch, None)) => {
                return same_weights(&[(GREEN, 100)], &facts.weights);
            }
            Some((Phase::Shift(_), None)) if self.kind.breaks() => vec![Phase::Gate],
            Some((Phase::Shift(step), None)) => {
                std::iter::once(Phase::Gate).chain((0..step).map(Phase::Shift)).collect()
            }
            Some((Phase::Commit, None)) => vec![Phase::Bake],
            _ => return false,
        };
        before.into_iter().any(|before| {
            let mut track = self.track.clone();
            track.enter(before, NOW);
            layout(&track).weights.is_some_and(|weights| same_weights(&weights, &facts.weights))
        })
    }

    /// The agent dies; another one goes on from the record.
    pub fn crash(&mut self) {
        self.to_write = 0;
        self.polls = Polls::default();
    }

    /// Time goes on by one.
    pub fn tick(&mut self) {
        let Some(rollout) = &mut self.track.open else { return };
        let older = |time: &mut u64| *time = time.saturating_sub(UNIT).max(OLDEST);
        older(&mut rollout.since_ms);
        rollout.stood_ms.iter_mut().for_each(older);
        rollout.approvals.iter_mut().for_each(|said| older(&mut said.at_ms));
    }

    /// ECS replaces what is not healthy.
    pub fn heal(&mut self, slot: Slot) {
        let live = self.live.get_mut(slot);
        live.healthy = live.desired;
        live.lost = false;
    }

    /// A person agrees; what they said before about it need not be kept.
    pub fn approve(&mut self) {
        if let Some(rollout) = &mut self.track.open {
            rollout.approvals = vec![said(NOW)];
        }
    }

    /// From here on nothing more happens but what must: tasks start, checks
    /// pass, alarms end, a person agrees, time goes on. Returns how it ended.
    pub fn finish(mut self, scope: &Scope) -> Option<(Self, Ending)> {
        for _ in 0..120 {
            if self.track.open.is_none() {
                let ending = self.track.last.clone()?.ending;
                return Some((self, ending));
            }
            self.rings = false;
            self.checked |= self.phase() == Some(Phase::Test);
            [BLUE, GREEN].into_iter().for_each(|slot| self.heal(slot));
            if self.phase() == Some(Phase::Gate) {
                self.approve();
            }
            if self.is_asked_to_switch() {
                self.by_balancer = !self.by_balancer;
            }
            if self.migrates() {
                self.migrated = Some(0);
            }
            if self.to_write == 0 {
                self.decide(scope);
            }
            for what in WRITES.into_iter().chain([LEAD]) {
                if self.to_write & what != 0 {
                    self.write(what, scope);
                }
            }
            self.tick();
        }
        None
    }
}
