//! What the web server may know of the agent: reading only.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use pointsman_core::{
    cost::{Cost, Monthly},
    environment::EnvironmentName,
    lease::LockInfo,
    render,
    report::{
        estate::{EnvironmentView, Estate, OpenPull, Standing, Told},
        pull_request::{EnvironmentReport, PullReport, Purpose, Status},
    },
};
use tokio::sync::watch;

use super::{
    agent::Agent,
    memory::{Known, Work},
    reporter::Subject,
};
use crate::git::Snapshot;

/// The agent, for who only looks.
#[derive(Clone, Debug)]
pub struct Live(Arc<Agent>);

/// What an environment counts as, for who counts.
pub type Counts = BTreeMap<&'static str, u64>;

impl Live {
    pub(super) fn of(agent: &Arc<Agent>) -> Self {
        Self(Arc::clone(agent))
    }

    /// The version of what is shown, and those to come.
    pub fn versions(&self) -> watch::Receiver<u64> {
        self.0.seen.versions()
    }

    /// The agent's own name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// All environments, and the pull requests that are open.
    pub async fn estate(&self) -> Estate {
        let agent = &self.0;
        let commit = agent.memory().branch.clone();
        let head = self.head(commit.as_deref()).await;
        let told = self.told(None);
        let names = self.names(head.as_deref());
        let environments =
            names.iter().map(|name| self.standing(name, head.as_deref(), told.get(name))).collect();
        let (looked_at, problem) = {
            let seen = agent.seen.lock();
            (seen.looked.map(|(at, _)| at.to_string()), seen.problem.clone())
        };
        Estate {
            agent: agent.name.clone(),
            repo: agent.mirror.url().to_owned(),
            branch: agent.config.repo.branch.clone(),
            commit,
            looked_at,
            problem,
            watches_drift: agent.config.drift.is_some(),
            environments,
            pulls: self.open_pulls(),
        }
    }

    /// Everything about one environment; none when nobody knows it.
    pub async fn environment(&self, name: &EnvironmentName) -> Option<EnvironmentView> {
        let agent = &self.0;
        let commit = agent.memory().branch.clone();
        let head = self.head(commit.as_deref()).await;
        if !self.names(head.as_deref()).contains(name) {
            return None;
        }
        let mut told = self.told(Some(name));
        let standing = self.standing(name, head.as_deref(), told.get(name));
        let facts = agent.seen.lock().facts.get(name).cloned().unwrap_or_default();
        let touches = |pull: &OpenPull| {
            let environments = pull.report.iter().flat_map(|report| &report.environments);
            environments.into_iter().any(|environment| environment.name == *name)
        };
        // Taken out before anything else is looked at: one lock at a time.
        let drift = agent.memory().drift.get(name).cloned();
        let pulls = self.open_pulls().into_iter().filter(touches).collect();
        Some(EnvironmentView {
            agent: agent.name.clone(),
            standing,
            told: told.remove(name).map(|newest| newest.told).or(facts.told),
            tracks: facts.tracks,
            failures: facts.failures,
            drift,
            pulls,
        })
    }

    /// What a pull request was told last; none when it is not known any more.
    pub fn pull(&self, number: u64) -> Option<PullReport> {
        let board = {
            let seen = self.0.seen.lock();
            let is_its = |board: &&Arc<super::board::Board>| *board.subject() == Subject::Pull(number);
            seen.boards.iter().find(is_its).cloned()?
        };
        Some(board.report())
    }

    /// Why nobody should rely on this agent now; none when all is well.
    pub fn unready(&self) -> Option<String> {
        let agent = &self.0;
        if agent.stop.is_asked() {
            return Some("the agent is stopping".to_owned());
        }
        let Some((_, at)) = agent.seen.lock().looked else {
            return Some("the config repo was not looked at yet".to_owned());
        };
        let poll = agent.config.repo.poll;
        let patience = (poll * 3).max(poll + Duration::from_secs(300));
        if at.elapsed() > patience {
            return Some(format!("the config repo was not looked at for {} s", at.elapsed().as_secs()));
        }
        let branch = agent.memory().branch.clone()?;
        agent.mirror.revision(&branch).err().map(|error| format!("the mirror cannot be read: {error}"))
    }

    /// How long ago the repo was looked at.
    pub fn looked_before(&self) -> Option<Duration> {
        self.0.seen.lock().looked.map(|(_, at)| at.elapsed())
    }

    /// Environments by what they count as, and how many differ.
    pub fn counts(&self) -> (Counts, u64) {
        let memory = self.0.memory();
        let mut counts = Counts::from([("deployed", 0), ("failed", 0), ("waiting", 0), ("working", 0)]);
        let known = memory.environments.keys().chain(memory.busy.keys()).collect::<BTreeSet<_>>();
        for name in known {
            let word = match memory.environments.get(name) {
                _ if memory.busy.get(name) == Some(&Work::Deploys) => "working",
                Some(Known::Deployed { .. }) => "deployed",
                Some(Known::Failed { .. }) => "failed",
                Some(Known::Later { .. }) | None => "waiting",
            };
            *counts.entry(word).or_default() += 1;
        }
        (counts, u64::try_from(memory.drift.len()).unwrap_or_default())
    }

