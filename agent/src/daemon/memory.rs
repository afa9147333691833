//! What the agent remembers from poll to poll. All of it can be lost: the
//! state in S3 and the objects on GitHub say the rest.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

use pointsman_core::{
    environment::EnvironmentName,
    report::{
        Judged,
        pull_request::{OtherPull, Unmet, Why},
    },
};

use super::{
    board::Board,
    commands::Remembered,
    requirements::{self, Showing},
};
use crate::{git::Snapshot, github::Pull};

/// What is known of environments, pull requests and the branch.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// The references at the last poll that looked at everything.
    pub(super) digest: Option<String>,
    /// Polls until everything is looked at again, moved or not.
    pub(super) until_full: u32,
    /// The branch's commit at the last poll.
    pub(super) branch: Option<String>,
    /// By environment: what came of its newest revision.
    pub(super) environments: BTreeMap<EnvironmentName, Known>,
    /// Environments that a task is at work on, or waits to be.
    pub(super) busy: BTreeMap<EnvironmentName, Work>,
    /// Environments that are not begun before others stand.
    pub(super) waiting: BTreeMap<EnvironmentName, Waiting>,
    /// By number: what was planned.
    pub(super) pulls: BTreeMap<u64, Planned>,
    /// By number: what is told of open pull requests.
    pub(super) told: BTreeMap<u64, Told>,
    /// By branch: what was planned of the merge queue's groups.
    pub(super) groups: BTreeMap<String, Planned>,
    /// Whether GitHub said since the start which pull requests are open.
    pub(super) listed: bool,
    /// The pull requests that were open when GitHub was asked last.
    pub(super) open: Vec<Pull>,
    /// Pull requests that a task is at work on.
    pub(super) planning: BTreeSet<u64>,
    /// By commit: environments that stood at the start, deployed lately, whose
    /// reports are still to be looked for.
    pub(super) unconfirmed: BTreeMap<String, BTreeSet<EnvironmentName>>,
    /// Whether a task looks for them.
    pub(super) confirming: bool,
    /// What people wrote, as far as it is dealt with.
    pub(super) heard: Remembered,
    /// Groups of the merge queue that a task is at work on.
    pub(super) planning_groups: BTreeSet<String>,
    /// The last look for drift: environments that differ.
    pub(super) drift: BTreeMap<EnvironmentName, Judged>,
    /// Plans that wait for what is required.
    pub(super) gated: BTreeMap<EnvironmentName, requirements::Waiting>,
    /// Which plans people were shown.
    pub(super) showing: Showing,
}

/// What a task does with an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// It changes something, or will.
    Deploys,
    /// It looks whether a rollout was left half-way.
    Looks,
}

/// What is known of an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// This version stands. The branch's commit at a poll when it did: whose
    /// policies the next change must satisfy too.
    Deployed { fingerprint: String, trusted: String },
    /// This version was tried and failed: not again, until it changes or
    /// somebody asks. What was trusted before is so still.
    Failed { fingerprint: String, trusted: Option<String> },
    /// Something stood in the way that has nothing to do with the version.
    /// What was trusted when the version before it stood is so still.
    Later { fingerprint: String, trusted: Option<String>, at: Instant, times: u32 },
}

/// An environment whose newest version waits for others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Waiting {
    pub(super) fingerprint: String,
    pub(super) needs: Vec<Unmet>,
}

/// What is told of an open pull request.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) board: Arc<Board>,
    /// The environments that it changes.
    pub(super) changes: BTreeSet<EnvironmentName>,
}

/// What was planned for a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Planned {
    pub(super) head: String,
    pub(super) base: String,
    /// Not everything could be asked: when to try again.
    pub(super) again: Option<(Instant, u32)>,
}

impl Known {
    /// The branch's commit while a version stood, as far as that was seen.
    pub(super) fn trusted(&self) -> Option<&String> {
        match self {
            Self::Deployed { trusted, .. } => Some(trusted),
            Self::Later { trusted, .. } | Self::Failed { trusted, .. } => trusted.as_ref(),
        }
    }

    /// Whether this version is still to be deployed, now.
    pub(super) fn is_due(&self, wanted: &str, now: Instant) -> bool {
        match self {
            Self::Deployed { fingerprint, .. } | Self::Failed { fingerprint, .. } => fingerprint != wanted,
            Self::Later { fingerprint, at, .. } => fingerprint != wanted || now >= *at,
        }
    }
}

impl Memory {
    /// Forgets an environment that the branch no longer describes.
    pub(super) fn forget(&mut self, name: &EnvironmentName) {
        self.environments.remove(name);
        self.waiting.remove(name);
        self.gated.remove(name);
        self.drift.remove(name);
    }

    /// What an environment needs and what is not at its newest version, as the
    /// branch describes it.
    pub(super) fn unmet(&self, head: &Snapshot, name: &EnvironmentName) -> Vec<Unmet> {
        let environment = head.reading.environment(name.as_str());
        let needs = environment.map(|environment| environment.file.needs.as_slice()).unwrap_or_default();
        let unmet = |need: &String| {
            let name = EnvironmentName::parse(need)?;
            let wanted = head.fingerprints.get(&name)?;
            let why = match self.environments.get(&name) {
                Some(Known::Deployed { fingerprint, .. }) if fingerprint == wanted => return None,
                Some(Known::Failed { fingerprint, .. }) if fingerprint == wanted => Why::Failed,
                _ => match self.waiting.get(&name) {
                    // What it needs is itself stopped.
                    Some(waiting) if waiting.needs.iter().any(|unmet| unmet.why == Why::Failed) => {
                        Why::Failed
                    }
                    _ => Why::NotYet,
                },
            };
            Some(Unmet { name, why })
        };
        needs.iter().filter_map(unmet).collect()
    }

    /// The other open pull requests that change an environment.
    pub(super) fn others(&self, number: u64, name: &EnvironmentName) -> Vec<OtherPull> {
        let changes = |pull: &&Pull| {
            pull.number != number
                && self.told.get(&pull.number).is_some_and(|told| told.changes.contains(name))
        };
        let named = |pull: &Pull| OtherPull { number: pull.number, title: pull.title.clone() };
        self.open.iter().filter(changes).map(named).collect()
    }
}

/// The pause before the next try: longer each time, a quarter of an hour at most.
pub(super) fn pause(poll: Duration, times: u32) -> Duration {
    poll.saturating_mul(2_u32.saturating_pow(times.min(10))).min(Duration::from_secs(900)).max(poll)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Known, pause};

    #[test]
    fn a_failed_version_waits_until_it_changes() {
        let now = Instant::now();
        let failed = Known::Failed { fingerprint: "a".to_owned(), trusted: None };
        assert!(!failed.is_due("a", now));
        assert!(failed.is_due("b", now));
        let at = now + Duration::from_secs(5);
        let later = Known::Later { fingerprint: "a".to_owned(), trusted: None, at, times: 1 };
        assert!(!later.is_due("a", now));
        assert!(later.is_due("a", now + Duration::from_secs(5)));
        assert!(later.is_due("b", now));
    }

    #[test]
    fn pauses_grow_to_a_bound() {
        let poll = Duration::from_secs(60);
        assert_eq!(pause(poll, 0), poll);
        assert_eq!(pause(poll, 2), Duration::from_secs(240));
        assert_eq!(pause(poll, 50), Duration::from_secs(900));
        assert_eq!(pause(Duration::from_secs(3_600), 0), Duration::from_secs(3_600));
    }
}
