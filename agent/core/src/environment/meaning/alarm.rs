//! Alarms watch something that has what they watch.

use super::{Diagnostic, Subject};
use crate::environment::{
    block::{Alarm, External},
    diagnostic::nearest,
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
                .help("add one of `cpu_above`, `memory_above`, `response_time_above`"),
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
                    Some(_) => &["cpu_above", "memory_above", "response_time_above"],
                    None => &["cpu_above", "memory_above"],
                }
            }
            Some(("load_balancer", _)) => &["response_time_above"],
            Some(("cache", _)) => &["cpu_above", "memory_above"],
            Some(("external", external)) => match file.external.get(external) {
                Some(External::Aurora { .. }) => &["cpu_above"],
                Some(External::EcsService { .. }) => &["cpu_above", "memory_above"],
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
