//! What the agent lets an environment have it act as. Whoever may open a pull
//! request writes its files: until they are merged they reach nothing that the
//! watched branch does not reach.

use pointsman_aws::Access;
use pointsman_core::{
    environment::{EnvironmentFile, Identity},
    failure::Failure,
    render,
};

use crate::{config::Aws, git::Snapshot};

/// What a proposed file would be planned as and may not be: where the agent's
/// own configuration lists what may be, what is not listed; else what
/// nothing on the watched branch is planned as.
pub(super) fn strange(config: &Aws, base: &Snapshot, proposed: &EnvironmentFile) -> Vec<Identity> {
    let mut wanted = proposed.reads_as();
    if config.is_listed() {
        wanted.retain(|identity| !config.allows(identity));
    } else {
        wanted.retain(|identity| !base.read_as.contains(identity));
    }
    wanted.into_iter().collect()
}

/// Refuses what the agent's own configuration does not list, merged or not.
pub(super) fn listed(config: &Aws, file: &EnvironmentFile, access: Access) -> Result<(), Failure> {
    let wanted = match access {
        Access::Read => file.reads_as(),
        Access::Write => file.writes_as(),
    };
    match wanted.into_iter().find(|identity| !config.allows(identity)) {
        Some(identity) => Err(render::trusted::not_listed(&identity).into()),
        None => Ok(()),
    }
}
