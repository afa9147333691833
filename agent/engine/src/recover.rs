//! Recovery: whoever takes a lease whose last run did not end first finds out
//! what that run made. Nothing here cannot be repeated: killed, it is started
//! again by the next.

use std::{collections::BTreeMap, time::Duration};

use pointsman_core::{
    Address,
    hash::canonical_hash,
    journal::{Act, Chain, Entry, Found, Intent, Part, open_intents, settle, verify},
    lease::{Fence, StateMark, Transaction},
    report::Event,
    resource::Observed,
};

use crate::{
    Failure, Run,
    journal::{commit, now, token},
    keeper::Keeper,
    lease::{LeaseLost, LeaseProof, lease_error},
    ports::{CloudError, CloudErrorKind, Sought, Written},
};

/// Looks after the run that the fence names: finds what it made, records it,
/// seals it. Answers the fence as it stands then.
pub(crate) async fn recover(
    run: &Run,
    proof: &LeaseProof,
    keeper: &Keeper,
    fence: Fence,
) -> Result<Fence, Failure> {
    let Some(open_run) = fence.open_run else {
        return Ok(fence);
    };
    let entries = run.ports.runs.entries(open_run).await?;
    verify(open_run, &entries).map_err(Failure::Journal)?;
    // The first write carries the new fence: what its predecessor still sends is refused.
    keeper.change(|_| Ok(())).await?;
    let intents = open_intents(&entries);
    let intents: Vec<&Intent> = intents.values().copied().collect();
    let found = look_up(run, &intents, Doubt::Open).await?;
    let mark = keeper
        .change(|state| {
            for intent in &intents {
                settle(state, intent, found.get(&intent.address))?;
            }
            Ok(())
        })
        .await?;
    let mut chain = Chain::of(open_run, &entries)?;
    let looked_up = u32::try_from(intents.len()).unwrap_or(u32::MAX);
    let entry = chain.append(now(), Act::Seal { by: fence.fence, looked_up })?;
    let sealed = seal(run, proof, &fence, entry, &mark).await?;
    let stands = intents.iter().filter(|intent| found.contains_key(&intent.address)).count();
    run.listener.tell(&Event::Recovered {
        run: open_run,
        looked_up,
        stands: u32::try_from(stands).unwrap_or(u32::MAX),
    });
    Ok(sealed)
}

/// Closes the run that the fence names by the last of its entries; the state
/// that is marked knows what it made. Answers the fence as it stands then.
pub(crate) async fn seal(
    run: &Run,
    proof: &LeaseProof,
    fence: &Fence,
    entry: Entry,
    mark: &StateMark,
) -> Result<Fence, Failure> {
    let last = canonical_hash(&entry)?;
    let close = Transaction::close(token(), fence, Some(mark.clone()), last);
    match commit(&run.ports, &close, &[entry]).await? {
        Written::Done => Ok(close.fence.becomes.unwrap_or_default()),
        Written::Refused => {
            let why = "another took it over while the last run was looked after".to_owned();
            proof.lose(&why);
            Err(lease_error(run.ports.locks.lock_id(), &LeaseLost { why }).into())
        }
    }
}

/// Whether AWS may still be about to show what an announced write made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// Nobody knows whether it was sent.
    Open,
    /// AWS answered, and refused.
    Refused,
}

impl Doubt {
    /// What is in doubt after a failure of this kind; none is a fault of our own.
    pub(crate) fn after(kind: Option<CloudErrorKind>) -> Self {
        match kind {
            Some(
                CloudErrorKind::AccessDenied
                | CloudErrorKind::NotFound
                | CloudErrorKind::NotOurs
                | CloudErrorKind::Refused
                | CloudErrorKind::Unsuitable,
            ) => Self::Refused,
            // Of several attempts these say how the last one ended; one before may have landed.
            Some(
                CloudErrorKind::Credentials
                | CloudErrorKind::Failed
                | CloudErrorKind::LeaseLost
                | CloudErrorKind::Stale
                | CloudErrorKind::Throttled
                | CloudErrorKind::TimedOut
                | CloudErrorKind::Unreachable,
            )
            | None => Self::Open,
        }
    }
}

/// What stands of announced writes, found by name. What is missed is looked
/// for twice: AWS may not show at once what it made.
pub(crate) async fn look_up(
    run: &Run,
    intents: &[&Intent],
    doubt: Doubt,
) -> Result<BTreeMap<Address, Observed>, Failure> {
    let mut found = observe(run, intents).await?;
    let missed: Vec<&Intent> = intents
        .iter()
        .copied()
        .filter(|intent| intent.part == Part::Make && !found.contains_key(&intent.address))
        .collect();
    if !missed.is_empty() && doubt == Doubt::Open {
        tokio::time::sleep(Duration::from_millis(run.timing.look_again_ms)).await;
        found.extend(observe(run, &missed).await?);
    }
    Ok(found)
}

async fn observe(run: &Run, intents: &[&Intent]) -> Result<BTreeMap<Address, Observed>, CloudError> {
    let sought: Vec<Sought> = intents
        .iter()
        .map(|intent| Sought {
            address: intent.address.clone(),
            // What is made anew is found by its own name, not by the old one's id.
            id: intent.id.clone().filter(|_| intent.part == Part::Remove),
            resource: intent.desired.resource.clone(),
            // Found by name, and never told by an index that may lag.
            recorded: None,
        })
        .collect();
    if sought.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut found = run.ports.cloud.observe(&sought).await?;
    found.retain(|_, object| object.owner.is_of(&run.environment.name));
    Ok(found)
}

/// Finds out what came of announced writes that failed, and notes it.
pub(crate) async fn settle_failed(
    run: &Run,
    keeper: &Keeper,
    journal: &crate::journal::Journal,
    reasons: &BTreeMap<u32, (String, Doubt)>,
) -> Result<(), Failure> {
    let open = journal.open().await;
    for doubt in [Doubt::Refused, Doubt::Open] {
        let of_it = |number: &u32| reasons.get(number).map_or(Doubt::Open, |(_, doubt)| *doubt) == doubt;
        let some: BTreeMap<&u32, &Intent> = open.iter().filter(|(number, _)| of_it(number)).collect();
        if some.is_empty() {
            continue;
        }
        let intents: Vec<&Intent> = some.values().copied().collect();
        let found = look_up(run, &intents, doubt).await?;
        let mut settled: BTreeMap<u32, Found> = BTreeMap::new();
        let mark = keeper
            .change(|state| {
                for (number, intent) in &some {
                    settled.insert(**number, settle(state, intent, found.get(&intent.address))?);
                }
                Ok(())
            })
            .await?;
        for (number, found) in settled {
            let why = reasons.get(&number).map_or_else(String::new, |(why, _)| why.clone());
            journal.failed(number, why, found, mark.clone()).await?;
        }
    }
    Ok(())
}
