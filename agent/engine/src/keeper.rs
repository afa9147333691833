//! Keeps the state: read once, then written through after everything that is
//! done, so that what a dying process made is known to the next.

use std::collections::BTreeMap;

use pointsman_core::{
    Address,
    environment::EnvironmentName,
    lease::{Fence, StateMark},
    resource::Observed,
    state::{State, StateError},
};
use tokio::sync::Mutex;

use crate::{
    Failure,
    lease::{LeaseLost, LeaseProof, lease_error},
    ports::{Ports, StateVersion},
};

/// The state as it was read, if there is one.
pub(crate) struct Loaded {
    pub(crate) state: Option<State>,
    pub(crate) mark: Option<StateMark>,
    pub(crate) version: Option<StateVersion>,
}

/// Reads the state.
pub(crate) async fn load(ports: &Ports, environment: &EnvironmentName) -> Result<Loaded, Failure> {
    let Some(stored) = ports.bucket.load().await? else {
        return Ok(Loaded { state: None, mark: None, version: None });
    };
    let state = State::from_text(&stored.text, environment).map_err(|error: StateError| Failure::State {
        location: ports.bucket.location().to_owned(),
        error,
    })?;
    Ok(Loaded { state: Some(state), mark: State::mark_of(&stored.text), version: Some(stored.version) })
}

impl Loaded {
    /// Refuses a state that the journal knows a later one of, and one that was
    /// written above our own fence.
    pub(crate) fn check(&self, fence: &Fence, ports: &Ports) -> Result<(), Failure> {
        if self.state.as_ref().is_some_and(|state| state.fence > fence.fence) {
            let why = "the state was written by a later lease".to_owned();
            return Err(lease_error(ports.locks.lock_id(), &LeaseLost { why }).into());
        }
        let Some(known) = &fence.state else {
            return Ok(());
        };
        match known.refuses(self.mark.as_ref()) {
            None => Ok(()),
            Some(regression) => Err(Failure::Regressed {
                location: ports.bucket.location().to_owned(),
                known: known.serial,
                regression,
            }),
        }
    }
}

/// The state under a lease: every change of it is saved before it counts.
pub(crate) struct Keeper {
    ports: Ports,
    proof: LeaseProof,
    kept: Mutex<Kept>,
}

struct Kept {
    state: State,
    version: Option<StateVersion>,
}

impl Keeper {
    /// Takes over what was read, in the name of a lease.
    pub(crate) fn new(
        ports: Ports,
        proof: LeaseProof,
        environment: &EnvironmentName,
        loaded: Loaded,
    ) -> Self {
        let lineage = || uuid::Uuid::new_v4().to_string();
        let state = loaded.state.unwrap_or_else(|| State::new(environment.clone(), lineage()));
        Self { ports, proof, kept: Mutex::new(Kept { state, version: loaded.version }) }
    }

    /// The state as it is now.
    pub(crate) async fn state(&self) -> State {
        self.kept.lock().await.state.clone()
    }

    /// Takes over what is known of objects only by now; it goes out with the
    /// next change.
    pub(crate) async fn refresh(&self, observed: &BTreeMap<Address, Observed>) {
        let mut kept = self.kept.lock().await;
        for (address, object) in observed {
            kept.state.refresh(address, object);
        }
    }

    /// Changes the state and saves it; one at a time. When saving fails, the
    /// change stays in memory and goes out with the next.
    pub(crate) async fn change(
        &self,
        change: impl FnOnce(&mut State) -> Result<(), serde_json::Error>,
    ) -> Result<StateMark, Failure> {
        let mut kept = self.kept.lock().await;
        change(&mut kept.state)?;
        kept.state.serial += 1;
        kept.state.fence = self.proof.fence().max(kept.state.fence);
        let text = kept.state.to_text()?;
        let version = self.ports.bucket.save(&self.proof, &text, kept.version.as_ref()).await?;
        kept.version = Some(version);
        Ok(kept.state.mark()?)
    }
}
