//! What is referred to can be found in one way only.

use super::{Diagnostic, Subject};
use crate::environment::block::External;

/// A file system, and its access point, by id or by name.
pub(super) fn identities(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (block, external) in &subject.file.external {
        let External::Efs { id, name, access_point } = external else {
            continue;
        };
        either(subject, found, &["external", block], id.as_deref(), name.as_deref(), "fs-");
        if let Some(point) = access_point {
            let path = ["external", block, "access_point"];
            either(subject, found, &path, point.id.as_deref(), point.name.as_deref(), "fsap-");
        }
    }
}

fn either(
    subject: &Subject<'_>,
    found: &mut Vec<Diagnostic>,
    path: &[&str],
    id: Option<&str>,
    name: Option<&str>,
    prefix: &str,
) {
    let below = |key| path.iter().copied().chain([key]).collect::<Vec<&str>>();
    let shown = path.join(".");
    match (id, name) {
        (Some(id), None) if id.strip_prefix(prefix).is_some_and(is_hexadecimal) => {}
        (Some(id), None) => found.push(
            Diagnostic::error("not-valid", format!("`{shown}.id` cannot be `{id}`"))
                .at(subject.place(&below("id")))
                .label("not an id")
                .help(format!("write an id `{prefix}…`, or `name = \"…\"` for the Name tag")),
        ),
        (None, Some(_)) => {}
        (Some(_), Some(_)) => found.push(
            Diagnostic::error("exclusive", format!("`[{shown}]` has both `id` and `name`"))
                .at(subject.key(&below("name")))
                .label("which of the two?")
                .help("keep one: an id is exact, a name runs in any account")
                .related(subject.key(&below("id")), "the other"),
        ),
        (None, None) => found.push(
            Diagnostic::error("missing-key", format!("`[{shown}]` lacks `id` or `name`"))
                .at(subject.place(path))
                .label("cannot be found")
                .help(format!("add `name = \"…\"` (the Name tag) or `id = \"{prefix}…\"`")),
        ),
    }
}

fn is_hexadecimal(text: &str) -> bool {
    (8..=40).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
