//! References lead to something that is there and that fits.

use std::collections::BTreeMap;

use super::{Diagnostic, EnvironmentFile, Subject};
use crate::environment::{
    block::{External, TABLES, Table},
    diagnostic::nearest,
};
use crate::scalar::{Reference, Template, TemplatePart};

/// What a reference stands for at its place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// `volumes.NAME.files`.
    FileSystem,
    /// `expose.listener`.
    Listener,
    /// `dead_letter.queue`.
    Queue,
    /// `secrets.NAME`.
    Secret,
    /// `environment.NAME` and `outputs.NAME`.
    Text,
}

/// One reference in the file.
pub(super) struct Use<'a> {
    pub(super) path: Vec<&'a str>,
    pub(super) reference: &'a Reference,
    wanted: Wanted,
}

pub(super) fn uses(file: &EnvironmentFile) -> Vec<Use<'_>> {
    fn each<'a>(
        uses: &mut Vec<Use<'a>>,
        path: &[&'a str],
        templates: &'a BTreeMap<String, Template>,
        wanted: Wanted,
    ) {
        for (name, template) in templates {
            for reference in template.references() {
                let path = path.iter().copied().chain([name.as_str()]).collect();
                uses.push(Use { path, reference, wanted });
            }
        }
    }
    let mut uses = Vec::new();
    for task in file.tasks() {
        let (kind, name) = (task.kind, task.name);
        each(&mut uses, &[kind, name, "environment"], task.environment, Wanted::Text);
        each(&mut uses, &[kind, name, "secrets"], task.secrets, Wanted::Secret);
        for (volume, mounted) in task.volumes {
            let path = vec![kind, name, "volumes", volume, "files"];
            uses.push(Use { path, reference: &mounted.files, wanted: Wanted::FileSystem });
        }
    }
    for (name, service) in &file.service {
        if let Some(expose) = &service.expose {
            let path = vec!["service", name, "expose", "listener"];
            uses.push(Use { path, reference: &expose.listener, wanted: Wanted::Listener });
        }
    }
    for (name, queue) in &file.queue {
        if let Some(dead) = &queue.dead_letter {
            let path = vec!["queue", name, "dead_letter", "queue"];
            uses.push(Use { path, reference: &dead.queue, wanted: Wanted::Queue });
        }
    }
    each(&mut uses, &["outputs"], &file.outputs, Wanted::Text);
    uses
}

/// Each leads to a block that is described, and to something of it that is
/// wanted at the place.
pub(super) fn targets(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for used in uses(subject.file) {
        if found.len() > super::MAX_FINDINGS {
            return;
        }
        if let Err((code, message, help)) = target(subject.file, &used) {
            let place = subject.place(&used.path);
            found.push(Diagnostic::error(code, message).at(place).label("refers to it here").help(help));
        }
    }
    for task in subject.file.tasks() {
        for (variable, template) in task.secrets {
            let sound = match template.parts() {
                [TemplatePart::Reference(_)] => true,
                [TemplatePart::Literal(text)] => is_secret_arn(text),
                _ => false,
            };
            if !sound {
                found.push(
                    Diagnostic::error("not-a-secret", format!("`{variable}` is not given by a secret"))
                        .at(subject.place(&[task.kind, task.name, "secrets", variable]))
                        .hidden()
                        .label("neither one reference nor a secret's ARN")
                        .help("write one reference such as `${external.NAME.arn}` and nothing around it, or the ARN of a secret; a plain value belongs into `environment`"),
                );
            }
        }
    }
}

