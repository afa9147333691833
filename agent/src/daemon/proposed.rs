//! Pull requests that are applied before their merge, where `[requirements]`
//! lets them. As long as such a pull request is open the environment is its
//! own: what the branch says waits, and is looked at again when it ends.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use pointsman_aws::Access;
use pointsman_core::{
    environment::EnvironmentName,
    failure::Failure,
    policy::ActorKind,
    render,
    report::pull_request::{EnvironmentReport, PullReport, Purpose, Status},
    requirement::{Merge, before_merge},
    state::State,
};
use pointsman_engine::Run;

use super::{
    agent::{Agent, Walk, for_policies},
    board::{Board, BoardListener, LogListener},
    boards::Origin,
    came::{Came, Next},
    deploy::{is_same, still_waits},
    memory::Known,
    policies::policies,
    recorded,
    reporter::Subject,
    requirements::{self, Gate, required},
};
use crate::{
    git::{GitError, Snapshot},
    github::{Client, Pull},
};

/// So often GitHub is asked whether it can merge; it works that out when it is
/// asked first.
const TRIES: usize = 5;
/// The pause between.
const PAUSE: Duration = Duration::from_secs(2);

/// Whose an environment is.
enum Whose {
    Branch,
    /// This pull request's, which was applied and is open.
    Pull(Box<Pull>),
    /// Perhaps this one's: it is not known yet whether it is open.
    Unknown(u64),
}

async fn whose(agent: &Agent, head: &Snapshot, name: &EnvironmentName, state: Option<&State>) -> Whose {
    let Some(number) = state.and_then(|state| state.proposed).filter(|_| agent.github.is_some()) else {
        return Whose::Branch;
    };
    let commit = state.and_then(|state| state.last_run.as_ref()).and_then(|run| run.commit.as_deref());
    // It was merged, or the branch says the same by another way.
    if is_same(agent, head, name, commit).await {
        return Whose::Branch;
    }
    let memory = agent.memory();
    match memory.open.iter().find(|pull| pull.number == number) {
        Some(pull) => Whose::Pull(Box::new(pull.clone())),
        None if memory.listed => Whose::Branch,
        None => Whose::Unknown(number),
    }
}

/// Why what the branch says is not deployed now, where a pull request is in the
/// way; what that began and did not end goes on.
pub(super) async fn in_the_way(
    agent: &Arc<Agent>,
    head: &Snapshot,
    name: &EnvironmentName,
    status: &pointsman_engine::Status,
) -> Option<Came> {
    let held = |problem: String, next| {
        let change = Box::new(|report: &mut EnvironmentReport| report.problem = Some(problem));
        Some(Came { status: Status::Held, next, change })
    };
    let pull = match whose(agent, head, name, status.state.as_ref()).await {
        Whose::Branch => return None,
        Whose::Unknown(number) => return held(render::proposed::unknown(name, number), Next::Soon),
        Whose::Pull(pull) => pull,
    };
    let mut next = Next::Soon;
    if is_unfinished(status, &pull) && !waits(agent, &pull, name).await {
        if let Err(why) = Box::pin(apply(agent, pull.number, &pull.head, name)).await {
            tracing::warn!(environment = %name, pull = pull.number, "what was begun before its merge does not go on: {why}");
        }
        next = Next::Later;
    }
    held(render::proposed::waits(name, pull.number), next)
}

/// Whether what a pull request proposes was begun, and neither ended nor failed
/// for good.
fn is_unfinished(status: &pointsman_engine::Status, pull: &Pull) -> bool {
    let Some(state) = &status.state else { return false };
    let is_open = recorded::open(Some(state)).is_some_and(|open| open.commit == pull.head);
    let of_it = state.last_run.as_ref().filter(|run| run.commit.as_deref() == Some(pull.head.as_str()));
    is_open || of_it.is_some_and(|run| !run.succeeded && !run.quarantined)
}

