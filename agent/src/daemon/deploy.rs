use std::{sync::Arc, time::Instant};

use pointsman_aws::Access;
use pointsman_core::{
    environment::{Environment, EnvironmentName},
    failure::Failure,
    policy::ActorKind,
    render,
    report::{
        estate::Told,
        pull_request::{EnvironmentReport, Purpose, Status, Unmet},
    },
    requirement::Merge,
};
use pointsman_engine::ports::Ports;

use super::{
    agent::{Agent, Walk, for_policies},
    board::{BoardListener, LogListener},
    came::{Came, Next, came_to},
    confirm,
    judges::judges,
    memory::{Known, Waiting, pause},
    poll, proposed,
    requirements::{self, Gate},
};
use crate::git::{GitError, Revision, Snapshot};

/// Who is told what a try came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Audience {
    /// After a start, as long as it is not known whether there is anything to do.
    Log,
    /// The report of the commit, and the log.
    Report,
    /// The same; the log was told before.
    Again,
}

/// Brings one environment to what the branch says, if it is not there.
pub(super) async fn deploy(
    agent: Arc<Agent>,
    head: Arc<Snapshot>,
    name: EnvironmentName,
    known: Option<Known>,
    needs: Vec<Unmet>,
) {
    let Some(fingerprint) = head.fingerprints.get(&name).cloned() else { return };
    let result = Box::pin(try_to(&agent, &head, &name, known.as_ref(), &needs)).await;
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
    let trusted = known.as_ref().and_then(Known::trusted).cloned();
    let poll = agent.config.repo.poll;
    let known = match next {
        Next::Stands => Known::Deployed { fingerprint, trusted: head.revision.id() },
        Next::Quarantine => Known::Failed { fingerprint, trusted },
        Next::Soon => Known::Later { fingerprint, trusted, at: Instant::now(), times: 0 },
        Next::Later => Known::Later { fingerprint, trusted, at: Instant::now() + pause(poll, times), times },
        Next::Held => {
            agent.memory().waiting.insert(name, Waiting { fingerprint, needs });
            return;
        }
    };
    let mut memory = agent.memory();
    memory.waiting.remove(&name);
    memory.environments.insert(name, known);
}

