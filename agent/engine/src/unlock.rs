use pointsman_core::{
    journal::Release,
    lease::{LockFile, LockItem},
};

use crate::{
    Failure,
    journal::{now, token},
    lease::{lock_file, standing},
    ports::{Ports, Written},
};

/// What came of releasing a lock by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unlocked {
    /// It was this one, and it is gone.
    Released(LockItem),
    /// There was none.
    Free,
    /// This one stands, and no ID or another one was named.
    Stands(LockItem),
}

/// Releases the lock with this ID, whoever holds it, and notes who did so: the
/// one way by which a lock goes that is not the remover's own. Nothing calls it
/// but a person's command. As `terraform force-unlock` does, it takes away both
/// the lock item and the lock file, as far as they have this ID.
pub async fn unlock(ports: &Ports, id: Option<&str>, who: &str) -> Result<Unlocked, Failure> {
    let (item, file) = futures::try_join!(ports.locks.read(), lock_file(ports))?;
    let is_meant = |lock: &LockItem| id == Some(lock.terraform_info().id.as_str());
    let of_file = |file: &LockFile| file.as_item(ports.locks.lock_id());
    let item = item.filter(|item| is_meant(item));
    let file = file.filter(|file| is_meant(&of_file(file)));
    let Some(lock) = item.clone().or_else(|| file.as_ref().map(of_file)) else {
        return stands(ports).await;
    };
    let release = Release::of(&lock, now(), who.to_owned());
    // With the item it is noted in one transaction; a file is noted once it is gone.
    if item.is_some() && ports.runs.release(item.as_ref(), &release, &token()).await? == Written::Refused {
        // What was looked at is gone: its holder gave it back, or another came.
        return stands(ports).await;
    }
    if let (Some(files), Some(file)) = (&ports.lock_file, file) {
        let deleted = files.delete(&file.version).await?;
        match (deleted, &item) {
            (Written::Refused, None) => return stands(ports).await,
            (Written::Done, None) => {
                ports.runs.release(None, &release, &token()).await?;
            }
            (Written::Done | Written::Refused, Some(_)) => {}
        }
    }
    Ok(Unlocked::Released(lock))
}

async fn stands(ports: &Ports) -> Result<Unlocked, Failure> {
    Ok(standing(ports).await?.holder.map_or(Unlocked::Free, Unlocked::Stands))
}
