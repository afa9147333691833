//! An environment: the TOML that people write, as typed, checked values that
//! know where they were written.

pub mod block;
mod diagnostic;
mod extends;
mod identity;
mod meaning;
mod node;
mod read;
mod schema;
mod shape;
mod slip;
mod sources;
mod structure;
mod syntax;
mod text;

use std::collections::BTreeMap;

pub use block::EnvironmentFile;
pub(crate) use diagnostic::nearest;
pub use diagnostic::{Diagnostic, Severity, Written};
pub use identity::{Identity, read_as};
pub use read::{Broken, Reading, Share, read, read_one, read_share, together};
pub use schema::{base_json_schema, json_schema};
pub use sources::{MAX_FILE_BYTES, Source, Sources};

/// The name of an environment: its file's path under `environments/` without
/// the ending, `production/gravity-ai-chat`.
#[derive(
    Clone,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(transparent)]
pub struct EnvironmentName(String);

impl EnvironmentName {
    /// From segments of letters, digits, `-`, `_` and `.` separated by `/`;
    /// none may begin with `_` (a base) or `.`.
    pub fn parse(text: &str) -> Option<Self> {
        let segment = |segment: &str| {
            segment.starts_with(|c: char| c.is_ascii_alphanumeric())
                && segment.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        };
        (text.len() <= 200 && text.split('/').all(segment)).then(|| Self(text.to_owned()))
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last segment: what names of AWS objects begin with.
    pub fn leaf(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// The first segment when there are several: `production`.
    pub fn stage(&self) -> Option<&str> {
        self.0.split_once('/').map(|(stage, _)| stage)
    }
}

impl std::fmt::Display for EnvironmentName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where something was written: byte range in a file of the config repo.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct Place {
    /// Path in the config repo, with `/`.
    pub file: String,
    /// Byte offset of the first character.
    pub start: usize,
    /// Byte offset behind the last character.
    pub end: usize,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// A validated environment: defaulted, merged with its bases, every reference
/// in it leads somewhere.
#[derive(Clone, Debug)]
pub struct Environment {
    /// Its name.
    pub name: EnvironmentName,
    /// What was written.
    pub file: EnvironmentFile,
    /// Where each value was written, by dotted path (`service.web.image`;
    /// elements of lists by number). Keys that were defaulted have no place.
    pub places: BTreeMap<String, Place>,
    /// What was written as data, with every default filled in, for policies.
    pub document: serde_json::Value,
    /// Every file that it was read from, itself first.
    pub files: Vec<String>,
}

impl Environment {
    /// Where the value at a dotted path was written, or the nearest thing
    /// around it that has a place.
    pub fn place_of(&self, path: &str) -> Option<&Place> {
        let mut path = path;
        loop {
            if let Some(place) = self.places.get(path) {
                return Some(place);
            }
            path = path.rsplit_once('.')?.0;
        }
    }
}
