//! A clock for programs under test: moved by force, or skipping what nobody does anything in.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

const SOURCE: &str = include_str!("clock/clock.c");

/// A library that a program loads before the C library.
#[derive(Debug)]
pub struct Clock {
    library: PathBuf,
    moved_by: PathBuf,
    skips_while: PathBuf,
}

impl Clock {
    /// Builds it in a folder.
    ///
    /// # Panics
    ///
    /// When it cannot be built: `cc` is what Rust links with.
    pub fn in_folder(folder: &Path) -> Self {
        let (source, library) = (folder.join("clock.c"), folder.join("clock.so"));
        std::fs::write(&source, SOURCE).expect("writable");
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"])
            .args([&library, &source])
            .status();
        assert!(built.is_ok_and(|status| status.success()), "cc cannot build {}", source.display());
        let (moved_by, skips_while) = (folder.join("clock-moved-by"), folder.join("clock-skips"));
        let clock = Self { library, moved_by, skips_while };
        clock.move_by(0);
        clock
    }

    /// Lets a command live by this clock.
    pub fn lead<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command.env("LD_PRELOAD", &self.library).env("WORLD_CLOCK_MOVED_BY", &self.moved_by)
    }

    /// Lets a command skip what is left of a wait in which nothing happened for so long.
    pub fn lead_skipping<'c>(&self, command: &'c mut Command, patience: Duration) -> &'c mut Command {
        self.lead(command).env("WORLD_CLOCK_PATIENCE_MS", patience.as_millis().to_string())
    }

    /// The same, but only from [`Clock::skip`] on.
    pub fn lead_skipping_later<'c>(&self, command: &'c mut Command, patience: Duration) -> &'c mut Command {
        self.lead_skipping(command, patience).env("WORLD_CLOCK_SKIPS_WHILE", &self.skips_while)
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
