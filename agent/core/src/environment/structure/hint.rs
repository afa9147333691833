//! What was probably meant where something does not fit.

use std::collections::BTreeMap;

use crate::environment::shape::{ParseScalar, TableShape};

/// The kinds of one block: the key that tells them apart, and what each has.
#[derive(Clone, Copy)]
pub(super) struct Variants<'v> {
    pub(super) key: &'v str,
    pub(super) all: &'v BTreeMap<String, TableShape>,
}

impl Variants<'_> {
    /// Which of them would have the key.
    pub(super) fn with(&self, key: &str) -> Option<String> {
        let having = |(word, shape): (&String, &TableShape)| {
            shape.properties.contains_key(key).then(|| word.to_owned())
        };
        let words: Vec<String> = self.all.iter().filter_map(having).collect();
        (!words.is_empty()).then(|| format!("`{key}` is a key of {} {}", self.key, listed(&words)))
    }
}

/// A number as the text that was probably meant: `5s`, `50%`.
pub(super) fn with_unit(parse: ParseScalar, number: i64) -> Option<String> {
    ["s", "%"].into_iter().map(|unit| format!("{number}{unit}")).find(|text| parse(text).is_ok())
}

/// What others call it.
pub(super) fn other_word(text: &str) -> Option<&'static str> {
    Some(match text.to_ascii_lowercase().as_str() {
        "amd64" | "x86" | "x64" => "x86_64",
        "aarch64" | "graviton" => "arm64",
        "public" | "external" | "internet" => "internet_facing",
        "private" => "internal",
        "canary" | "linear" => "native",
        "rds" => "aurora",
        _ => return None,
    })
}

/// Whether a text would be a number or a truth value without its quotes.
pub(super) fn is_bare(text: &str) -> bool {
    text.parse::<i64>().is_ok() || text == "true" || text == "false"
}

/// Words to choose from, as people list them.
pub(super) fn listed(words: &[String]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}
