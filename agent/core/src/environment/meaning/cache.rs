//! What ElastiCache asks of a replication group.

use super::{Diagnostic, Subject};
use crate::{environment::block::CacheEngine, scalar::TemplatePart};

const WEEK_IN_MINUTES: u32 = 7 * 24 * 60;

/// A token would travel readable without TLS: AWS refuses it.
pub(super) fn encryption_of_auth(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (name, cache) in &subject.file.cache {
        if cache.auth && !cache.encryption.in_transit {
            found.push(
                Diagnostic::error(
                    "cache-auth",
                    format!("`cache.{name}` asks for a token without encryption in transit"),
                )
                .at(subject.key(&["cache", name, "auth"]))
                .label("the token would be readable on the network")
                .help("set `encryption = { in_transit = true }`, or take `auth` out")
                .related(subject.place(&["cache", name, "encryption", "in_transit"]), "switched off here"),
            );
        }
    }
}

/// A URL that is put together in the file speaks as the cache does.
pub(super) fn urls(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (service, shape) in &subject.file.service {
        for (variable, template) in &shape.environment {
            for pair in template.parts().windows(2) {
                let [TemplatePart::Literal(before), TemplatePart::Reference(reference)] = pair else {
                    continue;
                };
                let segments = reference.segments();
                let ["cache", name, "endpoint"] = segments.as_slice() else {
                    continue;
                };
                let Some(cache) = subject.file.cache.get(*name) else {
                    continue;
                };
                let problem = if before.ends_with("redis://") && cache.encryption.in_transit {
                    Some(("the cache speaks TLS only", "write `rediss://`"))
                } else if before.ends_with("rediss://") && !cache.encryption.in_transit {
                    Some((
                        "the cache does not speak TLS",
                        "write `redis://`, or `encryption = { in_transit = true }`",
                    ))
                } else if before.ends_with("://") && cache.auth {
                    Some((
                        "the cache asks for a token",
                        "write the whole URL as a secret: `${cache.NAME.url_secret}`",
                    ))
                } else {
                    None
                };
                if let Some((label, help)) = problem {
                    found.push(
                        Diagnostic::error("cache-url", format!("`{variable}` cannot reach `cache.{name}`"))
                            .at(subject.place(&["service", service, "environment", variable]))
                            .label(label)
                            .help(help.replace("NAME", name)),
                    );
                }
            }
        }
    }
}

/// Redis ends at 7.1 on ElastiCache; Valkey begins at 7.2.
pub(super) fn versions(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (name, cache) in &subject.file.cache {
        let mut numbers = cache.engine_version.split('.').map(|part| part.parse::<u32>().unwrap_or(u32::MAX));
        let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        // `6.x` is how AWS writes any 6.
        let version = if version.1 == u32::MAX { (version.0, 0) } else { version };
        let (wrong, help) = match cache.engine {
            CacheEngine::Redis => (
                version > (7, 1),
                "write `7.1`, the last version of Redis there, or take `engine = \"valkey\"`",
            ),
            CacheEngine::Valkey => (version < (7, 2), "write `7.2` or later, or take `engine = \"redis\"`"),
        };
        if wrong {
            let message = format!("ElastiCache has no {} {}", cache.engine.as_str(), cache.engine_version);
            found.push(
                Diagnostic::error("cache-version", message)
                    .at(subject.place(&["cache", name, "engine_version"]))
                    .label("no such version")
                    .help(help),
            );
        }
    }
}

/// A window is between one hour and a week long.
pub(super) fn windows(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (name, cache) in &subject.file.cache {
        let Some(window) = &cache.maintenance_window else {
            continue;
        };
        let mut ends = window.split('-').map(minute_of_week);
        let problem = match (ends.next().flatten(), ends.next().flatten()) {
            (Some(begin), Some(end)) => {
                let minutes = (end + WEEK_IN_MINUTES - begin) % WEEK_IN_MINUTES;
                (minutes < 60).then(|| format!("it lasts {minutes} minutes"))
            }
            _ => Some("a day has no such time".to_owned()),
        };
        if let Some(problem) = problem {
            found.push(
                Diagnostic::error(
                    "cache-window",
                    format!("`cache.{name}` cannot have this maintenance window"),
                )
                .at(subject.place(&["cache", name, "maintenance_window"]))
                .label(problem)
                .help("write a window of at least an hour in UTC, such as `sun:05:00-sun:06:00`"),
            );
        }
    }
}

/// `sun:05:00` as minutes since the beginning of Monday.
fn minute_of_week(text: &str) -> Option<u32> {
    let mut parts = text.split(':');
    let day = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
        .iter()
        .position(|day| Some(*day) == parts.clone().next())?;
    parts.next();
    let hour: u32 = parts.next()?.parse().ok().filter(|hour| *hour < 24)?;
    let minute: u32 = parts.next()?.parse().ok().filter(|minute| *minute < 60)?;
    Some(u32::try_from(day).ok()? * 24 * 60 + hour * 60 + minute)
}
