//! Alarms watch something that has what they watch.

use super::{Diagnostic, Subject};
use crate::{
    desired::is_of_target_groups_only,
    environment::{
        block::{Alarm, External},
        diagnostic::nearest,
    },
};

fn alarms<'a>(subject: &Subject<'a>) -> impl Iterator<Item = (&'a str, &'a Alarm)> {
    subject.file.alarms.iter().flat_map(|alarms| &alarms.alarm).map(|(name, alarm)| (name.as_str(), alarm))
}

/// The thresholds that are written, by key.
fn written(alarm: &Alarm) -> Vec<&'static str> {
    [
        ("cpu_above", alarm.cpu_above.is_some()),
        ("memory_above", alarm.memory_above.is_some()),
        ("response_time_above", alarm.response_time_above.is_some()),
        ("metric", alarm.metric.is_some()),
    ]
    .into_iter()
    .filter_map(|(key, written)| written.then_some(key))
    .collect()
}

/// Exactly one each.
pub(super) fn thresholds(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (name, alarm) in alarms(subject) {
        let written = written(alarm);
        let error = match written.as_slice() {
            [_] => continue,
            [] => Diagnostic::error("alarm", format!("`alarms.{name}` has no threshold"))
                .at(subject.place(&["alarms", name]))
                .label("when does it ring?")
                .help("add one of `cpu_above`, `memory_above`, `response_time_above`, or a `metric` with `above` or `below`"),
            [_, second, ..] => {
                Diagnostic::error("alarm", format!("`alarms.{name}` has {} thresholds", written.len()))
                    .at(subject.key(&["alarms", name, second]))
                    .label("one too many")
                    .help("make an alarm of each: one alarm watches one thing")
            }
        };
        found.push(error);
    }
}

/// A metric of CloudWatch's has one threshold, and only such a metric has it.
pub(super) fn metrics(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (name, alarm) in alarms(subject) {
        let key = |key| subject.key(&["alarms", name, key]);
        let error = match (&alarm.metric, alarm.above, alarm.below) {
            (Some(_), Some(_), None) | (Some(_), None, Some(_)) | (None, None, None) => None,
            (Some(metric), None, None) => Some(
                Diagnostic::error("alarm", format!("`alarms.{name}` does not say when `{metric}` is wrong"))
                    .at(key("metric"))
                    .label("no threshold")
                    .help("add `above` or `below` with a number"),
            ),
            (_, Some(_), Some(_)) => Some(
                Diagnostic::error("alarm", format!("`alarms.{name}` rings above and below"))
                    .at(key("below"))
                    .label("one too many")
                    .help("make an alarm of each"),
            ),
            (None, above, _) => Some(
                Diagnostic::error("alarm", format!("`alarms.{name}` does not say what is measured"))
                    .at(key(if above.is_some() { "above" } else { "below" }))
                    .label("of what?")
                    .help("add a `metric`, by its name in CloudWatch, or write `cpu_above` and the like"),
            ),
        };
        found.extend(error);
        if let (Some(metric), Some(("load_balancer", _))) = (&alarm.metric, alarm.on.split_once('.'))
            && is_of_target_groups_only(metric)
        {
            found.push(
                Diagnostic::error("alarm", format!("CloudWatch counts `{metric}` for each service"))
                    .at(subject.place(&["alarms", name, "on"]))
                    .label("not for a load balancer")
                    .help("watch the service whose tasks are counted: `on = \"service.NAME\"`"),
            );
        }
        if alarm.datapoints.is_some_and(|datapoints| datapoints > alarm.evaluations) {
            found.push(
                Diagnostic::error("out-of-range", format!("`alarms.{name}` can never ring"))
                    .at(subject.place(&["alarms", name, "datapoints"]))
                    .label(format!("more than the {} that are looked at", alarm.evaluations))
                    .help("let `datapoints` be no more than `evaluations`"),
            );
        }
    }
}

