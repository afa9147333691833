//! The config repo as a person's own clone: for the command line.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use git2::{Repository, StatusOptions};
use pointsman_core::environment::Sources;

use super::{GitError, GitErrorKind, Revision};

/// A policy file is text of at most so many bytes.
const MOST_POLICY_BYTES: u64 = 1024 * 1024;

/// The policy files of a folder on disk, by path in the repo; none when there
/// is no such folder. What is a link, too large or no text is named in the
/// second part.
///
/// # Errors
///
/// When the folder or a file in it cannot be read.
pub fn folder_policies(
    repo: &Path,
    policies: &str,
) -> std::io::Result<(BTreeMap<String, String>, Vec<String>)> {
    let mut files = BTreeMap::new();
    let mut refused = Vec::new();
    let mut folders = vec![policies.to_owned()];
    while let Some(prefix) = folders.pop() {
        let folder = repo.join(&prefix);
        if !folder.is_dir() {
            continue;
        }
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let path = format!("{prefix}/{}", entry.file_name().to_string_lossy());
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(path);
                continue;
            }
            let readable = kind.is_file() && entry.metadata()?.len() <= MOST_POLICY_BYTES;
            let text = if readable { String::from_utf8(std::fs::read(entry.path())?).ok() } else { None };
            match text {
                Some(text) => drop(files.insert(path, text)),
                None => refused.push(path),
            }
        }
    }
    Ok((files, refused))
}

/// Whether Git keeps a file of a folder; not outside of a repository.
pub fn is_in_index(folder: &Path, file: &str) -> bool {
    let Ok(repository) = Repository::discover(folder) else { return false };
    let Some(root) = repository.workdir().and_then(|root| root.canonicalize().ok()) else { return false };
    let Ok(path) = folder.join(file).canonicalize() else { return false };
    let Ok(relative) = path.strip_prefix(root) else { return false };
    repository.index().is_ok_and(|index| index.get_path(relative, 0).is_some())
}

/// The commit that a folder stands at, when it belongs to a repository and no
/// environment or policy in it differs from that commit.
pub fn clean_commit(folder: &Path) -> Option<String> {
    let repository = Repository::discover(folder).ok()?;
    let mut options = StatusOptions::new();
    options.include_untracked(true).include_ignored(false);
    for described in ["environments", "policies"] {
        options.pathspec(folder_in(&repository, folder)?.join(described));
    }
    let clean = repository.statuses(Some(&mut options)).ok()?.is_empty();
    let head = repository.head().ok()?.peel_to_commit().ok()?;
    clean.then(|| head.id().to_string())
}

/// Where a folder is in the work tree of its repository.
fn folder_in(repository: &Repository, folder: &Path) -> Option<PathBuf> {
    let root = repository.workdir()?.canonicalize().ok()?;
    Some(folder.canonicalize().ok()?.strip_prefix(root).ok()?.to_path_buf())
}

/// The environments of a commit of the repository that a folder belongs to.
///
/// # Errors
///
/// When the folder belongs to no repository, or the repository does not have
/// the commit.
pub fn commit_sources(folder: &Path, commit: &str, environments: &str) -> Result<Sources, GitError> {
    let repository = Repository::discover(folder).map_err(|error| {
        let what = format!("reading the repository of {}", folder.display());
        GitError::new(GitErrorKind::NotFound, what, error.message(), "run this in a clone of the config repo")
    })?;
    Ok(Revision::open(repository.path(), commit)?.sources(environments)?.0)
}
