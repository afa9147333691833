//! Applying: the plan's steps, side by side where nothing stands between
//! them. Nothing is decided here; what fails holds up what needs it.

mod ecs_release;
mod make;
mod remove;
mod schedule;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use pointsman_core::{
    Address,
    journal::Intent,
    lease::StateMark,
    plan::{Action, Change, Plan},
    render,
    report::{ChangeOutcome, ChangeResult, Event},
    resource::{Kind, Observed},
};

use crate::{
    Failure, Run,
    journal::Journal,
    keeper::Keeper,
    lease::{LeaseProof, lease_error},
    ports::{CloudError, CloudErrorKind, CloudWriter},
    recover::{Doubt, settle_failed},
};

/// AWS shows what was made everywhere within this time.
const SHOWN_WITHIN: std::time::Duration = std::time::Duration::from_secs(30);

/// Who waits until tasks run and are healthy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// The step that asked for them.
    Step,
    /// Whoever drives the rollout that is open, and can turn it back meanwhile.
    Machine,
}

/// What the steps of one plan share.
struct Site<'a> {
    run: &'a Run,
    proof: &'a LeaseProof,
    keeper: &'a Keeper,
    journal: &'a Journal,
    patience: Patience,
    /// Why announced writes failed, by the intent's number.
    failed: Mutex<BTreeMap<u32, (String, Doubt)>>,
    writer: Arc<dyn CloudWriter>,
    /// What stands, by address; grows as steps are done.
    live: Mutex<BTreeMap<Address, Observed>>,
}

/// Does everything that the plan says; answers what came of each change.
pub(crate) async fn apply(
    run: &Run,
    proof: &LeaseProof,
    keeper: &Keeper,
    journal: &Journal,
    plan: &Plan,
    observed: BTreeMap<Address, Observed>,
    patience: Patience,
) -> Result<Vec<ChangeOutcome>, Failure> {
    let site = Site {
        run,
        proof,
        keeper,
        journal,
        patience,
        failed: Mutex::default(),
        writer: run.ports.cloud.writer(proof),
        live: Mutex::new(observed),
    };
    let outcomes = schedule::run_steps(&site, plan).await;
    let failed = site.failed.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    // What failed half-way stands: it is found before the run may end.
    if proof.check().is_ok() {
        settle_failed(run, keeper, journal, &failed).await?;
    }
    Ok(outcomes)
}

/// How a step ended short of done.
enum Undone {
    /// It was tried, and failed.
    Failed {
        /// Why.
        why: String,
        /// What kind of refusal it was, when AWS or the way to it refused.
        kind: Option<CloudErrorKind>,
    },
    /// The agent is stopping.
    Stopped,
}

impl Undone {
    /// Something that should not be able to happen did.
    fn fault(why: impl Into<String>) -> Self {
        Self::Failed { why: why.into(), kind: None }
    }
}

impl From<CloudError> for Undone {
    fn from(error: CloudError) -> Self {
        let mut why = error.to_string();
        if let Some(help) = error.help {
            why.push_str("; ");
            why.push_str(&help);
        }
        Self::Failed { why, kind: Some(error.kind) }
    }
}

impl From<Failure> for Undone {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Cloud(error) => (*error).into(),
            other => Self::fault(other.to_string()),
        }
    }
}

impl Site<'_> {
    /// No step begins without a fresh lease, or when the agent is stopping.
    fn may_begin(&self) -> Result<(), Undone> {
        if self.run.stop.is_asked() {
            return Err(Undone::Stopped);
        }
        self.fresh().map_err(Undone::from)
    }

    /// A write, as AWS answers it. Once the agent is asked to stop, what is under
    /// way has the time of one attempt: after that AWS is only waited for, and
    /// the next run takes that up.
    async fn written<T>(&self, write: impl Future<Output = Result<T, CloudError>>) -> Result<T, Undone> {
        let late = async {
            self.run.stop.asked().await;
            tokio::time::sleep(std::time::Duration::from_millis(self.run.timing.attempt_ms)).await;
        };
        tokio::select! {
            biased;
            written = write => Ok(written?),
            () = late => Err(Undone::Stopped),
        }
    }

    fn fresh(&self) -> Result<(), CloudError> {
        self.proof.check().map_err(|lost| lease_error(self.run.ports.locks.lock_id(), &lost))
    }

    /// Returns when the lease is no longer fresh: waiting on for what another
    /// may be changing is no use.
    async fn lease_lost(&self) -> CloudError {
        loop {
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
            if let Err(lost) = self.fresh() {
                return lost;
            }
        }
    }

    /// Announces a write, does it, and notes that it was done: nothing is sent
    /// before its intent stands. `write` saves the state and answers the id.
    async fn announced<F>(&self, intent: Intent, write: F) -> Result<(), Undone>
    where
        F: Future<Output = Result<(Option<String>, StateMark), Undone>>,
    {
        let number = self.journal.intend(intent).await?;
        match write.await {
            Ok((id, state)) => Ok(self.journal.done(number, id, state).await?),
            Err(undone) => {
                let reason = match &undone {
                    Undone::Failed { why, kind } => (why.clone(), Doubt::after(*kind)),
                    Undone::Stopped => (render::event::STOPPED_UNDER_WAY.to_owned(), Doubt::Open),
                };
                self.failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(number, reason);
                Err(undone)
            }
        }
    }

    fn live(&self, address: &Address) -> Option<Observed> {
        self.live.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get(address).cloned()
    }

    fn stands(&self, address: &Address, object: Observed) {
        self.live.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(address.clone(), object);
    }

    /// Waits until AWS is done with an object; a stop ends the waiting, which
    /// the next run takes up again.
    async fn settled(&self, address: &Address, object: &Observed) -> Result<Observed, Undone> {
        if self.patience == Patience::Machine && object.resource.kind() == Kind::Service {
            return Ok(object.clone());
        }
        let listener = self.run.listener.as_ref();
        let waits = async {
            match ecs_release::of(object) {
                Some(service) => ecs_release::settled(self, address, object, service).await,
                None => Ok(self.run.ports.cloud.settle(address, object, listener).await?),
            }
        };
        tokio::select! {
            settled = waits => settled,
            () = self.run.stop.asked() => Err(Undone::Stopped),
            lost = self.lease_lost() => Err(lost.into()),
        }
    }

    /// The same for an object that was just made: AWS may take some seconds
    /// until it shows it everywhere.
    async fn settled_anew(&self, address: &Address, object: &Observed) -> Result<Observed, Undone> {
        let shown_by = std::time::Instant::now() + SHOWN_WITHIN;
        loop {
            match self.settled(address, object).await {
                Err(Undone::Failed { kind: Some(CloudErrorKind::NotFound), .. })
                    if std::time::Instant::now() < shown_by =>
                {
                    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
                }
                settled => return settled,
            }
        }
    }

    fn tell_end(&self, change: &Change, result: &ChangeResult, took_ms: u64) {
        let (address, action) = (change.address.clone(), change.action);
        match result {
            ChangeResult::Done => self.run.listener.tell(&Event::Finished { address, action, took_ms }),
            ChangeResult::Failed { why, .. } => {
                self.run.listener.tell(&Event::Failed { address, action, why: why.clone() });
            }
            ChangeResult::Skipped { .. } => {}
        }
    }
}

/// Whether a change's own step must first wait for what AWS is at work on. A
/// service is the exception: a deployment that cannot end is mended by the next,
/// unless ECS itself moves its traffic; that is looked at before its own step.
fn waits_before_change(change: &Change) -> bool {
    change.action != Action::Delete && change.kind != Kind::Service
}