async fn try_to(
    agent: &Arc<Agent>,
    head: &Arc<Snapshot>,
    name: &EnvironmentName,
    known: Option<&Known>,
    needs: &[Unmet],
) -> Result<Next, GitError> {
    let Some(environment) = head.reading.environment(name.as_str()) else {
        return broken(agent, head, name).await;
    };
    // A change that was seen happen is announced before its turn comes. After
    // a start it is not known yet whether there is anything to do; and what is
    // tried again keeps its report until there is news.
    let introduced = head.revision.last_change(&environment.files)?;
    let again = matches!(known, Some(Known::Later { fingerprint, .. }) if head.fingerprints.get(name) == Some(fingerprint));
    let queued = || {
        let diagnostics = head.reading.diagnostics_of(&environment.files).cloned().collect();
        EnvironmentReport { diagnostics, ..EnvironmentReport::queued(name.clone()) }
    };
    let audience = match known {
        None => Audience::Log,
        Some(_) if again => Audience::Again,
        Some(_) => Audience::Report,
    };
    if audience == Audience::Report {
        let (board, _) = agent.boards.of(agent, &introduced.id()).await;
        board.change_environment(name, |report| *report = queued());
    }
    let _turn = agent.slots.take(name).await;
    if agent.stop.is_asked() {
        return Ok(Next::Soon);
    }
    let opened = open(agent, environment).await;
    let (ports, status, deployed) = match opened {
        Ok((ports, status)) => {
            // What a pull request was applied with before its merge judges nothing.
            let of_branch = status.state.as_ref().filter(|state| state.proposed.is_none());
            let deployed = of_branch.and_then(|state| state.deployed_commit.clone());
            // A run that did not end is looked after, and a state that went back explained, at every start.
            if known.is_none()
                && status.open_run.is_none()
                && status.regressed.is_none()
                && let Some(next) = settled_before(agent, head, name, status.state.as_ref()).await
            {
                return Ok(next);
            }
            (ports, status, deployed)
        }
        Err(failure) => {
            let came = came_to(environment, Err(failure));
            return Ok(tell(agent, name, &introduced, audience, came).await);
        }
    };
    if let Some(came) = proposed::in_the_way(agent, head, name, &status).await {
        // What stood before is no news; a new version is.
        return Ok(match audience {
            Audience::Report => tell(agent, name, &introduced, audience, came).await,
            Audience::Log | Audience::Again => {
                tracing::debug!(environment = %name, "a pull request that was applied before its merge is in the way");
                came.next
            }
        });
    }
    if audience == Audience::Again && still_waits(agent, environment, &introduced, &ports).await {
        return Ok(Next::Soon);
    }
    let (board, origin) = agent.boards.of(agent, &introduced.id()).await;
    if !needs.is_empty() {
        tracing::info!(environment = %name, commit = introduced.id(), needs = ?needs.iter().map(|unmet| unmet.name.as_str()).collect::<Vec<_>>(), "not begun before what it needs stands");
        board.change_environment(name, |report| {
            *report = EnvironmentReport { needs: needs.to_vec(), ..queued() };
        });
        return Ok(Next::Held);
    }
    let (judges, required) = match judges(agent, head, name, &introduced, known, deployed, &origin).await? {
        Ok(judges) => judges,
        Err(problem) => {
            tracing::error!(environment = %name, "{problem}");
            board.change_environment(name, |report| {
                report.status = Status::Failed;
                report.problem = Some(problem);
            });
            // The policies may be put right without this environment changing.
            return Ok(Next::Later);
        }
    };
    if known.is_none() {
        board.change_environment(name, |report| *report = queued());
    }
    let mut run = agent.run(Walk {
        environment: environment.clone(),
        commit: introduced.id(),
        policies: judges,
        pull: origin.pull().map(|pull| for_policies(pull, &introduced.id())),
        actor: ActorKind::Agent,
        ports,
        listener: Arc::new(BoardListener { board: Arc::clone(&board), environment: name.clone() }),
    });
    let audience = if audience == Audience::Log { Audience::Report } else { audience };
    let gate = Box::pin(requirements::gate(agent, &mut run, &origin, Merge::Merged, required, &status)).await;
    let (approval, notes) = match gate {
        Gate::Open { approval, notes } => (approval, notes),
        Gate::Shut(came) => return Ok(tell(agent, name, &introduced, audience, came).await),
    };
    if audience != Audience::Again {
        tracing::info!(environment = %name, commit = introduced.id(), pull = origin.pull().map(|pull| pull.number), "deploying");
    }
    board.change_environment(name, |report| report.notes = notes);
    // The walk is a large future; it is not to lie in this one.
    let result = Box::pin(pointsman_engine::deploy(&run, approval.clone())).await;
    let came = requirements::came(agent, &run, &introduced.id(), &approval, result);
    Ok(tell(agent, name, &introduced, audience, came).await)
}

/// Whether its rollouts wait for a person, as they did when that was reported:
/// then no lease is taken, and nothing is said again.
pub(super) async fn still_waits(
    agent: &Agent,
    environment: &Environment,
    introduced: &Revision,
    ports: &Ports,
) -> bool {
    let run = agent.run(Walk {
        environment: environment.clone(),
        commit: introduced.id(),
        policies: Vec::new(),
        pull: None,
        actor: ActorKind::Agent,
        ports: ports.clone(),
        listener: Arc::new(LogListener { environment: environment.name.clone() }),
    });
    match pointsman_engine::waits(&run).await {
        Ok(waits) => waits,
        Err(failure) => {
            tracing::debug!(%failure, environment = %environment.name, "whether it still waits is not known; the whole is looked at");
            false
        }
    }
}

async fn open(
    agent: &Agent,
    environment: &Environment,
) -> Result<(Ports, pointsman_engine::Status), Failure> {
    let ports = agent.connect(environment, Access::Write).await?;
    let status = pointsman_engine::status(&ports, &environment.name).await?;
    agent.seen.read(&environment.name, &status);
    Ok((ports, status))
}

