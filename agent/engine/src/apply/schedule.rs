use std::{collections::BTreeMap, time::Instant};

use futures::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use pointsman_core::{
    Address,
    plan::{Action, Change, Plan, Step, StepKind, steps},
    report::{ChangeOutcome, ChangeResult, Event},
};

use super::{Site, Undone, make::make, remove::remove, waits_before_change};

/// How many steps run at once: AWS throttles accounts that ask for more.
const AT_ONCE: usize = 10;

/// What came of a step.
enum Ended {
    Done,
    Failed(String),
    Skipped(Option<Address>),
}

/// Runs the steps in their order; then says, change by change, what came of them.
pub(super) async fn run_steps(site: &Site<'_>, plan: &Plan) -> Vec<ChangeOutcome> {
    let (mut report, waited) = futures::join!(run_changes(site, plan), settle_the_rest(site, plan));
    report.extend(waited);
    report
}

async fn run_changes(site: &Site<'_>, plan: &Plan) -> Vec<ChangeOutcome> {
    let steps = steps(plan);
    let mut ended: BTreeMap<usize, Ended> = BTreeMap::new();
    let mut begun = vec![false; steps.len()];
    let mut outcomes: BTreeMap<usize, (ChangeResult, Instant, Instant)> = BTreeMap::new();
    let mut order = Vec::new();
    let mut running: FuturesUnordered<BoxFuture<'_, (usize, Result<(), Undone>)>> = FuturesUnordered::new();
    loop {
        let ended_before = ended.len();
        for number in 0..steps.len() {
            if begun[number] || running.len() >= AT_ONCE {
                continue;
            }
            let step = &steps[number];
            if !step.after.iter().all(|before| ended.contains_key(before)) {
                continue;
            }
            begun[number] = true;
            let change = &plan.changes[step.change];
            if let Some(because_of) = blocked_by(plan, &steps, step, &ended) {
                ended.insert(number, Ended::Skipped(because_of));
                continue;
            }
            if let Err(Undone::Stopped) = site.may_begin() {
                ended.insert(number, Ended::Skipped(None));
                continue;
            }
            if !outcomes.contains_key(&step.change) {
                let now = Instant::now();
                outcomes.insert(step.change, (ChangeResult::Done, now, now));
                site.run
                    .listener
                    .tell(&Event::Started { address: change.address.clone(), action: change.action });
            }
            running.push(one(site, change, step.kind).map(move |result| (number, result)).boxed());
        }
        let Some((number, result)) = running.next().await else {
            if begun.iter().all(|begun| *begun) || ended.len() == ended_before {
                break;
            }
            continue;
        };
        let end = match result {
            Ok(()) => Ended::Done,
            Err(Undone::Failed(why)) => Ended::Failed(why),
            Err(Undone::Stopped) => Ended::Skipped(None),
        };
        let step = &steps[number];
        if let Some((_, _, until)) = outcomes.get_mut(&step.change) {
            *until = Instant::now();
        }
        ended.insert(number, end);
        let is_last = steps
            .iter()
            .enumerate()
            .filter(|(_, other)| other.change == step.change)
            .all(|(other, _)| ended.contains_key(&other));
        if is_last {
            order.push(step.change);
            let (result, took_ms) = sum_up(&steps, step.change, &ended, &outcomes);
            site.tell_end(&plan.changes[step.change], &result, took_ms);
        }
    }
    for index in 0..plan.changes.len() {
        if !order.contains(&index) {
            order.push(index);
        }
    }
    order
        .into_iter()
        .map(|index| {
            let (result, took_ms) = sum_up(&steps, index, &ended, &outcomes);
            outcome(&plan.changes[index], result, took_ms)
        })
        .collect()
}

/// One step. Changes to what AWS is still at work on wait for it first.
async fn one(site: &Site<'_>, change: &Change, kind: StepKind) -> Result<(), Undone> {
    site.may_begin()?;
    match kind {
        StepKind::Make => {
            if waits_before_change(change)
                && let Some(object) = &change.observed
                && matches!(object.readiness, pointsman_core::resource::Readiness::Pending(_))
            {
                site.settled(&change.address, object).await?;
            }
            make(site, change).await
        }
        StepKind::Remove => remove(site, change).await,
    }
}

/// What does not change, but AWS is still at work on: waited for beside the steps.
async fn settle_the_rest(site: &Site<'_>, plan: &Plan) -> Vec<ChangeOutcome> {
    let unchanged = plan
        .unsettled
        .iter()
        .filter(|unsettled| !plan.changes.iter().any(|change| change.address == unsettled.address));
    futures::future::join_all(unchanged.map(|unsettled| async {
        let started = Instant::now();
        let object = site.live(&unsettled.address)?;
        let result = match site.settled(&unsettled.address, &object).await {
            Ok(_) => return None,
            Err(Undone::Failed(why)) => ChangeResult::Failed { why },
            Err(Undone::Stopped) => ChangeResult::Skipped { because_of: None },
        };
        let took_ms = milliseconds(started, Instant::now());
        Some(ChangeOutcome { address: unsettled.address.clone(), action: Action::Update, result, took_ms })
    }))
    .await
    .into_iter()
    .flatten()
    .collect()
}

/// Whether something that must come before a step did not come to be.
fn blocked_by(
    plan: &Plan,
    steps: &[Step],
    step: &Step,
    ended: &BTreeMap<usize, Ended>,
) -> Option<Option<Address>> {
    step.after.iter().find_map(|before| match ended.get(before) {
        Some(Ended::Failed(_)) => Some(Some(plan.changes[steps[*before].change].address.clone())),
        Some(Ended::Skipped(because_of)) => Some(because_of.clone()),
        Some(Ended::Done) | None => None,
    })
}

fn sum_up(
    steps: &[Step],
    change: usize,
    ended: &BTreeMap<usize, Ended>,
    outcomes: &BTreeMap<usize, (ChangeResult, Instant, Instant)>,
) -> (ChangeResult, u64) {
    let mut result = ChangeResult::Done;
    for (number, _) in steps.iter().enumerate().filter(|(_, step)| step.change == change) {
        match ended.get(&number) {
            Some(Ended::Failed(why)) => result = ChangeResult::Failed { why: why.clone() },
            Some(Ended::Skipped(because_of)) if result == ChangeResult::Done => {
                result = ChangeResult::Skipped { because_of: because_of.clone() };
            }
            _ => {}
        }
    }
    let took_ms = outcomes.get(&change).map_or(0, |(_, from, until)| milliseconds(*from, *until));
    (result, took_ms)
}

fn outcome(change: &Change, result: ChangeResult, took_ms: u64) -> ChangeOutcome {
    ChangeOutcome { address: change.address.clone(), action: change.action, result, took_ms }
}

fn milliseconds(from: Instant, until: Instant) -> u64 {
    u64::try_from(until.duration_since(from).as_millis()).unwrap_or(u64::MAX)
}
