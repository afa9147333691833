use std::{sync::Arc, time::Duration};

use pointsman_core::lease::{AgentMark, FileClaim, FileMark, LockFile, LockItem};

use super::{LeaseLost, LeaseProof, lease_error};
use crate::ports::{CloudError, LockFiles, LockTable};

/// How often the file is looked at while others change it.
const TRIES: u32 = 5;

/// Between two of them.
const TRY_AGAIN: Duration = Duration::from_millis(200);

/// The lock file that is ours, beside the lock item.
#[derive(Clone)]
pub(super) struct HeldFile {
    files: Arc<dyn LockFiles>,
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

    /// Gives it back; another's that stands there meanwhile is left alone.
    pub(super) async fn release(&self) -> Result<(), CloudError> {
        self.files.delete(&self.version).await.map(|_| ())
    }
}

/// Takes the lock file in the name of a lock item that was just taken. What
/// stands decides, never an answer: a PUT whose answer was lost is found.
/// `None`: someone else has it, who is no agent of this table.
pub(super) async fn take(
    files: &Arc<dyn LockFiles>,
    locks: &dyn LockTable,
    proof: &LeaseProof,
    item: &LockItem,
    mark: &AgentMark,
) -> Result<Option<HeldFile>, CloudError> {
    let AgentMark { owner, fence, record_version: _, lease_ms: _ } = mark;
    let mark = FileMark { owner: owner.clone(), fence: *fence, table: locks.place().to_owned() };
    let text = LockFile::content(&item.terraform_info(), &mark);
    let lost = |lost| lease_error(locks.lock_id(), &lost);
    let held = |version| Ok(Some(HeldFile { files: files.clone(), version }));
    let mut in_doubt = None;
    for _ in 0..TRIES {
        let over = match mark.claim(files.read().await?.as_ref()) {
            FileClaim::Ours { version } => return held(version),
            FileClaim::Put { over } => over,
            FileClaim::Foreign(_) => return Ok(None),
        };
        proof.check().map_err(lost)?;
        match files.put(&text, over.as_deref()).await {
            Ok(Some(version)) => return held(version),
            Ok(None) => {}
            Err(error) if error.kind.passes() => in_doubt = Some(error),
            Err(error) => return Err(error),
        }
        tokio::time::sleep(TRY_AGAIN).await;
    }
    let changing = LeaseLost { why: "others change the lock file all the time".to_owned() };
    Err(in_doubt.unwrap_or_else(|| lost(changing)))
}
