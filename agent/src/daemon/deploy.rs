use std::{collections::VecDeque, sync::Arc, time::Instant};

use pointsman_aws::Access;
use pointsman_core::{
    environment::{Environment, EnvironmentName},
    failure::{CloudErrorKind, Failure},
    policy::{ActorKind, PolicySet},
    render,
    report::{
        ChangeResult, Outcome,
        pull_request::{EnvironmentReport, PullReport, Purpose, Status},
    },
};
use pointsman_engine::{Approval, ports::Ports};

use super::{
    agent::{Agent, Walk, for_policies},
    board::{Board, BoardListener},
    memory::{Known, pause},
    policies::{before_first_deploy, policies, remarks},
    poll,
    reporter::Subject,
};
use crate::{
    git::{GitError, Revision, Snapshot},
    github::Pull,
};

/// The reports of the commits that were deployed lately, and the pull requests
/// that they came with.
#[derive(Debug, Default)]
pub(super) struct Boards(tokio::sync::Mutex<VecDeque<(String, Arc<Board>, Option<Pull>)>>);

/// So many are kept: a later try goes on with the same report.
const KEPT: usize = 32;

impl Boards {
    /// The report of a commit; begun when there is none.
    pub(super) async fn of(&self, agent: &Agent, commit: &str) -> (Arc<Board>, Option<Pull>) {
        let mut boards = self.0.lock().await;
        if let Some((_, board, pull)) = boards.iter().find(|(known, _, _)| known == commit) {
            return (Arc::clone(board), pull.clone());
        }
        let branch = &agent.config.repo.branch;
        let pull = match &agent.github {
            None => Ok(None),
            Some(github) => github.pull_of_commit(commit, branch).await,
        };
        let known = pull.is_ok();
        let pull = pull.unwrap_or_else(|error| {
            tracing::warn!(%error, commit, "it is not known which pull request this commit came with; the deploy goes on");
            None
        });
        let subject = pull
            .as_ref()
            .map_or_else(|| Subject::Commit(commit.to_owned()), |pull| Subject::Pull(pull.number));
        let report = PullReport {
            base: branch.clone(),
            base_commit: None,
            head: commit.to_owned(),
            purpose: Purpose::Deploy,
            environments: Vec::new(),
            diagnostics: Vec::new(),
            problem: None,
        };
        let board = Board::new(subject, agent.reporter.mailbox(), report);
        if known {
            boards.push_front((commit.to_owned(), Arc::clone(&board), pull.clone()));
            boards.truncate(KEPT);
        }
        (board, pull)
    }
}

/// What a try came to.
struct Came {
    status: Status,
    next: Next,
    change: Box<dyn FnOnce(&mut EnvironmentReport) + Send>,
}

/// What is to be done about a version after it was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// It stands.
    Stands,
    /// Its fault: it must change.
    Quarantine,
    /// Somebody holds the lock: the next poll tries again.
    NextPoll,
    /// Something that passes: with growing pauses.
    Later,
}

/// Brings one environment to what the branch says, if it is not there.
pub(super) async fn deploy(
    agent: Arc<Agent>,
    head: Arc<Snapshot>,
    name: EnvironmentName,
    known: Option<Known>,
) {
    let Some(fingerprint) = head.fingerprints.get(&name).cloned() else { return };
    let result = try_to(&agent, &head, &name, known.as_ref()).await;
    let next = match result {
        Ok(next) => next,
        Err(error) => {
            tracing::error!(%error, environment = %name, "the deploy could not begin; it is tried again");
            Next::Later
        }
    };
    let times = match &known {
        Some(Known::Later { fingerprint: before, times, .. }) if *before == fingerprint => *times + 1,
        _ => 0,
    };
    let poll = agent.config.repo.poll;
    let known = match next {
        Next::Stands => Known::Deployed { fingerprint, trusted: head.revision.id() },
        Next::Quarantine => Known::Failed { fingerprint },
        Next::NextPoll => Known::Later { fingerprint, at: Instant::now(), times: 0 },
        Next::Later => Known::Later { fingerprint, at: Instant::now() + pause(poll, times), times },
    };
    agent.memory().environments.insert(name, known);
}

