//! Adopting: a state that was lost or went back is made anew from what stands
//! and carries the environment's tags. Nothing that stands is changed.

mod rebuild;
mod remains;
mod sides;
mod survey;

use std::sync::Arc;

use pointsman_core::{
    journal::{Act, Chain, Started},
    lease::{Fence, StateMark},
    render,
    report::{Event, adoption::Adoption},
    state::LastRun,
};

use crate::{
    Failure, Run,
    deploy::not_taken,
    journal::{Journal, now},
    keeper::{Keeper, Loaded},
    lease::{Acquire, Lease, Taken, acquire},
    look::check_account,
    recover::{Doubt, seal},
};
use rebuild::rebuild;
use remains::{LeftOpen, OldState, deployed};
use survey::{Survey, survey};

/// Terraform's word for what the lock is for.
const OPERATION: &str = "OperationTypeApply (adopt)";

/// Who agrees to what was found before it is recorded.
#[derive(Clone)]
pub enum Consent {
    /// Everybody.
    Given,
    /// Whoever is asked. Called on a thread that may block.
    Ask(Arc<dyn Fn(&Adoption) -> bool + Send + Sync>),
}

impl std::fmt::Debug for Consent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Given => "Given",
            Self::Ask(_) => "Ask",
        })
    }
}

/// Looks at what would be recorded, and writes nothing.
pub async fn adoptable(run: &Run) -> Result<Adoption, Failure> {
    check_account(run, &run.ports.cloud.identity().await?)?;
    let old = OldState::read(run).await?;
    let left = LeftOpen::read(run, &run.ports.runs.fence().await?.unwrap_or_default()).await?;
    // Without a lease nothing is waited for.
    Ok(survey(run, old.state.as_ref(), &left, Doubt::Refused).await?.adoption)
}

/// Takes the lease, looks at what stands, and makes the state anew from it. A
/// run that did not end is closed. Answers without a serial where nobody agreed.
pub async fn adopt(run: &Run, consent: Consent) -> Result<Adoption, Failure> {
    check_account(run, &run.ports.cloud.identity().await?)?;
    let wish = Acquire {
        who: run.who.clone(),
        operation: OPERATION.to_owned(),
        info: "pointsman adopt --from-tags".to_owned(),
        state_fence: OldState::read(run).await?.state.map_or(0, |state| state.fence),
        timing: run.timing,
        patience_ms: run.patience_ms,
        stop: run.stop.clone(),
    };
    let taken = acquire(&run.ports, &wish, run.listener.as_ref()).await;
    let Taken { lease, fence } = taken.map_err(not_taken)?;
    let result = Box::pin(under_lease(run, &lease, fence, consent)).await;
    if let Err(error) = lease.release().await {
        run.listener.tell(&Event::LeaseLost { why: format!("it could not be given back: {error}") });
    }
    result
}

async fn under_lease(run: &Run, lease: &Lease, fence: Fence, consent: Consent) -> Result<Adoption, Failure> {
    let old = OldState::read(run).await?;
    let left = LeftOpen::read(run, &fence).await?;
    let Survey { mut adoption, records, outputs } =
        survey(run, old.state.as_ref(), &left, Doubt::Open).await?;
    if !agreed(run, &adoption, consent).await? {
        return Ok(adoption);
    }
    let OldState { state, serial, version } = old;
    let known = fence.state.as_ref().map_or(0, |mark| mark.serial).max(serial);
    let lineage = fence.state.as_ref().map(|mark| mark.lineage.clone()).filter(|it| !it.is_empty());
    let summary = render::adoption::summary(&adoption);
    let last_run = LastRun {
        commit: run.commit.clone(),
        succeeded: true,
        ended_at: now(),
        summary: summary.clone(),
        failures: Vec::new(),
        quarantined: false,
    };
    let deployed = deployed(run).await?;
    let (proof, name) = (lease.proof(), &run.environment.name);
    let loaded = Loaded { state, mark: None, version };
    let keeper = Keeper::new(run.ports.clone(), proof.clone(), name, loaded);
    let mark = keeper
        .change(|state| {
            // Above everything that was ever known: the journal takes it for the newest.
            state.serial = state.serial.max(known);
            // It goes on: should this run die before it is noted, the journal still knows it.
            if let Some(lineage) = &lineage {
                state.lineage.clone_from(lineage);
            }
            rebuild(state, records, &outputs, &adoption.sides, deployed, last_run)
        })
        .await?;
    let fence = close(run, lease, fence, &left, &mark).await?;
    let journal = Journal::new(run.ports.clone(), lease, fence);
    journal
        .begin(Started {
            environment: name.clone(),
            owner: lease.owner().to_owned(),
            who: run.who.clone(),
            operation: OPERATION.to_owned(),
            commit: run.commit.clone(),
            plan: String::new(),
        })
        .await?;
    adoption.serial = Some(mark.serial);
    journal.end(true, summary, mark).await?;
    Ok(adoption)
}

/// Seals the run that did not end: what it made is in the state that stands now.
async fn close(
    run: &Run,
    lease: &Lease,
    fence: Fence,
    left: &LeftOpen,
    mark: &StateMark,
) -> Result<Fence, Failure> {
    let Some(open) = fence.open_run else {
        return Ok(fence);
    };
    let mut chain = if left.is_whole { Chain::of(open, &left.entries)? } else { Chain::behind(open) };
    let looked_up = u32::try_from(left.intents().len()).unwrap_or(u32::MAX);
    let entry = chain.append(now(), Act::Seal { by: fence.fence, looked_up })?;
    seal(run, lease.proof(), &fence, entry, mark).await
}

async fn agreed(run: &Run, adoption: &Adoption, consent: Consent) -> Result<bool, Failure> {
    match consent {
        Consent::Given => Ok(true),
        Consent::Ask(ask) => {
            let asked = adoption.clone();
            tokio::select! {
                answer = tokio::task::spawn_blocking(move || ask(&asked)) => Ok(answer.unwrap_or(false)),
                () = run.stop.asked() => Err(Failure::Stopped),
            }
        }
    }
}
