//! The files of the repository: what Git tracks, and what it would track if asked to.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

use crate::source::Source;

static FILES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git starts");
    assert!(listed.status.success(), "git ls-files: {}", String::from_utf8_lossy(&listed.stderr));
    let listed = String::from_utf8(listed.stdout).expect("paths are UTF-8");
    let mut files: Vec<String> =
        listed.split_terminator('\0').filter(|path| root().join(path).is_file()).map(str::to_owned).collect();
    files.sort();
    files.dedup();
    assert!(files.iter().any(|path| path == "Cargo.toml"), "git lists no Cargo.toml in {}", root().display());
    files
});

/// The folder that holds the workspace's Cargo.toml.
pub(crate) fn root() -> &'static Path {
    static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
        // Asked when it runs: clones that share a target folder may share this program as well.
        let tests = env::var_os("CARGO_MANIFEST_DIR").expect("cargo runs the tests and says where they are");
        Path::new(&tests).parent().expect("tests is a folder of the workspace").to_owned()
    });
    &ROOT
}

/// All files, as paths from the root with `/`, in order.
pub(crate) fn files() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(String::as_str)
}

/// A file's text; nothing for a file that is not text.
pub(crate) fn text(path: &str) -> Option<String> {
    let bytes = fs::read(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    String::from_utf8(bytes).ok()
}

/// A file's text, which must be there.
pub(crate) fn must_read(path: &str) -> String {
    text(path).unwrap_or_else(|| panic!("{path} is not UTF-8"))
}

/// The Rust files under these folders, taken apart; tests included.
pub(crate) fn sources(folders: &[&str]) -> Vec<Source> {
    let sources: Vec<Source> = files()
        .filter(|path| path.ends_with(".rs") && folders.iter().any(|folder| path.starts_with(folder)))
        .map(|path| Source::new(path, &must_read(path)))
        .collect();
    assert!(!sources.is_empty(), "no Rust file under {folders:?}: has a folder moved?");
    sources
}
