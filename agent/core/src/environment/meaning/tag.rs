//! What AWS asks of tags.

use super::{Diagnostic, Subject};

/// AWS takes fifty; the agent writes some of its own.
const MAX_TAGS: usize = 40;

/// Allowed characters and lengths; neither AWS's own nor ours.
pub(super) fn keys(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let tags = &subject.file.tags;
    let allowed =
        |text: &str| text.chars().all(|c| c.is_alphanumeric() || c == ' ' || "+-=._:/@".contains(c));
    for (key, value) in tags {
        let lower = key.to_ascii_lowercase();
        let owner = ["aws:", "pointsman:"].into_iter().find(|prefix| lower.starts_with(prefix));
        let path = ["tags", key.as_str()];
        if let Some(prefix) = owner {
            found.push(
                Diagnostic::error("tag", format!("tags that begin with `{prefix}` are not yours to write"))
                    .at(subject.key(&path))
                    .label("reserved")
                    .help("choose another beginning; ownership is tagged by the agent itself"),
            );
        }
        if key.is_empty() || key.chars().count() > 128 || !allowed(key) {
            found.push(
                Diagnostic::error("tag", "AWS cannot have this key of a tag")
                    .at(subject.key(&path))
                    .label("not a key")
                    .help("write 1 to 128 letters, digits, spaces and `+ - = . _ : / @`"),
            );
        }
        if value.chars().count() > 256 || !allowed(value) {
            found.push(
                Diagnostic::error("tag", format!("AWS cannot have this value of tag `{key}`"))
                    .at(subject.place(&path))
                    .label("not a value")
                    .help("write up to 256 letters, digits, spaces and `+ - = . _ : / @`"),
            );
        }
    }
    if tags.len() > MAX_TAGS {
        found.push(
            Diagnostic::error(
                "too-many",
                format!("{} tags; at most {MAX_TAGS} fit beside the agent's own", tags.len()),
            )
            .at(subject.place(&["tags"]))
            .label("too many")
            .help("take some out"),
        );
    }
}