/// Whether its rollouts wait for a person.
async fn waits(agent: &Agent, pull: &Pull, name: &EnvironmentName) -> bool {
    let Ok(proposed) = agent.snapshots.at(&pull.head).await else { return false };
    let Some(environment) = proposed.reading.environment(name.as_str()) else { return false };
    match agent.connect(environment, Access::Read).await {
        Ok(ports) => still_waits(agent, environment, &proposed.revision, &ports).await,
        Err(_) => false,
    }
}

/// Applies what a pull request proposes at this commit. Whoever calls has the
/// environment's turn.
///
/// # Errors
///
/// Why nothing was applied, in words.
pub(super) async fn apply(
    agent: &Arc<Agent>,
    number: u64,
    commit: &str,
    name: &EnvironmentName,
) -> Result<(), String> {
    let git = |error: GitError| error.to_string();
    let told = |failure: Failure| render::failure::text(name, &failure);
    let github = agent.github.as_ref().ok_or_else(|| render::proposed::not_ready().to_owned())?;
    let (pull, mergeable) = open_at(github, number, commit).await?;
    let branch = agent.memory().branch.clone();
    let branch = branch.ok_or_else(|| render::proposed::not_ready().to_owned())?;
    let head = agent.snapshots.at(&branch).await.map_err(git)?;
    let proposed = agent.snapshots.at(commit).await.map_err(git)?;
    let described = (head.reading.environment(name.as_str()), proposed.reading.environment(name.as_str()));
    let (Some(stands), Some(environment)) = described else {
        return Err(render::proposed::not_described(name));
    };
    if environment.file.removed {
        return Err(render::proposed::removes(name));
    }
    if stands.file.aws != environment.file.aws || stands.file.state != environment.file.state {
        return Err(render::proposed::moves(name));
    }
    let ports = agent.connect(environment, Access::Write).await.map_err(told)?;
    let status = pointsman_engine::status(&ports, name).await.map_err(told)?;
    agent.seen.read(name, &status);
    if recorded::open(status.state.as_ref()).is_some_and(|open| open.commit != commit) {
        return Err(render::proposed::another_rollout(name));
    }
    match whose(agent, &head, name, status.state.as_ref()).await {
        Whose::Pull(other) if other.number != number => {
            return Err(render::proposed::lent(name, other.number));
        }
        Whose::Unknown(other) if other != number => return Err(render::proposed::unknown(name, other)),
        Whose::Branch | Whose::Pull(_) | Whose::Unknown(_) => {}
    }

    // Never by what the pull request itself says of policies and requirements.
    let trusted = agent.memory().environments.get(name).and_then(Known::trusted).cloned();
    let mut before = Vec::new();
    if let Some(trusted) = trusted.filter(|trusted| *trusted != branch) {
        before.push(agent.snapshots.at(&trusted).await.map_err(git)?);
    }
    let judges = before.iter().map(AsRef::as_ref).chain([&*head]).map(policies);
    let judges = judges.collect::<Result<Vec<_>, _>>().map_err(|error| error.to_string())?;
    let required = required(agent, name.as_str(), &head, &before)?;
    if !before_merge(&required) {
        return Err(render::pull_request::commands::merge_first().to_owned());
    }
    let left = head.revision.merge_base(&proposed.revision).map_err(git)?;
    let behind = left.is_none_or(|left| left.id() != head.revision.id());

    let mut run = Run {
        proposed: Some(number),
        ..agent.run(Walk {
            environment: environment.clone(),
            commit: commit.to_owned(),
            policies: judges,
            pull: Some(for_policies(&pull, commit)),
            actor: ActorKind::Agent,
            ports,
            listener: Arc::new(LogListener { environment: name.clone() }),
        })
    };
    let origin = Origin::Pull(Box::new(pull));
    let merge = Merge::Open { mergeable, behind };
    let gate = Box::pin(requirements::gate(agent, &mut run, &origin, merge, Ok(required), &status)).await;
    let (approval, notes) = match gate {
        Gate::Open { approval, notes } => (approval, notes),
        Gate::Shut(came) => return Err(why(name, came)),
    };
    tracing::info!(environment = %name, commit, pull = number, "applying before the merge");
    wait_for_its_end(agent, &head, name);
    let board = board(agent, number, commit, &head);
    run.listener = Arc::new(BoardListener { board: Arc::clone(&board), environment: name.clone() });
    board.change_environment(name, |report| {
        *report = EnvironmentReport { notes, ..EnvironmentReport::queued(name.clone()) };
    });
    let result = Box::pin(pointsman_engine::deploy(&run, approval.clone())).await;
    let came = requirements::came(agent, &run, commit, &approval, result);
    let Came { status, next, change } = came;
    board.change_environment(name, |report| {
        report.status = status;
        report.again = matches!(next, Next::Soon | Next::Later) && status != Status::Held;
        change(report);
    });
    tracing::info!(environment = %name, commit, pull = number, ?status, "applied before the merge");
    Ok(())
}

