//! What is shared: the lock, the fence, the journal of the open run, the
//! state, AWS, and what is on its way there.

use std::sync::Arc;

use pointsman_core::lease::{Fence, LockCondition, LockItem, LockPart, StateMark, Tick, Transaction};

use crate::agent::{Agent, Phase, Stage, owner_of};
use crate::model::{Faults, Mutant, Scope};

/// The longest time that matters: that of watching.
const OLDEST: u64 = crate::model::SCALED.watch_ms;

fn older(tick: Tick) -> Tick {
    Tick(tick.0.saturating_sub(1))
}

/// Everything at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    pub lock: Option<Arc<LockItem>>,
    pub fence: Option<Arc<Fence>>,
    pub journal: Journal,
    pub state: Saved,
    /// How often each object was made.
    pub made: [u8; 2],
    pub flying: Vec<Flying>,
    pub agents: [Agent; 2],
    /// Faults that may still happen.
    pub left: Faults,
    pub broken: Broken,
}

/// Promises that were broken on the way here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Broken {
    /// A write left an agent that was not fresh.
    pub stale: bool,
    /// A write landed after its run was closed by another.
    pub late: bool,
    /// A lock without a mark was changed by an agent.
    pub foreign: bool,
    /// A fence, a serial or a state went back, or did not grow.
    pub back: bool,
}

/// Announced and settled writes of the open run, one bit an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Journal {
    pub intents: u8,
    pub settled: u8,
}

impl Journal {
    pub fn open(&self) -> u8 {
        self.intents & !self.settled
    }
}

/// The state file: what is recorded, one bit an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Saved {
    pub serial: u64,
    pub fence: u64,
    pub objects: u8,
}

impl Saved {
    pub fn mark(&self) -> StateMark {
        StateMark {
            lineage: String::new(),
            serial: self.serial,
            digest: format!("{}:{}", self.fence, self.objects),
        }
    }
}

/// What left an agent and may land. A request about the lock whose reply was
/// lost may land at any time, or never. A write lands within one attempt.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Flying {
    Take(Arc<Transaction>),
    Beat { item: Arc<LockItem>, when: LockCondition },
    Write { object: u8, run: u64, owner: String, sent: Tick },
}

impl World {
    pub fn new(left: Faults) -> Self {
        Self {
            lock: None,
            fence: None,
            journal: Journal::default(),
            state: Saved::default(),
            made: [0, 0],
            flying: Vec::new(),
            agents: [Agent::default(), Agent::default()],
            left,
            broken: Broken::default(),
        }
    }

    /// What everybody's clock says, always: time goes on by everything else
    /// becoming older, and what is older than all times that matter is as old
    /// as it gets. So histories of any length are finitely many worlds.
    pub fn clock(&self) -> Tick {
        Tick(OLDEST)
    }

    /// Time goes on by one.
    pub fn tick(&mut self) {
        for flying in &mut self.flying {
            if let Flying::Write { sent, .. } = flying {
                *sent = older(*sent);
            }
        }
        for agent in &mut self.agents {
            if let Some((_, since)) = &mut agent.seen {
                *since = older(*since);
            }
            match &mut agent.phase {
                Phase::Taking { first: Some(first), .. } => *first = older(*first),
                Phase::Held(held) => {
                    held.fresh.renewed_at = older(held.fresh.renewed_at);
                    if let Some((_, started)) = &mut held.beat {
                        *started = older(*started);
                    }
                    if let Stage::Quiet { until } = &mut held.stage {
                        *until = older(*until).max(Tick(OLDEST));
                    }
                }
                Phase::Taking { first: None, .. } | Phase::Idle | Phase::Looked(_) => {}
            }
        }
    }

    /// The objects that stand, one bit each.
    pub fn standing(&self) -> u8 {
        (0..2_u8).filter(|object| self.made[usize::from(*object)] > 0).map(|object| 1 << object).sum()
    }

    pub fn open_run(&self) -> Option<u64> {
        self.fence.as_ref().and_then(|fence| fence.open_run)
    }

    /// How often the lock was taken.
    pub fn takings(&self) -> u64 {
        self.fence.as_ref().map_or(0, |fence| fence.fence)
    }

    /// Whether somebody has to do something.
    pub fn has_work(&self, scope: &Scope) -> bool {
        self.state.objects != scope.wanted() || self.open_run().is_some()
    }

