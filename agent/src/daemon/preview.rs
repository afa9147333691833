use std::{collections::BTreeMap, sync::Arc, time::Instant};

use pointsman_aws::Access;
use pointsman_core::{
    environment::{Environment, EnvironmentName},
    failure::Failure,
    policy::{ActorKind, PolicyInput, Verdict},
    render,
    report::{
        Judged,
        pull_request::{EnvironmentReport, OtherPull, PullReport, Purpose, Status, Unmet, Why},
    },
};
use pointsman_engine::Policies;

use super::{
    agent::{Agent, Walk, for_policies},
    board::{Board, LogListener},
    memory::{Planned, Told, pause},
    policies::{policies, remarks},
    reporter::Subject,
    trusted,
};
use crate::{
    git::{Changed, GitError, Snapshot, changed},
    github::Pull,
};

/// Plans what a pull request changes, and reports it.
pub(super) async fn preview(
    agent: Arc<Agent>,
    base: Arc<Snapshot>,
    pull: Pull,
    head: String,
    before: Option<Planned>,
) {
    let times = before
        .filter(|before| before.head == head)
        .and_then(|before| before.again)
        .map_or(0, |(_, times)| times + 1);
    let subject = Subject::Pull(pull.number);
    let complete = plan_all(&agent, &base, subject, &pull, &head).await;
    let again = (!complete).then(|| (Instant::now() + pause(agent.config.repo.poll, times), times));
    let planned = Planned { head, base: base.revision.id(), again };
    agent.memory().pulls.insert(pull.number, planned);
}

/// A group of the merge queue: pull requests as they would be merged together.
pub(super) struct Group {
    pub(super) branch: String,
    pub(super) head: String,
    /// The pull request that it was made for.
    pub(super) pull: Pull,
}

/// Plans what a group of the merge queue changes, and reports it as checks of
/// the group's commit: there is nothing to comment on.
pub(super) async fn group(agent: Arc<Agent>, base: Arc<Snapshot>, group: Group, before: Option<Planned>) {
    let Group { branch, head, pull } = group;
    let times = before
        .filter(|before| before.head == head)
        .and_then(|before| before.again)
        .map_or(0, |(_, times)| times + 1);
    let subject = Subject::Commit(head.clone());
    let complete = plan_all(&agent, &base, subject, &pull, &head).await;
    let again = (!complete).then(|| (Instant::now() + pause(agent.config.repo.poll, times), times));
    let planned = Planned { head, base: base.revision.id(), again };
    agent.memory().groups.insert(branch, planned);
}

/// Says on every open pull request which others change the same environments.
pub(super) fn tell_others(agent: &Agent) {
    type Others = BTreeMap<EnvironmentName, Vec<OtherPull>>;
    let told: Vec<(Arc<Board>, Others)> = {
        let memory = agent.memory();
        let of = |number: u64, told: &Told| {
            let others = told.changes.iter().map(|name| (name.clone(), memory.others(number, name)));
            (Arc::clone(&told.board), others.collect())
        };
        memory.told.iter().map(|(number, told)| of(*number, told)).collect()
    };
    for (board, mut others) in told {
        board.correct(|report| {
            for environment in &mut report.environments {
                environment.others = others.remove(&environment.name).unwrap_or_default();
            }
        });
    }
}

fn empty(agent: &Agent, base: &Snapshot, head: &str) -> PullReport {
    let empty = PullReport::new(Purpose::Preview, &agent.config.repo.branch, head);
    PullReport { base_commit: Some(base.revision.id()), ..empty }
}

/// Plans everything that a head changes, and reports it. Whether everything
/// could be asked that a plan asks.
async fn plan_all(
    agent: &Arc<Agent>,
    base: &Arc<Snapshot>,
    subject: Subject,
    pull: &Pull,
    head: &str,
) -> bool {
    match try_to_plan(agent, base, subject.clone(), pull, head).await {
        Ok(complete) => complete,
        Err(error) => {
            tracing::error!(%error, ?subject, "what is proposed cannot be read");
            let report = PullReport { problem: Some(error.to_string()), ..empty(agent, base, head) };
            agent.reporter.mailbox().post(&subject, report);
            false
        }
    }
}

