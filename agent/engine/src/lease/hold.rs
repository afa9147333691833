use std::{sync::Arc, time::Duration};

use pointsman_core::lease::{
    AgentMark, BeatOutcome, LockCondition, LockItem, Timing, after_heartbeat, next_heartbeat,
};
use tokio::{sync::oneshot, task::JoinHandle};

use super::{LeaseLost, LeaseProof, file::HeldFile};
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
    file: Option<HeldFile>,
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
        file: Option<HeldFile>,
        item: LockItem,
        mark: AgentMark,
        proof: LeaseProof,
        timing: Timing,
    ) -> Self {
        let (stop, stopped) = oneshot::channel();
        let owner = mark.owner.clone();
        let beating =
            Beating { locks: locks.clone(), file: file.clone(), item, mark, proof: proof.clone(), timing };
        let beating = tokio::spawn(beating.beat(stopped));
        Self { proof, owner, locks: LockTableHandle(locks), file, stop: Some(stop), beating }
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
        // The file before the item: between the two, no agent is let in.
        let file = match &self.file {
            Some(file) => file.release().await,
            None => Ok(()),
        };
        self.locks.0.delete(&self.owner).await.and(file)
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

/// What renews a lease.
struct Beating {
    locks: Arc<dyn LockTable>,
    file: Option<HeldFile>,
    item: LockItem,
    mark: AgentMark,
    proof: LeaseProof,
    timing: Timing,
}

impl Beating {
    async fn beat(mut self, mut stopped: oneshot::Receiver<()>) {
        // Taking it may have taken a while.
        let mut pause = self.timing.heartbeat_ms.saturating_sub(self.proof.age_ms());
        let mut tried = self.mark.record_version;
        loop {
            tokio::select! {
                _ = &mut stopped => return,
                () = tokio::time::sleep(Duration::from_millis(pause)) => {}
            }
            pause = self.timing.heartbeat_ms;
            let next = next_heartbeat(&self.mark, tried);
            tried = next.record_version;
            let attempted_at = clock::now();
            match self.renew(next).await {
                BeatOutcome::Renewed => self.proof.renewed(attempted_at),
                // Soon again: the lease goes on running out.
                BeatOutcome::NotYet => pause = self.timing.heartbeat_ms / 10,
                BeatOutcome::Lost => {
                    self.proof.lose("another took the lock, or it was removed (terraform force-unlock)");
                    return;
                }
            }
        }
    }

    /// Renews the item, and sees that the file still is ours: both, or it is not
    /// renewed.
    async fn renew(&mut self, next: AgentMark) -> BeatOutcome {
        let outcome = self.renew_item(next).await;
        match (&self.file, outcome) {
            (Some(file), BeatOutcome::Renewed) => match file.is_kept().await {
                Ok(true) => BeatOutcome::Renewed,
                Ok(false) => BeatOutcome::Lost,
                Err(_) => BeatOutcome::NotYet,
            },
            (_, outcome) => outcome,
        }
    }

    async fn renew_item(&mut self, next: AgentMark) -> BeatOutcome {
        self.item.mark = Some(next.clone());
        let outcome = match self.locks.put(&self.item, &LockCondition::Exactly(self.mark.clone())).await {
            Ok(Written::Done) => BeatOutcome::Renewed,
            Ok(Written::Refused) | Err(_) => match self.locks.read().await {
                Ok(read) => {
                    let outcome = after_heartbeat(&next, read.as_ref());
                    // An earlier attempt may have arrived after all: the next one follows what stands.
                    if let (BeatOutcome::NotYet, Some(standing)) = (outcome, read.and_then(|item| item.mark))
                    {
                        self.mark = standing;
                    }
                    outcome
                }
                Err(_) => BeatOutcome::NotYet,
            },
        };
        if outcome == BeatOutcome::Renewed {
            self.mark = next;
        }
        outcome
    }
}
