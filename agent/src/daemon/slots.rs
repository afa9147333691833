use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use pointsman_core::environment::EnvironmentName;
use tokio::sync::{Mutex as Slot, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

/// One thing at a time per environment, and so many environments at once.
#[derive(Debug)]
pub(super) struct Slots {
    environments: Mutex<BTreeMap<EnvironmentName, Arc<Slot<()>>>>,
    many: Arc<Semaphore>,
}

/// The right to work on an environment, until it is dropped.
#[derive(Debug)]
pub(super) struct Held {
    _environment: OwnedMutexGuard<()>,
    _many: Option<OwnedSemaphorePermit>,
}

impl Slots {
    pub(super) fn new(concurrency: usize) -> Self {
        Self { environments: Mutex::default(), many: Arc::new(Semaphore::new(concurrency)) }
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
