//! A config repository: a bare Git repository on disk, written to without a work tree.
//!
//! Commits get a fixed identity and a clock of their own that advances one minute per commit, so the same story
//! yields the same commit ids in every run. The user's own Git configuration is never read.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a broken test world must fail its test"
)]

mod command;
pub mod http;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tempfile::TempDir;

pub(crate) use command::{git, isolate};

/// Seconds since 1970 of the first commit: 5 January 2026, 09:00 UTC.
const FIRST_COMMIT: i64 = 1_767_603_600;

/// A bare repository that lives as long as its last handle. Clones are handles of the same repository.
#[derive(Clone, Debug)]
pub struct ConfigRepo {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    folder: TempDir,
    owner: String,
    name: String,
    clock: AtomicI64,
}

/// One commit as Git records it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    pub sha: String,
    pub tree: String,
    pub parents: Vec<String>,
    pub author: String,
    pub email: String,
    /// RFC 3339, UTC.
    pub date: String,
    pub message: String,
}

/// One file that differs between two revisions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedFile {
    pub path: String,
    /// `added`, `removed` or `modified`.
    pub status: &'static str,
    pub additions: u64,
    pub deletions: u64,
    pub blob: String,
}

/// Two branches change the same lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conflict;

impl ConfigRepo {
    /// An empty repository `acme/config` with the default branch `main`.
    pub fn create() -> Self {
        Self::create_named("acme", "config")
    }

    /// An empty repository with the default branch `main`.
    pub fn create_named(owner: &str, name: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder for the config repository");
        let path = folder.path().join(format!("{name}.git"));
        command::init(&path);
        let (owner, name) = (owner.to_owned(), name.to_owned());
        let inner = Inner { folder, owner, name, clock: AtomicI64::new(FIRST_COMMIT) };
        Self { inner: Arc::new(inner) }
    }

