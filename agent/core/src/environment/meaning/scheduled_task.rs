//! What EventBridge Scheduler asks of a schedule.

use super::{Diagnostic, Subject, out_of_range};

/// Either a clock or a rate; in words that AWS has.
pub(super) fn times(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (name, task) in &subject.file.scheduled_task {
        let path = ["scheduled_task", name.as_str()];
        let at = |key| ["scheduled_task", name.as_str(), key];
        match (&task.cron, task.rate) {
            (Some(cron), None) if cron.for_aws().is_none() => found.push(
                Diagnostic::error(
                    "schedule",
                    format!("AWS cannot say `{cron}`: a day of the month or a weekday"),
                )
                .at(subject.place(&at("cron")))
                .label("either of two days")
                .help("make two tasks of it, one with the day and one with the weekday"),
            ),
            (None, Some(rate)) if rate.seconds() < 60 || !rate.seconds().is_multiple_of(60) => {
                found.push(out_of_range(subject, &at("rate"), rate, "whole minutes, from `1m` on"));
            }
            (Some(_), Some(_)) => found.push(
                Diagnostic::error("exclusive", format!("`scheduled_task.{name}` has both `cron` and `rate`"))
                    .at(subject.key(&at("rate")))
                    .label("which of the two?")
                    .help("keep one")
                    .related(subject.key(&at("cron")), "the other"),
            ),
            (None, None) => found.push(
                Diagnostic::error("schedule", format!("`scheduled_task.{name}` does not say when"))
                    .at(subject.key(&path))
                    .label("neither `cron` nor `rate`")
                    .help("add `cron = \"0 6 * * ? *\"` with a `timezone`, or `rate = \"1h\"`"),
            ),
            (Some(_), None) | (None, Some(_)) => {}
        }
    }
}
