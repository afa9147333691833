use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use git2::{ObjectType, Oid, Repository};
use pointsman_core::environment::{MAX_FILE_BYTES, Source, Sources};

use super::{GitError, GitErrorKind};

/// No config repo needs more; what has more is refused before it is read.
const MOST_ENTRIES: usize = 50_000;
const MOST_BYTES: u64 = 64 * 1024 * 1024;
const MOST_POLICY_BYTES: usize = 16 * 1024 * 1024;
const DEEPEST: usize = 32;
/// How far back the branch is searched for the commit that brought something.
const FARTHEST_BACK: usize = 1_000;

/// GitHub shows no more of a pull request's commits, and rebases fewer.
const MOST_COMMITS_OF_A_PULL: usize = 250;

const MODE_LINK: i32 = 0o120_000;

/// One commit of the mirror. Reads blobs, and nothing but blobs. Every method
/// blocks for as long as the disk takes: milliseconds.
#[derive(Clone, Debug)]
pub struct Revision {
    folder: PathBuf,
    commit: Oid,
}

/// A file as the tree has it: its blob's id, or a mark.
pub(super) type Blobs = BTreeMap<String, String>;

impl Revision {
    pub(super) fn open(folder: &Path, commit: &str) -> Result<Self, GitError> {
        let missing = |why: &str| {
            let help = "the history was rewritten, or the fetch failed; see the log";
            GitError::new(GitErrorKind::CommitMissing, format!("reading the commit {commit}"), why, help)
        };
        let oid = Oid::from_str(commit).map_err(|error| missing(error.message()))?;
        let repository = open(folder)?;
        repository.find_commit(oid).map_err(|error| missing(error.message()))?;
        Ok(Self { folder: folder.to_owned(), commit: oid })
    }

    /// The commit's id.
    pub fn id(&self) -> String {
        self.commit.to_string()
    }

    /// The environments' files, and whatever TOML they may extend: links and
    /// submodules marked, never followed; what is too large is not loaded.
    pub fn sources(&self, root: &str) -> Result<(Sources, Blobs), GitError> {
        let mut sources = Sources::under(root);
        let mut blobs = Blobs::new();
        let mut bytes = 0;
        let repository = open(&self.folder)?;
        let prefix = format!("{}/", sources.root());
        self.walk(&repository, |path, kind, mode, id| {
            let relevant = path.starts_with(&prefix) || path.ends_with(".toml");
            let source = match (kind, mode) {
                (ObjectType::Commit, _) => Source::Submodule,
                (ObjectType::Blob, MODE_LINK) => Source::Symlink,
                (ObjectType::Blob, _) if relevant => {
                    let (content, size) = self.blob(&repository, id)?;
                    bytes += content.as_ref().map_or(0, |_| size);
                    content.map_or(Source::TooLarge(size), Source::File)
                }
                _ => return Ok(()),
            };
            if bytes > MOST_BYTES {
                return Err(
                    self.too_large(&format!("its TOML files have more than {MOST_BYTES} bytes together"))
                );
            }
            blobs.insert(path.clone(), format!("{mode:o} {id}"));
            sources.insert(path, source);
            Ok(())
        })?;
        Ok((sources, blobs))
    }

    /// The text files of the policy folder, by path in the repo. What is a
    /// link, a submodule, too large or no text is named in the second part.
    pub fn policies(&self, folder: &str) -> Result<(BTreeMap<String, String>, Vec<String>), GitError> {
        let repository = open(&self.folder)?;
        let prefix = format!("{}/", folder.trim_matches('/'));
        let mut files = BTreeMap::new();
        let mut refused = Vec::new();
        let mut bytes = 0;
        self.walk(&repository, |path, kind, mode, id| {
            if !path.starts_with(&prefix) {
                return Ok(());
            }
            let content = match (kind, mode) {
                (ObjectType::Blob, MODE_LINK) | (ObjectType::Commit, _) => None,
                _ => self.blob(&repository, id)?.0.and_then(|bytes| String::from_utf8(bytes).ok()),
            };
            match content {
                Some(text) => {
                    bytes += text.len();
                    files.insert(path, text);
                }
                None => refused.push(path),
            }
            if bytes > MOST_POLICY_BYTES {
                return Err(self.too_large(&format!("its policies have more than {MOST_POLICY_BYTES} bytes")));
            }
            Ok(())
        })?;
        Ok((files, refused))
    }

    /// The paths that differ from another commit's, in both directions.
    pub fn changed_paths(&self, other: &Self) -> Result<BTreeSet<String>, GitError> {
        let repository = open(&self.folder)?;
        let (ours, theirs) = (self.tree(&repository)?, other.tree(&repository)?);
        let diff = repository
            .diff_tree_to_tree(Some(&theirs), Some(&ours), None)
            .map_err(|error| GitError::of_mirror("comparing two commits", &error))?;
        let mut paths = BTreeSet::new();
        for delta in diff.deltas() {
            for file in [delta.old_file(), delta.new_file()] {
                paths.extend(file.path_bytes().map(|path| String::from_utf8_lossy(path).into_owned()));
            }
        }
        Ok(paths)
    }

    /// The newest commit that both histories share; none when they share none.
    pub fn merge_base(&self, other: &Self) -> Result<Option<Self>, GitError> {
        let repository = open(&self.folder)?;
        match repository.merge_base(self.commit, other.commit) {
            Ok(commit) => Ok(Some(Self { folder: self.folder.clone(), commit })),
            Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
            Err(error) => Err(GitError::of_mirror("looking for the common ancestor", &error)),
        }
    }