async fn try_to(
    agent: &Arc<Agent>,
    head: &Arc<Snapshot>,
    name: &EnvironmentName,
    known: Option<&Known>,
) -> Result<Next, GitError> {
    let Some(environment) = head.reading.environment(name.as_str()) else {
        return broken(agent, head, name).await;
    };
    // A change that was seen happen is announced before its turn comes. After
    // a start it is not known yet whether there is anything to do.
    let introduced = head.revision.last_change(&environment.files)?;
    if known.is_some() {
        let (board, _) = agent.boards.of(agent, &introduced.id()).await;
        board.change_environment(name, |report| report.status = Status::Queued);
    }
    let _turn = agent.slots.take(name).await;
    if agent.stop.is_asked() {
        return Ok(Next::NextPoll);
    }
    let opened = open(agent, environment).await;
    let (ports, deployed) = match opened {
        Ok((ports, state)) => {
            let deployed = state.as_ref().and_then(|state| state.deployed_commit.clone());
            let stands = state.is_some_and(|state| state.last_run.is_none_or(|run| run.succeeded))
                && is_same(agent, head, name, deployed.as_deref()).await;
            if stands && known.is_none() {
                tracing::info!(environment = %name, commit = deployed, "deployed before: it stands as the branch describes it");
                return Ok(Next::Stands);
            }
            (ports, deployed)
        }
        Err(failure) => {
            let came = came_to(environment, Err(failure));
            return Ok(tell(agent, name, &introduced, known.is_some(), came).await);
        }
    };
    let (board, pull) = agent.boards.of(agent, &introduced.id()).await;
    let judges = match judges(agent, head, &introduced, known, deployed, pull.as_ref()).await? {
        Ok(judges) => judges,
        Err(problem) => {
            tracing::error!(environment = %name, "{problem}");
            board.change_environment(name, |report| {
                report.status = Status::Failed;
                report.problem = Some(problem);
            });
            return Ok(Next::Quarantine);
        }
    };
    tracing::info!(environment = %name, commit = introduced.id(), pull = pull.as_ref().map(|pull| pull.number), "deploying");
    board.change_environment(name, |report| {
        *report = EnvironmentReport { status: Status::Deploying, ..EnvironmentReport::queued(name.clone()) };
        report.diagnostics = head.reading.diagnostics_of(&environment.files).cloned().collect();
    });
    let run = agent.run(Walk {
        environment: environment.clone(),
        commit: introduced.id(),
        policies: judges,
        pull: pull.as_ref().map(|pull| for_policies(pull, &introduced.id())),
        actor: ActorKind::Agent,
        ports,
        listener: Arc::new(BoardListener { board: Arc::clone(&board), environment: name.clone() }),
    });
    // The walk is a large future; it is not to lie in this one.
    let result = Box::pin(pointsman_engine::deploy(&run, Approval::Given)).await;
    let came = came_to(environment, result);
    Ok(tell(agent, name, &introduced, true, came).await)
}

type State = pointsman_core::state::State;

async fn open(agent: &Agent, environment: &Environment) -> Result<(Ports, Option<State>), Failure> {
    let ports = agent.connect(environment, Access::Write).await?;
    let status = pointsman_engine::status(&ports, &environment.name).await?;
    Ok((ports, status.state))
}

/// Whether a commit describes the environment as the branch's head does.
async fn is_same(agent: &Agent, head: &Snapshot, name: &EnvironmentName, commit: Option<&str>) -> bool {
    let Some(commit) = commit else { return false };
    match agent.snapshots.at(commit).await {
        Ok(deployed) => deployed.fingerprints.get(name) == head.fingerprints.get(name),
        Err(error) => {
            tracing::warn!(%error, environment = %name, "the deployed commit cannot be read; the branch's is deployed");
            false
        }
    }
}