/// After a start: what the state says came of this version, where that is the
/// end of it.
async fn settled_before(
    agent: &Agent,
    head: &Snapshot,
    name: &EnvironmentName,
    state: Option<&pointsman_core::state::State>,
) -> Option<Next> {
    let state = state?;
    let deployed = state.deployed_commit.as_deref();
    match &state.last_run {
        Some(run) if run.quarantined => {
            let commit = run.commit.as_deref();
            if !is_same(agent, head, name, commit).await {
                return None;
            }
            let failures: Vec<&str> = run.failures.iter().map(|failure| failure.why.as_str()).collect();
            tracing::warn!(
                environment = %name, commit, why = failures.join("; "),
                "this version failed before, and is quarantined: it is not tried again before its files change or somebody asks"
            );
            Some(Next::Quarantine)
        }
        Some(run) if !run.succeeded => None,
        _ if is_same(agent, head, name, deployed).await => {
            tracing::info!(environment = %name, commit = deployed, "deployed before: it stands as the branch describes it");
            if let Some(commit) = confirm::recent(state, jiff::Timestamp::now()) {
                agent.memory().unconfirmed.entry(commit).or_default().insert(name.clone());
            }
            Some(Next::Stands)
        }
        _ => None,
    }
}

/// Whether a commit describes the environment as the branch's head does.
pub(super) async fn is_same(
    agent: &Agent,
    head: &Snapshot,
    name: &EnvironmentName,
    commit: Option<&str>,
) -> bool {
    let Some(commit) = commit else { return false };
    match agent.snapshots.at(commit).await {
        Ok(deployed) => deployed.fingerprints.get(name) == head.fingerprints.get(name),
        Err(error) => {
            tracing::warn!(%error, environment = %name, "the deployed commit cannot be read; the branch's is deployed");
            false
        }
    }
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
    audience: Audience,
    came: Came,
) -> Next {
    let Came { status, next, change } = came;
    let mut told = EnvironmentReport { status, ..EnvironmentReport::queued(name.clone()) };
    if audience != Audience::Log {
        let (board, _) = agent.boards.of(agent, &introduced.id()).await;
        board.change_environment(name, |report| {
            report.status = status;
            report.again = matches!(next, Next::Soon | Next::Later);
            change(report);
            told = report.clone();
        });
    } else {
        change(&mut told);
    }
    let said = for_the_log(&told);
    agent.metrics.deploys.add(word(told.status));
    let unreported = (audience == Audience::Log).then(|| Told {
        head: introduced.id(),
        base: agent.config.repo.branch.clone(),
        purpose: Purpose::Deploy,
        report: told,
    });
    agent.seen.came(name, &introduced.id(), status, unreported);
    match next {
        Next::Stands => tracing::info!(environment = %name, commit = introduced.id(), "{said}"),
        Next::Soon if audience == Audience::Again => {
            tracing::debug!(environment = %name, commit = introduced.id(), "still {said}");
        }
        Next::Soon => tracing::warn!(environment = %name, commit = introduced.id(), "{said}"),
        Next::Held => {}
        Next::Later | Next::Quarantine => {
            tracing::error!(environment = %name, commit = introduced.id(), "{said}");
        }
    }
    next
}

/// What a try came to, for counting.
fn word(status: Status) -> &'static str {
    match status {
        Status::Deployed => "deployed",
        Status::Asks => "asks",
        Status::Waiting => "locked",
        Status::Denied => "denied",
        Status::Stopped => "stopped",
        Status::Held => "held",
        Status::Queued => "queued",
        Status::Planning
        | Status::Planned
        | Status::Invalid
        | Status::NoPlan
        | Status::Checked
        | Status::Postponed
        | Status::Removed
        | Status::Deploying
        | Status::Failed => "failed",
    }
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
        agent.memory().forget(&name);
        agent.seen.forget(&name);
        board.change_environment(&name, |report| report.status = Status::Removed);
    }
}