/// The pull request, where it is open and proposes this commit still.
async fn open_at(github: &Client, number: u64, commit: &str) -> Result<(Pull, Option<bool>), String> {
    let mut tries = 0;
    loop {
        let state = github.pull(number).await.map_err(|error| error.to_string())?;
        let is_it = |pull: &Pull| pull.head == commit;
        let Some(state) = state.filter(|state| state.open && is_it(&state.pull)) else {
            return Err(render::proposed::moved_on().to_owned());
        };
        if state.pull.fork {
            return Err(render::proposed::is_fork().to_owned());
        }
        if state.pull.draft {
            return Err(render::proposed::is_draft().to_owned());
        }
        tries += 1;
        if state.mergeable.is_some() || tries == TRIES {
            return Ok((state.pull, state.mergeable));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// The branch's version is looked at at every poll, until the pull request ends.
fn wait_for_its_end(agent: &Agent, head: &Snapshot, name: &EnvironmentName) {
    let Some(fingerprint) = head.fingerprints.get(name).cloned() else { return };
    let mut memory = agent.memory();
    let trusted = memory.environments.get(name).and_then(Known::trusted).cloned();
    let later = Known::Later { fingerprint, trusted, at: Instant::now(), times: 0 };
    memory.environments.insert(name.clone(), later);
}

/// Why the gate is shut.
fn why(name: &EnvironmentName, came: Came) -> String {
    let mut told = EnvironmentReport::queued(name.clone());
    let is_denied = came.status == Status::Denied;
    (came.change)(&mut told);
    match told.problem {
        Some(problem) => problem,
        None if is_denied => render::proposed::denied().to_owned(),
        None => render::pull_request::environment_title(&EnvironmentReport { status: came.status, ..told }),
    }
}

/// The report of what is applied of a pull request: with the plans of what else
/// it changes, as long as its commit is the same.
fn board(agent: &Agent, number: u64, commit: &str, head: &Snapshot) -> Arc<Board> {
    let told = agent.memory().told.get(&number).cloned();
    let report = told.as_ref().map(|told| told.board.report()).filter(|report| report.head == commit);
    if let (Some(told), Some(Purpose::Deploy)) = (&told, report.as_ref().map(|report| report.purpose)) {
        return Arc::clone(&told.board);
    }
    let report =
        report.unwrap_or_else(|| PullReport::new(Purpose::Deploy, &agent.config.repo.branch, commit));
    let report = PullReport {
        purpose: Purpose::Deploy,
        base_commit: Some(head.revision.id()),
        commands: Vec::new(),
        ..report
    };
    let board = Board::new(Subject::Pull(number), agent.reporter.mailbox(), &agent.seen, report);
    if let Some(told) = agent.memory().told.get_mut(&number) {
        told.board = Arc::clone(&board);
    }
    board
}