async fn try_to_plan(
    agent: &Arc<Agent>,
    base: &Arc<Snapshot>,
    subject: Subject,
    pull: &Pull,
    head: &str,
) -> Result<bool, GitError> {
    let (head, changes, report) = {
        let _turn = agent.slots.proposal(pull).await;
        let head = agent.snapshots.at(head).await?;
        let (changes, report) = compare(agent, base, &head).await?;
        (head, changes, report)
    };
    let number = match &subject {
        Subject::Pull(number) => Some(*number),
        Subject::Commit(_) => None,
    };
    let board = Board::new(subject, agent.reporter.mailbox(), &agent.seen, report);
    if let Some(number) = number {
        let changed = changes.described.iter().chain(&changes.deleted).cloned().collect();
        agent.memory().told.insert(number, Told { board: Arc::clone(&board), changes: changed });
        tell_others(agent);
    }
    board.change(|report| {
        for name in &changes.deleted {
            let removed =
                EnvironmentReport { status: Status::Removed, ..EnvironmentReport::queued(name.clone()) };
            report.environments.push(removed);
        }
    });
    let judges = policies(base).map_err(|error| error.to_string());
    if let (Err(problem), false) = (&judges, changes.described.is_empty()) {
        board.change(|report| report.problem = Some(problem.clone()));
    }
    let proposal = Proposal { base, head: &head, pull };
    let plans =
        changes.described.iter().map(|name| plan_one(agent, &board, &proposal, name, judges.as_ref().ok()));
    Ok(futures::future::join_all(plans).await.into_iter().all(|complete| complete))
}

/// What a head changes since it left the branch, and a report without plans.
async fn compare(
    agent: &Arc<Agent>,
    base: &Arc<Snapshot>,
    head: &Arc<Snapshot>,
) -> Result<(Changed, PullReport), GitError> {
    let left = match base.revision.merge_base(&head.revision)? {
        Some(left) => Some(agent.snapshots.at(&left.id()).await?),
        None => None,
    };
    let nothing = BTreeMap::new();
    let before = left.as_ref().map_or(&nothing, |left| &left.fingerprints);
    let changes = changed(before, &head.fingerprints);
    let meanwhile = changed(before, &base.fingerprints).described;

    let mut report = empty(agent, base, &head.revision.id());
    let mut read_by_changed = std::collections::BTreeSet::new();
    for name in &changes.described {
        let files = files_of(head, name);
        let mut environment = EnvironmentReport::queued(name.clone());
        environment.behind = left.is_some() && meanwhile.contains(name);
        environment.needs = needed(head, name, &changes);
        environment.diagnostics = head.reading.diagnostics_of(files).cloned().collect();
        if head.reading.environment(name.as_str()).is_none() {
            environment.status = Status::Invalid;
        }
        read_by_changed.extend(files);
        report.environments.push(environment);
    }
    let touched = match &left {
        Some(left) => head.revision.changed_paths(&left.revision)?,
        None => std::collections::BTreeSet::new(),
    };
    let elsewhere = head.reading.diagnostics.iter().filter(|diagnostic| {
        let file = diagnostic.place.as_ref().map(|place| &place.file);
        file.is_some_and(|file| touched.contains(file) && !read_by_changed.contains(file))
    });
    report.diagnostics = elsewhere.cloned().collect();
    Ok((changes, report))
}

/// What an environment needs of that which is changed with it.
fn needed(head: &Snapshot, name: &EnvironmentName, changes: &Changed) -> Vec<Unmet> {
    let environment = head.reading.environment(name.as_str());
    let needs = environment.map(|environment| environment.file.needs.as_slice()).unwrap_or_default();
    let names = needs.iter().filter_map(|need| EnvironmentName::parse(need));
    names
        .filter(|need| changes.described.contains(need))
        .map(|name| Unmet { name, why: Why::NotYet })
        .collect()
}