type Refusal = (&'static str, String, String);

fn target(file: &EnvironmentFile, used: &Use<'_>) -> Result<(), Refusal> {
    let segments = used.reference.segments();
    match (segments.as_slice(), used.wanted) {
        (["load_balancer", name, "listener", listener], wanted) => {
            let balancer = block(file, "load_balancer", name)?;
            if !balancer.contains(listener) {
                return Err(unknown(&format!("load_balancer.{name}.listener"), listener, &balancer));
            }
            match wanted {
                Wanted::Listener => Ok(()),
                _ => Err(no_attribute(used, "a listener has no value", "it can only stand in `expose`")),
            }
        }
        (["dashboard", "url"], Wanted::Text) => match file.dashboard {
            Some(_) => Ok(()),
            None => Err((
                "unknown-reference",
                "there is no `[dashboard]` to refer to".to_owned(),
                "describe it: `[dashboard]` with a `name`".to_owned(),
            )),
        },
        (["dashboard", ..], Wanted::Text) => {
            Err(no_attribute(used, "a dashboard has no such attribute", "write `${dashboard.url}`"))
        }
        ([kind, name, rest @ ..], wanted) => {
            block(file, kind, name)?;
            let attributes = attributes(file, kind, name);
            match (rest, wanted) {
                ([], Wanted::FileSystem)
                    if matches!(file.external.get(*name), Some(External::Efs { .. })) =>
                {
                    Ok(())
                }
                ([], Wanted::Queue) if *kind == "queue" => Ok(()),
                (_, Wanted::Queue) => {
                    Err(no_attribute(used, "this is no queue", "write `${queue.NAME}` of another queue"))
                }
                (_, Wanted::FileSystem) => Err(no_attribute(
                    used,
                    "this is no file system",
                    "write `${external.NAME}` of an external of kind `efs`",
                )),
                (_, Wanted::Listener) => Err(no_attribute(
                    used,
                    "this is no listener",
                    &format!("write `${{load_balancer.NAME.listener.NAME}}`{}", listeners(file)),
                )),
                ([attribute], _) if attributes.contains(attribute) => {
                    with_attribute(file, used, kind, name, attribute)
                }
                ([attribute], _) => Err(match nearest(attribute, attributes.iter().copied()) {
                    Some(near) => no_attribute(
                        used,
                        &format!("`{kind}.{name}` has no attribute `{attribute}`"),
                        &format!("did you mean `${{{kind}.{name}.{near}}}`?"),
                    ),
                    None => no_attribute(
                        used,
                        &format!("`{kind}.{name}` has no attribute `{attribute}`"),
                        &has(kind, name, &attributes),
                    ),
                }),
                _ => Err(no_attribute(used, "an attribute is wanted here", &has(kind, name, &attributes))),
            }
        }
        // A reference has two segments at least: its type sees to that.
        _ => Ok(()),
    }
}

/// What an attribute needs besides being known.
fn with_attribute(
    file: &EnvironmentFile,
    used: &Use<'_>,
    kind: &str,
    name: &str,
    attribute: &str,
) -> Result<(), Refusal> {
    let gives_secret = matches!((kind, attribute), ("cache", "url_secret") | ("external", "secret"))
        || kind == "secret"
        || matches!(file.external.get(name), Some(External::Secret { .. }) if kind == "external");
    if let ("external", "secret", Some(External::Aurora { secret: None, .. })) =
        (kind, attribute, file.external.get(name))
    {
        return Err((
            "unknown-reference",
            format!("`external.{name}` says no secret"),
            format!(
                "add `secret = \"…\"` to `[external.{name}]`: the name or ARN of the secret with its URL"
            ),
        ));
    }
    match (used.wanted, gives_secret) {
        (Wanted::Secret, false) => Err((
            "not-a-secret",
            format!("`{}` is not a secret", used.reference.path()),
            "move it to the service's `environment`, or refer to a secret".to_owned(),
        )),
        (Wanted::Text, true) if used.path.contains(&"environment") && attribute != "arn" => Err((
            "secret-in-environment",
            format!("`{}` is a secret, and environment variables are no place for it", used.reference.path()),
            "move the line to the service's `secrets`: ECS then gives the value to the container alone"
                .to_owned(),
        )),
        _ => Ok(()),
    }
}

/// The names of parts of a block (a load balancer's listeners), if the block exists.
fn block<'a>(file: &'a EnvironmentFile, kind: &str, name: &str) -> Result<Vec<&'a str>, Refusal> {
    let Some(table) = Table::of(kind) else {
        let kinds: Vec<&str> = TABLES.iter().map(|table| table.kind).chain(["dashboard"]).collect();
        let help = match nearest(kind, kinds.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("one can refer to: {}", kinds.join(", ")),
        };
        return Err(("unknown-reference", format!("there is no kind `{kind}` to refer to"), help));
    };
    let names = (table.names)(file);
    if !names.contains(&name) {
        return Err(unknown(kind, name, &names));
    }
    let parts = file.load_balancer.get(name).filter(|_| kind == "load_balancer");
    Ok(parts.map(|balancer| balancer.listener.keys().map(String::as_str).collect()).unwrap_or_default())
}

fn unknown(kind: &str, name: &str, names: &[&str]) -> Refusal {
    let help = match nearest(name, names.iter().copied()) {
        Some(near) => format!("did you mean `{kind}.{near}`?"),
        None if names.is_empty() => {
            format!("nothing of that kind is described; add `[{kind}.{name}]`")
        }
        None => format!("described are: {}", names.join(", ")),
    };
    ("unknown-reference", format!("there is no `{kind}.{name}`"), help)
}

fn attributes(file: &EnvironmentFile, kind: &str, name: &str) -> Vec<&'static str> {
    if kind == "external" {
        return match file.external.get(name) {
            Some(External::Aurora { .. }) => vec!["endpoint", "secret"],
            Some(External::Efs { .. }) => vec!["id"],
            Some(External::Secret { .. }) => vec!["arn"],
            Some(External::EcsService { .. } | External::CloudMap { .. }) | None => Vec::new(),
        };
    }
    Table::of(kind).map(|table| table.attributes.to_vec()).unwrap_or_default()
}

fn has(kind: &str, name: &str, attributes: &[&str]) -> String {
    if attributes.is_empty() {
        return format!("`{kind}.{name}` has no attributes");
    }
    let all: Vec<String> =
        attributes.iter().map(|attribute| format!("`${{{kind}.{name}.{attribute}}}`")).collect();
    format!("it has {}", all.join(", "))
}

fn listeners(file: &EnvironmentFile) -> String {
    let first =
        file.load_balancer.iter().find_map(|(name, balancer)| Some((name, balancer.listener.keys().next()?)));
    first.map_or_else(String::new, |(name, listener)| {
        format!(", such as `${{load_balancer.{name}.listener.{listener}}}`")
    })
}

fn no_attribute(used: &Use<'_>, why: &str, help: &str) -> Refusal {
    ("wrong-reference", format!("`{}` does not fit here: {why}", used.reference), help.to_owned())
}

fn is_secret_arn(text: &str) -> bool {
    text.parse::<crate::scalar::Arn>().is_ok_and(|arn| matches!(arn.service(), "secretsmanager" | "ssm"))
}
