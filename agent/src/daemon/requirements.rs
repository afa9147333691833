//! What is required before an apply: asked after the merge and before the
//! lease, at every poll, until it is given.

mod approve;
mod facts;
mod shown;

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use pointsman_core::{
    environment::Environment,
    failure::Failure,
    policy::Approval as Approving,
    render,
    report::{
        Judged, Outcome,
        pull_request::{EnvironmentReport, Status},
    },
    requirement::{Facts, Login, Merge, Requirements, Unmet, approvers_of, passed, stage, unmet_of_all},
};
use pointsman_engine::{Approval, Policies, Purpose, Run, deploy, preview};

pub(super) use self::{
    approve::{Answer, approve_plan, break_glass},
    shown::{Showing, note},
};
use super::{
    agent::Agent,
    board::LogListener,
    boards::Origin,
    came::{Came, Next, came_to},
    policies::remarks,
    recorded::{self, Recorded, recorded},
};
use crate::git::Snapshot;

/// For so long a plan that waits is not made again, if nobody says anything.
/// What changed meanwhile is noticed at the latest when it is applied.
const PLAN_STANDS: Duration = Duration::from_secs(180);

/// A plan that waits for what is required.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    /// The commit that it is of.
    commit: String,
    /// What policies knew of approvals.
    known: Option<Vec<Approving>>,
    /// Which policies judged it.
    policies: Vec<Arc<Policies>>,
    judged: Judged,
    planned: Instant,
}

/// What follows from what is required, and what is given.
pub(super) enum Gate {
    /// It may be applied.
    Open {
        approval: Approval,
        /// What was given, for the report.
        notes: Vec<String>,
    },
    /// It may not.
    Shut(Came),
}

/// What is required of an environment: by the operator, by the commit that the
/// branch is at, and by those before it. All of it must be met.
///
/// # Errors
///
/// When the file in the config repo cannot be used, in words: then nothing is applied.
pub(super) fn required(
    agent: &Agent,
    environment: &str,
    head: &Snapshot,
    before: &[Arc<Snapshot>],
) -> Result<Vec<Requirements>, String> {
    let unusable = |snapshot: &Snapshot| {
        render::requirement::unusable(&snapshot.revision.id(), snapshot.requirements.faults())
    };
    let stage = stage(environment);
    let mut all: Vec<Requirements> = agent.config.requirements.get(stage).cloned().into_iter().collect();
    match &head.requirements.stages {
        Ok(stages) if head.requirements.foreign.is_empty() => all.extend(stages.get(stage).cloned()),
        Ok(_) | Err(_) => return Err(unusable(head)),
    }
    // One that could not be read cannot be corrected any more; while it stood, nothing was applied.
    for stages in before.iter().filter_map(|before| before.requirements.stages.as_ref().ok()) {
        all.extend(stages.get(stage).cloned());
    }
    let mut once: Vec<Requirements> = Vec::new();
    for one in all {
        if !one.is_empty() && !once.contains(&one) {
            once.push(one);
        }
    }
    Ok(once)
}

/// Whether a commit may be applied now, and how. `run` is what would be run; it
/// is told what policies may know of approvals.
pub(super) async fn gate(
    agent: &Arc<Agent>,
    run: &mut Run,
    origin: &Origin,
    merge: Merge,
    required: Result<Vec<Requirements>, String>,
    status: &pointsman_engine::Status,
) -> Gate {
    let open = |approval| Gate::Open { approval, notes: Vec::new() };
    if required.as_ref().is_ok_and(Vec::is_empty) {
        return open(Approval::Given);
    }
    // What began was let in: it goes on to its end, as its own commit describes it.
    if let Some(state) = status.state.as_ref().filter(|state| recorded::open(Some(state)).is_some()) {
        run.purpose = Purpose::GoOn;
        match recorded(agent, state, &run.environment.name).await {
            Ok(Some(Recorded { environment, commit })) => {
                run.environment = environment;
                run.commit = Some(commit);
            }
            Ok(None) => {}
            Err(error) => return shut(error.to_string(), None, Next::Later),
        }
        return open(Approval::Given);
    }
    let required = match required {
        Ok(required) => required,
        Err(problem) => return shut(problem, None, Next::Soon),
    };
    let commit = run.commit.clone().unwrap_or_default();
    let asked =
        match facts::ask(agent, origin, &required, &run.ports, &run.environment.name, &commit, merge).await {
            Ok(asked) => asked,
            Err(why) => return shut(render::requirement::unknown(&why), None, Next::Later),
        };
    if let Some(pull) = &mut run.pull_request {
        pull.approvals = asked.for_policies();
    }
    let judged = match planned(agent, run, &commit, status).await {
        Ok(judged) => judged,
        Err(failure) => return Gate::Shut(came_to(&run.environment, Err(failure))),
    };
    let plan = match judged.plan.approval_hash(&judged.verdict) {
        Ok(plan) => plan,
        Err(error) => return Gate::Shut(came_to(&run.environment, Err(error.into()))),
    };
    let facts = asked.facts(run, &judged, &plan);
    let now_ms = now_ms();
    let unmet = unmet_of_all(&required, &facts, now_ms);
    if unmet.is_empty() {
        let notes = given(&required, &facts, now_ms);
        for note in &notes {
            tracing::info!(environment = %run.environment.name, commit, plan, "{note}");
        }
        return Gate::Open { approval: Approval::OfPlan(plan), notes };
    }
    if unmet == [Unmet::Denied] {
        let denied = came_to(&run.environment, Err(Failure::Denied(Box::new(judged))));
        // An approval may be what the policies miss.
        return Gate::Shut(Came { next: Next::Soon, ..denied });
    }
    let text = render::requirement::held(&run.environment.name, &plan, &unmet, merge == Merge::Merged);
    shut(text, Some((judged, run.environment.clone())), Next::Soon)
}