/// The policies that must allow it: those of the last revision that stood, and
/// those of the branch.
async fn judges(
    agent: &Agent,
    head: &Snapshot,
    introduced: &Revision,
    known: Option<&Known>,
    deployed: Option<String>,
    pull: Option<&Pull>,
) -> Result<Result<Vec<Arc<PolicySet>>, String>, GitError> {
    let trusted = match (known, deployed) {
        (Some(Known::Deployed { trusted, .. }), Some(_)) => Some(trusted.clone()),
        (_, Some(deployed)) => Some(deployed),
        (_, None) => before_first_deploy(agent, introduced, pull).await?,
    };
    let mut snapshots = Vec::new();
    if let Some(trusted) = trusted.filter(|trusted| *trusted != head.revision.id()) {
        snapshots.push(agent.snapshots.at(&trusted).await?);
    }
    let sets = snapshots.iter().map(AsRef::as_ref).chain([head]).map(policies).collect::<Result<Vec<_>, _>>();
    Ok(sets.map_err(|error| error.to_string()))
}

async fn broken(agent: &Arc<Agent>, head: &Snapshot, name: &EnvironmentName) -> Result<Next, GitError> {
    let Some(broken) = head.reading.broken.iter().find(|broken| broken.name == *name) else {
        return Ok(Next::Quarantine);
    };
    let introduced = head.revision.last_change(&broken.files)?;
    let diagnostics: Vec<_> = head.reading.diagnostics_of(&broken.files).cloned().collect();
    for diagnostic in diagnostics.iter().filter(|diagnostic| diagnostic.is_error()) {
        let place = diagnostic.place.as_ref();
        let (file, line) = place.map_or(("", 0), |place| (place.file.as_str(), place.line));
        tracing::error!(environment = %name, file, line, "{}", diagnostic.message);
    }
    let (board, _) = agent.boards.of(agent, &introduced.id()).await;
    board.change_environment(name, |report| {
        report.status = Status::Invalid;
        report.diagnostics = diagnostics;
    });
    Ok(Next::Quarantine)
}

/// Tells what a try came to: the log always, the report where it is known that
/// there was something to do.
async fn tell(
    agent: &Agent,
    name: &EnvironmentName,
    introduced: &Revision,
    reported: bool,
    came: Came,
) -> Next {
    let Came { status, next, change } = came;
    let mut told = EnvironmentReport { status, ..EnvironmentReport::queued(name.clone()) };
    if reported {
        let (board, _) = agent.boards.of(agent, &introduced.id()).await;
        board.change_environment(name, |report| {
            report.status = status;
            change(report);
            told = report.clone();
        });
    } else {
        change(&mut told);
    }
    let said = for_the_log(&told);
    match next {
        Next::Stands => tracing::info!(environment = %name, commit = introduced.id(), "{said}"),
        Next::NextPoll => tracing::warn!(environment = %name, commit = introduced.id(), "{said}"),
        Next::Later | Next::Quarantine => {
            tracing::error!(environment = %name, commit = introduced.id(), "{said}")
        }
    }
    next
}

/// What a try came to, in one line.
fn for_the_log(report: &EnvironmentReport) -> String {
    let title = render::pull_request::environment_title(report);
    let mut characters = title.chars();
    let begin = characters.next().map(|first| first.to_lowercase().to_string()).unwrap_or_default();
    let problem = report.problem.iter().flat_map(|problem| problem.lines()).map(str::trim);
    let denials = report.judged.iter().flat_map(|judged| judged.verdict.denials());
    let denials = denials.map(|finding| finding.message.as_str()).filter(|_| report.status == Status::Denied);
    let rest: Vec<&str> = problem.chain(denials).collect();
    format!("{begin}{} {}", characters.as_str(), rest.join(" ")).trim_end().to_owned()
}