    /// Answers of GitHub, by status; none without GitHub.
    pub fn github_requests(&self) -> BTreeMap<u16, u64> {
        self.0.github.as_ref().map(|github| github.answers()).unwrap_or_default()
    }

    async fn head(&self, commit: Option<&str>) -> Option<Arc<Snapshot>> {
        self.0.snapshots.at(commit?).await.ok()
    }

    fn names(&self, head: Option<&Snapshot>) -> BTreeSet<EnvironmentName> {
        let described = head.into_iter().flat_map(|head| head.fingerprints.keys());
        let memory = self.0.memory();
        described.chain(memory.environments.keys()).cloned().collect()
    }

    /// The newest that was told of each environment's deploys: the whole of
    /// one, and of all others what a line needs.
    fn told(&self, whole: Option<&EnvironmentName>) -> BTreeMap<EnvironmentName, Newest> {
        let boards: Vec<_> = self.0.seen.lock().boards.iter().cloned().collect();
        let mut newest: BTreeMap<EnvironmentName, Newest> = BTreeMap::new();
        for board in boards {
            let at = board.changed_at();
            let pull = match board.subject() {
                Subject::Pull(number) => Some(*number),
                Subject::Commit(_) => None,
            };
            board.look(|told| {
                if told.purpose != Purpose::Deploy {
                    return;
                }
                for report in &told.environments {
                    if newest.get(&report.name).is_some_and(|known| known.at > at) {
                        continue;
                    }
                    let (status, sides) = (report.status, &report.sides);
                    let report = if whole == Some(&report.name) {
                        report.clone()
                    } else {
                        let sides = sides.clone();
                        EnvironmentReport { status, sides, ..EnvironmentReport::queued(report.name.clone()) }
                    };
                    let (head, base) = (told.head.clone(), told.base.clone());
                    let name = report.name.clone();
                    let told = Told { head, base, purpose: Purpose::Deploy, report };
                    newest.insert(name, Newest { at, pull, told });
                }
            });
        }
        newest
    }

    fn standing(&self, name: &EnvironmentName, head: Option<&Snapshot>, newest: Option<&Newest>) -> Standing {
        let agent = &self.0;
        let facts = agent.seen.lock().facts.get(name).cloned().unwrap_or_default();
        let (known, differs) = {
            let memory = agent.memory();
            let differs = memory.drift.get(name).map_or(0, |judged| judged.plan.changes.len());
            (memory.environments.get(name).cloned(), differs)
        };
        let told = newest.map(|newest| &newest.told).or(facts.told.as_ref());
        let status = told.map(|told| told.report.status).or(match known {
            Some(Known::Deployed { .. }) => Some(Status::Deployed),
            Some(Known::Failed { .. } | Known::Later { .. }) => Some(Status::Failed),
            None => None,
        });
        let ours = status == Some(Status::Deploying);
        let lock =
            if ours { Some(LockInfo { who: agent.name.clone(), ..LockInfo::default() }) } else { facts.lock };
        let rollouts = match told {
            Some(told) if !told.report.sides.is_empty() => {
                let line = |(service, sides): (&String, &pointsman_core::report::Sides)| {
                    format!("{service}: {}", render::rollout::phase_name(sides.phase, &sides.settings))
                };
                let open = matches!(status, Some(Status::Deploying | Status::Asks | Status::Stopped));
                told.report.sides.iter().filter(|_| open).map(line).collect()
            }
            _ => {
                let open = facts.tracks.iter().filter(|(_, track)| track.open.is_some());
                let line = |(service, track): &(String, _)| {
                    render::paint::without(&render::rollout::in_a_line(service, track))
                };
                open.map(line).collect()
            }
        };
        Standing {
            name: name.clone(),
            status,
            revision: facts.revision,
            deployed_at: facts.deployed_at,
            drift: differs,
            lock,
            monthly: head.and_then(|head| self.monthly(name, head)),
            pull: newest.and_then(|newest| newest.pull),
            rollouts,
        }
    }

    /// What the file costs; reckoned once for each version of it.
    fn monthly(&self, name: &EnvironmentName, head: &Snapshot) -> Option<Monthly> {
        let fingerprint = head.fingerprints.get(name)?;
        if let Some((reckoned, monthly)) = self.0.seen.lock().monthly.get(name)
            && reckoned == fingerprint
        {
            return *monthly;
        }
        let environment = head.reading.environment(name.as_str())?;
        let cost = Cost::of_file(environment);
        let monthly = cost.prices.is_some().then_some(cost.after);
        self.0.seen.lock().monthly.insert(name.clone(), (fingerprint.clone(), monthly));
        monthly
    }

    fn open_pulls(&self) -> Vec<OpenPull> {
        let open = self.0.memory().open.clone();
        let of = |pull: crate::github::Pull| OpenPull {
            report: self.pull(pull.number),
            number: pull.number,
            title: pull.title,
            author: pull.author,
        };
        open.into_iter().map(of).collect()
    }
}

/// What was told of an environment, when, and with which pull request.
struct Newest {
    at: u64,
    pull: Option<u64>,
    told: Told,
}
