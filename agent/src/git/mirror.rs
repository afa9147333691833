use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use git2::{AutotagOption, Direction, FetchOptions, FetchPrune, RemoteRedirect, Repository};
use pointsman_core::hash::text_hash;
use tokio::sync::oneshot;

use super::{Credentials, GitError, GitErrorKind, Revision, credentials::callbacks};

/// How long a remote may take to list its references.
const LIST_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a remote may take to send what is new.
const FETCH_TIMEOUT: Duration = Duration::from_secs(600);
/// So many calls may hang at once, until the agent stops asking.
const MOST_HANGING: usize = 4;
/// The most that one fetch may bring.
const MOST_BYTES: usize = 2 * 1024 * 1024 * 1024;

/// A bare copy of the config repo.
#[derive(Clone, Debug)]
pub struct Mirror {
    folder: PathBuf,
    url: String,
    branch: String,
    hanging: Arc<AtomicUsize>,
}

/// What a remote's references are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heads {
    /// The watched branch's commit.
    pub branch: String,
    /// The head commit of every pull request, open or not, by number.
    pub pulls: BTreeMap<u64, String>,
    /// The head commit of every group that the merge queue of the watched
    /// branch made, by the group's branch.
    pub groups: BTreeMap<String, String>,
    /// Changes whenever a branch or the head of a pull request moves.
    pub digest: String,
}

/// The pull request at the head of a merge queue's group, by the group's branch
/// (`gh-readonly-queue/main/pr-12-0a1b…`); none for any other branch.
pub fn group_of(group: &str, branch: &str) -> Option<u64> {
    let rest = group.strip_prefix("gh-readonly-queue/")?.strip_prefix(branch)?.strip_prefix("/pr-")?;
    let (number, base) = rest.split_once('-')?;
    base.chars().all(|c| c.is_ascii_hexdigit()).then(|| numbered(number))?
}

/// The number that a reference names. Written otherwise, such as `+7`, it is another reference.
fn numbered(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number: &u64| number.to_string() == text)
}

impl Mirror {
    /// The mirror of an address below a folder; made when there is none.
    ///
    /// # Errors
    ///
    /// When the folder cannot be used.
    pub fn open(data_dir: &Path, url: &str, branch: &str) -> Result<Self, GitError> {
        let folder = data_dir.join(format!("mirror-{}.git", &text_hash(url)[..12]));
        let what = format!("the mirror in {}", folder.display());
        let unusable = |why: String| {
            let help = "make `data_dir` in [agent] a folder that the agent may write";
            GitError::new(GitErrorKind::Mirror, what.clone(), why, help)
        };
        std::fs::create_dir_all(data_dir).map_err(|error| unusable(error.to_string()))?;
        if Repository::open_bare(&folder).is_err() {
            let mut options = git2::RepositoryInitOptions::new();
            // A template of this machine could bring hooks along.
            options.bare(true).external_template(false);
            Repository::init_opts(&folder, &options).map_err(|error| unusable(error.message().to_owned()))?;
        }
        let hanging = Arc::new(AtomicUsize::new(0));
        Ok(Self { folder, url: url.to_owned(), branch: branch.to_owned(), hanging })
    }

    #[cfg(test)]
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The address that is mirrored.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Asks the remote where its references are: all that an idle poll costs.
    ///
    /// # Errors
    ///
    /// The remote is unreachable, refuses the credentials, is empty, or lacks
    /// the watched branch.
    pub async fn heads(&self, credentials: Credentials) -> Result<Heads, GitError> {
        let what = format!("looking at {}", self.url);
        let (url, shown) = (self.url.clone(), what.clone());
        let listed = self
            .apart(&what, LIST_TIMEOUT, move || {
                let mut remote = git2::Remote::create_detached(url)
                    .map_err(|error| GitError::of_remote(shown.clone(), &error))?;
                let connection = remote
                    .connect_auth(Direction::Fetch, Some(callbacks(&credentials)), None)
                    .map_err(|error| GitError::of_remote(shown.clone(), &error))?;
                let heads = connection.list().map_err(|error| GitError::of_remote(shown, &error))?;
                Ok(heads
                    .iter()
                    .map(|head| (head.name().to_owned(), head.oid().to_string()))
                    .collect::<BTreeMap<_, _>>())
            })
            .await?;
        self.interpret(&what, &listed)
    }

