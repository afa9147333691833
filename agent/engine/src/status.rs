use pointsman_core::{
    environment::EnvironmentName,
    journal::Run,
    lease::{Fence, LockItem, Regression},
    state::State,
};

use crate::{
    Failure,
    keeper::load,
    lease::standing,
    ports::{CloudError, CloudErrorKind, Ports},
};

/// What is known of an environment without looking at its objects.
#[derive(Clone, Debug)]
pub struct Status {
    /// The state; none before the first deploy.
    pub state: Option<State>,
    /// The lock; none when it is free.
    pub lock: Option<LockItem>,
    /// The run that began and did not end; none when all did.
    pub open_run: Option<Run>,
    /// Whether the table of runs stands.
    pub has_run_table: bool,
    /// How the state fell behind what the journal knows, and the serial that it
    /// knows, where nobody is at work.
    pub regressed: Option<(u64, Regression)>,
}

/// Reads state, lock and fence side by side; of an open run its entries too.
pub async fn status(ports: &Ports, environment: &EnvironmentName) -> Result<Status, Failure> {
    let (loaded, lock, fence) = futures::join!(load(ports, environment), standing(ports), ports.runs.fence());
    let (mut loaded, lock) = (loaded?, lock?.holder);
    let (fence, has_run_table) = match fence {
        Ok(fence) => (fence, true),
        Err(error) if is_missing(&error) => (None, false),
        Err(error) => return Err(error.into()),
    };
    let open_run = match &fence {
        Some(Fence { open_run: Some(run), .. }) => Some(Run::of(*run, &ports.runs.entries(*run).await?)),
        Some(_) | None => None,
    };
    let mut regressed = None;
    if lock.is_none()
        && let Some(known) = fence.as_ref().and_then(|fence| fence.state.as_ref())
        && known.refuses(loaded.mark.as_ref()).is_some()
    {
        // What was read before somebody saved it is no news.
        loaded = load(ports, environment).await?;
        regressed = known.refuses(loaded.mark.as_ref()).map(|regression| (known.serial, regression));
    }
    Ok(Status { state: loaded.state, lock, open_run, has_run_table, regressed })
}

fn is_missing(error: &CloudError) -> bool {
    error.kind == CloudErrorKind::NotFound && error.code.as_deref() == Some("ResourceNotFoundException")
}
