use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use pointsman_core::{
    cost::Monthly,
    environment::EnvironmentName,
    lease::{LockInfo, LockItem},
    report::{estate::Told, pull_request::Status},
    rollout::Track,
};
use tokio::sync::watch;

use super::board::Board;

/// What the page shows beyond what the agent remembers for its work. Bounded;
/// all of it can be lost.
#[derive(Debug)]
pub(super) struct Seen {
    version: watch::Sender<u64>,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
pub(super) struct Inner {
    /// The reports that were begun lately, newest first.
    pub(super) boards: VecDeque<Arc<Board>>,
    /// By environment: what its state and lock said last.
    pub(super) facts: BTreeMap<EnvironmentName, Facts>,
    /// By environment: the file that was reckoned, and what it costs.
    pub(super) monthly: BTreeMap<EnvironmentName, (String, Option<Monthly>)>,
    /// When the repo was looked at last, as people and as machines tell time.
    pub(super) looked: Option<(jiff::Timestamp, Instant)>,
    /// Why the last look failed, where it did.
    pub(super) problem: Option<String>,
}

/// What an environment's state and lock said when they were read last.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    pub(super) revision: Option<String>,
    pub(super) deployed_at: Option<String>,
    pub(super) lock: Option<LockInfo>,
    pub(super) tracks: Vec<(String, Track)>,
    pub(super) failures: Vec<String>,
    /// What was told to the log alone.
    pub(super) told: Option<Told>,
}

/// So many reports are kept: the open pull requests of a busy repo, and the
/// deploys of its last days.
const KEPT: usize = 128;

impl Default for Seen {
    /// The first version is the time of the start: a page that is older than
    /// the agent is renewed.
    fn default() -> Self {
        let start = u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or_default();
        Self { version: watch::Sender::new(start), inner: Mutex::default() }
    }
}

impl Seen {
    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something that the page shows is otherwise. The new version.
    pub(super) fn changed(&self) -> u64 {
        let mut now = 0;
        self.version.send_modify(|version| {
            *version += 1;
            now = *version;
        });
        now
    }

    /// The version that is shown now, and those to come.
    pub(super) fn versions(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// Keeps a report; it takes the place of an older one about the same.
    pub(super) fn keep(&self, board: &Arc<Board>) {
        let mut inner = self.lock();
        inner.boards.retain(|other| other.subject() != board.subject());
        inner.boards.push_front(Arc::clone(board));
        inner.boards.truncate(KEPT);
    }

    /// The repo was looked at, or could not be.
    pub(super) fn looked(&self, problem: Option<String>) {
        {
            let mut inner = self.lock();
            if problem.is_none() {
                inner.looked = Some((jiff::Timestamp::now(), Instant::now()));
            }
            inner.problem = problem;
        }
        self.changed();
    }

    /// State and lock of an environment were read.
    pub(super) fn read(&self, name: &EnvironmentName, status: &pointsman_engine::Status) {
        let state = status.state.as_ref();
        let failures =
            state.and_then(|state| state.last_run.as_ref()).into_iter().flat_map(|run| &run.failures);
        let mut inner = self.lock();
        let facts = inner.facts.entry(name.clone()).or_default();
        *facts = Facts {
            revision: state.and_then(|state| state.deployed_commit.clone()),
            deployed_at: state.and_then(|state| state.deployed_at.clone()),
            lock: status.lock.as_ref().map(LockItem::terraform_info),
            tracks: state.map(|state| state.tracks.clone().into_iter().collect()).unwrap_or_default(),
            failures: failures.map(|failure| format!("{}: {}", failure.address, failure.why)).collect(),
            told: facts.told.take(),
        };
        drop(inner);
        self.changed();
    }

    /// What a try came to; `told` where no report says it.
    pub(super) fn came(&self, name: &EnvironmentName, commit: &str, status: Status, told: Option<Told>) {
        let mut inner = self.lock();
        let facts = inner.facts.entry(name.clone()).or_default();
        if status == Status::Deployed {
            facts.revision = Some(commit.to_owned());
            facts.deployed_at = Some(jiff::Timestamp::now().to_string());
            facts.failures.clear();
            // What it has of rollouts is from before.
            facts.tracks.clear();
        }
        if status != Status::Waiting {
            facts.lock = None;
        }
        facts.told = told;
        drop(inner);
        self.changed();
    }

    /// An environment is described no more.
    pub(super) fn forget(&self, name: &EnvironmentName) {
        let mut inner = self.lock();
        inner.facts.remove(name);
        inner.monthly.remove(name);
    }
}
