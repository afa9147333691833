//! Names of blocks become addresses and parts of AWS's names.

use super::{Diagnostic, Subject};
use crate::environment::block::TABLES;

/// The longest name of a block; AWS's shorter names are cut and end with a hash.
const MAX_LENGTH: usize = 64;

/// The blocks with names: their table, and the path of each.
fn all_blocks<'a>(subject: &Subject<'a>) -> Vec<Vec<&'a str>> {
    fn paths<'a, T>(
        all: &mut Vec<Vec<&'a str>>,
        table: &[&'a str],
        blocks: &'a std::collections::BTreeMap<String, T>,
    ) {
        all.extend(blocks.keys().map(|name| table.iter().copied().chain([name.as_str()]).collect()));
    }
    let file = subject.file;
    let mut all: Vec<Vec<&str>> = TABLES
        .iter()
        .flat_map(|table| (table.names)(file).into_iter().map(|name| vec![table.kind, name]))
        .collect();
    for (name, balancer) in &file.load_balancer {
        paths(&mut all, &["load_balancer", name, "listener"], &balancer.listener);
    }
    for task in file.tasks() {
        paths(&mut all, &[task.kind, task.name, "volumes"], task.volumes);
    }
    if let Some(alarms) = &file.alarms {
        paths(&mut all, &["alarms"], &alarms.alarm);
    }
    all
}

/// The longest name of an environment variable.
const MAX_VARIABLE: usize = 255;

/// The most blocks that one environment may have.
const MAX_BLOCKS: usize = 500;

/// As many as a plan can be read with.
pub(super) fn counts(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let blocks = all_blocks(subject);
    if let Some(first) = blocks.get(MAX_BLOCKS) {
        found.push(
            Diagnostic::error(
                "too-many",
                format!("the environment has {} blocks; at most {MAX_BLOCKS} fit", blocks.len()),
            )
            .at(subject.key(first))
            .label("one too many")
            .help("split it into several environments"),
        );
    }
}

/// Letters, digits and single hyphens, beginning with a letter.
pub(super) fn self_explaining(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && !name.ends_with('-')
        && !name.contains("--")
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// Of characters that every address and every AWS name takes.
pub(super) fn blocks(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for path in all_blocks(subject) {
        let name = path.last().copied().unwrap_or_default();
        if !self_explaining(name) {
            found.push(
                Diagnostic::error("name", format!("`{name}` cannot be the name of a block"))
                    .at(subject.key(&path))
                    .label("not a name")
                    .help("write letters, digits and single hyphens, beginning with a letter: it becomes part of names in AWS"),
            );
        }
    }
}

/// Not longer than makes sense in AWS.
pub(super) fn lengths(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for path in all_blocks(subject) {
        let name = path.last().copied().unwrap_or_default();
        if name.len() > MAX_LENGTH {
            found.push(
                Diagnostic::error(
                    "name",
                    format!("a name has {} characters; at most {MAX_LENGTH} fit", name.len()),
                )
                .at(subject.key(&path))
                .label("too long")
                .help("shorten it"),
            );
        }
    }
}

/// Environment variables and outputs.
pub(super) fn variables(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let mut refuse = |path: &[&str], name: &str, what: &str, help: &str| {
        found.push(
            Diagnostic::error("name", format!("`{name}` cannot be the name of {what}"))
                .at(subject.key(path))
                .label("not a name")
                .help(help),
        );
    };
    for task in subject.file.tasks() {
        let tables = [("environment", task.environment), ("secrets", task.secrets)];
        for (table, name) in
            tables.into_iter().flat_map(|(table, all)| all.keys().map(move |name| (table, name)))
        {
            let first = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
            let last = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if !first || !last || name.len() > MAX_VARIABLE {
                let path = [task.kind, task.name, table, name];
                let help = "write up to 255 letters, digits and `_`, not beginning with a digit";
                refuse(&path, name, "an environment variable", help);
            }
        }
    }
    for name in subject.file.outputs.keys() {
        if name.is_empty()
            || name.len() > MAX_VARIABLE
            || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
        {
            refuse(&["outputs", name], name, "an output", "write up to 255 letters, digits, `_` and `-`");
        }
    }
}
