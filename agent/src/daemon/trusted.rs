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

/// What a proposed file would be planned as, and nothing on the watched branch
/// is. Where the agent's own configuration lists what may be, that decides
/// alone: see [`listed`].
pub(super) fn strange(config: &Aws, base: &Snapshot, proposed: &EnvironmentFile) -> Vec<Identity> {
    if config.is_listed() {
        return Vec::new();
    }
    proposed.reads_as().difference(&base.read_as).cloned().collect()
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
