//! A clock for programs under test: moved by force, or skipping what nobody does anything in.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    time::Duration,
};

use sha2::{Digest, Sha256};

use crate::python::build_directory;

const SOURCE: &str = include_str!("clock/clock.c");

/// A wait in which nothing happened for so long is skipped.
const STILL: Duration = Duration::from_millis(25);

/// A library that a program loads before the C library.
#[derive(Debug)]
pub struct Clock {
    library: PathBuf,
    moved_by: PathBuf,
    skips_while: PathBuf,
    noted_in: PathBuf,
}

impl Clock {
    /// A clock that is moved by a file in a folder.
    ///
    /// # Panics
    ///
    /// When it cannot be built: `cc` is what Rust links with.
    pub fn in_folder(folder: &Path) -> Self {
        static BUILT: OnceLock<PathBuf> = OnceLock::new();
        let clock = Self {
            library: BUILT.get_or_init(build).clone(),
            moved_by: folder.join("clock-moved-by"),
            skips_while: folder.join("clock-skips"),
            noted_in: folder.join("clock-skipped"),
        };
        clock.move_by(0);
        clock
    }

    /// Lets a command live by this clock.
    pub fn lead<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command.env("LD_PRELOAD", &self.library).env("WORLD_CLOCK_MOVED_BY", &self.moved_by)
    }

    /// Lets a command skip what is left of a wait in which it sleeps, and nothing that it asked for is
    /// on its way. Its time runs faster than everybody else's then: no two that want the same lock
    /// may live at the same time, one of them skipping.
    pub fn lead_skipping<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        let command = self.lead(command).env("WORLD_CLOCK_NOTED_IN", &self.noted_in);
        command.env("WORLD_CLOCK_PATIENCE_MS", STILL.as_millis().to_string())
    }

    /// The same, but only from [`Clock::skip`] on.
    pub fn lead_skipping_later<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        self.lead_skipping(command).env("WORLD_CLOCK_SKIPS_WHILE", &self.skips_while)
    }

    /// Lets those who skip later skip now, or no more.
    ///
    /// # Panics
    ///
    /// When the file that says so cannot be written.
    pub fn skip(&self, now: bool) {
        let written =
            if now { std::fs::write(&self.skips_while, "") } else { std::fs::remove_file(&self.skips_while) };
        written.expect("a file of the clock's own");
    }

    /// How much has been skipped by all who live by it and came to their end.
    pub fn skipped(&self) -> Duration {
        let noted = std::fs::read_to_string(&self.noted_in).unwrap_or_default();
        Duration::from_millis(noted.lines().filter_map(|line| line.parse::<u64>().ok()).sum())
    }

    /// Moves the wall clock of all who live by it, while they run: seconds from what it really is.
    ///
    /// # Panics
    ///
    /// When the file cannot be written.
    pub fn move_by(&self, seconds: i64) {
        // Renamed, so that nobody reads half a number.
        let new = self.moved_by.with_extension("new");
        std::fs::write(&new, seconds.to_string()).expect("writable");
        std::fs::rename(&new, &self.moved_by).expect("renamed");
    }
}

/// Builds the library beside what else the world needs, once for each version of its source.
fn build() -> PathBuf {
    let folder = build_directory().join("world");
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    let library = folder.join(format!("clock-{}.so", &hex::encode(Sha256::digest(SOURCE))[..12]));
    if library.exists() {
        return library;
    }
    // In a folder of its own, and renamed: others may build it at the same time.
    let own = tempfile::tempdir_in(&folder).expect("a folder can be made");
    let (source, new) = (own.path().join("clock.c"), own.path().join("clock.so"));
    std::fs::write(&source, SOURCE).expect("writable");
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"])
        .args([&new, &source])
        .arg("-ldl")
        .status();
    assert!(built.is_ok_and(|status| status.success()), "cc cannot build {}", source.display());
    std::fs::rename(&new, &library).expect("renamed");
    library
}