    fn interpret(&self, what: &str, listed: &BTreeMap<String, String>) -> Result<Heads, GitError> {
        let branches: Vec<&str> = listed.keys().filter_map(|name| name.strip_prefix("refs/heads/")).collect();
        if branches.is_empty() {
            let help = format!("push a first commit to `{}`", self.branch);
            return Err(GitError::new(GitErrorKind::Empty, what, "the repository has no branch yet", help));
        }
        let Some(branch) = listed.get(&format!("refs/heads/{}", self.branch)) else {
            let some: Vec<&str> = branches.iter().take(10).copied().collect();
            let help = format!("set `branch` in [repo]; there are: {}", some.join(", "));
            let why = format!("there is no branch `{}`", self.branch);
            return Err(GitError::new(GitErrorKind::BranchMissing, what, why, help));
        };
        let pull = |name: &str| numbered(name.strip_prefix("refs/pull/")?.strip_suffix("/head")?);
        let watched = |name: &str| name.starts_with("refs/heads/") || pull(name).is_some();
        let text: String = listed
            .iter()
            .filter(|(name, _)| watched(name))
            .map(|(name, commit)| format!("{name} {commit}\n"))
            .collect();
        Ok(Heads {
            branch: branch.clone(),
            pulls: listed.iter().filter_map(|(name, commit)| Some((pull(name)?, commit.clone()))).collect(),
            groups: listed
                .iter()
                .filter_map(|(name, commit)| {
                    let branch = name.strip_prefix("refs/heads/")?;
                    group_of(branch, &self.branch).map(|_| (branch.to_owned(), commit.clone()))
                })
                .collect(),
            digest: text_hash(&text),
        })
    }

    /// Brings the watched branch and the heads of these pull requests.
    ///
    /// # Errors
    ///
    /// As [`Self::heads`], and when there is too much.
    pub async fn fetch(&self, credentials: Credentials, pulls: &[u64]) -> Result<(), GitError> {
        let mut refspecs = vec![format!("+refs/heads/{0}:refs/heads/{0}", self.branch)];
        refspecs
            .extend(pulls.iter().map(|number| format!("+refs/pull/{number}/head:refs/pull/{number}/head")));
        self.fetch_refs(credentials, refspecs).await
    }

    /// Brings the heads of groups that a merge queue made, by their branches.
    ///
    /// # Errors
    ///
    /// As [`Self::fetch`]. A group may be gone already.
    pub async fn fetch_groups(&self, credentials: Credentials, groups: &[String]) -> Result<(), GitError> {
        let refspecs = groups.iter().map(|branch| format!("+refs/heads/{branch}:refs/heads/{branch}"));
        self.fetch_refs(credentials, refspecs.collect()).await
    }

    async fn fetch_refs(&self, credentials: Credentials, refspecs: Vec<String>) -> Result<(), GitError> {
        let what = format!("fetching {}", self.url);
        let (folder, url, shown) = (self.folder.clone(), self.url.clone(), what.clone());
        self.apart(&what, FETCH_TIMEOUT, move || {
            let repository =
                Repository::open_bare(&folder).map_err(|error| GitError::of_mirror(shown.clone(), &error))?;
            let mut remote = repository
                .remote_anonymous(&url)
                .map_err(|error| GitError::of_remote(shown.clone(), &error))?;
            let mut callbacks = callbacks(&credentials);
            callbacks.transfer_progress(|progress| progress.received_bytes() <= MOST_BYTES);
            let mut options = FetchOptions::new();
            options
                .remote_callbacks(callbacks)
                .download_tags(AutotagOption::None)
                .prune(FetchPrune::Off)
                .follow_redirects(RemoteRedirect::Initial)
                .update_fetchhead(false);
            remote
                .fetch(&refspecs, Some(&mut options), None)
                .map_err(|error| GitError::of_remote(shown, &error))
        })
        .await
    }

    /// A commit that was fetched.
    ///
    /// # Errors
    ///
    /// When the mirror does not have it.
    pub fn revision(&self, commit: &str) -> Result<Revision, GitError> {
        Revision::open(&self.folder, commit)
    }

    /// Runs a call of libgit2 on a thread of its own and waits no longer than
    /// may be. libgit2 cannot be interrupted while a server is silent: such a
    /// thread is left behind, and a few of them are enough.
    async fn apart<T: Send + 'static>(
        &self,
        what: &str,
        timeout: Duration,
        call: impl FnOnce() -> Result<T, GitError> + Send + 'static,
    ) -> Result<T, GitError> {
        let silent = |why: String| {
            let help = "check the network and the server; if it stays so, restart the agent";
            GitError::new(GitErrorKind::Unreachable, what, why, help)
        };
        if self.hanging.fetch_add(1, Ordering::AcqRel) >= MOST_HANGING {
            self.hanging.fetch_sub(1, Ordering::AcqRel);
            return Err(silent(format!("{MOST_HANGING} calls before this one still wait for an answer")));
        }
        let (sender, receiver) = oneshot::channel();
        let hanging = Arc::clone(&self.hanging);
        std::thread::spawn(move || {
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(call));
            hanging.fetch_sub(1, Ordering::AcqRel);
            let _ = sender.send(result);
        });
        match tokio::time::timeout(timeout, receiver).await {
            Ok(Ok(Ok(result))) => result,
            Ok(Ok(Err(_)) | Err(_)) => Err(silent("the call ended unexpectedly".to_owned())),
            Err(_) => Err(silent(format!("no answer within {} s", timeout.as_secs()))),
        }
    }
}
