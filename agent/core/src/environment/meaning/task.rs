//! What ECS asks of every task.

use std::collections::BTreeMap;

use super::{Diagnostic, Subject, out_of_range};

/// The days for which CloudWatch Logs can keep logs.
const RETENTION_DAYS: [u64; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

/// Periods that CloudWatch has, and the time that Fargate gives a task to stop.
pub(super) fn times(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for task in subject.file.tasks() {
        let path = |key| [task.kind, task.name, key];
        if task.stop_timeout.seconds() > 120 {
            found.push(out_of_range(subject, &path("stop_timeout"), task.stop_timeout, "up to `120s`"));
        }
        let retention = task.log_retention;
        if !retention.whole_days().is_some_and(|days| RETENTION_DAYS.contains(&days)) {
            let days: Vec<String> = RETENTION_DAYS.iter().map(|days| format!("{days}d")).collect();
            found.push(
                Diagnostic::error("log-retention", format!("CloudWatch cannot keep logs for {retention}"))
                    .at(subject.place(&path("log_retention")))
                    .label("not one of its periods")
                    .help(format!("write one of {}", days.join(", "))),
            );
        }
    }
}

/// An image is named as registries name it.
pub(super) fn images(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for task in subject.file.tasks() {
        let (kind, name, image) = (task.kind, task.name, task.image);
        let problem = match image.split_once('@') {
            Some((_, digest)) => digest
                .strip_prefix("sha256:")
                .is_none_or(|hex| {
                    hex.len() != 64 || !hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
                })
                .then_some("its digest is not `sha256:` and 64 hexadecimal digits"),
            None if image.contains("://") => Some("this is a URL; an image is named without `https://`"),
            None => None,
        };
        let characters = |c: char| c.is_ascii_alphanumeric() || "-_./:@".contains(c);
        let problem = problem.or_else(|| {
            (!image.chars().all(characters)).then_some("it has characters that no image name has")
        });
        if let Some(problem) = problem {
            found.push(
                Diagnostic::error("image", format!("`{kind}.{name}` has an image that no registry can have"))
                    .at(subject.place(&[kind, name, "image"]))
                    .label(problem)
                    .help("write `REGISTRY/NAME@sha256:DIGEST`; `docker buildx imagetools inspect NAME:TAG` prints the digest of a tag"),
            );
        }
    }
}

/// A variable is given once.
pub(super) fn variables(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for task in subject.file.tasks() {
        for variable in task.secrets.keys().filter(|variable| task.environment.contains_key(*variable)) {
            found.push(
                Diagnostic::error("duplicate", format!("`{variable}` is given twice"))
                    .at(subject.key(&[task.kind, task.name, "secrets", variable]))
                    .label("as a secret")
                    .help("keep one: ECS refuses a variable that is in both")
                    .related(
                        subject.key(&[task.kind, task.name, "environment", variable]),
                        "and as plain text",
                    ),
            );
        }
    }
}

/// A path is mounted once.
pub(super) fn mounts(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for task in subject.file.tasks() {
        let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
        for (volume, mounted) in task.volumes {
            let at = |volume| subject.place(&[task.kind, task.name, "volumes", volume, "mount"]);
            if let Some(first) = seen.insert(mounted.mount.trim_end_matches('/'), volume) {
                found.push(
                    Diagnostic::error("duplicate", format!("two volumes are mounted at `{}`", mounted.mount))
                        .at(at(volume))
                        .label("taken")
                        .help("mount each at a path of its own")
                        .related(at(first), "by this one"),
                );
            }
        }
    }
}
