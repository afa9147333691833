//! What is referred to can be found in one way only.

use super::{Diagnostic, Subject};
use crate::{
    environment::block::{External, Service},
    scalar::Template,
};

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

/// A database takes the connections of both fleets. Nothing is said where the
/// file does not say how many there are.
pub(super) fn connections(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (block, external) in &subject.file.external {
        let External::Aurora { id: _, secret: _, max_connections, connections_per_task } = external else {
            continue;
        };
        let path = |key| ["external", block.as_str(), key];
        let (most, each) = match (max_connections, connections_per_task) {
            (Some(most), Some(each)) => (u64::from(*most), u64::from(*each)),
            (None, None) => continue,
            (Some(_), None) => {
                found.push(half(subject, &path("max_connections"), "connections_per_task"));
                continue;
            }
            (None, Some(_)) => {
                found.push(half(subject, &path("connections_per_task"), "max_connections"));
                continue;
            }
        };
        let users = subject.file.service.values().filter(|service| refers_to(service, block));
        let (first, peak) = users.fold((0, 0), |(first, peak), service| {
            let count = u64::from(service.count);
            let greatest =
                service.scaling.as_ref().map_or(count, |scaling| u64::from(scaling.max)).max(count);
            // Old and new tasks run side by side in every roll-out.
            (first + 2 * count * each, peak + 2 * greatest * each)
        });
        let message = |needed: u64| {
            format!("both fleets could open {needed} connections to `external.{block}`, which takes {most}")
        };
        let diagnostic = if first > most {
            Diagnostic::error("connections", message(first))
        } else if peak > most {
            Diagnostic::warning("connections", message(peak))
        } else {
            continue;
        };
        found.push(
            diagnostic
                .at(subject.place(&path("max_connections")))
                .label("too few for a roll-out")
                .help("lower the pool, the workers or the number of tasks, put a proxy before the database, or raise its `max_connections`")
                .related(subject.place(&path("connections_per_task")), "opened by each task"),
        );
    }
}

fn half(subject: &Subject<'_>, path: &[&str], other: &str) -> Diagnostic {
    Diagnostic::error("missing-key", format!("`{}` says nothing without `{other}`", path.join(".")))
        .at(subject.key(path))
        .label("half of a budget")
        .help(format!("add `{other}`, or take this out"))
}

fn refers_to(service: &Service, external: &str) -> bool {
    let templates = service.environment.values().chain(service.secrets.values());
    templates.flat_map(Template::references).any(
        |reference| matches!(reference.segments().as_slice(), ["external", name, ..] if *name == external),
    )
}
