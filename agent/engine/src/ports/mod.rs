//! What the engine needs of the world. `pointsman-aws` implements these, and
//! only it: they are the dependency rule, not a seam for tests.

mod backend;
mod cloud;
mod prober;
mod proxy;

use std::sync::Arc;

pub use backend::{
    Aside, Foundation, LockFiles, LockTable, RunTable, StateBucket, StateVersion, StoredState, Written,
};
pub use cloud::{Cloud, CloudReader, CloudWriter, Identity, OnGreen, OneOff, Sought, Standing, Underway};
pub use pointsman_core::failure::{CloudError, CloudErrorKind};
pub use prober::{Expects, Probe, Prober, Speaks};
pub use proxy::{NotLed, Proxy};

use pointsman_core::report::Event;

/// Everything that one environment's run speaks to.
#[derive(Clone)]
pub struct Ports {
    /// The account that the environment lives in.
    pub cloud: Arc<dyn Cloud>,
    /// What its lock and state stand on.
    pub foundation: Arc<dyn Foundation>,
    /// The table of its lock.
    pub locks: Arc<dyn LockTable>,
    /// Terraform's lock file, where it is taken as well.
    pub lock_file: Option<Arc<dyn LockFiles>>,
    /// The table of its journal, beside the table of its lock.
    pub runs: Arc<dyn RunTable>,
    /// The bucket of its state.
    pub bucket: Arc<dyn StateBucket>,
}

impl std::fmt::Debug for Ports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ports").finish_non_exhaustive()
    }
}

/// Who is told what happens while it happens: a terminal, a pull request.
pub trait Listener: Send + Sync {
    /// Is told; must not block.
    fn tell(&self, event: &Event);
}
