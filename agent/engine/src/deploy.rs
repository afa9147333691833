use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Instant,
};

use pointsman_core::{
    Address,
    desired::{outputs, wanted},
    journal::Started,
    lease::Fence,
    plan::Action,
    report::{ChangeResult, Event, Judged, MOST_STOPPED_TASKS, Outcome},
    resource::{Observed, Resource, Text},
    rollout::{EcsRelease, Refusal, Track, released_by_ecs, released_service},
    state::State,
};

use tokio::sync::Mutex;

use crate::{
    Failure, Purpose, Run,
    apply::{Patience, apply},
    conclude::{begun, conclude, ended_another, lend, summary},
    journal::Journal,
    judge::judge,
    keeper::{Keeper, load},
    last_words::last_words,
    lease::{Acquire, Lease, LeaseError, Taken, acquire},
    look::{check_account, look, look_up},
    ports::Aside,
    preflight::before_writing,
    recover::{recover, settle_failed},
    rollout::{self, Drive, Driven, Known},
    way_out::check_way_out,
};

/// Terraform's words for what the lock is for, in the journal as well.
pub(crate) const DEPLOY: &str = "OperationTypeApply";
pub(crate) const DESTROY: &str = "OperationTypeApply (destroy)";

/// Who agrees to a plan before it is applied.
#[derive(Clone)]
pub enum Approval {
    /// Everybody: whatever the policies allow.
    Given,
    /// Only the plan with this approval hash.
    OfPlan(String),
    /// Whoever is asked. Called on a thread that may block; a plan with
    /// nothing in it is not asked for.
    Ask(Arc<dyn Fn(&Judged) -> bool + Send + Sync>),
}

impl std::fmt::Debug for Approval {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Given => "Given",
            Self::OfPlan(_) => "OfPlan",
            Self::Ask(_) => "Ask",
        })
    }
}

/// The whole road: takes the lease, observes, plans, judges, applies, records,
/// and gives the lease back whatever came of it.
///
/// A rollout that an earlier commit left open is driven to its end first; what
/// is asked for comes after it, as a plan of its own.
pub async fn deploy(run: &Run, approval: Approval) -> Result<Outcome, Failure> {
    loop {
        let outcome = once(run, approval.clone()).await?;
        if ended_another(run, &outcome) && !run.stop.is_asked() {
            continue;
        }
        return if outcome.succeeded() || outcome.asks() {
            Ok(outcome)
        } else {
            Err(Failure::Incomplete(Box::new(outcome)))
        };
    }
}

/// One walk under one lease.
async fn once(run: &Run, approval: Approval) -> Result<Outcome, Failure> {
    check_account(run, &run.ports.cloud.identity().await?)?;
    let state_fence = load(&run.ports, &run.environment.name).await?.state.map_or(0, |state| state.fence);
    let wish = Acquire {
        who: run.who.clone(),
        operation: operation(run).to_owned(),
        info: run
            .commit
            .as_ref()
            .map_or_else(|| "pointsman".to_owned(), |commit| format!("pointsman {commit}")),
        state_fence,
        timing: run.timing,
        patience_ms: run.patience_ms,
        stop: run.stop.clone(),
    };
    let taken = acquire(&run.ports, &wish, run.listener.as_ref()).await;
    let Taken { lease, fence } = taken.map_err(not_taken)?;
    let result = under_lease(run, &lease, fence, approval).await;
    if let Err(lost) = lease.proof().check() {
        run.listener.tell(&Event::LeaseLost { why: lost.why });
    }
    if let Err(error) = lease.release().await {
        // What was done is done; the lock item runs out by itself, and the next
        // run writes over the file.
        run.listener.tell(&Event::LeaseLost { why: format!("it could not be given back: {error}") });
    }
    result
}

/// Why there is no lease, as the end of a walk.
pub(crate) fn not_taken(error: LeaseError) -> Failure {
    match error {
        LeaseError::Held { holder, lock_id, agent: _ } => Failure::Locked { holder, lock_id },
        LeaseError::Stopped => Failure::Stopped,
        LeaseError::Cloud(error) => Failure::Cloud(error),
    }
}

