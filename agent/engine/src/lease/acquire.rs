use pointsman_core::{
    lease::{
        AgentMark, Claim, Contend, Fence, LockCondition, LockInfo, LockItem, Tick, Timing, Transaction, Turn,
        Watch, after_taking,
    },
    report::Event,
};

use super::{
    Lease, LeaseProof,
    abandon::abandon,
    file::{self, Taking},
    standing::lock_file,
};
use crate::{
    Stop, clock,
    ports::{CloudError, Listener, Ports, Written},
    queue::Place,
};

/// Who wants the lease, and how patiently.
#[derive(Clone, Debug)]
pub struct Acquire {
    /// Terraform's `Who`: `pointsman@host`.
    pub who: String,
    /// Terraform's `Operation`: what the lock is for.
    pub operation: String,
    /// Terraform's `Info`: which commit, which pull request.
    pub info: String,
    /// The fence in the state.
    pub state_fence: u64,
    /// The lock's times.
    pub timing: Timing,
    /// How long to wait for a living holder, in milliseconds.
    pub patience_ms: u64,
    /// How the waiting is ended early.
    pub stop: Stop,
}

/// A lease, and the fence as its taking left it.
#[derive(Debug)]
pub struct Taken {
    /// The lease.
    pub lease: Lease,
    /// Names the run before when that did not end: it is looked after first.
    pub fence: Fence,
}

/// The lock item is ours.
struct Won {
    item: LockItem,
    mark: AgentMark,
    /// Before its taking was first sent: nobody knows which of them landed.
    attempted_at: Tick,
    taking: Transaction,
}

/// Why there is no lease.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LeaseError {
    /// Someone else has the lock.
    #[error("the lock is held by {}", .holder.who)]
    Held {
        /// Terraform's words for it.
        holder: Box<LockInfo>,
        /// The lock item, or the lock file.
        lock_id: String,
        /// Whether an agent holds it, and lives.
        agent: bool,
    },
    /// Stopping was asked for before there was a lease to write under.
    #[error("it was asked to stop")]
    Stopped,
    /// The table did not answer as it should.
    #[error(transparent)]
    Cloud(Box<CloudError>),
}

impl From<CloudError> for LeaseError {
    fn from(error: CloudError) -> Self {
        Self::Cloud(Box::new(error))
    }
}

/// How often a lock that someone else holds is looked at.
const LOOK_AGAIN_MS: u64 = 1_000;

/// How often whoever is next looks, where others wait behind it.
const NEXT_LOOKS_MS: u64 = 250;

/// How often the same taking is sent while nobody knows whether it landed.
const TRIES: u32 = 5;

/// Between two of them.
const TRY_AGAIN_MS: u64 = 200;

/// Takes the lease: at once when the lock is free, after watching when its
/// holder is a dead agent, never when it is not an agent's. When the run before
/// did not end, its last calls are waited out.
pub async fn acquire(ports: &Ports, wish: &Acquire, listener: &dyn Listener) -> Result<Taken, LeaseError> {
    let mut place = Place::new(ports.runs.clone(), &wish.who);
    let taken = in_turn(ports, wish, listener, &mut place).await;
    place.leave();
    taken
}

async fn in_turn(
    ports: &Ports,
    wish: &Acquire,
    listener: &dyn Listener,
    place: &mut Place,
) -> Result<Taken, LeaseError> {
    let started = clock::now();
    let mut watch = Watch::default();
    let mut told = None;
    loop {
        let turn = async { Ok(place.look().await) };
        let (lock, file, fence, turn) =
            futures::try_join!(ports.locks.read(), lock_file(ports), ports.runs.fence(), turn)?;
        let now = clock::now();
        let (barring, ours) = match file {
            Some(file) if file.keeps_out(ports.locks.place()) => (Some(file), 0),
            Some(file) => (None, file.fence()),
            None => (None, 0),
        };
        let known = fence.as_ref().map_or(0, |fence| fence.fence).max(wish.state_fence).max(ours);
        let next = watch.next(lock.as_ref(), known, now, &wish.timing);
        let next = if barring.is_some() { Contend::Foreign } else { next };
        let lock = barring.map(|file| file.as_item(ports.locks.lock_id())).or(lock);
        let patient = now.since(started) < wish.patience_ms;
        let look_again = if turn.is_some_and(Turn::is_waited_for) { NEXT_LOOKS_MS } else { LOOK_AGAIN_MS };
        let (number, condition) = match next {
            Contend::Take { .. } if place.lets_go_first(turn) => {
                pause(&wish.stop, look_again).await?;
                continue;
            }
            Contend::Take { fence } => (fence, LockCondition::Absent),
            Contend::Steal { from, fence } => (fence, LockCondition::Exactly(from)),
            Contend::Watch { remaining_ms } => {
                place.wait().await;
                tell(&mut told, listener, lock.as_ref(), Some(remaining_ms), turn);
                pause(&wish.stop, remaining_ms.min(look_again)).await?;
                continue;
            }
            Contend::Alive | Contend::Foreign if patient => {
                place.wait().await;
                tell(&mut told, listener, lock.as_ref(), None, turn);
                pause(&wish.stop, look_again).await?;
                continue;
            }
            Contend::Alive | Contend::Foreign => {
                let agent = next == Contend::Alive;
                let holder = Box::new(lock.as_ref().map(LockItem::terraform_info).unwrap_or_default());
                let lock_id = lock.map_or_else(|| ports.locks.lock_id().to_owned(), |lock| lock.lock_id);
                return Err(LeaseError::Held { holder, lock_id, agent });
            }
        };
        let taken_over = condition != LockCondition::Absent;
        let Some(won) = take(ports, wish, number, condition, fence.as_ref()).await? else {
            continue;
        };
        let Some(taken) = held(ports, wish, won).await? else {
            continue;
        };
        listener.tell(&Event::Locked { fence: number, taken_over });
        if taken.fence.open_run.is_some() {
            let for_ms = wish.timing.quiesce();
            listener.tell(&Event::Quiescing { for_ms });
            // Stopped here, nothing was begun: whoever comes next waits as well.
            if let Err(stopped) = pause(&wish.stop, for_ms).await {
                taken.lease.release().await?;
                return Err(stopped);
            }
            if let Err(lost) = taken.lease.still_fresh() {
                // What is still ours of it goes; it is lost whatever comes of that.
                let _ = taken.lease.release().await;
                return Err(lost.into());
            }
        }
        return Ok(taken);
    }
}

