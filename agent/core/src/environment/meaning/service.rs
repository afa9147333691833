//! What ECS and target groups ask of a service.

use std::collections::BTreeMap;

use super::{Diagnostic, Subject, out_of_range};
use crate::environment::block::External;
use crate::scalar::Duration;

/// The days for which CloudWatch Logs can keep logs.
const RETENTION_DAYS: [u64; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

/// A check gives up before the next one begins.
pub(super) fn health(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (name, service) in &subject.file.service {
        let health = &service.health;
        let path = |key| ["service", name.as_str(), "health", key];
        let (interval, timeout) = (health.interval, health.timeout);
        let mut bounded = true;
        for (key, value, range, words) in [
            ("interval", interval, 5..=300, "`5s` to `300s`"),
            ("timeout", timeout, 2..=120, "`2s` to `120s`"),
        ] {
            if !range.contains(&value.seconds()) {
                bounded = false;
                found.push(out_of_range(subject, &path(key), value, words));
            }
        }
        if bounded && timeout >= interval {
            found.push(
                Diagnostic::error("health", format!("the health check of `service.{name}` waits {timeout}, but the next begins after {interval}"))
                    .at(subject.place(&path("timeout")))
                    .label("not less than the interval")
                    .help("let `timeout` be less than `interval`")
                    .related(subject.place(&path("interval")), "the interval"),
            );
        }
    }
}

/// A deployment can begin: there is room for a new task, or an old one may go.
pub(super) fn deployments(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (name, service) in &subject.file.service {
        let deployment = service.deployment;
        if deployment.minimum_healthy_percent == 100 && deployment.maximum_percent == 100 {
            found.push(
                Diagnostic::error("deployment", format!("`service.{name}` can never be deployed to"))
                    .at(subject.place(&["service", name, "deployment", "maximum_percent"]))
                    .label("no task may start before another stops, and none may stop")
                    .help("let `maximum_percent` be more than 100, or `minimum_healthy_percent` less"),
            );
        }
        if service.execute_command && service.task_role.is_none() {
            found.push(
                Diagnostic::error("execute-command", format!("nobody can open a shell in `service.{name}`"))
                    .at(subject.key(&["service", name, "execute_command"]))
                    .label("needs a role of the tasks' own")
                    .help("add a `task_role` that may speak to Systems Manager, or take the line out"),
            );
        }
    }
}

/// Durations within what AWS takes.
pub(super) fn times(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (name, service) in &subject.file.service {
        let mut within = |path: &[&str], value: Duration, most: u64, words: &str| {
            if value.seconds() > most {
                found.push(out_of_range(subject, path, value, words));
            }
        };
        within(&["service", name, "stop_timeout"], service.stop_timeout, 120, "up to `120s`");
        within(&["service", name, "health", "grace"], service.health.grace, 86_400, "up to `1d`");
        if let Some(expose) = &service.expose {
            within(&["service", name, "expose", "drain"], expose.drain, 3_600, "up to `1h`");
        }
        if let Some(scaling) = &service.scaling {
            for (key, value) in [
                ("scale_in_cooldown", scaling.scale_in_cooldown),
                ("scale_out_cooldown", scaling.scale_out_cooldown),
            ] {
                within(&["service", name, "scaling", key], value, 86_400, "up to `1d`");
            }
        }
        let sticky = service.expose.iter().find_map(|expose| expose.stickiness.as_ref());
        if let Some(sticky) = sticky.filter(|sticky| !(1..=604_800).contains(&sticky.duration.seconds())) {
            let path = ["service", name, "expose", "stickiness", "duration"];
            found.push(out_of_range(subject, &path, sticky.duration, "`1s` to `7d`"));
        }
        if !service.log_retention.whole_days().is_some_and(|days| RETENTION_DAYS.contains(&days)) {
            let days: Vec<String> = RETENTION_DAYS.iter().map(|days| format!("{days}d")).collect();
            found.push(
                Diagnostic::error(
                    "log-retention",
                    format!("CloudWatch cannot keep logs for {}", service.log_retention),
                )
                .at(subject.place(&["service", name, "log_retention"]))
                .label("not one of its periods")
                .help(format!("write one of {}", days.join(", "))),
            );
        }
    }
}

/// An image is named as registries name it.
pub(super) fn images(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (name, service) in &subject.file.service {
        let image = service.image.as_str();
        let problem = match image.split_once('@') {
            Some((_, digest)) => digest
                .strip_prefix("sha256:")
                .is_none_or(|hex| {
                    hex.len() != 64 || !hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
                })
                .then_some("its digest is not `sha256:` and 64 hexadecimal digits"),
            None => None,
        };
        let characters = |c: char| c.is_ascii_alphanumeric() || "-_./:@".contains(c);
        let problem = problem.or_else(|| {
            (!image.chars().all(characters)).then_some("it has characters that no image name has")
        });
        if let Some(problem) = problem {
            found.push(
                Diagnostic::error("image", format!("`service.{name}` has an image that no registry can have"))
                    .at(subject.place(&["service", name, "image"]))
                    .label(problem)
                    .help("write `REGISTRY/NAME@sha256:DIGEST`; `docker buildx imagetools inspect NAME:TAG` prints the digest of a tag"),
            );
        }
    }
}

/// A variable is given once.
pub(super) fn variables(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (name, service) in &subject.file.service {
        for variable in service.secrets.keys().filter(|variable| service.environment.contains_key(*variable))
        {
            found.push(
                Diagnostic::error("duplicate", format!("`{variable}` is given twice"))
                    .at(subject.key(&["service", name, "secrets", variable]))
                    .label("as a secret")
                    .help("keep one: ECS refuses a variable that is in both")
                    .related(subject.key(&["service", name, "environment", variable]), "and as plain text"),
            );
        }
    }
}

/// A path is mounted once.
pub(super) fn mounts(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (name, service) in &subject.file.service {
        let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
        for (volume, mounted) in &service.volumes {
            let at = |volume| subject.place(&["service", name, "volumes", volume, "mount"]);
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

/// One rule of a listener has a priority; of two that match the same, only the
/// first is ever used.
pub(super) fn priorities(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let mut rules: BTreeMap<&str, Vec<(&str, Option<u32>)>> = BTreeMap::new();
    for (name, service) in &subject.file.service {
        if let Some(expose) = &service.expose {
            rules.entry(expose.listener.path()).or_default().push((name, expose.priority));
        }
    }
    for (listener, rules) in rules {
        for (index, (name, priority)) in rules.iter().enumerate().skip(1) {
            let taken = rules[..index].iter().find(|(_, other)| priority.is_some() && other == priority);
            let at = |name| subject.place(&["service", name, "expose", "priority"]);
            found.push(match (taken, priority) {
                (Some((first, _)), Some(priority)) => Diagnostic::error(
                    "duplicate",
                    format!("two rules of `{listener}` have priority {priority}"),
                )
                .at(at(name))
                .label("taken")
                .help("give each rule of a listener a priority of its own")
                .related(at(first), "by this one"),
                _ => Diagnostic::warning(
                    "unreachable",
                    format!("`service.{name}` and `service.{}` answer to the same hosts", rules[0].0),
                )
                .at(subject.place(&["service", name, "expose", "listener"]))
                .label("only the rule with the lower priority is ever used")
                .help("expose each service on a listener of its own"),
            });
        }
    }
}

/// What is protected is not described a second time as our own.
pub(super) fn protected(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (external, shape) in &subject.file.external {
        let External::EcsService { cluster, service } = shape else {
            continue;
        };
        if let Some(own) = subject.file.service.get(service).filter(|own| own.cluster == *cluster) {
            found.push(
                Diagnostic::error(
                    "protected",
                    format!(
                        "`external.{external}` and `service.{service}` are one service in cluster `{}`",
                        own.cluster
                    ),
                )
                .at(subject.key(&["service", service]))
                .label("would be written")
                .help("give the new service another name: the old one is the way back")
                .related(subject.place(&["external", external]), "is protected"),
            );
        }
    }
}
