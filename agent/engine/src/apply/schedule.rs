use std::{
    collections::{BTreeMap, btree_map::Entry},
    time::Instant,
};

use futures::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use pointsman_core::{
    Address,
    failure::CloudErrorKind,
    plan::{Change, Plan, Step, StepKind, Unsettled, steps},
    report::{ChangeOutcome, ChangeResult, Event},
    resource::{Kind, Observed, Readiness},
};

use super::{Site, Undone, ecs_release, make::make, remove::remove, waits_before_change};

/// How many steps run at once: AWS throttles accounts that ask for more.
const AT_ONCE: usize = 10;

/// What came of a step.
enum Ended {
    Done,
    Failed(String, Option<CloudErrorKind>),
    Skipped(Option<Address>),
}

impl From<Result<(), Undone>> for Ended {
    fn from(result: Result<(), Undone>) -> Self {
        match result {
            Ok(()) => Self::Done,
            Err(Undone::Failed { why, kind }) => Self::Failed(why, kind),
            Err(Undone::Stopped) => Self::Skipped(None),
        }
    }
}

/// Waits for what AWS is still at work on, then runs the steps in their order;
/// says what came of each change. A service is waited for beside the steps:
/// its deployment may need what they bring.
pub(super) async fn run_steps(site: &Site<'_>, plan: &Plan) -> Vec<ChangeOutcome> {
    let (services, others): (Vec<&Unsettled>, Vec<&Unsettled>) = plan
        .unsettled
        .iter()
        .filter(|unsettled| !plan.changes.iter().any(|change| change.address == unsettled.address))
        .partition(|unsettled| is_service(site, unsettled));
    let mut report = settle_all(site, &others).await;
    let (changed, waited) = futures::join!(run_changes(site, plan), settle_all(site, &services));
    report.extend(changed);
    report.extend(waited);
    report
}

fn is_service(site: &Site<'_>, unsettled: &Unsettled) -> bool {
    site.live(&unsettled.address).is_some_and(|object| object.resource.kind() == Kind::Service)
}

/// The steps of a plan, and how far they are.
struct Progress<'a> {
    site: &'a Site<'a>,
    plan: &'a Plan,
    steps: Vec<Step>,
    ended: BTreeMap<usize, Ended>,
    /// When a change's first step began and its last one ended.
    times: BTreeMap<usize, (Instant, Instant)>,
    /// Changes whose steps have all ended, in that order.
    report: Vec<ChangeOutcome>,
}

async fn run_changes(site: &Site<'_>, plan: &Plan) -> Vec<ChangeOutcome> {
    let mut progress = Progress {
        site,
        plan,
        steps: steps(plan),
        ended: BTreeMap::new(),
        times: BTreeMap::new(),
        report: Vec::new(),
    };
    let mut waiting: Vec<usize> = (0..progress.steps.len()).collect();
    let mut running: FuturesUnordered<BoxFuture<'_, (usize, Ended)>> = FuturesUnordered::new();
    while !waiting.is_empty() || !running.is_empty() {
        let room = AT_ONCE.saturating_sub(running.len());
        let ready: Vec<usize> =
            waiting.iter().copied().filter(|number| progress.is_ready(*number)).take(room).collect();
        if ready.is_empty() && running.is_empty() {
            for number in std::mem::take(&mut waiting) {
                progress.end(number, Ended::Failed("it waits for what waits for it".to_owned(), None));
            }
            break;
        }
        waiting.retain(|number| !ready.contains(number));
        for number in ready {
            match progress.begin(number) {
                Some(ended) => progress.end(number, ended),
                None => {
                    let (change, kind) =
                        (&plan.changes[progress.steps[number].change], progress.steps[number].kind);
                    running.push(one(site, change, kind).map(move |result| (number, result.into())).boxed());
                }
            }
        }
        if let Some((number, ended)) = running.next().await {
            progress.end(number, ended);
        }
    }
    progress.report
}

