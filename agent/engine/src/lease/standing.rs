use pointsman_core::lease::{LockFile, LockItem};

use crate::ports::{CloudError, Ports};

/// What stands of an environment's lock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Who keeps agents out: whoever has a lock file that is no agent's, or the
    /// lock item. None when the lock is free.
    pub holder: Option<LockItem>,
    /// The lock file of an agent whose lock item is gone: it keeps out no agent,
    /// and the Terraforms that know the file alone.
    pub left_behind: Option<LockItem>,
}

/// Looks at the lock item and the lock file.
pub async fn standing(ports: &Ports) -> Result<Standing, CloudError> {
    let (item, file) = futures::try_join!(ports.locks.read(), lock_file(ports))?;
    let Some(file) = file else {
        return Ok(Standing { holder: item, left_behind: None });
    };
    let of_file = file.as_item(ports.locks.lock_id());
    Ok(match item {
        _ if file.keeps_out(ports.locks.place()) => Standing { holder: Some(of_file), left_behind: None },
        Some(item) => Standing { holder: Some(item), left_behind: None },
        None => Standing { holder: None, left_behind: Some(of_file) },
    })
}

/// The lock file as it stands; none where the environment has none.
pub(crate) async fn lock_file(ports: &Ports) -> Result<Option<LockFile>, CloudError> {
    match &ports.lock_file {
        Some(files) => files.read().await,
        None => Ok(None),
    }
}
