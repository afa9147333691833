use std::{sync::Arc, time::Duration};

use pointsman_core::lease::{AgentMark, FileClaim, FileMark, LockFile, LockItem};

use super::{LeaseLost, LeaseProof, lease_error};
use crate::ports::{CloudError, LockFiles, Ports, Written};

/// How often the file is looked at while others change it, or nobody answers.
const TRIES: u32 = 5;

/// Between two of them.
const TRY_AGAIN: Duration = Duration::from_millis(200);

/// The lock file that is ours, beside the lock item.
#[derive(Clone)]
pub(super) struct HeldFile {
    files: Arc<dyn LockFiles>,
    mark: FileMark,
    version: String,
}

impl std::fmt::Debug for HeldFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.version)
    }
}

impl HeldFile {
    /// Whether it still is ours.
    pub(super) async fn is_kept(&self) -> Result<bool, CloudError> {
        let standing = self.files.read().await?;
        Ok(standing.is_some_and(|file| file.version == self.version))
    }

    /// Gives it back.
    pub(super) async fn release(&self) -> Result<(), CloudError> {
        give_back(self.files.as_ref(), &self.mark).await
    }
}

/// What came of taking the file.
pub(super) enum Taking {
    /// The environment has none.
    NotWanted,
    /// It is ours.
    Held(HeldFile),
    /// Someone else has it, who is no agent of this table.
    Foreign,
}

/// Takes the lock file in the name of a lock item that was just taken. What
/// stands decides, never an answer: a PUT whose answer was lost is found. One
/// that fails leaves no file.
pub(super) async fn take(
    ports: &Ports,
    proof: &LeaseProof,
    item: &LockItem,
    mark: &AgentMark,
) -> Result<Taking, CloudError> {
    let Some(files) = &ports.lock_file else { return Ok(Taking::NotWanted) };
    let AgentMark { owner, fence, record_version: _, lease_ms: _ } = mark;
    let mark = FileMark { owner: owner.clone(), fence: *fence, table: ports.locks.place().to_owned() };
    let text = LockFile::content(&item.terraform_info(), &mark);
    let taken = claim(files, ports.locks.lock_id(), proof, &mark, &text).await;
    if taken.is_err() {
        // What cannot be asked cannot be mended: the next run writes over it.
        let _ = give_back(files.as_ref(), &mark).await;
    }
    taken
}

async fn claim(
    files: &Arc<dyn LockFiles>,
    lock_id: &str,
    proof: &LeaseProof,
    mark: &FileMark,
    text: &str,
) -> Result<Taking, CloudError> {
    let lost = |lost| lease_error(lock_id, &lost);
    let held = |version| Taking::Held(HeldFile { files: files.clone(), mark: mark.clone(), version });
    let mut in_doubt = None;
    for _ in 0..TRIES {
        let over = match mark.claim(files.read().await?.as_ref()) {
            FileClaim::Ours { version } => return Ok(held(version)),
            FileClaim::Put { over } => over,
            FileClaim::Foreign => return Ok(Taking::Foreign),
        };
        proof.check().map_err(lost)?;
        match files.put(text, over.as_deref()).await {
            Ok(Some(version)) => return Ok(held(version)),
            Ok(None) => {}
            Err(error) if error.kind.passes() => in_doubt = Some(error),
            Err(error) => return Err(error),
        }
        tokio::time::sleep(TRY_AGAIN).await;
    }
    let changing = LeaseLost { why: "others change the lock file all the time".to_owned() };
    Err(in_doubt.unwrap_or_else(|| lost(changing)))
}

/// Deletes the file of a taking, if it is still that. It is looked at before
/// each DELETE, which is sent once: not every store knows one with a condition.
async fn give_back(files: &dyn LockFiles, mark: &FileMark) -> Result<(), CloudError> {
    let mut in_doubt = None;
    for _ in 0..TRIES {
        let deleted = match files.read().await {
            Ok(Some(file)) if file.mark.as_ref() == Some(mark) => files.delete(&file.version).await,
            Ok(Some(_) | None) => return Ok(()),
            Err(error) => Err(error),
        };
        match deleted {
            Ok(Written::Done) => return Ok(()),
            Ok(Written::Refused) => {}
            Err(error) if error.kind.passes() => in_doubt = Some(error),
            Err(error) => return Err(error),
        }
        tokio::time::sleep(TRY_AGAIN).await;
    }
    in_doubt.map_or(Ok(()), Err)
}