impl Progress<'_> {
    fn is_ready(&self, number: usize) -> bool {
        self.steps[number].after.iter().all(|before| self.ended.contains_key(before))
    }

    /// Tells that a change begins; or answers why its step does not.
    fn begin(&mut self, number: usize) -> Option<Ended> {
        let step = &self.steps[number];
        if let Some(because_of) = self.blocked_by(step) {
            return Some(Ended::Skipped(because_of));
        }
        if self.site.run.stop.is_asked() {
            return Some(Ended::Skipped(None));
        }
        let change = &self.plan.changes[step.change];
        let now = Instant::now();
        // A replacement's second step belongs to the same change: it began with the first.
        if let Entry::Vacant(first) = self.times.entry(step.change) {
            first.insert((now, now));
            let (address, action) = (change.address.clone(), change.action);
            self.site.run.listener.tell(&Event::Started { address, action });
        }
        None
    }

    /// Whether something that must come before a step did not come to be.
    fn blocked_by(&self, step: &Step) -> Option<Option<Address>> {
        step.after.iter().find_map(|before| match self.ended.get(before) {
            Some(Ended::Failed(..)) => {
                Some(Some(self.plan.changes[self.steps[*before].change].address.clone()))
            }
            Some(Ended::Skipped(because_of)) => Some(because_of.clone()),
            Some(Ended::Done) | None => None,
        })
    }

    /// Notes what came of a step; after a change's last one, says so.
    fn end(&mut self, number: usize, ended: Ended) {
        let index = self.steps[number].change;
        if let Some((_, until)) = self.times.get_mut(&index) {
            *until = Instant::now();
        }
        self.ended.insert(number, ended);
        let own = || (0..self.steps.len()).filter(|other| self.steps[*other].change == index);
        if !own().all(|other| self.ended.contains_key(&other)) {
            return;
        }
        let mut result = ChangeResult::Done;
        for other in own() {
            match self.ended.get(&other) {
                Some(Ended::Failed(why, kind)) => {
                    result = ChangeResult::Failed { why: why.clone(), kind: *kind };
                }
                Some(Ended::Skipped(because_of)) if result == ChangeResult::Done => {
                    result = ChangeResult::Skipped { because_of: because_of.clone() };
                }
                Some(Ended::Done | Ended::Skipped(_)) | None => {}
            }
        }
        let took_ms = self.times.get(&index).map_or(0, |(from, until)| milliseconds(*from, *until));
        let change = &self.plan.changes[index];
        self.site.tell_end(change, &result, took_ms);
        let (address, action) = (change.address.clone(), change.action);
        self.report.push(ChangeOutcome { address, action, result, took_ms });
    }
}

/// One step. Changes to what AWS is still at work on wait for it first.
async fn one(site: &Site<'_>, change: &Change, kind: StepKind) -> Result<(), Undone> {
    site.may_begin()?;
    match kind {
        StepKind::Make => {
            if waits_before_change(change)
                && let Some(object) = &change.observed
                && matches!(object.readiness, Readiness::Pending(_))
            {
                site.settled(&change.address, object).await?;
            }
            ecs_release::before_change(site, change).await?;
            make(site, change).await
        }
        StepKind::Remove => remove(site, change).await,
    }
}

/// What does not change, but AWS is still at work on: waited for, and what is
/// known of it only then is recorded.
async fn settle_all(site: &Site<'_>, unsettled: &[&Unsettled]) -> Vec<ChangeOutcome> {
    futures::future::join_all(unsettled.iter().map(|unsettled| async {
        let started = Instant::now();
        let object = site.live(&unsettled.address)?;
        let result = match settle_one(site, &unsettled.address, &object).await {
            Ok(()) => return None,
            Err(Undone::Failed { why, kind }) => ChangeResult::Failed { why, kind },
            Err(Undone::Stopped) => ChangeResult::Skipped { because_of: None },
        };
        let took_ms = milliseconds(started, Instant::now());
        let (address, action) = (unsettled.address.clone(), pointsman_core::plan::Action::Update);
        if let ChangeResult::Failed { why, .. } = &result {
            site.run.listener.tell(&Event::Failed { address: address.clone(), action, why: why.clone() });
        }
        Some(ChangeOutcome { address, action, result, took_ms })
    }))
    .await
    .into_iter()
    .flatten()
    .collect()
}

async fn settle_one(site: &Site<'_>, address: &Address, object: &Observed) -> Result<(), Undone> {
    let settled = site.settled(address, object).await?;
    site.keeper
        .change(|state| {
            state.refresh(address, &settled);
            Ok(())
        })
        .await?;
    site.stands(address, settled);
    Ok(())
}

fn milliseconds(from: Instant, until: Instant) -> u64 {
    u64::try_from(until.duration_since(from).as_millis()).unwrap_or(u64::MAX)
}
