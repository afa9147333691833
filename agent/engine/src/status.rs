use pointsman_core::{environment::EnvironmentName, lease::LockItem, state::State};

use crate::{Failure, keeper::load, ports::Ports};

/// What is known of an environment without looking at its objects.
#[derive(Clone, Debug)]
pub struct Status {
    /// The state; none before the first deploy.
    pub state: Option<State>,
    /// The lock; none when it is free.
    pub lock: Option<LockItem>,
}

/// Reads state and lock.
pub async fn status(ports: &Ports, environment: &EnvironmentName) -> Result<Status, Failure> {
    let (loaded, lock) = futures::join!(load(ports, environment), ports.locks.read());
    Ok(Status { state: loaded?.state, lock: lock? })
}