/// Only a service that scales can be given more tasks.
pub(super) fn scale_outs(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (name, alarm) in alarms(subject) {
        if alarm.scale_out.is_none() {
            continue;
        }
        let service = alarm.on.strip_prefix("service.").and_then(|name| subject.file.service.get(name));
        let (what, help) = match service {
            Some(service) if service.scaling.is_some() && alarm.below.is_none() => continue,
            Some(service) if service.scaling.is_some() => {
                ("rings below", "more tasks are for what rings above: take `scale_out` out".to_owned())
            }
            Some(_) => {
                ("has no scaling", format!("give `{}` a `scaling` block, or take `scale_out` out", alarm.on))
            }
            None => ("is no service", "take `scale_out` out, or watch a service with `scaling`".to_owned()),
        };
        found.push(
            Diagnostic::error("scaling", format!("`alarms.{name}` cannot add tasks: `{}` {what}", alarm.on))
                .at(subject.key(&["alarms", name, "scale_out"]))
                .label("nothing to add to")
                .help(help)
                .related(subject.place(&["alarms", name, "on"]), "what is watched"),
        );
    }
}

/// What they watch is described here and has such a value.
pub(super) fn targets(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let file = subject.file;
    let known: Vec<String> = (file.service.keys().map(|name| format!("service.{name}")))
        .chain(file.load_balancer.keys().map(|name| format!("load_balancer.{name}")))
        .chain(file.cache.keys().map(|name| format!("cache.{name}")))
        .chain(file.external.keys().map(|name| format!("external.{name}")))
        .collect();
    for (name, alarm) in alarms(subject) {
        let path = ["alarms", name, "on"];
        if !known.contains(&alarm.on) {
            let bare = alarm.on.trim_start_matches("${").trim_end_matches('}');
            let help = match nearest(bare, known.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it can watch: {}", known.join(", ")),
            };
            found.push(
                Diagnostic::error("unknown-reference", format!("there is no `{}` to watch", alarm.on))
                    .at(subject.place(&path))
                    .label("not described here")
                    .help(help),
            );
            continue;
        }
        let measured: &[&str] = match alarm.on.split_once('.') {
            Some(("service", service)) => {
                match file.service.get(service).and_then(|service| service.expose.as_ref()) {
                    Some(_) => &["cpu_above", "memory_above", "response_time_above", "metric"],
                    None => &["cpu_above", "memory_above", "metric"],
                }
            }
            Some(("load_balancer", _)) => &["response_time_above", "metric"],
            Some(("cache", _)) => &["cpu_above", "memory_above", "metric"],
            Some(("external", external)) => match file.external.get(external) {
                Some(External::Aurora { .. }) => &["cpu_above", "metric"],
                Some(External::EcsService { .. }) => &["cpu_above", "memory_above", "metric"],
                _ => &[],
            },
            _ => &[],
        };
        for key in written(alarm) {
            if measured.contains(&key) {
                continue;
            }
            let help = if measured.is_empty() {
                "watch a service, a load balancer or a cache instead".to_owned()
            } else {
                format!("on `{}` one can write: {}", alarm.on, measured.join(", "))
            };
            found.push(
                Diagnostic::error("alarm", format!("CloudWatch has no `{key}` for `{}`", alarm.on))
                    .at(subject.key(&["alarms", name, key]))
                    .label("nothing to measure")
                    .help(help)
                    .related(subject.place(&path), "what is watched"),
            );
        }
    }
}

/// CloudWatch's periods, and not over a day (a week for periods of an hour).
pub(super) fn periods(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (name, alarm) in alarms(subject) {
        let period = alarm.period.seconds();
        if period == 0 || !period.is_multiple_of(60) {
            found.push(
                Diagnostic::error(
                    "out-of-range",
                    format!("an alarm cannot have a period of {}", alarm.period),
                )
                .at(subject.place(&["alarms", name, "period"]))
                .label("not whole minutes")
                .help("write whole minutes, such as `1m` or `5m`: AWS's own metrics come once a minute"),
            );
            continue;
        }
        let most = if period >= 3_600 { 604_800 } else { 86_400 };
        if period.saturating_mul(u64::from(alarm.evaluations)) > most {
            found.push(
                Diagnostic::error(
                    "out-of-range",
                    format!("`alarms.{name}` looks back further than CloudWatch does"),
                )
                .at(subject.place(&["alarms", name, "evaluations"]))
                .label(format!("{} periods of {}", alarm.evaluations, alarm.period))
                .help("`period` times `evaluations` may be a day, and a week for periods of an hour or more"),
            );
        }
        if alarm.response_time_above.is_some_and(|above| above.seconds() == 0) {
            found.push(
                Diagnostic::error("out-of-range", format!("`alarms.{name}` rings at every answer"))
                    .at(subject.place(&["alarms", name, "response_time_above"]))
                    .label("no time at all")
                    .help("write at least `1s`"),
            );
        }
    }
}
