//! The bounds of a service's number of tasks.

use super::{Diagnostic, Subject};

const MAX_TASKS: u32 = 5_000;

/// Least ≤ count ≤ most; and something to scale by.
pub(super) fn bounds(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (name, service) in &subject.file.service {
        let Some(scaling) = &service.scaling else {
            continue;
        };
        let at = |key| subject.place(&["service", name, "scaling", key]);
        let (min, max, count) = (scaling.min, scaling.max, service.count);
        if min > max {
            found.push(least_over_most(name, min, max, at("min")).related(at("max"), "the most"));
        } else if !(min..=max).contains(&count) {
            found.push(
                Diagnostic::error(
                    "scaling",
                    format!(
                        "`service.{name}` begins with {count} tasks, outside its scaling of {min} to {max}"
                    ),
                )
                .at(subject.place(&["service", name, "count"]))
                .label("outside")
                .help(format!("write a `count` from {min} to {max}, or widen the scaling"))
                .related(at(if count < min { "min" } else { "max" }), "the bound"),
            );
        }
        if max > MAX_TASKS {
            found.push(
                Diagnostic::error(
                    "out-of-range",
                    format!("`service.{name}` could grow to {max} tasks; ECS runs {MAX_TASKS} in a service"),
                )
                .at(at("max"))
                .label("too many")
                .help(format!("write at most {MAX_TASKS}")),
            );
        }
        if scaling.cpu_target.is_none() && scaling.memory_target.is_none() && scaling.schedule.is_empty() {
            found.push(
                Diagnostic::error(
                    "scaling",
                    format!("nothing moves `service.{name}` between {min} and {max} tasks"),
                )
                .at(subject.place(&["service", name, "scaling"]))
                .label("no target and no schedule")
                .help("add `cpu_target = 70`, a `memory_target` or a `schedule`, or take the scaling out"),
            );
        }
    }
}

/// Each schedule has a name of its own, and bounds that make sense.
pub(super) fn schedules(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (name, service) in &subject.file.service {
        let schedules = service.scaling.iter().flat_map(|scaling| &scaling.schedule).enumerate();
        let mut seen: Vec<&str> = Vec::new();
        for (index, schedule) in schedules {
            let number = index.to_string();
            let at = |key| subject.place(&["service", name, "scaling", "schedule", &number, key]);
            if schedule.min > schedule.max {
                found.push(
                    least_over_most(name, schedule.min, schedule.max, at("min"))
                        .related(at("max"), "the most"),
                );
            }
            if seen.contains(&schedule.name.as_str()) {
                found.push(
                    Diagnostic::error(
                        "duplicate",
                        format!("two schedules of `service.{name}` are called `{}`", schedule.name),
                    )
                    .at(at("name"))
                    .label("taken")
                    .help("give each a name of its own"),
                );
            }
            if schedule.cron.for_aws().is_none() {
                found.push(
                    Diagnostic::error(
                        "scaling",
                        format!("AWS cannot say `{}`: a day of the month or a weekday", schedule.cron),
                    )
                    .at(at("cron"))
                    .label("either of two days")
                    .help("make two schedules of it, one with the day and one with the weekday"),
                );
            }
            if !super::name::self_explaining(&schedule.name) {
                found.push(
                    Diagnostic::error(
                        "name",
                        format!("`{}` cannot be the name of a schedule", schedule.name),
                    )
                    .at(at("name"))
                    .label("not a name")
                    .help("write letters, digits and single hyphens, beginning with a letter"),
                );
            }
            seen.push(&schedule.name);
        }
    }
}

fn least_over_most(name: &str, min: u32, max: u32, place: super::Place) -> Diagnostic {
    Diagnostic::error(
        "scaling",
        format!("`service.{name}` cannot have at least {min} and at most {max} tasks"),
    )
    .at(place)
    .label("more than the most")
    .help("let `min` be no more than `max`")
}
