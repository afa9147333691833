use pointsman_core::{
    lease::{AgentMark, Contend, LockInfo, LockItem, Timing, Watch},
    report::Event,
};

use super::{Lease, LeaseProof};
use crate::{
    Stop, clock,
    ports::{CloudError, Listener, LockCondition, Ports, PutLock},
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

/// Why there is no lease.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LeaseError {
    /// Someone else has the lock.
    #[error("the lock is held by {}", .holder.who)]
    Held {
        /// Terraform's words for it.
        holder: Box<LockInfo>,
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

/// Takes the lease: at once when the lock is free, after watching when its
/// holder is a dead agent, never when it is not an agent's.
pub async fn acquire(ports: &Ports, wish: &Acquire, listener: &dyn Listener) -> Result<Lease, LeaseError> {
    let started = clock::now();
    let owner = uuid::Uuid::new_v4().to_string();
    let mut watch = Watch::default();
    let mut told = false;
    loop {
        let read = ports.locks.read().await?;
        let now = clock::now();
        let next = watch.next(read.as_ref(), wish.state_fence, now, &wish.timing);
        let patient = now.since(started) < wish.patience_ms;
        let (fence, condition) = match next {
            Contend::Take { fence } => (fence, LockCondition::Absent),
            Contend::Steal { from, fence } => (fence, LockCondition::Exactly(from)),
            Contend::Watch { remaining_ms } => {
                tell_once(&mut told, listener, read.as_ref(), Some(remaining_ms));
                pause(&wish.stop, remaining_ms.min(LOOK_AGAIN_MS)).await?;
                continue;
            }
            Contend::Alive if patient => {
                pause(&wish.stop, LOOK_AGAIN_MS).await?;
                continue;
            }
            Contend::Foreign if patient => {
                tell_once(&mut told, listener, read.as_ref(), None);
                pause(&wish.stop, LOOK_AGAIN_MS).await?;
                continue;
            }
            Contend::Alive | Contend::Foreign => {
                let agent = next == Contend::Alive;
                let holder = Box::new(read.as_ref().map(LockItem::terraform_info).unwrap_or_default());
                return Err(LeaseError::Held { holder, agent });
            }
        };
        let mark =
            AgentMark { owner: owner.clone(), fence, record_version: 1, lease_ms: wish.timing.fresh_ms };
        if let Some(lease) = put(ports, wish, mark, &condition).await? {
            let taken_over = condition != LockCondition::Absent;
            listener.tell(&Event::Locked { fence, taken_over });
            if taken_over {
                listener.tell(&Event::Quiescing { for_ms: wish.timing.quiesce_ms });
                // Stopped here, the lease is not given back but runs out: whoever takes it over
                // waits as well, and the dead holder's last calls never meet a new one's.
                pause(&wish.stop, wish.timing.quiesce_ms).await?;
                lease.still_fresh()?;
            }
            return Ok(lease);
        }
    }
}

/// Puts the item; on any doubt a consistent read decides. `None`: someone else
/// was quicker.
async fn put(
    ports: &Ports,
    wish: &Acquire,
    mark: AgentMark,
    condition: &LockCondition,
) -> Result<Option<Lease>, LeaseError> {
    let attempted_at = clock::now();
    let item = lock_item(ports.locks.lock_id(), wish, mark.clone());
    let put = ports.locks.put(&item, condition).await;
    let ours = match put {
        Ok(PutLock::Done) => true,
        Ok(PutLock::Refused) | Err(_) => ports
            .locks
            .read()
            .await?
            .and_then(|item| item.mark)
            .is_some_and(|standing| standing.owner == mark.owner),
    };
    if ours {
        let proof = LeaseProof::new(wish.timing, mark.fence, attempted_at);
        return Ok(Some(Lease::hold(ports.locks.clone(), item, mark, proof, wish.timing)));
    }
    match put {
        // Nothing landed and nobody else stands there: the table refuses us.
        Err(error) => Err(error.into()),
        Ok(_) => Ok(None),
    }
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

fn tell_once(told: &mut bool, listener: &dyn Listener, item: Option<&LockItem>, remaining_ms: Option<u64>) {
    if !std::mem::replace(told, true) {
        let holder = item.map(LockItem::terraform_info).unwrap_or_default();
        listener.tell(&Event::Waiting { holder, remaining_ms });
    }
}

/// Waits, unless stopping is asked for.
async fn pause(stop: &Stop, milliseconds: u64) -> Result<(), LeaseError> {
    tokio::select! {
        () = tokio::time::sleep(std::time::Duration::from_millis(milliseconds)) => Ok(()),
        () = stop.asked() => Err(LeaseError::Stopped),
    }
}
