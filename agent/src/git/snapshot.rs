use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use pointsman_core::{
    environment::{EnvironmentName, Reading, read},
    policy::{PolicyError, PolicySet},
};

use super::{GitError, Mirror, Revision, fingerprints};

/// Everything that a commit says, read once.
#[derive(Debug)]
pub struct Snapshot {
    /// Of which commit.
    pub revision: Revision,
    /// Its environments.
    pub reading: Reading,
    /// What each environment was read from.
    pub fingerprints: BTreeMap<EnvironmentName, String>,
    /// Its policies, or all that is wrong with them.
    pub policies: Result<Arc<PolicySet>, Vec<PolicyError>>,
}

/// So many commits are remembered.
const REMEMBERED: usize = 16;

/// The commits that were read lately.
#[derive(Debug)]
pub struct Snapshots {
    mirror: Mirror,
    environments: String,
    policies: String,
    lately: Mutex<VecDeque<Arc<Snapshot>>>,
}

impl Snapshots {
    /// Of a mirror, with environments and policies in these folders.
    pub fn new(mirror: Mirror, environments: &str, policies: &str) -> Self {
        let lately = Mutex::new(VecDeque::new());
        Self { mirror, environments: environments.to_owned(), policies: policies.to_owned(), lately }
    }

    /// What a commit says.
    ///
    /// # Errors
    ///
    /// When the mirror does not have it, or it is too large. What is wrong in
    /// its files is no error but part of the snapshot.
    pub async fn at(self: &Arc<Self>, commit: &str) -> Result<Arc<Snapshot>, GitError> {
        let (snapshots, commit) = (Arc::clone(self), commit.to_owned());
        let read = tokio::task::spawn_blocking(move || snapshots.read(&commit));
        read.await.unwrap_or_else(|error| {
            let help = "this is a fault of the agent; report it with the commit";
            Err(GitError::new(super::GitErrorKind::TooLarge, "reading a commit", error.to_string(), help))
        })
    }

    fn read(&self, commit: &str) -> Result<Arc<Snapshot>, GitError> {
        let known = |lately: &VecDeque<Arc<Snapshot>>| {
            lately.iter().find(|snapshot| snapshot.revision.id() == commit).cloned()
        };
        if let Some(snapshot) = known(&self.lately.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(snapshot);
        }
        let revision = self.mirror.revision(commit)?;
        let (sources, blobs) = revision.sources(&self.environments)?;
        let (files, refused) = revision.policies(&self.policies)?;
        let reading = read(&sources);
        let fingerprints = fingerprints(&reading, &blobs);
        let policies = policy_set(&files, refused).map(Arc::new);
        let snapshot = Arc::new(Snapshot { revision, reading, fingerprints, policies });
        let mut lately = self.lately.lock().unwrap_or_else(PoisonError::into_inner);
        lately.push_front(Arc::clone(&snapshot));
        lately.truncate(REMEMBERED);
        Ok(snapshot)
    }
}

/// The policies in files; an error when one of them had to be refused, because
/// what cannot be heard might have denied.
///
/// # Errors
///
/// All that is wrong with them.
pub fn policy_set(
    files: &BTreeMap<String, String>,
    refused: Vec<String>,
) -> Result<PolicySet, Vec<PolicyError>> {
    let refused: Vec<PolicyError> = refused
        .into_iter()
        .filter(|path| path.ends_with(".rego"))
        .map(|file| PolicyError {
            file,
            line: 0,
            column: 0,
            message: "it is a link, a submodule, too large, or not UTF-8".to_owned(),
            help: "make it an ordinary text file".to_owned(),
        })
        .collect();
    if refused.is_empty() { PolicySet::load(files) } else { Err(refused) }
}
