//! Letters that GitHub does not have yet, on disk: a restart finds them.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use pointsman_core::hash::text_hash;
use serde::{Deserialize, Serialize};

use super::letter::{Letter, Subject};
use crate::config::Config;

/// The form of the files.
const VERSION: u32 = 1;
/// So many letters are kept; more are in memory alone.
const MOST: usize = 1_000;
/// A letter's bytes, at most.
const MOST_BYTES: u64 = 8 * 1024 * 1024;
/// All letters' bytes, at most.
const MOST_BYTES_OF_ALL: u64 = 128 * 1024 * 1024;
/// An older letter is not delivered: what it says was said otherwise, or does
/// not matter any more.
pub(super) const MOST_AGE: jiff::SignedDuration = jiff::SignedDuration::from_hours(72);

/// A folder of letters to one repository, one a subject.
#[derive(Clone, Debug)]
pub(super) struct Outbox {
    folder: PathBuf,
    to: String,
}

#[derive(Serialize)]
struct Sealed<'l> {
    version: u32,
    to: &'l str,
    written_at: jiff::Timestamp,
    letter: &'l Letter,
}

#[derive(Deserialize)]
struct Opened {
    version: u32,
    to: String,
    written_at: jiff::Timestamp,
    letter: Letter,
}

impl Outbox {
    /// The outbox below `data_dir`; none without GitHub. Made with its first letter.
    pub(super) fn of(config: &Config) -> Option<Self> {
        let github = config.github.as_ref()?;
        let to = format!("{}/repos/{}/{}", github.api_url, github.owner, github.name);
        Some(Self::at(config.agent.data_dir.join("outbox"), to))
    }

    /// The outbox in a folder, of letters to this repository.
    pub(super) fn at(folder: PathBuf, to: String) -> Self {
        Self { folder, to }
    }

    /// Keeps a letter in place of an older one of its subject. Where that
    /// cannot be, it is logged: the letter is in memory.
    pub(super) async fn keep(&self, letter: &Letter) {
        let (outbox, letter) = (self.clone(), letter.clone());
        let kept = tokio::task::spawn_blocking(move || outbox.write(&letter)).await;
        let kept = kept.unwrap_or_else(|error| Err(io::Error::other(error)));
        if let Err(error) = kept {
            let folder = self.folder.display();
            tracing::warn!(%error, "a report cannot be kept in {folder}; it is lost if the agent ends before GitHub has it");
        }
    }

    /// Forgets a subject's letter.
    pub(super) async fn remove(&self, subject: &Subject) {
        let path = self.folder.join(file_name(subject));
        let removed = tokio::task::spawn_blocking(move || fs::remove_file(path)).await;
        if let Ok(Err(error)) = removed
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "a delivered report stays in {}; it is looked at again at the next start", self.folder.display());
        }
    }

    /// The letters of earlier runs, oldest first. Whatever is not a letter to
    /// this repository, or too old, is removed.
    pub(super) fn load(&self) -> Vec<Letter> {
        let mut letters = Vec::new();
        for path in files(&self.folder).unwrap_or_default() {
            match self.read(&path) {
                Ok(opened) => letters.push((opened.written_at, opened.letter)),
                Err(why) => {
                    tracing::warn!("{} is not delivered and removed: {why}", path.display());
                    let _ = fs::remove_file(&path);
                }
            }
        }
        letters.sort_by_key(|(written_at, _)| *written_at);
        letters.into_iter().map(|(_, letter)| letter).collect()
    }

    fn write(&self, letter: &Letter) -> io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let sealed = Sealed { version: VERSION, to: &self.to, written_at: jiff::Timestamp::now(), letter };
        let text = serde_json::to_vec(&sealed)?;
        let path = self.folder.join(file_name(&letter.subject));
        self.room(&path, text.len() as u64)?;
        // Nobody else may read it.
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        file.write_all(&text)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        fs::File::open(&self.folder)?.sync_all()
    }

    fn room(&self, path: &Path, bytes: u64) -> io::Result<()> {
        let others: Vec<PathBuf> = files(&self.folder)?.into_iter().filter(|file| file != path).collect();
        let taken: u64 = others.iter().filter_map(|file| Some(fs::metadata(file).ok()?.len())).sum();
        if bytes > MOST_BYTES || others.len() >= MOST || taken + bytes > MOST_BYTES_OF_ALL {
            let why = format!(
                "{} reports of {taken} bytes wait there, and this one has {bytes} bytes",
                others.len()
            );
            return Err(io::Error::other(why));
        }
        Ok(())
    }

    fn read(&self, path: &Path) -> Result<Opened, String> {
        if path.extension().is_none_or(|extension| extension != "json") {
            return Err("it was not written to its end".to_owned());
        }
        let about = fs::metadata(path).map_err(|error| error.to_string())?;
        if about.len() > MOST_BYTES {
            return Err(format!("it has {} bytes", about.len()));
        }
        let text = fs::read(path).map_err(|error| error.to_string())?;
        let opened: Opened =
            serde_json::from_slice(&text).map_err(|error| format!("it is not a report: {error}"))?;
        if opened.version != VERSION {
            return Err(format!("it is of another version of the agent ({})", opened.version));
        }
        if opened.to != self.to {
            return Err(format!("it is for {}", opened.to));
        }
        let age = jiff::Timestamp::now().duration_since(opened.written_at);
        if age > MOST_AGE {
            return Err(format!("it was written {} hours ago", age.as_hours()));
        }
        Ok(opened)
    }
}

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    files.retain(|path| path.is_file());
    files.sort();
    Ok(files)
}

