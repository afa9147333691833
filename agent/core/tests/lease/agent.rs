//! What an agent does, one step at a time, as the engine does it. Whatever it
//! decides, the rules in core decide.

use std::sync::Arc;

use pointsman_core::lease::{
    AgentMark, BeatOutcome, Claim, Contend, Fence, Freshness, LockCondition, LockItem, LockPart, Tick,
    Timing, Transaction, Watch, after_heartbeat, after_taking, next_heartbeat,
};

use crate::model::{Mutant, Scope};
use crate::run::work;
use crate::world::{Flying, Saved, World};

/// One replica.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Agent {
    /// Counts its owner ids.
    pub life: u8,
    /// What `Watch` remembers: the lock that it sees, and since when.
    pub seen: Option<(Arc<LockItem>, Tick)>,
    pub phase: Phase,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Phase {
    #[default]
    Idle,
    /// The lock was read, the fence not yet.
    Looked(Option<Arc<LockItem>>),
    /// Ready to send this (again), unless a read must decide first.
    Taking {
        transaction: Arc<Transaction>,
        first: Option<Tick>,
        doubt: Doubt,
    },
    Held(Box<Held>),
}

/// Whether it is known what a taking came to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Doubt {
    Nothing,
    /// The fence is read first.
    Unread,
    /// Then the lock.
    Fence(Option<Arc<Fence>>),
}

/// A lock that is known to be ours.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Held {
    /// The mark that was last known to stand.
    pub mark: AgentMark,
    /// The greatest record version that was ever sent.
    pub tried: u64,
    pub fresh: Freshness,
    /// A heartbeat whose reply did not come.
    pub beat: Option<(AgentMark, Tick)>,
    /// As far as we know.
    pub fence: Fence,
    pub stage: Stage,
    /// It was another agent's.
    pub stolen: bool,
    /// A read said so, after a reply that did not come.
    pub resolved: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// The run before did not end: nothing is written until then.
    Quiet {
        until: Tick,
    },
    /// Intents were looked up against this state; it is saved.
    Recovered {
        read: Saved,
        objects: u8,
    },
    /// The run before is sealed.
    Seal,
    Begin,
    /// A run of ours is open: the next write is announced.
    Announce,
    Write {
        object: u8,
    },
    Sent {
        object: u8,
    },
    Made {
        object: u8,
    },
    /// Its reply did not come.
    Doubt {
        object: u8,
    },
    Save {
        read: Saved,
        object: u8,
    },
    Note {
        object: u8,
    },
    End,
    Release,
}

impl Held {
    /// A proof that lets writes leave, apart from being fresh.
    pub fn writes(&self) -> bool {
        !matches!(
            self.stage,
            Stage::Quiet { .. } | Stage::Recovered { .. } | Stage::Seal | Stage::Begin | Stage::Release
        )
    }
}

pub fn owner_of(agent: usize, life: u8) -> String {
    format!("{agent}.{life}")
}

pub fn item(mark: Option<AgentMark>) -> LockItem {
    LockItem { lock_id: String::new(), info: String::new(), mark }
}

/// Steps of one agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Contends: reads, waits, takes, decides what is in doubt, works.
    Go,
    /// Sends its taking, and the reply does not come.
    TakeUnheard,
    /// Gives up taking.
    GiveUp,
    Beat,
    /// Sends a heartbeat, and the reply does not come.
    BeatUnheard,
}

/// Steps that this agent may take now.
pub fn steps(world: &World, who: usize, scope: &Scope, steps: &mut Vec<Step>) {
    let Agent { phase, .. } = &world.agents[who];
    match phase {
        Phase::Idle if !world.has_work(scope) || world.takings() >= scope.takings => {}
        Phase::Idle | Phase::Looked(_) => steps.push(Step::Go),
        Phase::Taking { doubt, .. } => {
            steps.push(Step::Go);
            if *doubt != Doubt::Nothing {
                return;
            }
            steps.push(Step::GiveUp);
            if world.left.lost > 0 {
                steps.push(Step::TakeUnheard);
            }
        }
        Phase::Held(held) => {
            match held.stage {
                Stage::Quiet { until } if world.clock() < until => {}
                Stage::Write { .. } if !held.fresh.is_fresh(world.clock(), &scope.timing) => {}
                Stage::Sent { .. } => {}
                _ => steps.push(Step::Go),
            }
            let due = world.clock().since(held.fresh.renewed_at) >= scope.timing.heartbeat_ms;
            if held.beat.is_some() {
                steps.push(Step::Beat);
            } else if due && world.left.beats > 0 {
                steps.push(Step::Beat);
                if world.left.lost > 0 {
                    steps.push(Step::BeatUnheard);
                }
            }
        }
    }
}

/// Takes one step.
pub fn step(world: &mut World, who: usize, step: Step, scope: &Scope) {
    let mut agent = world.agents[who].clone();
    match step {
        Step::Go => go(world, &mut agent, who, scope),
        Step::GiveUp => stop(world, &mut agent, who),
        Step::TakeUnheard => {
            world.left.lost -= 1;
            if let Phase::Taking { transaction, first, doubt } = &mut agent.phase {
                first.get_or_insert(world.clock());
                world.flying.push(Flying::Take(transaction.clone()));
                *doubt = Doubt::Unread;
            }
            if scope.mutant == Some(Mutant::NoReadBack) {
                stop(world, &mut agent, who);
            }
        }
        Step::Beat | Step::BeatUnheard => beat(world, &mut agent, who, step, scope),
    }
    world.agents[who] = agent;
}

/// Starts from nothing: what it knew is gone, and it is another owner if
/// anything still names the one it was.
pub fn stop(world: &World, agent: &mut Agent, who: usize) {
    let life = agent.life + u8::from(world.names(&owner_of(who, agent.life)));
    *agent = Agent { life, ..Agent::default() };
}