async fn under_lease(run: &Run, lease: &Lease, fence: Fence, approval: Approval) -> Result<Outcome, Failure> {
    let (started, began_at_ms) = (Instant::now(), rollout::now_ms());
    let proof = lease.proof();
    let (loaded, surroundings) = futures::join!(load(&run.ports, &run.environment.name), look_up(run));
    let loaded = loaded?;
    loaded.check(&fence, &run.ports)?;
    let mut before = loaded.state.clone();
    let keeper = Keeper::new(run.ports.clone(), proof.clone(), &run.environment.name, loaded);
    if run.takes_down() {
        check_way_out(run, before.as_ref()).await?;
    }
    let unfinished = fence.open_run.is_some();
    let fence = recover(run, proof, &keeper, fence).await?;
    if unfinished {
        before = Some(keeper.state().await);
    }
    let journal = Journal::new(run.ports.clone(), lease, fence);
    let surroundings = surroundings?;
    let seen = look(run, &surroundings, before.as_ref()).await?;
    keeper.refresh(&seen.observed).await;
    let judged = judge(run, seen.plan.clone(), before.as_ref()).await?;
    run.listener.tell(&Event::Planned { judged: Box::new(judged.clone()) });
    // What goes back, or goes on to its end, was allowed when it began.
    let asks_policies = matches!(run.purpose, Purpose::Deploy | Purpose::Destroy);
    if asks_policies && !judged.verdict.is_allowed() {
        return Err(Failure::Denied(Box::new(judged)));
    }
    if let Approval::OfPlan(hash) = &approval
        && judged.plan.approval_hash(&judged.verdict)? != *hash
    {
        return Err(Failure::Stale(Box::new(judged)));
    }
    let is_open = before.as_ref().is_some_and(|state| !rollout::open(state).is_empty());
    let idle = judged.plan.is_empty() && judged.plan.unsettled.is_empty() && !is_open;
    // Nobody is asked to agree to what cannot be done. What goes needs nothing.
    let makes = judged.plan.changes.iter().any(|change| change.action != Action::Delete);
    if makes && run.purpose == Purpose::Deploy {
        let findings = Box::pin(before_writing(run, &surroundings, &seen)).await?;
        run.listener.tell(&Event::Checked { environment: run.environment.name.clone(), findings });
    }
    let judged = approved(run, judged, approval).await?;
    let plan_hash = judged.plan.approval_hash(&judged.verdict)?;
    let tracks = opened(run, &keeper.state().await, &judged, &plan_hash)?;

    let driven = if idle {
        Driven::default()
    } else {
        begin(run, lease, &journal, &judged).await?;
        let before = keeper.state().await.ecs_releases;
        let ecs_releases = ecs_releases(run, &before, &judged, &plan_hash, &seen.observed).await?;
        // The first write carries the new fence: from here on, what a former
        // holder still sends to the state is refused.
        keeper
            .change(|state| {
                // Whoever comes after a crash sees that this run did not end.
                state.last_run = Some(begun(run));
                lend(state, run);
                state.objects.retain(|address, _| !judged.plan.forget.contains(address));
                state.tracks.extend(tracks);
                state.ecs_releases.extend(ecs_releases);
                Ok(())
            })
            .await?;
        let drives = !run.takes_down() && (is_open || !judged.plan.rollouts.is_empty());
        let patience = if drives { Patience::Machine } else { Patience::Step };
        let known = Known::of(&seen, &judged.plan);
        let changes = apply(run, proof, &keeper, &journal, &judged.plan, seen.observed, patience).await?;
        if changes.iter().all(|change| change.result == ChangeResult::Done) {
            stood(&keeper, &judged).await?;
        }
        let drive = Drive {
            run,
            proof,
            keeper: &keeper,
            journal: &journal,
            surroundings: &surroundings,
            known: Mutex::new(known),
        };
        let mut driven = if drives { Box::pin(drive.to_its_end()).await? } else { Driven::default() };
        driven.changes.splice(0..0, changes);
        driven
    };
    let Driven { changes, rollouts, mut stopped } = driven;
    // What is taken down gives nobody anything. What is given may have moved to another side.
    let linked = if run.takes_down() {
        BTreeMap::new()
    } else {
        wanted(&run.environment, &surroundings, Some(&keeper.state().await)).outputs
    };
    let mut outcome = Outcome {
        environment: run.environment.name.clone(),
        commit: run.commit.clone(),
        judged,
        changes,
        rollouts,
        stopped: Vec::new(),
        outputs: BTreeMap::new(),
        serial: keeper.state().await.serial,
        took_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
    };
    let state = keeper.state().await;
    outcome.outputs = known_outputs(&linked, &state);
    stopped.extend(last_words(run, &state, &outcome, began_at_ms).await);
    let mut told = BTreeSet::new();
    stopped.retain(|stopped| told.insert(stopped.task.clone()));
    stopped.truncate(MOST_STOPPED_TASKS);
    outcome.stopped = stopped;
    let settled = idle
        && before.is_some_and(|before| {
            before.outputs == outcome.outputs
                && before.ecs_releases.is_empty()
                && before.deployed_commit == run.commit
                && before.last_run.is_some_and(|last| last.succeeded)
        });
    if !settled {
        begin(run, lease, &journal, &outcome.judged).await?;
        // The lease may have been stale when this was due, and is fresh again: a run
        // with a write that nobody looked up does not end.
        settle_failed(run, &keeper, &journal, &BTreeMap::new()).await?;
        let mark = keeper
            .change(|state| {
                conclude(state, &outcome, run);
                Ok(())
            })
            .await?;
        outcome.serial = mark.serial;
        let report = serde_json::to_string_pretty(&outcome)?;
        run.ports.bucket.keep(proof, &Aside::Report(proof.fence()), &report).await?;
        journal.end(outcome.succeeded(), summary(&outcome), mark).await?;
    }
    Ok(outcome)
}

