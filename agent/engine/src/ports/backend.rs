use async_trait::async_trait;
use pointsman_core::{
    journal::{Entry, Release},
    lease::{Fence, LockCondition, LockFile, LockItem, Ticket, Transaction},
    preflight::{Backend, Work},
    requirement::{Approved, Shown},
    rollout::{Said, Word},
};

use super::CloudError;
use crate::lease::LeaseProof;

/// The one item of Terraform's lock table that is this environment's lock.
#[async_trait]
pub trait LockTable: Send + Sync {
    /// `<bucket>/<key>`.
    fn lock_id(&self) -> &str;

    /// Which table of which account it is.
    fn place(&self) -> &str;

    /// The item as it stands, read consistently.
    async fn read(&self) -> Result<Option<LockItem>, CloudError>;

    /// Puts an item, if the condition holds. Sent once: not repeated by the
    /// client, because the caller decides by reading.
    async fn put(&self, item: &LockItem, condition: &LockCondition) -> Result<Written, CloudError>;

    /// Deletes the item, if it is still this owner's.
    async fn delete(&self, owner: &str) -> Result<(), CloudError>;
}

/// Terraform's lock file beside the state, where the environment wants that as well.
#[async_trait]
pub trait LockFiles: Send + Sync {
    /// The file as it stands.
    async fn read(&self) -> Result<Option<LockFile>, CloudError>;

    /// Puts the file over this version, or where there is none; answers its
    /// version, or nothing when another stands. Sent once: not repeated by the
    /// client, because the caller decides by reading.
    async fn put(&self, text: &str, over: Option<&str>) -> Result<Option<String>, CloudError>;

    /// Deletes the file, if it is still this version. Sent once, as a PUT is.
    async fn delete(&self, version: &str) -> Result<Written, CloudError>;
}

/// What came of a write under conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It stands.
    Done,
    /// A condition did not hold.
    Refused,
}

/// The journal of runs and its fence, beside the lock: the three are written
/// in one transaction.
#[async_trait]
pub trait RunTable: Send + Sync {
    /// The fence as it stands, read consistently.
    async fn fence(&self) -> Result<Option<Fence>, CloudError>;

    /// Writes all of it, each entry for the first time, or nothing. Sent once;
    /// it may be sent again: what was done under its token is not done twice.
    async fn commit(&self, transaction: &Transaction, entries: &[Entry]) -> Result<Written, CloudError>;

    /// All entries of a run that can be read, in their order, read consistently:
    /// one that cannot is missing.
    async fn entries(&self, run: u64) -> Result<Vec<Entry>, CloudError>;

    /// All entries of so many newest runs, read consistently, the newest first.
    async fn latest(&self, runs: usize) -> Result<Vec<Entry>, CloudError>;

    /// Deletes a lock that is still exactly the one that was read, whosever it
    /// is, and notes that it was released: both or nothing; with no lock item to
    /// delete (a lock file was released), it is noted alone. Sent again under its
    /// token, it is done once.
    async fn release(
        &self,
        lock: Option<&LockItem>,
        release: &Release,
        token: &str,
    ) -> Result<Written, CloudError>;

    /// Keeps what a person said of the rollout that is open, for whoever drives
    /// it: no lease is needed. Sent again under its token, it is kept once.
    async fn say(&self, word: Word, said: &Said, token: &str) -> Result<(), CloudError>;

    /// What people have said since then (Unix milliseconds), the oldest first,
    /// read consistently.
    async fn said(&self, since_ms: u64) -> Result<Vec<(Word, Said)>, CloudError>;

    /// Keeps a person's word for one plan: no lease is needed. Sent again under
    /// its token, it is kept once. Read consistently by whoever applies.
    async fn approve(&self, approved: &Approved, token: &str) -> Result<(), CloudError>;

    /// What people said of plans, as long as the journal is kept, the oldest
    /// first. One that cannot be read is missing.
    async fn approved(&self) -> Result<Vec<Approved>, CloudError>;

    /// Keeps which plan people were shown. Sent again under its token, it is
    /// kept once.
    async fn show(&self, shown: &Shown, token: &str) -> Result<(), CloudError>;

    /// What people were shown, as long as the journal is kept, the oldest first.
    async fn shown(&self) -> Result<Vec<Shown>, CloudError>;

    /// Notes who waits for the lock, over what was noted of the same ticket.
    async fn note(&self, ticket: &Ticket) -> Result<(), CloudError>;

    /// Who waits for the lock, and who did not long ago.
    async fn tickets(&self) -> Result<Vec<Ticket>, CloudError>;

    /// So many of the locks that were released, the newest first.
    async fn releases(&self, most: usize) -> Result<Vec<Release>, CloudError>;
}

/// A version of the state, as the bucket tells them apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateVersion(pub String);

/// The state as the bucket has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredState {
    /// Its text.
    pub text: String,
    /// Its version.
    pub version: StateVersion,
}

/// The one object that is this environment's state.
#[async_trait]
pub trait StateBucket: Send + Sync {
    /// `s3://bucket/key`, for messages.
    fn location(&self) -> &str;

    /// The state as it stands; none when it was never written.
    async fn load(&self) -> Result<Option<StoredState>, CloudError>;

    /// Writes the state, if what stands is still `replaces` (nothing, when
    /// none). An error of kind `Stale` when it is not.
    async fn save(
        &self,
        proof: &LeaseProof,
        text: &str,
        replaces: Option<&StateVersion>,
    ) -> Result<StateVersion, CloudError>;

    /// Puts something beside the state, once: what lies there already stays.
    async fn keep(&self, proof: &LeaseProof, what: &Aside, text: &str) -> Result<(), CloudError>;
}

/// What lies beside the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Aside {
    /// A plan, by its approval hash.
    Plan(String),
    /// What came of a run, by its fence.
    Report(u64),
}

/// What lock and state stand on: the bucket and the tables. The one port that
/// writes without a lease: there is none before the lock table stands, and
/// nothing of an environment is written by it.
#[async_trait]
pub trait Foundation: Send + Sync {
    /// Looks at all of it, side by side.
    async fn look(&self) -> Backend;

    /// Does one thing; done already, by us or by another, is well. An error of
    /// kind `NotOurs` when the bucket's name is another account's.
    async fn make(&self, work: Work) -> Result<(), CloudError>;
}
