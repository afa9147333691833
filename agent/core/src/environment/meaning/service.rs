//! What ECS and target groups ask of a service.

use std::collections::BTreeMap;

use super::{Diagnostic, Subject, out_of_range};
use crate::environment::block::External;
use crate::scalar::Duration;

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