fn files_of<'s>(snapshot: &'s Snapshot, name: &EnvironmentName) -> &'s [String] {
    let whole = snapshot.reading.environment(name.as_str()).map(|environment| environment.files.as_slice());
    let broken = || {
        snapshot
            .reading
            .broken
            .iter()
            .find(|broken| broken.name == *name)
            .map(|broken| broken.files.as_slice())
    };
    whole.or_else(broken).unwrap_or_default()
}

/// What is proposed, and to what.
struct Proposal<'p> {
    base: &'p Snapshot,
    head: &'p Snapshot,
    pull: &'p Pull,
}

async fn plan_one(
    agent: &Arc<Agent>,
    board: &Arc<Board>,
    proposal: &Proposal<'_>,
    name: &EnvironmentName,
    judges: Option<&Arc<Policies>>,
) -> bool {
    let Proposal { base, head, pull } = *proposal;
    let Some(environment) = head.reading.environment(name.as_str()) else { return true };
    let set = |status: Status| board.change_environment(name, |report| report.status = status);
    let Some(judges) = judges else {
        set(Status::NoPlan);
        return true;
    };
    // Whoever wrote it says which role is assumed and which bucket is read. Of a
    // fork, somebody who may write here must have agreed to this very commit.
    let is_stranger = pull.fork && !agent.memory().heard.is_allowed(pull.number, &head.revision.id());
    let strange = trusted::strange(&agent.config.aws, base, &environment.file);
    if is_stranger || !strange.is_empty() {
        let _turn = agent.slots.proposal(pull).await;
        let verdict = judged_alone(environment, judges).await;
        board.change_environment(name, |report| {
            report.diagnostics.extend(render::policy::diagnostics(environment, &verdict));
            report.status = match verdict.is_allowed() {
                false => Status::Denied,
                true if strange.is_empty() => Status::Checked,
                true => Status::Postponed,
            };
            report.problem = (!strange.is_empty()).then(|| render::trusted::strange(name, &strange));
        });
        return true;
    }
    agent.not_busy(name).await;
    let _turn = agent.slots.take(name).await;
    if agent.stop.is_asked() {
        return false;
    }
    // It may have been merged, and deployed, while this waited.
    if !agent.memory().open.iter().any(|open| open.number == pull.number) {
        return true;
    }
    set(Status::Planning);
    let result = Box::pin(judged(agent, environment, head, pull, judges)).await;
    let complete = !matches!(&result, Err(Failure::Cloud(error)) if error.kind.passes());
    match &result {
        Ok(judged) => {
            let size = render::plan::summary(judged.plan.summary());
            tracing::info!(environment = %name, pull = pull.number, commit = head.revision.id(), "{size}");
        }
        Err(failure) => {
            tracing::warn!(environment = %name, pull = pull.number, commit = head.revision.id(), "{failure}");
        }
    }
    board.change_environment(name, |report| match result {
        Ok(judged) => {
            report.status = if judged.verdict.is_allowed() { Status::Planned } else { Status::Denied };
            report.problem = None;
            report.remarks = remarks(environment, &judged);
            report.judged = Some(judged);
        }
        Err(failure) => {
            report.status = Status::NoPlan;
            report.problem = Some(render::failure::text(name, &failure));
        }
    });
    complete
}

/// What the policies say of the files alone, as they do when people check them.
async fn judged_alone(environment: &Environment, judges: &Policies) -> Verdict {
    let now = jiff::Timestamp::now().to_string();
    let input = PolicyInput::of_environment(environment.name.as_str(), &environment.document, &now);
    judges.verdict(&input.into_document()).await
}

async fn judged(
    agent: &Agent,
    environment: &Environment,
    head: &Snapshot,
    pull: &Pull,
    judges: &Arc<Policies>,
) -> Result<Judged, Failure> {
    let commit = head.revision.id();
    let run = agent.run(Walk {
        environment: environment.clone(),
        policies: vec![Arc::clone(judges)],
        pull: Some(for_policies(pull, &commit)),
        actor: ActorKind::Agent,
        ports: agent.connect(environment, Access::Read).await?,
        listener: Arc::new(LogListener { environment: environment.name.clone() }),
        commit,
    });
    pointsman_engine::preview(&run).await
}
