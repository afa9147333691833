use std::collections::BTreeMap;

use pointsman_core::{
    environment::{EnvironmentName, Reading},
    hash::text_hash,
};

use super::revision::Blobs;

/// What every environment of a revision was read from, as one word each: two
/// revisions with the same word describe the same environment. A base counts
/// for each of its heirs.
pub fn fingerprints(reading: &Reading, blobs: &Blobs) -> BTreeMap<EnvironmentName, String> {
    let of = |files: &[String]| {
        let mut lines: Vec<String> = files
            .iter()
            .map(|file| format!("{file} {}", blobs.get(file).map_or("-", String::as_str)))
            .collect();
        lines.sort();
        text_hash(&lines.join("\n"))
    };
    let whole =
        reading.environments.iter().map(|environment| (environment.name.clone(), of(&environment.files)));
    let broken = reading.broken.iter().map(|broken| (broken.name.clone(), of(&broken.files)));
    whole.chain(broken).collect()
}

/// What happened to environments from one revision to another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// Added, or described otherwise, by themselves or by a base.
    pub described: Vec<EnvironmentName>,
    /// Not described any more.
    pub deleted: Vec<EnvironmentName>,
}

/// Compares two revisions' fingerprints.
pub fn changed(
    before: &BTreeMap<EnvironmentName, String>,
    after: &BTreeMap<EnvironmentName, String>,
) -> Changed {
    Changed {
        described: after
            .iter()
            .filter(|(name, print)| before.get(name) != Some(print))
            .map(|(name, _)| name.clone())
            .collect(),
        deleted: before.keys().filter(|name| !after.contains_key(name)).cloned().collect(),
    }
}
