use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use pointsman_core::environment::EnvironmentName;
use tokio::sync::{Mutex as Slot, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

use crate::github::Pull;

/// So many proposals of people who may not write here are read at once.
const STRANGERS: usize = 2;

/// One thing at a time per environment, and so many environments at once; and
/// so many proposals that are read at once.
#[derive(Debug)]
pub(super) struct Slots {
    environments: Mutex<BTreeMap<EnvironmentName, Arc<Slot<()>>>>,
    many: Arc<Semaphore>,
    own: Arc<Semaphore>,
    strangers: Arc<Semaphore>,
}

/// The right to work on an environment, until it is dropped.
#[derive(Debug)]
pub(super) struct Held {
    _environment: OwnedMutexGuard<()>,
    _many: Option<OwnedSemaphorePermit>,
}

impl Slots {
    pub(super) fn new(concurrency: usize) -> Self {
        Self {
            environments: Mutex::default(),
            many: Arc::new(Semaphore::new(concurrency)),
            own: Arc::new(Semaphore::new(concurrency)),
            strangers: Arc::new(Semaphore::new(STRANGERS)),
        }
    }

    /// Waits for the turn to read what a pull request proposes, or to judge it
    /// as far as a fork is judged: each takes a process that evaluates policies,
    /// and anybody can propose. Forks wait for forks alone; the watched branch
    /// waits for no proposal.
    pub(super) async fn proposal(&self, pull: &Pull) -> Option<OwnedSemaphorePermit> {
        let turns = if pull.fork { &self.strangers } else { &self.own };
        // Never closed; without a permit there would only be more at once.
        Arc::clone(turns).acquire_owned().await.ok()
    }

    /// Waits for an environment's turn.
    pub(super) async fn take(&self, name: &EnvironmentName) -> Held {
        let environment = self.slot(name).lock_owned().await;
        // Never closed; without a permit there would only be more at once.
        let many = Arc::clone(&self.many).acquire_owned().await.ok();
        Held { _environment: environment, _many: many }
    }

    fn slot(&self, name: &EnvironmentName) -> Arc<Slot<()>> {
        let mut environments = self.environments.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(environments.entry(name.clone()).or_default())
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::{STRANGERS, Slots};
    use crate::github::Pull;

    fn pull(fork: bool) -> Pull {
        let word = || "x".to_owned();
        Pull {
            number: 7,
            title: word(),
            author: word(),
            head: word(),
            head_branch: word(),
            base_branch: word(),
            fork,
            draft: false,
            labels: Vec::new(),
            merged_as: None,
            url: None,
        }
    }

    #[test]
    fn strangers_wait_for_strangers_and_nobody_else_does() {
        let slots = Slots::new(3);
        let (ours, theirs) = (pull(false), pull(true));
        let mut read: Vec<_> =
            (0..STRANGERS).map(|_| slots.proposal(&theirs).now_or_never().flatten()).collect();
        assert!(read.iter().all(Option::is_some));
        assert!(slots.proposal(&theirs).now_or_never().is_none(), "one too many");
        read.extend((0..3).map(|_| slots.proposal(&ours).now_or_never().flatten()));
        assert!(read.iter().all(Option::is_some), "nobody waits for them");
        assert!(slots.proposal(&ours).now_or_never().is_none(), "one too many");
        read.remove(0);
        assert!(slots.proposal(&theirs).now_or_never().is_some(), "it is the next one's turn");
    }
}
