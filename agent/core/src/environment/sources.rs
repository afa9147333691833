use std::collections::BTreeMap;

/// The largest file that is read: 1 MiB.
pub const MAX_FILE_BYTES: usize = 1024 * 1024;

/// The config repo's files as data, however they were come by: blobs of a
/// revision, or files of a folder. Nothing here touches a disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sources {
    root: String,
    files: BTreeMap<String, Source>,
}

/// What stands at a path of the config repo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// An ordinary file.
    File(Vec<u8>),
    /// A file that was not loaded because it is larger than
    /// [`MAX_FILE_BYTES`]; how large it is.
    TooLarge(u64),
    /// A symbolic link: never followed.
    Symlink,
    /// A Git submodule: never entered.
    Submodule,
}

impl Sources {
    /// No files yet; environments are described under `environments/`.
    pub fn new() -> Self {
        Self::under("environments")
    }

    /// No files yet; environments are described under another folder of the repo.
    pub fn under(root: &str) -> Self {
        Self { root: root.trim_matches('/').to_owned(), files: BTreeMap::new() }
    }

    /// Adds what stands at a path: relative to the repo, with `/`.
    pub fn insert(&mut self, path: impl Into<String>, source: Source) {
        self.files.insert(path.into(), source);
    }

    /// Adds an ordinary file.
    pub fn insert_file(&mut self, path: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.insert(path, Source::File(bytes.into()));
    }

    /// What stands at a path.
    pub fn get(&self, path: &str) -> Option<&Source> {
        self.files.get(path)
    }

    /// The path as it is kept here, and what stands at it.
    pub(crate) fn entry(&self, path: &str) -> Option<(&str, &Source)> {
        self.files.get_key_value(path).map(|(path, source)| (path.as_str(), source))
    }

    /// The text at a path, if it is a file of readable size in UTF-8.
    pub fn text(&self, path: &str) -> Option<&str> {
        match self.files.get(path)? {
            Source::File(bytes) if bytes.len() <= MAX_FILE_BYTES => std::str::from_utf8(bytes).ok(),
            Source::File(_) | Source::TooLarge(_) | Source::Symlink | Source::Submodule => None,
        }
    }

    /// The folder under which environments are described, without slashes around it.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// Everything under the folder of environments, in order of paths.
    pub fn under_root(&self) -> impl Iterator<Item = (&str, &Source)> {
        self.files
            .iter()
            .filter(|(path, _)| self.below_root(path).is_some())
            .map(|(path, source)| (path.as_str(), source))
    }

    /// The path below the folder of environments, if it is there.
    pub fn below_root<'a>(&self, path: &'a str) -> Option<&'a str> {
        if self.root.is_empty() {
            return Some(path);
        }
        path.strip_prefix(&self.root).and_then(|rest| rest.strip_prefix('/'))
    }

    /// The file that describes an environment of this name.
    pub fn path_of(&self, environment: &str) -> String {
        if self.root.is_empty() {
            format!("{environment}.toml")
        } else {
            format!("{}/{environment}.toml", self.root)
        }
    }
}

impl Default for Sources {
    fn default() -> Self {
        Self::new()
    }
}

impl<P: Into<String>, B: Into<Vec<u8>>> FromIterator<(P, B)> for Sources {
    fn from_iter<I: IntoIterator<Item = (P, B)>>(files: I) -> Self {
        let mut sources = Self::new();
        for (path, bytes) in files {
            sources.insert_file(path, bytes);
        }
        sources
    }
}
