use pointsman_core::lease::{LockFile, LockItem};

use crate::ports::{CloudError, Ports};

/// Who keeps agents out: whoever has a lock file that is no agent's, or the lock
/// item. None when the lock is free.
pub async fn standing(ports: &Ports) -> Result<Option<LockItem>, CloudError> {
    let (item, file) = futures::try_join!(ports.locks.read(), lock_file(ports))?;
    let barring = file.filter(|file| file.keeps_out(ports.locks.place()));
    Ok(barring.map(|file| file.as_item(ports.locks.lock_id())).or(item))
}

/// The lock file of an agent whose lock item is gone: it keeps out no agent, and
/// the Terraforms that know the file alone.
pub async fn left_behind(ports: &Ports) -> Result<Option<LockItem>, CloudError> {
    let (item, file) = futures::try_join!(ports.locks.read(), lock_file(ports))?;
    let left = file.filter(|file| item.is_none() && !file.keeps_out(ports.locks.place()));
    Ok(left.map(|file| file.as_item(ports.locks.lock_id())))
}

/// The lock file as it stands; none where the environment has none.
pub(crate) async fn lock_file(ports: &Ports) -> Result<Option<LockFile>, CloudError> {
    match &ports.lock_file {
        Some(files) => files.read().await,
        None => Ok(None),
    }
}
