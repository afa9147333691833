//! GitHub's limits, and texts kept within them. Whatever is sent passes here.

use pointsman_core::render::pull_request::rest_is_elsewhere;

/// A comment, in characters.
pub(super) const COMMENT: usize = 65_536;
/// A check run's summary, in bytes.
pub(super) const SUMMARY_BYTES: usize = 65_535;
/// A check run's title, in characters.
pub(super) const CHECK_TITLE: usize = 250;
/// Buttons of a check run.
pub(super) const ACTIONS: usize = 3;
/// Annotations in one call.
pub(super) const ANNOTATIONS: usize = 50;
/// Annotations of one check: each fifty are a call.
pub(super) const ALL_ANNOTATIONS: usize = 200;
/// An annotation's title, in characters.
pub(super) const ANNOTATION_TITLE: usize = 255;
/// An annotation's message, in bytes.
pub(super) const ANNOTATION_BYTES: usize = 64 * 1024;
/// The description of a commit status, a deployment or its status, in characters.
pub(super) const DESCRIPTION: usize = 140;
/// A name: of a check, a status's context, an environment, an external id; in characters.
pub(super) const NAME: usize = 255;

/// At most so many characters; what was cut is marked.
pub(super) fn characters(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(most.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

/// A name: one that is too long keeps its begin, and a hash of the whole, so
/// that two stay two.
pub(super) fn name(text: &str) -> String {
    if text.chars().count() <= NAME {
        return text.to_owned();
    }
    let hash = pointsman_core::hash::text_hash(text);
    let begin: String = text.chars().take(NAME - 13).collect();
    format!("{begin}-{}", &hash[..12])
}

/// Markdown of at most so many bytes; what was cut is said.
pub(super) fn markdown_bytes(text: &str, most: usize, page: Option<&str>) -> String {
    markdown(text, most, page, str::len)
}

/// Markdown of at most so many characters; what was cut is said.
pub(super) fn markdown_characters(text: &str, most: usize, page: Option<&str>) -> String {
    markdown(text, most, page, |text| text.chars().count())
}

/// Cuts at the end of a line, closes what is open there, and says that the
/// rest is elsewhere.
fn markdown(text: &str, most: usize, page: Option<&str>, size: impl Fn(&str) -> usize) -> String {
    if size(text) <= most {
        return text.to_owned();
    }
    let said = rest_is_elsewhere(page);
    // What was open may take as much again to close; then less is kept.
    let mut room = most.saturating_sub(size(&said));
    loop {
        let mut kept = &text[..begin(text, room, &size)];
        if let Some((lines, _)) = kept.rsplit_once('\n').filter(|(lines, _)| !lines.is_empty()) {
            kept = lines;
        }
        let cut = format!("{kept}{}{said}", closing(kept));
        if size(&cut) <= most {
            return cut;
        }
        if room == 0 {
            return characters(&said, most.min(said.len()));
        }
        room = room.saturating_sub(size(&cut) - most);
    }
}

/// How many bytes of a text are within a size.
fn begin(text: &str, room: usize, size: impl Fn(&str) -> usize) -> usize {
    let ends = text.char_indices().map(|(at, character)| (at, at + character.len_utf8()));
    let mut used = 0;
    let mut end = 0;
    for (from, to) in ends {
        used += size(&text[from..to]);
        if used > room {
            break;
        }
        end = to;
    }
    end
}

/// What ends the block of code and the folds that a text leaves open.
fn closing(text: &str) -> String {
    let mut fence: Option<&str> = None;
    let mut folds = 0_usize;
    for line in text.lines() {
        let line = line.trim_start();
        let ticks = &line[..line.len() - line.trim_start_matches('`').len()];
        match fence {
            Some(open) if ticks.len() >= open.len() => fence = None,
            Some(_) => {}
            None if ticks.len() >= 3 => fence = Some(ticks),
            None => {
                folds = (folds + line.matches("<details").count())
                    .saturating_sub(line.matches("</details>").count());
            }
        }
    }
    let fence = fence.map(|fence| format!("\n{fence}")).unwrap_or_default();
    format!("{fence}{}", "\n\n</details>".repeat(folds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_at_characters_and_say_so() {
        assert_eq!(characters("äöü", 3), "äöü");
        assert_eq!(characters("äöüß", 3), "äö…");
        let text = "ä".repeat(400);
        let cut = markdown_bytes(&text, 301, None);
        assert!(cut.len() <= 301 && cut.contains("The rest is in the agent's log."), "{cut}");
        assert_eq!(markdown_bytes(&text, 800, None), text);
        let cut = markdown_characters(&text, 399, Some("https://ghe.example/a/b/pull/7/checks"));
        assert!(cut.chars().count() <= 399 && cut.contains("https://ghe.example/a/b/pull/7/checks"), "{cut}");
        assert!(markdown_characters(&text, 5, None).chars().count() <= 5);
    }

    #[test]
    fn what_is_open_is_closed() {
        let text = format!("<details><summary>a</summary>\n\n````\n{}", "- x\n".repeat(200));
        for most in 200..400 {
            let cut = markdown_characters(&text, most, None);
            assert!(cut.chars().count() <= most, "{most}");
            let open = cut.contains("````\n- x");
            assert_eq!(open, cut.matches("````").count() == 2, "{cut}");
            assert_eq!(cut.matches("<details").count(), cut.matches("</details>").count(), "{cut}");
        }
    }

    #[test]
    fn long_names_stay_different() {
        let names = [name(&"a".repeat(256)), name(&"a".repeat(257)), name(&"a".repeat(255))];
        assert!(names.iter().all(|name| name.chars().count() == NAME));
        assert_ne!(names[0], names[1]);
        assert_eq!(names[2], "a".repeat(255));
    }
}