    pub fn owner(&self) -> &str {
        &self.inner.owner
    }

    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// `OWNER/NAME`.
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.owner(), self.name())
    }

    /// The bare repository itself; Git accepts it as a remote.
    pub fn path(&self) -> PathBuf {
        self.inner.folder.path().join(format!("{}.git", self.inner.name))
    }

    /// Commits the files onto `branch` and returns the new commit's id. `None` removes a file.
    /// A branch that does not exist starts at `main`, or with no parent in an empty repository.
    pub fn commit(&self, branch: &str, files: &[(&str, Option<&str>)], message: &str) -> String {
        let parent = self.head(branch).or_else(|| self.head("main"));
        let mut stream = Vec::new();
        let mut write = |text: &str| stream.extend_from_slice(text.as_bytes());
        write(&format!("commit refs/heads/{branch}\n"));
        write(&format!("committer {} <{}> {} +0000\n", command::NAME, command::EMAIL, self.tick()));
        write(&format!("data {}\n{message}\n", message.len()));
        if let Some(parent) = parent {
            write(&format!("from {parent}\n"));
        }
        for (path, contents) in files {
            match contents {
                Some(text) => write(&format!("M 100644 inline {path}\ndata {}\n{text}\n", text.len())),
                None => write(&format!("D {path}\n")),
            }
        }
        command::feed(&self.path(), &["fast-import", "--quiet", "--force", "--date-format=raw"], &stream);
        self.head(branch).expect("the branch that was just committed to")
    }

    /// Creates `name` at `from`, or moves it there: also a forced push.
    pub fn branch(&self, name: &str, from: &str) -> String {
        let sha = self.resolve(from).unwrap_or_else(|| panic!("no revision {from} in {}", self.full_name()));
        self.update_ref(&format!("refs/heads/{name}"), &sha);
        sha
    }

    /// Deletes a branch.
    pub fn delete_branch(&self, name: &str) {
        git(&self.path(), &["update-ref", "-d", &format!("refs/heads/{name}")]);
    }

    /// Merges `head` into the branch `base` with a merge commit and returns its id.
    ///
    /// # Errors
    /// When the two change the same lines.
    pub fn merge(&self, base: &str, head: &str, message: &str) -> Result<String, Conflict> {
        let sha = self.merge_commit(base, head, message)?;
        self.update_ref(&format!("refs/heads/{base}"), &sha);
        Ok(sha)
    }

    /// Writes the merge commit of two revisions without moving a branch.
    pub(crate) fn merge_commit(&self, base: &str, head: &str, message: &str) -> Result<String, Conflict> {
        let tree = self.merged_tree(base, head)?;
        Ok(self.write_commit(&tree, &[base, head], message, self.tick()))
    }

    /// As [`Self::merge_commit`], but the clock stands still: how often a test merge is made depends on timing, and
    /// must not show in the ids of later commits.
    pub(crate) fn test_merge(&self, base: &str, head: &str) -> Result<String, Conflict> {
        let tree = self.merged_tree(base, head)?;
        let message = format!("Merge {head} into {base}");
        Ok(self.write_commit(&tree, &[base, head], &message, self.inner.clock.load(Ordering::SeqCst)))
    }

    /// Writes one commit onto `base` with all that `head` changes.
    pub(crate) fn squash_commit(&self, base: &str, head: &str, message: &str) -> Result<String, Conflict> {
        let tree = self.merged_tree(base, head)?;
        Ok(self.write_commit(&tree, &[base], message, self.tick()))
    }

    fn merged_tree(&self, base: &str, head: &str) -> Result<String, Conflict> {
        let output = command::run(&self.path(), &["merge-tree", "--write-tree", base, head]);
        match output.status.code() {
            Some(0) => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
            Some(1) => Err(Conflict),
            _ => panic!("git merge-tree {base} {head}: {}", String::from_utf8_lossy(&output.stderr)),
        }
    }

    fn write_commit(&self, tree: &str, parents: &[&str], message: &str, seconds: i64) -> String {
        let mut arguments = vec!["commit-tree", tree, "-m", message];
        for parent in parents {
            arguments.extend(["-p", parent]);
        }
        command::git_at(&self.path(), &arguments, seconds)
    }

    /// The commit id of a branch.
    pub fn head(&self, branch: &str) -> Option<String> {
        self.resolve(&format!("refs/heads/{branch}"))
    }

    /// The commit id of any revision that Git understands.
    pub fn resolve(&self, revision: &str) -> Option<String> {
        let revision = format!("{revision}^{{commit}}");
        let output =
            command::run(&self.path(), &["rev-parse", "--verify", "--quiet", "--end-of-options", &revision]);
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// True when `ancestor` is in the history of `revision`, or is it.
    pub fn is_ancestor(&self, ancestor: &str, revision: &str) -> bool {
        command::run(&self.path(), &["merge-base", "--is-ancestor", ancestor, revision]).status.success()
    }

    /// The newest commit that two revisions share.
    pub fn merge_base(&self, one: &str, other: &str) -> Option<String> {
        let output = command::run(&self.path(), &["merge-base", one, other]);
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// A file's text at a revision.
    pub fn read(&self, revision: &str, path: &str) -> Option<String> {
        let output = command::run(&self.path(), &["cat-file", "blob", &format!("{revision}:{path}")]);
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// All branches with their commit ids, by name.
    pub fn branches(&self) -> Vec<(String, String)> {
        self.refs("refs/heads/")
            .into_iter()
            .map(|(name, sha)| (name["refs/heads/".len()..].to_owned(), sha))
            .collect()
    }

    /// All references below a prefix with their commit ids, by full name.
    pub fn refs(&self, prefix: &str) -> Vec<(String, String)> {
        let output = git(&self.path(), &["for-each-ref", "--format=%(refname) %(objectname)", prefix]);
        let pairs = output.lines().filter_map(|line| line.split_once(' '));
        pairs.map(|(name, sha)| (name.to_owned(), sha.to_owned())).collect()
    }

    pub(crate) fn update_ref(&self, name: &str, sha: &str) {
        git(&self.path(), &["update-ref", name, sha]);
    }

    /// The commits of a range such as `main..topic`, newest first.
    pub fn log(&self, range: &str) -> Vec<Commit> {
        command::log(&self.path(), range)
    }

    /// The files in which `head` differs from its merge base with `base`.
    pub fn changed_files(&self, base: &str, head: &str) -> Vec<ChangedFile> {
        command::changed_files(&self.path(), base, head)
    }

    /// Clones into a new folder with a work tree, for stories that need one.
    pub fn work_tree(&self) -> TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder for a work tree");
        let target = folder.path().to_string_lossy().into_owned();
        git(Path::new("/"), &["clone", "--quiet", &self.path().to_string_lossy(), &target]);
        folder
    }

    fn tick(&self) -> i64 {
        self.inner.clock.fetch_add(60, Ordering::SeqCst)
    }
}