/// What came of applying the plan that was let in.
/// `introduced` is the commit that is to be deployed.
pub(super) fn came(
    agent: &Agent,
    run: &Run,
    introduced: &str,
    approval: &Approval,
    result: Result<Outcome, Failure>,
) -> Came {
    let name = &run.environment.name;
    // Whoever holds the lock changes nothing about the plan, as far as is known.
    if !matches!(result, Err(Failure::Locked { .. })) {
        agent.memory().gated.remove(name);
    }
    match (approval, result) {
        (Approval::OfPlan(approved), Err(Failure::Stale(judged))) => {
            let now = judged.plan.approval_hash(&judged.verdict).unwrap_or_default();
            let text = render::requirement::changed(approved, &now);
            came_shut(text, Some((*judged, run.environment.clone())), Next::Soon)
        }
        // An approval may be what the policies miss.
        (Approval::OfPlan(_), Err(Failure::Denied(judged))) => {
            Came { next: Next::Soon, ..came_to(&run.environment, Err(Failure::Denied(judged))) }
        }
        (_, result) if run.purpose == Purpose::GoOn => went_on(run, introduced, result),
        (_, result) => came_to(&run.environment, result),
    }
}

/// What came of driving what was open, for the commit that is to be deployed.
fn went_on(run: &Run, introduced: &str, result: Result<Outcome, Failure>) -> Came {
    let is_another = run.commit.as_deref() != Some(introduced);
    let ended = |outcome: &Outcome| outcome.rollouts.iter().all(|rollout| rollout.ended.is_some());
    let has_ended = match &result {
        Ok(outcome) => ended(outcome),
        Err(Failure::Incomplete(outcome)) => ended(outcome),
        Err(_) => false,
    };
    if is_another && has_ended {
        // Well or not: what the branch says comes after it, and nothing came of that yet.
        let change = Box::new(|report: &mut EnvironmentReport| {
            *report = EnvironmentReport::queued(report.name.clone());
        });
        return Came { status: Status::Queued, next: Next::Soon, change };
    }
    let came = came_to(&run.environment, result);
    let next = match came.next {
        Next::Stands => Next::Soon,
        // It is not the fault of what the branch says.
        Next::Quarantine if is_another => Next::Later,
        next => next,
    };
    Came { next, ..came }
}

fn shut(problem: String, judged: Option<(Judged, Environment)>, next: Next) -> Gate {
    Gate::Shut(came_shut(problem, judged, next))
}

fn came_shut(problem: String, judged: Option<(Judged, Environment)>, next: Next) -> Came {
    let change = Box::new(move |report: &mut EnvironmentReport| {
        report.problem = Some(problem);
        report.notes.clear();
        if let Some((judged, environment)) = judged {
            report.remarks = remarks(&environment, &judged);
            report.judged = Some(judged);
        }
    });
    Came { status: Status::Held, next, change }
}

/// The plan as it stands: the one that waits, or a new one.
async fn planned(
    agent: &Arc<Agent>,
    run: &Run,
    commit: &str,
    status: &pointsman_engine::Status,
) -> Result<Judged, Failure> {
    let name = &run.environment.name;
    let known = run.pull_request.as_ref().and_then(|pull| pull.approvals.clone());
    let waiting = agent.memory().gated.get(name).cloned();
    if let Some(waiting) = waiting
        && waiting.commit == commit
        && waiting.known == known
        && waiting.policies.len() == run.policies.len()
        && waiting.policies.iter().zip(&run.policies).all(|(one, other)| Arc::ptr_eq(one, other))
        && waiting.planned.elapsed() < PLAN_STANDS
        && status.open_run.is_none()
    {
        return Ok(waiting.judged);
    }
    let judged = if status.open_run.is_some() {
        // A run did not end. It is recovered before anything is planned, and under
        // the lease; no plan has this hash, so that nothing else is done.
        match Box::pin(deploy(run, Approval::OfPlan(String::new()))).await {
            Err(Failure::Stale(judged) | Failure::Denied(judged)) => *judged,
            Err(failure) => return Err(failure),
            Ok(outcome) => outcome.judged,
        }
    } else {
        let listener = Arc::new(LogListener { environment: name.clone() });
        let run = Run { listener, ..run.clone() };
        Box::pin(preview(&run)).await?
    };
    let waiting = Waiting {
        commit: commit.to_owned(),
        known,
        policies: run.policies.clone(),
        judged: judged.clone(),
        planned: Instant::now(),
    };
    agent.memory().gated.insert(name.clone(), waiting);
    Ok(judged)
}

/// What let a plan in, for those who read it later.
fn given(required: &[Requirements], facts: &Facts, now_ms: u64) -> Vec<String> {
    let mut notes = Vec::new();
    if facts.changes_nothing {
        return notes;
    }
    let by: BTreeSet<Login> = required.iter().flat_map(|one| approvers_of(one, facts)).collect();
    if !by.is_empty() {
        notes.push(render::requirement::approved(&facts.plan, &by));
    }
    for one in required {
        for window in one.freeze.iter().filter_map(|freeze| freeze.window(now_ms)) {
            let passed = passed(one, facts, window.from_ms);
            notes.extend(passed.map(|word| render::requirement::glass_broken(word, window.until_ms)));
        }
    }
    notes.dedup();
    notes
}

/// Unix milliseconds.
fn now_ms() -> u64 {
    u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or_default()
}