fn file_name(subject: &Subject) -> String {
    match subject {
        Subject::Pull(number) => format!("pull-{number}.json"),
        Subject::Commit(commit)
            if commit.len() <= 64 && commit.bytes().all(|byte| byte.is_ascii_alphanumeric()) =>
        {
            format!("commit-{commit}.json")
        }
        Subject::Commit(commit) => format!("commit-{}.json", text_hash(commit)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn letter(subject: Subject, head: &str) -> Letter {
        Letter {
            subject,
            head: head.to_owned(),
            base: String::new(),
            comment: None,
            deployments: Vec::new(),
            checks: Vec::new(),
        }
    }

    fn outbox() -> (tempfile::TempDir, Outbox) {
        let folder = tempfile::tempdir().unwrap();
        let outbox = Outbox::at(folder.path().join("outbox"), "https://x/repos/a/b".to_owned());
        (folder, outbox)
    }

    #[tokio::test]
    async fn letters_survive_the_newest_of_each_subject_until_they_are_delivered() {
        let (_folder, outbox) = outbox();
        assert!(outbox.load().is_empty());
        outbox.keep(&letter(Subject::Pull(7), "a")).await;
        outbox.keep(&letter(Subject::Commit("c0ffee".to_owned()), "c0ffee")).await;
        outbox.keep(&letter(Subject::Pull(7), "b")).await;
        let heads = || outbox.load().into_iter().map(|letter| letter.head).collect::<Vec<_>>();
        assert_eq!(heads(), ["c0ffee", "b"]);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&outbox.folder), mode(&outbox.folder.join("pull-7.json"))), (0o700, 0o600));
        outbox.remove(&Subject::Pull(7)).await;
        outbox.remove(&Subject::Pull(8)).await;
        assert_eq!(heads(), ["c0ffee"]);
    }

    #[tokio::test]
    async fn what_is_no_letter_is_skipped_and_gone() {
        let (_folder, outbox) = outbox();
        outbox.keep(&letter(Subject::Pull(7), "a")).await;
        let good = fs::read_to_string(outbox.folder.join("pull-7.json")).unwrap();
        let put = |name: &str, text: &str| fs::write(outbox.folder.join(name), text).unwrap();
        put("pull-1.json", &good[..good.len() / 2]);
        put("pull-2.json", "");
        put("pull-3.json", "\0\0\0\0");
        put("pull-4.json", &good.replace("/a/b", "/a/c"));
        put("pull-5.json", &good.replace("\"version\":1", "\"version\":99"));
        let year = good.split("\"written_at\":\"").nth(1).unwrap()[..4].to_owned();
        put("pull-6.json", &good.replace(&format!("\"written_at\":\"{year}"), "\"written_at\":\"2001"));
        put(".tmpabcdef", &good);
        assert_eq!(outbox.load().len(), 1);
        assert_eq!(files(&outbox.folder).unwrap().len(), 1);
    }

    #[tokio::test]
    async fn it_is_bounded() {
        let (_folder, outbox) = outbox();
        outbox.keep(&letter(Subject::Pull(1), &"x".repeat(9 * 1024 * 1024))).await;
        for number in 0..=MOST {
            fs::write(outbox.folder.join(format!("commit-{number}.json")), "").unwrap();
        }
        outbox.keep(&letter(Subject::Pull(2), "a")).await;
        assert!(!outbox.folder.join("pull-1.json").exists() && !outbox.folder.join("pull-2.json").exists());
    }
}
