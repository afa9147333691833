use pointsman_core::journal::History;

use crate::{Failure, ports::Ports};

/// Reads what happened to an environment: its newest runs, and the locks that
/// were released by hand.
pub async fn history(ports: &Ports, most: usize) -> Result<History, Failure> {
    // The fence first: a run that begins meanwhile is told all the same. One run
    // more than is told says what the oldest of them follows.
    let fence = ports.runs.fence().await?;
    let (entries, releases) =
        futures::try_join!(ports.runs.latest(most.saturating_add(1)), ports.runs.releases(most))?;
    Ok(History::of(fence.as_ref(), entries, releases, most)?)
}
