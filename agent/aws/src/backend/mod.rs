//! Terraform's backend: the lock table, the bucket that the state lies in, and the lock file there.

mod approvals;
mod fence_item;
mod foundation;
mod lock_file;
mod lock_table;
mod object;
mod releases;
mod run_table;
mod state_bucket;
mod tickets;
mod words;

pub(crate) use foundation::Ground;
pub(crate) use lock_file::S3LockFile;
pub(crate) use lock_table::DynamoTable;
pub(crate) use run_table::DynamoJournal;
pub(crate) use state_bucket::S3Object;
