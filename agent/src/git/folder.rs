use std::path::Path;

use pointsman_core::environment::{MAX_FILE_BYTES, Source, Sources};

use super::{GitError, GitErrorKind};

const MOST_ENTRIES: usize = 50_000;
const DEEPEST: usize = 32;

/// The environments of a folder on disk, for the command line: the repo's
/// folder, and the folder of environments in it. Links are marked, never
/// followed; folders whose name begins with a dot are left alone.
///
/// # Errors
///
/// When the folder cannot be read, or holds too much.
pub fn folder_sources(repo: &Path, environments: &str) -> Result<Sources, GitError> {
    let mut sources = Sources::under(environments);
    let what = format!("reading the folder {}", repo.display());
    let mut entries = 0;
    let mut folders = vec![(String::new(), 0)];
    while let Some((prefix, depth)) = folders.pop() {
        let folder = repo.join(&prefix);
        let unreadable = |error: std::io::Error| {
            let why = format!("{}: {error}", folder.display());
            GitError::new(
                GitErrorKind::NotFound,
                what.clone(),
                why,
                "name the config repo's folder with --repo",
            )
        };
        for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{prefix}{name}");
            entries += 1;
            if entries > MOST_ENTRIES || depth > DEEPEST {
                let why =
                    format!("it has more than {MOST_ENTRIES} files, or folders more than {DEEPEST} deep");
                return Err(GitError::new(
                    GitErrorKind::TooLarge,
                    what,
                    why,
                    "name the config repo's folder with --repo",
                ));
            }
            // The type of the entry itself: what a link leads to does not count.
            let kind = entry.file_type().map_err(unreadable)?;
            let under_root = sources.below_root(&path).is_some();
            if kind.is_symlink() {
                sources.insert(path, Source::Symlink);
            } else if kind.is_dir() {
                let of_a_tool =
                    name.starts_with('.') || depth == 0 && (name == "target" || name == "node_modules");
                if !of_a_tool {
                    folders.push((format!("{path}/"), depth + 1));
                }
            } else if kind.is_file() && (path.ends_with(".toml") || under_root) {
                let size = entry.metadata().map_err(unreadable)?.len();
                let readable = usize::try_from(size).is_ok_and(|size| size <= MAX_FILE_BYTES);
                let source = if readable {
                    Source::File(std::fs::read(entry.path()).map_err(unreadable)?)
                } else {
                    Source::TooLarge(size)
                };
                sources.insert(path, source);
            }
        }
    }
    Ok(sources)
}