    /// A transaction arrives: all of it, or nothing.
    pub fn transact(&mut self, transaction: &Transaction, scope: &Scope) -> bool {
        let fence = self.fence.as_deref();
        let holds = if scope.mutant == Some(Mutant::NoFenceCondition) {
            let mut unconditional = transaction.clone();
            unconditional.fence.stands = fence.cloned();
            unconditional.holds(self.lock.as_deref(), fence)
        } else {
            transaction.holds(self.lock.as_deref(), fence)
        };
        if !holds {
            return false;
        }
        if let Some(becomes) = &transaction.fence.becomes {
            self.move_fence(becomes, matches!(transaction.lock, LockPart::Put { .. }));
        }
        if let LockPart::Put { item, when: _ } = &transaction.lock {
            self.put_lock(Some(Arc::new(item.clone())));
        }
        true
    }

    fn move_fence(&mut self, becomes: &Fence, taken: bool) {
        let serial = |fence: &Fence| fence.state.as_ref().map_or(0, |state| state.serial);
        let before = self.fence.as_deref().cloned().unwrap_or_default();
        let grows = if taken { becomes.fence > before.fence } else { becomes.fence >= before.fence };
        self.broken.back |= !grows || serial(becomes) < serial(&before);
        if becomes.open_run != before.open_run {
            self.journal = Journal::default();
        }
        self.fence = Some(Arc::new(becomes.clone()));
    }

    /// An agent changes the lock item.
    pub fn put_lock(&mut self, item: Option<Arc<LockItem>>) {
        self.broken.foreign |= self.lock.as_ref().is_some_and(|standing| standing.mark.is_none());
        self.lock = item;
    }

    /// A state is put if the one that was read still stands.
    pub fn save(&mut self, read: &Saved, objects: u8, fence: u64) -> bool {
        if self.state != *read || self.state.fence > fence {
            return false;
        }
        let saved = Saved { serial: read.serial + 1, fence, objects: read.objects | objects };
        self.broken.back |=
            saved.fence < self.state.fence || saved.objects & self.state.objects != self.state.objects;
        self.state = saved;
        true
    }

    /// A heartbeat arrives.
    pub fn beat(&mut self, item: &Arc<LockItem>, when: &LockCondition, scope: &Scope) -> bool {
        let owner = |item: &LockItem| item.mark.as_ref().map(|mark| mark.owner.clone());
        let holds = if scope.mutant == Some(Mutant::BeatWithoutVersion) {
            self.lock.as_deref().and_then(owner) == owner(item)
        } else {
            when.holds(self.lock.as_deref())
        };
        if holds {
            self.put_lock(Some(item.clone()));
        }
        holds
    }

    /// What is on its way arrives; `answered` when its sender hears of it.
    pub fn land(&mut self, index: usize, answered: bool, scope: &Scope) {
        match self.flying.remove(index) {
            Flying::Take(transaction) => {
                self.transact(&transaction, scope);
            }
            Flying::Beat { item, when } => {
                self.beat(&item, &when, scope);
            }
            Flying::Write { object, run, owner, sent: _ } => {
                self.broken.late |= self.open_run() != Some(run);
                self.made[usize::from(object)] += 1;
                self.tell(&owner, object, answered);
            }
        }
    }

    /// A write never arrives.
    pub fn vanish(&mut self, index: usize) {
        if let Flying::Write { object, owner, .. } = self.flying.remove(index) {
            self.tell(&owner, object, false);
        }
    }

    fn tell(&mut self, owner: &str, object: u8, answered: bool) {
        for (index, agent) in self.agents.iter_mut().enumerate() {
            if owner_of(index, agent.life) == owner
                && let Phase::Held(held) = &mut agent.phase
                && matches!(held.stage, Stage::Sent { .. })
            {
                held.stage = if answered { Stage::Made { object } } else { Stage::Doubt { object } };
            }
        }
    }

    /// Whether anything still names this owner.
    pub fn names(&self, owner: &str) -> bool {
        let of = |item: &LockItem| item.mark.as_ref().is_some_and(|mark| mark.owner == owner);
        self.lock.as_deref().is_some_and(of)
            || self.flying.iter().any(|flying| match flying {
                Flying::Take(transaction) => transaction.token == owner,
                Flying::Beat { item, when: _ } => of(item),
                Flying::Write { owner: writer, .. } => writer == owner,
            })
    }
}
