//! The config repo: a bare mirror, of which only blobs are read. Nothing is
//! ever checked out, and nothing of it is ever executed.

mod changed;
mod credentials;
mod error;
mod folder;
mod local;
mod mirror;
mod revision;
mod snapshot;
#[cfg(test)]
mod tests;

pub use changed::{Changed, changed, fingerprints};
pub use credentials::{Credentials, from_config};
pub use error::{GitError, GitErrorKind};
pub use folder::folder_sources;
pub use local::{clean_commit, commit_sources, folder_policies, is_in_index};
pub use mirror::{Heads, Mirror, group_of};
pub use revision::Revision;
pub use snapshot::{Snapshot, Snapshots, policy_files};
