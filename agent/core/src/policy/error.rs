use std::fmt;

use serde::{Deserialize, Serialize};

/// Something in the policy files that keeps them from being used. A set with
/// one such error judges nothing, and what is not judged is not allowed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PolicyError {
    /// The file's path in the config repo.
    pub file: String,
    /// From 1; 0 when the whole file is meant.
    pub line: u32,
    /// From 1; 0 when the whole line is meant.
    pub column: u32,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

impl PolicyError {
    /// About a file as a whole.
    pub(super) fn of_file(file: &str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: 0, column: 0, message: message.into(), help: help.into() }
    }

    /// From what the interpreter says; `file` where it names none.
    pub(super) fn from_rego(error: &str, file: &str, help: impl Into<String>) -> Self {
        let spot = Spot::read(error);
        Self {
            file: spot.file.unwrap_or_else(|| file.to_owned()),
            line: spot.line,
            column: spot.column,
            message: spot.message,
            help: help.into(),
        }
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if self.column > 0 {
            write!(f, ":{}", self.column)?;
        }
        write!(f, ": {}\n  help: {}", self.message, self.help)
    }
}

impl std::error::Error for PolicyError {}

/// The place and the sentence in one of the interpreter's error texts, which
/// look like a compiler's: `--> FILE:LINE:COLUMN`, an excerpt, `error: TEXT`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) file: Option<String>,
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) message: String,
}

impl Spot {
    pub(super) fn read(error: &str) -> Self {
        let mut spot = Self::default();
        let arrow = error.lines().find_map(|line| line.trim_start().strip_prefix("--> "));
        let mut parts = arrow.unwrap_or_default().rsplitn(3, ':');
        if let (Some(column), Some(line), Some(file)) = (parts.next(), parts.next(), parts.next())
            && let (Ok(column), Ok(line)) = (column.parse(), line.parse())
        {
            (spot.file, spot.line, spot.column) = (Some(file.to_owned()), line, column);
        }
        spot.message = error
            .lines()
            .find_map(|line| line.strip_prefix("error: "))
            .unwrap_or_else(|| error.lines().map(str::trim).find(|l| !l.is_empty()).unwrap_or(error))
            .trim_end_matches(':')
            .trim()
            .to_owned();
        spot
    }
}
