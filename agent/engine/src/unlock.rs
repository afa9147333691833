use pointsman_core::{journal::Release, lease::LockItem};

use crate::{
    Failure,
    journal::{now, token},
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
/// but a person's command.
pub async fn unlock(ports: &Ports, id: Option<&str>, who: &str) -> Result<Unlocked, Failure> {
    let Some(item) = ports.locks.read().await? else {
        return Ok(Unlocked::Free);
    };
    if id != Some(item.terraform_info().id.as_str()) {
        return Ok(Unlocked::Stands(item));
    }
    let release = Release::of(&item, now(), who.to_owned());
    match ports.runs.release(&item, &release, &token()).await? {
        Written::Done => Ok(Unlocked::Released(item)),
        // What was looked at is gone: its holder gave it back, or another came.
        Written::Refused => match ports.locks.read().await? {
            Some(item) => Ok(Unlocked::Stands(item)),
            None => Ok(Unlocked::Free),
        },
    }
}
