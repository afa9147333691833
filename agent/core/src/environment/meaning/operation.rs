//! When nothing may be applied.

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