/// Sends the taking until what stands decides. `None`: someone else was quicker.
async fn take(
    ports: &Ports,
    wish: &Acquire,
    number: u64,
    condition: LockCondition,
    fence: Option<&Fence>,
) -> Result<Option<Won>, LeaseError> {
    // A uuid of its own for each taking: it is the transaction's token as well.
    let owner = uuid::Uuid::new_v4().to_string();
    let mark = AgentMark { owner, fence: number, record_version: 1, lease_ms: wish.timing.fresh_ms };
    let item = lock_item(ports.locks.lock_id(), wish, mark.clone());
    let taking = Transaction::take(item.clone(), condition, fence, number);
    let won = Won { item, mark, attempted_at: clock::now(), taking };
    let Won { mark, taking, .. } = &won;
    let mut in_doubt = None;
    for _ in 0..TRIES {
        match ports.runs.commit(taking, &[]).await {
            Ok(Written::Done) => return Ok(Some(won)),
            Ok(Written::Refused) if in_doubt.is_none() => return Ok(None),
            Ok(Written::Refused) => {}
            Err(error) => in_doubt = Some(error),
        }
        // The fence before the lock: see `after_taking`.
        let read = match ports.runs.fence().await {
            Ok(fence) => ports.locks.read().await.map(|lock| (lock, fence)),
            Err(error) => Err(error),
        };
        match read.map(|(lock, fence)| after_taking(&mark.owner, taking, lock.as_ref(), fence.as_ref())) {
            Ok(Claim::Held) => return Ok(Some(won)),
            Ok(Claim::Beaten) => return Ok(None),
            Ok(Claim::Open) => {}
            Err(error) => in_doubt = Some(error),
        }
        if wish.stop.is_asked() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(TRY_AGAIN_MS)).await;
    }
    abandon(ports, won.mark.owner, won.taking, wish.timing);
    Err(in_doubt.map_or(LeaseError::Stopped, LeaseError::from))
}

/// Takes the lock file as well, where there is to be one; without it the lock
/// item is given back. `None`: someone else has the file.
async fn held(ports: &Ports, wish: &Acquire, won: Won) -> Result<Option<Taken>, LeaseError> {
    let Won { item, mark, attempted_at, taking } = won;
    let proof = LeaseProof::new(wish.timing, mark.fence, attempted_at);
    let file = match file::take(ports, &proof, &item, &mark).await {
        Ok(Taking::NotWanted) => None,
        Ok(Taking::Held(file)) => Some(file),
        Ok(Taking::Foreign) => {
            ports.locks.delete(&mark.owner).await?;
            return Ok(None);
        }
        Err(error) => {
            // Where that fails too, the lock is watched and taken over.
            let _ = ports.locks.delete(&mark.owner).await;
            return Err(error.into());
        }
    };
    let fence = taking.fence.becomes.unwrap_or_default();
    Ok(Some(Taken { lease: Lease::hold(ports.locks.clone(), file, item, mark, proof, wish.timing), fence }))
}

fn lock_item(lock_id: &str, wish: &Acquire, mark: AgentMark) -> LockItem {
    let info = LockInfo {
        id: mark.owner.clone(),
        operation: wish.operation.clone(),
        info: wish.info.clone(),
        who: wish.who.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        created: jiff::Timestamp::now().to_string(),
        path: lock_id.to_owned(),
    };
    let info = serde_json::to_string(&info).unwrap_or_default();
    LockItem { lock_id: lock_id.to_owned(), info, mark: Some(mark) }
}

/// Tells who is waited for, and again once that or one's own place is another.
fn tell(
    told: &mut Option<(LockInfo, Option<Turn>)>,
    listener: &dyn Listener,
    item: Option<&LockItem>,
    remaining_ms: Option<u64>,
    turn: Option<Turn>,
) {
    let holder = item.map(LockItem::terraform_info).unwrap_or_default();
    let news = Some((holder.clone(), turn));
    if *told != news {
        *told = news;
        listener.tell(&Event::Waiting { holder, remaining_ms, turn });
    }
}

/// Waits, unless stopping is asked for.
async fn pause(stop: &Stop, milliseconds: u64) -> Result<(), LeaseError> {
    tokio::select! {
        () = tokio::time::sleep(std::time::Duration::from_millis(milliseconds)) => Ok(()),
        () = stop.asked() => Err(LeaseError::Stopped),
    }
}