    /// The commit of the branch, from this one backwards, that gave these
    /// files their present content: the farthest one that is looked at, when
    /// none of them did.
    pub fn last_change(&self, files: &[String]) -> Result<Self, GitError> {
        let repository = open(&self.folder)?;
        let of = |commit: Oid| -> Result<Vec<Option<Oid>>, GitError> {
            let tree = Self { folder: PathBuf::new(), commit }.tree(&repository)?;
            Ok(files.iter().map(|file| tree.get_path(Path::new(file)).ok().map(|entry| entry.id())).collect())
        };
        let wanted = of(self.commit)?;
        let mut commit = self.commit;
        for _ in 0..FARTHEST_BACK {
            match self.parent(&repository, commit)? {
                Some(parent) if of(parent)? == wanted => commit = parent,
                _ => break,
            }
        }
        Ok(Self { folder: self.folder.clone(), commit })
    }

    /// The commit before this one on its branch; none at the beginning.
    pub fn first_parent(&self) -> Result<Option<Self>, GitError> {
        let repository = open(&self.folder)?;
        let parent = self.parent(&repository, self.commit)?;
        Ok(parent.map(|commit| Self { folder: self.folder.clone(), commit }))
    }

    /// Whether a folder has been the same in this commit and in all of its
    /// first parents, as far back as a pull request may reach.
    pub fn has_long_had(&self, folder: &str) -> Result<bool, GitError> {
        let repository = open(&self.folder)?;
        let folder = Path::new(folder.trim_matches('/'));
        let mut standing = None;
        let mut next = Some(self.commit);
        for _ in 0..MOST_COMMITS_OF_A_PULL {
            let Some(commit) = next else { break };
            let revision = Self { folder: self.folder.clone(), commit };
            let entry = revision.tree(&repository)?.get_path(folder).ok().map(|entry| entry.id());
            if *standing.get_or_insert(entry) != entry {
                return Ok(false);
            }
            next = self.parent(&repository, commit)?;
        }
        Ok(true)
    }

    /// How many parents it has: two and more make a merge.
    pub fn parent_count(&self) -> Result<usize, GitError> {
        let repository = open(&self.folder)?;
        let commit = repository.find_commit(self.commit).map_err(|error| self.unreadable(&error))?;
        Ok(commit.parent_count())
    }

    fn parent(&self, repository: &Repository, of: Oid) -> Result<Option<Oid>, GitError> {
        let commit = repository.find_commit(of).map_err(|error| self.unreadable(&error))?;
        Ok(commit.parent_ids().next())
    }

    fn tree<'r>(&self, repository: &'r Repository) -> Result<git2::Tree<'r>, GitError> {
        let commit = repository.find_commit(self.commit).map_err(|error| self.unreadable(&error))?;
        commit.tree().map_err(|error| self.unreadable(&error))
    }

    /// Every leaf of the tree in order: path, kind, mode, id.
    fn walk(
        &self,
        repository: &Repository,
        mut visit: impl FnMut(String, ObjectType, i32, Oid) -> Result<(), GitError>,
    ) -> Result<(), GitError> {
        let mut folders = vec![(String::new(), self.tree(repository)?, 0)];
        let mut entries = 0;
        while let Some((prefix, tree, depth)) = folders.pop() {
            for entry in &tree {
                entries += 1;
                if entries > MOST_ENTRIES {
                    return Err(self.too_large(&format!("it has more than {MOST_ENTRIES} files")));
                }
                let path = format!("{prefix}{}", String::from_utf8_lossy(entry.name_bytes()));
                let Some(kind) = entry.kind() else { continue };
                if kind != ObjectType::Tree {
                    visit(path, kind, entry.filemode(), entry.id())?;
                    continue;
                }
                if depth >= DEEPEST {
                    return Err(self.too_large(&format!("its folders stand more than {DEEPEST} deep")));
                }
                let below = repository.find_tree(entry.id()).map_err(|error| self.unreadable(&error))?;
                folders.push((format!("{path}/"), below, depth + 1));
            }
        }
        Ok(())
    }

    /// A blob's content when it is of readable size, and its size.
    fn blob(&self, repository: &Repository, id: Oid) -> Result<(Option<Vec<u8>>, u64), GitError> {
        let unreadable = |error: git2::Error| self.unreadable(&error);
        let size = repository.odb().and_then(|odb| odb.read_header(id)).map_err(unreadable)?.0;
        if size > MAX_FILE_BYTES {
            return Ok((None, u64::try_from(size).unwrap_or(u64::MAX)));
        }
        let blob = repository.find_blob(id).map_err(unreadable)?;
        Ok((Some(blob.content().to_vec()), u64::try_from(size).unwrap_or(u64::MAX)))
    }

    fn unreadable(&self, error: &git2::Error) -> GitError {
        GitError::of_mirror(format!("reading the commit {}", self.commit), error)
    }

    fn too_large(&self, why: &str) -> GitError {
        let what = format!("reading the commit {}", self.commit);
        GitError::new(GitErrorKind::TooLarge, what, why, "keep the config repo to configuration")
    }
}

fn open(folder: &Path) -> Result<Repository, GitError> {
    Repository::open_bare(folder)
        .map_err(|error| GitError::of_mirror(format!("opening the mirror {}", folder.display()), &error))
}
