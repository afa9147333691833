//! What S3 asks of a bucket.

use super::{Diagnostic, Subject, out_of_range};

/// Objects expire after whole days.
pub(super) fn expiries(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (name, bucket) in &subject.file.bucket {
        for (key, value) in [
            ("expire_after", bucket.expire_after),
            ("noncurrent_expire_after", bucket.noncurrent_expire_after),
        ] {
            let Some(value) = value else {
                continue;
            };
            if !value.whole_days().is_some_and(|days| (1..=36_500).contains(&days)) {
                found.push(out_of_range(subject, &["bucket", name, key], value, "whole days, from `1d` on"));
            }
        }
    }
}

/// What keeps no versions has none that could expire.
pub(super) fn versions(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (name, bucket) in &subject.file.bucket {
        if !bucket.versioned && bucket.noncurrent_expire_after.is_some() {
            found.push(
                Diagnostic::error("bucket", format!("`bucket.{name}` keeps no old versions"))
                    .at(subject.key(&["bucket", name, "noncurrent_expire_after"]))
                    .label("nothing could expire")
                    .help("take this line out, or keep versions: `versioned = true`")
                    .related(subject.place(&["bucket", name, "versioned"]), "switched off here"),
            );
        }
    }
}
