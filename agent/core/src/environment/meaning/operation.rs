//! When nothing may be applied, and how long what is deleted can come back.

use super::{Diagnostic, Subject};

/// A freeze lasts some time, and ends.
pub(super) fn freezes(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (index, window) in subject.file.freeze.iter().flat_map(|freeze| &freeze.windows).enumerate() {
        if !(60..=366 * 86_400).contains(&window.duration.seconds()) {
            let number = index.to_string();
            found.push(super::out_of_range(
                subject,
                &["freeze", "windows", &number, "duration"],
                window.duration,
                "`1m` to `366d`",
            ));
        }
    }
}

/// What a run announced is kept until long after the next one looked after it.
pub(super) fn journals(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let retention = subject.file.state.journal_retention;
    if !(7 * 86_400..=3_650 * 86_400).contains(&retention.seconds()) {
        found.push(super::out_of_range(
            subject,
            &["state", "journal_retention"],
            retention,
            "`7d` to `3650d`",
        ));
    }
}

/// A secret can be taken back for whole days.
pub(super) fn recoveries(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (name, secret) in &subject.file.secret {
        if !secret.recovery.whole_days().is_some_and(|days| (7..=30).contains(&days)) {
            let path = ["secret", name.as_str(), "recovery"];
            found.push(super::out_of_range(subject, &path, secret.recovery, "`7d` to `30d`, in whole days"));
        }
    }
}
