use std::{sync::Arc, time::Instant};

use pointsman_aws::Access;
use pointsman_core::{
    environment::{Environment, EnvironmentName},
    failure::Failure,
    policy::ActorKind,
    render,
    report::pull_request::{EnvironmentReport, Status},
    requirement::{FILE, Requirements},
};
use pointsman_engine::{Policies, ports::Ports};

use super::{
    agent::{Agent, Walk, for_policies},
    board::BoardListener,
    boards::Origin,
    came::{Came, Next, came_to},
    memory::{Known, pause},
    policies::{Base, before_change, policies},
    poll,
    requirements::{self, Gate, required},
};
use crate::git::{GitError, GitErrorKind, Revision, Snapshot};

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
) {
    let Some(fingerprint) = head.fingerprints.get(&name).cloned() else { return };
    let result = Box::pin(try_to(&agent, &head, &name, known.as_ref())).await;
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
        Next::Quarantine => Known::Failed { fingerprint },
        Next::Soon => Known::Later { fingerprint, trusted, at: Instant::now(), times: 0 },
        Next::Later => Known::Later { fingerprint, trusted, at: Instant::now() + pause(poll, times), times },
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
            let deployed = status.state.as_ref().and_then(|state| state.deployed_commit.clone());
            let stands = status
                .state
                .as_ref()
                .is_some_and(|state| state.last_run.as_ref().is_none_or(|run| run.succeeded))
                && is_same(agent, head, name, deployed.as_deref()).await;
            if stands && known.is_none() {
                tracing::info!(environment = %name, commit = deployed, "deployed before: it stands as the branch describes it");
                return Ok(Next::Stands);
            }
            (ports, status, deployed)
        }
        Err(failure) => {
            let came = came_to(environment, Err(failure));
            return Ok(tell(agent, name, &introduced, audience, came).await);
        }
    };
    let (board, origin) = agent.boards.of(agent, &introduced.id()).await;
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
    let gate = Box::pin(requirements::gate(agent, &mut run, &origin, required, &status)).await;
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
    let came = requirements::came(agent, &run, &approval, result);
    Ok(tell(agent, name, &introduced, audience, came).await)
}

async fn open(
    agent: &Agent,
    environment: &Environment,
) -> Result<(Ports, pointsman_engine::Status), Failure> {
    let ports = agent.connect(environment, Access::Write).await?;
    let status = pointsman_engine::status(&ports, &environment.name).await?;
    Ok((ports, status))
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

/// Why a first deploy waits for GitHub.
const UNKNOWN_BASE: &str = "GitHub does not say which pull request this commit came with, and the policies changed lately: it is not known which of them judge its first deploy. Nothing was done; it is tried again until GitHub answers.";

/// What judges: the policies, and what is required before an apply.
type Judges = (Vec<Arc<Policies>>, Result<Vec<Requirements>, String>);

/// The policies that must allow it, and the requirements that must be met: those
/// of the last revision that stood, and those of the branch.
async fn judges(
    agent: &Agent,
    head: &Snapshot,
    name: &EnvironmentName,
    introduced: &Revision,
    known: Option<&Known>,
    deployed: Option<String>,
    origin: &Origin,
) -> Result<Result<Judges, String>, GitError> {
    let trusted = match (known.and_then(Known::trusted), deployed) {
        (Some(trusted), Some(_)) => Some(trusted.clone()),
        (_, deployed) => deployed,
    };
    // A rewritten history no longer has the commit that was deployed.
    let trusted = trusted.filter(|commit| {
        let gone = matches!(agent.mirror.revision(commit), Err(error) if error.kind == GitErrorKind::CommitMissing);
        if gone {
            tracing::warn!(commit, "the deployed commit is not in the repository any more: in place of its policies, those from before this change judge");
        }
        !gone
    });
    let trusted = match trusted {
        Some(trusted) => Some(trusted),
        None => match before_change(agent, introduced, origin, &agent.config.repo.policies).await? {
            Base::Commit(base) => base,
            Base::Unknown => return Ok(Err(UNKNOWN_BASE.to_owned())),
        },
    };
    let mut snapshots = Vec::new();
    if let Some(trusted) = trusted.filter(|trusted| *trusted != head.revision.id()) {
        snapshots.push(agent.snapshots.at(&trusted).await?);
    }
    let required = required_before(agent, head, name, introduced, origin, &snapshots).await?;
    let sets = snapshots.iter().map(AsRef::as_ref).chain([head]).map(policies).collect::<Result<Vec<_>, _>>();
    Ok(sets.map(|sets| (sets, required)).map_err(|error| error.to_string()))
}

/// What is required by the branch, by the revision that stood, and by what the
/// branch was before the change.
async fn required_before(
    agent: &Agent,
    head: &Snapshot,
    name: &EnvironmentName,
    introduced: &Revision,
    origin: &Origin,
    stood: &[Arc<Snapshot>],
) -> Result<Result<Vec<Requirements>, String>, GitError> {
    let mut before = stood.to_vec();
    match before_change(agent, introduced, origin, FILE).await? {
        Base::Commit(Some(base)) => before.push(agent.snapshots.at(&base).await?),
        Base::Commit(None) => {}
        Base::Unknown => return Ok(Err(render::requirement::unknown_base().to_owned())),
    }
    Ok(required(agent, name.as_str(), head, &before))
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
    match next {
        Next::Stands => tracing::info!(environment = %name, commit = introduced.id(), "{said}"),
        Next::Soon if audience == Audience::Again => {
            tracing::debug!(environment = %name, commit = introduced.id(), "still {said}");
        }
        Next::Soon => tracing::warn!(environment = %name, commit = introduced.id(), "{said}"),
        Next::Later | Next::Quarantine => {
            tracing::error!(environment = %name, commit = introduced.id(), "{said}");
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
