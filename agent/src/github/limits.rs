//! GitHub's limits, and texts kept within them.

/// A check run's summary, in bytes.
pub(super) const SUMMARY_BYTES: usize = 65_535;
/// Buttons of a check run.
pub(super) const ACTIONS: usize = 3;
/// Annotations in one call.
pub(super) const ANNOTATIONS: usize = 50;
/// The description of a commit status or a deployment status, in characters.
pub(super) const DESCRIPTION: usize = 140;
/// An annotation's message, in bytes.
pub(super) const ANNOTATION_BYTES: usize = 64 * 1024;

/// At most so many characters; what was cut is marked.
pub(super) fn characters(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(most.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

/// At most so many bytes; what was cut is said.
pub(super) fn bytes(text: &str, most: usize) -> String {
    const SAID: &str = "\n\n… the rest is in the agent's log.";
    if text.len() <= most {
        return text.to_owned();
    }
    let mut end = most.saturating_sub(SAID.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{SAID}", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::{bytes, characters};

    #[test]
    fn texts_are_cut_at_characters_and_say_so() {
        assert_eq!(characters("äöü", 3), "äöü");
        assert_eq!(characters("äöüß", 3), "äö…");
        assert_eq!(bytes("short", 100), "short");
        let cut = bytes(&"ä".repeat(100), 101);
        assert!(cut.len() <= 101 && cut.ends_with("log."), "{cut}");
    }
}
