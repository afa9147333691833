use pointsman_core::lease::{LockFile, LockItem};

use crate::ports::{CloudError, Ports};

/// The lock as people are told of it: the item, or the lock file where only
/// that stands. None when the lock is free.
pub async fn standing(ports: &Ports) -> Result<Option<LockItem>, CloudError> {
    let (item, file) = futures::try_join!(ports.locks.read(), lock_file(ports))?;
    Ok(item.or_else(|| file.map(|file| file.as_item(ports.locks.lock_id()))))
}

/// The lock file as it stands; none where the environment has none.
pub(crate) async fn lock_file(ports: &Ports) -> Result<Option<LockFile>, CloudError> {
    match &ports.lock_file {
        Some(files) => files.read().await,
        None => Ok(None),
    }
}
