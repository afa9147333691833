use std::{sync::Arc, time::Duration};

use pointsman_core::lease::{
    AgentMark, BeatOutcome, LockCondition, LockItem, Timing, after_heartbeat, next_heartbeat,
};
use tokio::{sync::oneshot, task::JoinHandle};

use super::{LeaseLost, LeaseProof};
use crate::{
    clock,
    ports::{CloudError, CloudErrorKind, LockTable, Written},
};

/// A lease that is held: a task renews it until it is released or dropped.
/// A dropped lease is not released: it runs out.
#[derive(Debug)]
pub struct Lease {
    proof: LeaseProof,
    owner: String,
    locks: LockTableHandle,
    stop: Option<oneshot::Sender<()>>,
    beating: JoinHandle<()>,
}

/// Keeps `Lease` printable.
struct LockTableHandle(Arc<dyn LockTable>);

impl std::fmt::Debug for LockTableHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.lock_id())
    }
}

impl Lease {
    pub(super) fn hold(
        locks: Arc<dyn LockTable>,
        item: LockItem,
        mark: AgentMark,
        proof: LeaseProof,
        timing: Timing,
    ) -> Self {
        let (stop, stopped) = oneshot::channel();
        let owner = mark.owner.clone();
        let beating = tokio::spawn(beat(locks.clone(), item, mark, proof.clone(), timing, stopped));
        Self { proof, owner, locks: LockTableHandle(locks), stop: Some(stop), beating }
    }

    /// The proof that writes ask for.
    pub fn proof(&self) -> &LeaseProof {
        &self.proof
    }

    /// Whose it is: this taking's uuid.
    pub(crate) fn owner(&self) -> &str {
        &self.owner
    }

    /// Whether the lease outlived a waiting.
    pub(super) fn still_fresh(&self) -> Result<(), CloudError> {
        self.proof.check().map_err(|lost| lease_error(self.locks.0.lock_id(), &lost))
    }

    /// Gives the lease back, if it is still ours.
    pub async fn release(mut self) -> Result<(), CloudError> {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        // A heartbeat on its way would put the item again after its deletion.
        let _ = (&mut self.beating).await;
        self.proof.lose("it was released");
        self.locks.0.delete(&self.owner).await
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.beating.abort();
        self.proof.lose("it was dropped");
    }
}

pub(crate) fn lease_error(lock_id: &str, lost: &LeaseLost) -> CloudError {
    CloudError {
        kind: CloudErrorKind::LeaseLost,
        operation: "lease".to_owned(),
        subject: lock_id.to_owned(),
        code: None,
        message: lost.to_string(),
        request_id: None,
        help: Some("nothing more was written; run it again once the other holder is done".to_owned()),
    }
}

async fn beat(
    locks: Arc<dyn LockTable>,
    mut item: LockItem,
    mut mark: AgentMark,
    proof: LeaseProof,
    timing: Timing,
    mut stopped: oneshot::Receiver<()>,
) {
    let mut pause = timing.heartbeat_ms;
    let mut tried = mark.record_version;
    loop {
        tokio::select! {
            _ = &mut stopped => return,
            () = tokio::time::sleep(Duration::from_millis(pause)) => {}
        }
        pause = timing.heartbeat_ms;
        let next = next_heartbeat(&mark, tried);
        tried = next.record_version;
        let attempted_at = clock::now();
        item.mark = Some(next.clone());
        let outcome = match locks.put(&item, &LockCondition::Exactly(mark.clone())).await {
            Ok(Written::Done) => BeatOutcome::Renewed,
            Ok(Written::Refused) | Err(_) => match locks.read().await {
                Ok(read) => {
                    let outcome = after_heartbeat(&next, read.as_ref());
                    // An earlier attempt may have arrived after all: the next one follows what stands.
                    if let (BeatOutcome::NotYet, Some(standing)) = (outcome, read.and_then(|item| item.mark))
                    {
                        mark = standing;
                    }
                    outcome
                }
                Err(_) => BeatOutcome::NotYet,
            },
        };
        match outcome {
            BeatOutcome::Renewed => {
                proof.renewed(attempted_at);
                mark = next;
            }
            // Soon again: the lease goes on running out.
            BeatOutcome::NotYet => pause = timing.heartbeat_ms / 10,
            BeatOutcome::Lost => {
                proof.lose("another took the lock, or it was removed (terraform force-unlock)");
                return;
            }
        }
    }
}