/// What ECS itself is to release, or releases already. What a run of the same
/// commit began and did not see end stays what it was: what people said since
/// counts, and where ECS went back with it, it is not begun again.
async fn ecs_releases(
    run: &Run,
    begun: &BTreeMap<String, EcsRelease>,
    judged: &Judged,
    plan_hash: &str,
    observed: &BTreeMap<Address, Observed>,
) -> Result<BTreeMap<String, EcsRelease>, Failure> {
    let release = |after| EcsRelease {
        commit: run.commit.clone().unwrap_or_default(),
        plan: plan_hash.to_owned(),
        opened_at_ms: rollout::now_ms(),
        after,
    };
    let mut releases = BTreeMap::new();
    // What is under way is the newest one.
    for unsettled in &judged.plan.unsettled {
        if let Some(Resource::Service(service)) = observed.get(&unsettled.address).map(|it| &it.resource)
            && let Some(name) = released_service(&unsettled.address)
            && service.native.is_some()
            && !begun.contains_key(&name)
        {
            releases.insert(name, release(None));
        }
    }
    for (name, service) in released_by_ecs(&judged.plan) {
        let of_commit = begun.get(&name).map(|begun| &begun.commit).filter(|commit| !commit.is_empty());
        if of_commit.is_none() || of_commit != run.commit.as_ref() {
            let after = run.ports.cloud.newest_release(service).await?;
            releases.insert(name, release(after));
        }
    }
    Ok(releases)
}

/// Everything that a plan's rollouts want at first was made, and read back.
async fn stood(keeper: &Keeper, judged: &Judged) -> Result<(), Failure> {
    if judged.plan.rollouts.is_empty() {
        return Ok(());
    }
    keeper
        .change(|state| {
            for begins in &judged.plan.rollouts {
                if let Some(track) = state.tracks.get_mut(&begins.service) {
                    track.stood(rollout::now_ms());
                }
            }
            Ok(())
        })
        .await?;
    Ok(())
}

/// The tracks with the rollouts that a plan begins. One that does not fit its
/// track stops the run before its first write.
fn opened(
    run: &Run,
    state: &State,
    judged: &Judged,
    plan_hash: &str,
) -> Result<BTreeMap<String, Track>, Failure> {
    let mut tracks = state.tracks.clone();
    let mut refused = Vec::new();
    for begins in &judged.plan.rollouts {
        if let Err(why) = begins.open(&mut tracks, run.commit.as_deref(), plan_hash, rollout::now_ms()) {
            refused.push((begins.service.clone(), why));
        }
    }
    let nothing_open = tracks.values().all(|track| track.open.is_none());
    if run.purpose == Purpose::GoBack && nothing_open && refused.is_empty() {
        let services = run.environment.file.service.keys().cloned();
        refused.extend(services.map(|service| (service, Refusal::NothingIdle)));
    }
    if refused.is_empty() { Ok(tracks) } else { Err(Failure::Refused(refused)) }
}

/// From here on the run writes, and somebody must look after it if it dies.
async fn begin(run: &Run, lease: &Lease, journal: &Journal, judged: &Judged) -> Result<(), Failure> {
    let plan = judged.plan.approval_hash(&judged.verdict)?;
    journal
        .begin(Started {
            environment: run.environment.name.clone(),
            owner: lease.owner().to_owned(),
            who: run.who.clone(),
            operation: operation(run).to_owned(),
            commit: run.commit.clone(),
            plan: plan.clone(),
        })
        .await?;
    let text = serde_json::to_string_pretty(judged)?;
    Ok(run.ports.bucket.keep(lease.proof(), &Aside::Plan(plan), &text).await?)
}

/// Terraform's word for what the lock is for.
fn operation(run: &Run) -> &'static str {
    match run.purpose {
        Purpose::Deploy | Purpose::GoOn | Purpose::GoBack => DEPLOY,
        Purpose::Destroy => DESTROY,
    }
}

async fn approved(run: &Run, judged: Judged, approval: Approval) -> Result<Judged, Failure> {
    match approval {
        // Whether it still is that plan was asked before.
        Approval::Given | Approval::OfPlan(_) => Ok(judged),
        Approval::Ask(_) if judged.plan.is_empty() => Ok(judged),
        Approval::Ask(ask) => {
            let asked = judged.clone();
            let agreed = tokio::select! {
                answer = tokio::task::spawn_blocking(move || ask(&asked)) => answer.unwrap_or(false),
                () = run.stop.asked() => return Err(Failure::Stopped),
            };
            if agreed { Ok(judged) } else { Err(Failure::Declined(Box::new(judged))) }
        }
    }
}

/// The outputs of which everything that they lead to is recorded.
pub(crate) fn known_outputs(linked: &BTreeMap<String, Text>, state: &State) -> BTreeMap<String, String> {
    let attribute = |address: &Address, name: &str| {
        let recorded = state.objects.get(address)?;
        if name == "id" { Some(recorded.id.clone()) } else { recorded.attributes.get(name).cloned() }
    };
    outputs(linked, attribute)
}