fn came_to(environment: &Environment, result: Result<Outcome, Failure>) -> Came {
    let failure = match result {
        Ok(outcome) => {
            let change = Box::new(move |report: &mut EnvironmentReport| {
                report.problem = None;
                report.judged = Some(outcome.judged.clone());
                report.outcome = Some(outcome);
            });
            return Came { status: Status::Deployed, next: Next::Stands, change };
        }
        Err(failure) => failure,
    };
    let (status, next) = judged_failure(&failure);
    let text = render::failure::text(&environment.name, &failure);
    let environment = environment.clone();
    let change = Box::new(move |report: &mut EnvironmentReport| {
        report.problem = Some(text);
        match failure {
            Failure::Denied(judged) => {
                // The policies' own words are shown with it.
                report.problem = None;
                report.remarks = remarks(&environment, &judged);
                report.judged = Some(*judged);
            }
            Failure::Incomplete(outcome) => {
                report.judged = Some(outcome.judged.clone());
                report.outcome = Some(*outcome);
            }
            Failure::Stale(judged) | Failure::Declined(judged) => report.judged = Some(*judged),
            Failure::WrongAccount { .. }
            | Failure::Locked { .. }
            | Failure::Conflicts(_)
            | Failure::State { .. }
            | Failure::Cloud(_)
            | Failure::Json(_) => {}
        }
    });
    Came { status, next, change }
}

fn judged_failure(failure: &Failure) -> (Status, Next) {
    match failure {
        Failure::Locked { .. } => (Status::Waiting, Next::NextPoll),
        Failure::Denied(_) => (Status::Denied, Next::Quarantine),
        Failure::Incomplete(outcome) if was_stopped(outcome) => (Status::Stopped, Next::NextPoll),
        Failure::Incomplete(outcome) if lost_its_lease(outcome) => (Status::Stopped, Next::Later),
        Failure::Cloud(error) => (Status::Failed, after(error.kind)),
        Failure::Stale(_) | Failure::Declined(_) => (Status::Failed, Next::Later),
        Failure::Incomplete(_)
        | Failure::Conflicts(_)
        | Failure::WrongAccount { .. }
        | Failure::State { .. }
        | Failure::Json(_) => (Status::Failed, Next::Quarantine),
    }
}

/// Whether another try may help without the version changing.
pub(super) fn passes(kind: CloudErrorKind) -> bool {
    match kind {
        CloudErrorKind::Credentials
        | CloudErrorKind::Throttled
        | CloudErrorKind::Unreachable
        | CloudErrorKind::Stale
        | CloudErrorKind::LeaseLost => true,
        CloudErrorKind::AccessDenied
        | CloudErrorKind::NotFound
        | CloudErrorKind::Unsuitable
        | CloudErrorKind::Refused
        | CloudErrorKind::NotOurs
        | CloudErrorKind::Failed
        | CloudErrorKind::TimedOut => false,
    }
}

fn after(kind: CloudErrorKind) -> Next {
    if passes(kind) { Next::Later } else { Next::Quarantine }
}

fn was_stopped(outcome: &Outcome) -> bool {
    let failed = outcome.changes.iter().any(|change| matches!(change.result, ChangeResult::Failed { .. }));
    let skipped = |change: &pointsman_core::report::ChangeOutcome| {
        change.result == ChangeResult::Skipped { because_of: None }
    };
    !failed && outcome.changes.iter().any(skipped)
}

/// Every step that failed did so because the lease was gone.
fn lost_its_lease(outcome: &Outcome) -> bool {
    let mut failed = outcome.changes.iter().filter_map(|change| match &change.result {
        ChangeResult::Failed { why } => Some(why),
        ChangeResult::Done | ChangeResult::Skipped { .. } => None,
    });
    failed.next().is_some_and(|why| why.contains("lease is lost"))
}

/// Says on a commit's report which environments it no longer describes.
pub(super) async fn tell_removed(agent: &Arc<Agent>, previous: &str, head: &Snapshot) {
    let removed = match poll::removed(agent, previous, head).await {
        Ok(removed) if removed.is_empty() => return,
        Ok(removed) => removed,
        Err(error) => return tracing::warn!(%error, "it is not known which environments were removed"),
    };
    let (board, _) = agent.boards.of(agent, &head.revision.id()).await;
    for name in removed {
        tracing::warn!(environment = %name, commit = head.revision.id(), "no longer described; what was made for it stands");
        agent.memory().environments.remove(&name);
        board.change_environment(&name, |report| report.status = Status::Removed);
    }
}