fn go(world: &mut World, agent: &mut Agent, who: usize, scope: &Scope) {
    match &mut agent.phase {
        Phase::Idle => agent.phase = Phase::Looked(world.lock.clone()),
        Phase::Looked(lock) => {
            let lock = lock.take();
            agent.phase = contend(world, &mut agent.seen, lock, owner_of(who, agent.life), scope);
        }
        Phase::Taking { transaction, first, doubt } => {
            let transaction = transaction.clone();
            let read = match &*doubt {
                Doubt::Nothing => None,
                Doubt::Unread => {
                    *doubt = Doubt::Fence(world.fence.clone());
                    return;
                }
                Doubt::Fence(fence) => Some(fence.clone()),
            };
            if let Some(fence) = read {
                let owner = owner_of(who, agent.life);
                match after_taking(&owner, &transaction, world.lock.as_deref(), fence.as_deref()) {
                    Claim::Held => {
                        agent.phase = held(world, &transaction, first.unwrap_or(world.clock()), scope, true);
                    }
                    Claim::Open => *doubt = Doubt::Nothing,
                    Claim::Beaten => stop(world, agent, who),
                }
            } else {
                let first = *first.get_or_insert(world.clock());
                if world.transact(&transaction, scope) {
                    agent.phase = held(world, &transaction, first, scope, false);
                } else {
                    *doubt = Doubt::Unread;
                }
            }
        }
        Phase::Held(held) => {
            if !work(world, held, who, agent.life, scope) {
                stop(world, agent, who);
            }
        }
    }
}

fn contend(
    world: &World,
    seen: &mut Option<(Arc<LockItem>, Tick)>,
    lock: Option<Arc<LockItem>>,
    owner: String,
    scope: &Scope,
) -> Phase {
    let fence = world.fence.as_deref();
    let known = fence.map_or(0, |fence| fence.fence).max(world.state.fence);
    let timing = match scope.mutant {
        Some(Mutant::StealWithoutWatching) => Timing { watch_ms: 0, ..scope.timing },
        _ => scope.timing,
    };
    let mut watch = Watch::default();
    if let Some((item, since)) = seen {
        watch.next(Some(item), known, *since, &timing);
    }
    let now = world.clock();
    let (when, next) = match watch.next(lock.as_deref(), known, now, &timing) {
        Contend::Take { fence } => (LockCondition::Absent, fence),
        Contend::Steal { from, fence } => (LockCondition::Exactly(from), fence),
        Contend::Watch { remaining_ms } => {
            *seen = lock.map(|lock| (lock, Tick(now.0 - (timing.watch_ms - remaining_ms))));
            return Phase::Idle;
        }
        Contend::Alive => {
            *seen = lock.map(|lock| (lock, now));
            return Phase::Idle;
        }
        Contend::Foreign => {
            *seen = None;
            return Phase::Idle;
        }
    };
    *seen = None;
    let mark = AgentMark { owner, fence: next, record_version: 1, lease_ms: 0 };
    let transaction = Arc::new(Transaction::take(item(Some(mark)), when, fence, next));
    Phase::Taking { transaction, first: None, doubt: Doubt::Nothing }
}

fn held(world: &World, taken: &Transaction, first: Tick, scope: &Scope, resolved: bool) -> Phase {
    let LockPart::Put { item, when } = &taken.lock else { return Phase::Idle };
    let (Some(mark), Some(fence)) = (item.mark.clone(), taken.fence.becomes.clone()) else {
        return Phase::Idle;
    };
    let quiet = if scope.mutant == Some(Mutant::NoQuiesce) { 0 } else { scope.timing.quiesce() };
    let stage = if fence.open_run.is_some() {
        Stage::Quiet { until: Tick(world.clock().0 + quiet) }
    } else {
        Stage::Begin
    };
    let fresh = Freshness { renewed_at: first };
    let stolen = matches!(when, LockCondition::Exactly(_));
    Phase::Held(Box::new(Held {
        tried: mark.record_version,
        mark,
        fresh,
        beat: None,
        fence,
        stage,
        stolen,
        resolved,
    }))
}

fn beat(world: &mut World, agent: &mut Agent, who: usize, step: Step, scope: &Scope) {
    let Phase::Held(held) = &mut agent.phase else { return };
    if held.beat.is_none() {
        world.left.beats -= 1;
        let attempted = match scope.mutant {
            Some(Mutant::BeatWithoutVersion) => held.mark.clone(),
            Some(Mutant::VersionAgain) => next_heartbeat(&held.mark, 0),
            _ => next_heartbeat(&held.mark, held.tried),
        };
        let put = Arc::new(item(Some(attempted.clone())));
        let when = LockCondition::Exactly(held.mark.clone());
        let started = world.clock();
        held.tried = held.tried.max(attempted.record_version);
        if step == Step::BeatUnheard {
            world.left.lost -= 1;
            world.flying.push(Flying::Beat { item: put, when });
        } else if world.beat(&put, &when, scope) {
            held.mark = attempted;
            held.fresh = Freshness { renewed_at: started };
            return;
        }
        held.beat = Some((attempted, started));
    } else if let Some((attempted, started)) = held.beat.take() {
        match after_heartbeat(&attempted, world.lock.as_deref()) {
            BeatOutcome::Renewed => {
                held.mark = attempted;
                held.fresh = Freshness { renewed_at: started };
            }
            BeatOutcome::NotYet => {
                let standing = world.lock.as_ref().and_then(|item| item.mark.clone());
                held.mark = standing.unwrap_or(attempted);
            }
            BeatOutcome::Lost => stop(world, agent, who),
        }
    }
}
