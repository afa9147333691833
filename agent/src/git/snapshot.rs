use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use pointsman_core::{
    environment::{EnvironmentName, Identity, Reading, read_as},
    policy::PolicyError,
    render::words,
    requirement,
};
use pointsman_engine::{EvaluatorProgram, Policies, Unusable};

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
    /// What its environments are planned as.
    pub read_as: BTreeSet<Identity>,
    /// What it requires before an apply.
    pub requirements: requirement::File,
    /// Its policies, or all that is wrong with them.
    pub policies: Result<Arc<Policies>, Vec<PolicyError>>,
}

/// So many commits are remembered.
const REMEMBERED: usize = 16;

/// The commits that were read lately.
#[derive(Debug)]
pub struct Snapshots {
    mirror: Mirror,
    environments: String,
    policies: String,
    program: EvaluatorProgram,
    lately: Mutex<VecDeque<Arc<Snapshot>>>,
}

impl Snapshots {
    /// Of a mirror, with environments and policies in these folders; `program`
    /// evaluates the policies.
    pub fn new(mirror: Mirror, environments: &str, policies: &str, program: EvaluatorProgram) -> Self {
        let lately = Mutex::new(VecDeque::new());
        let (environments, policies) = (environments.to_owned(), policies.to_owned());
        Self { mirror, environments, policies, program, lately }
    }

    /// What a commit says.
    ///
    /// # Errors
    ///
    /// When the mirror does not have it, or it is too large. What is wrong in
    /// its files is no error but part of the snapshot.
    pub async fn at(self: &Arc<Self>, commit: &str) -> Result<Arc<Snapshot>, GitError> {
        if let Some(known) = self.known(commit) {
            return Ok(known);
        }
        let (snapshots, owned) = (Arc::clone(self), commit.to_owned());
        let read = tokio::task::spawn_blocking(move || snapshots.read(&owned));
        let read = read.await.unwrap_or_else(|error| {
            let help = "this is a fault of the agent; report it with the commit";
            Err(GitError::new(super::GitErrorKind::TooLarge, "reading a commit", error.to_string(), help))
        })?;
        let Read { revision, reading, fingerprints, read_as, requirements, policies } = read;
        let policies = match policies {
            Ok(files) => self.checked(&revision, files).await,
            Err(errors) => Err(Unusable::Wrong(errors)),
        };
        // Without an answer today there may be one the next time.
        let is_final = !matches!(policies, Err(Unusable::NoAnswer(_)));
        let policies = policies.map(Arc::new).map_err(Unusable::errors);
        let snapshot =
            Arc::new(Snapshot { revision, reading, fingerprints, read_as, requirements, policies });
        if is_final {
            let mut lately = self.lately.lock().unwrap_or_else(PoisonError::into_inner);
            lately.push_front(Arc::clone(&snapshot));
            lately.truncate(REMEMBERED);
        }
        Ok(snapshot)
    }

    fn known(&self, commit: &str) -> Option<Arc<Snapshot>> {
        let lately = self.lately.lock().unwrap_or_else(PoisonError::into_inner);
        lately.iter().find(|snapshot| snapshot.revision.id() == commit).cloned()
    }

    async fn checked(
        &self,
        revision: &Revision,
        files: BTreeMap<String, String>,
    ) -> Result<Policies, Unusable> {
        let name = format!("{}/ of {}", self.policies, words::short(&revision.id()));
        let policies = Policies::new(name, files, self.program.clone());
        policies.check().await?;
        Ok(policies)
    }

    fn read(&self, commit: &str) -> Result<Read, GitError> {
        let revision = self.mirror.revision(commit)?;
        let (sources, blobs) = revision.sources(&self.environments)?;
        let (files, refused) = revision.policies(&self.policies)?;
        let reading = crate::reading::read(&sources);
        let fingerprints = fingerprints(&reading, &blobs);
        let read_as = read_as(&reading, &sources);
        let requirements = requirement::read(&sources);
        let policies = policy_files(files, refused);
        Ok(Read { revision, reading, fingerprints, read_as, requirements, policies })
    }
}

/// What a commit says, its policies as text.
struct Read {
    revision: Revision,
    reading: Reading,
    fingerprints: BTreeMap<EnvironmentName, String>,
    read_as: BTreeSet<Identity>,
    requirements: requirement::File,
    policies: Result<BTreeMap<String, String>, Vec<PolicyError>>,
}

/// The files of policies; an error when one of them had to be refused, because
/// what cannot be heard might have denied.
///
/// # Errors
///
/// Every file that was refused.
pub fn policy_files(
    files: BTreeMap<String, String>,
    refused: Vec<String>,
) -> Result<BTreeMap<String, String>, Vec<PolicyError>> {
    let refused: Vec<PolicyError> = refused
        .into_iter()
        .filter(|path| [".rego", ".json", ".toml"].iter().any(|ending| path.ends_with(ending)))
        .map(|file| PolicyError {
            file,
            line: 0,
            column: 0,
            message: "it is a link, a submodule, too large, or not UTF-8".to_owned(),
            help: "make it an ordinary text file".to_owned(),
        })
        .collect();
    if refused.is_empty() { Ok(files) } else { Err(refused) }
}
