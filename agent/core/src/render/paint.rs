//! Colour for terminals. Always written; whoever prints to something that is
//! no terminal strips it.

/// Something good, or new.
pub fn green(text: &str) -> String {
    format!("\u{1b}[32m{text}\u{1b}[0m")
}

/// Something that changes, or deserves a look.
pub fn yellow(text: &str) -> String {
    format!("\u{1b}[33m{text}\u{1b}[0m")
}

/// Something wrong, or that goes.
pub fn red(text: &str) -> String {
    format!("\u{1b}[31m{text}\u{1b}[0m")
}

/// What a line is about.
pub fn bold(text: &str) -> String {
    format!("\u{1b}[1m{text}\u{1b}[0m")
}

/// What may be passed over.
pub fn dim(text: &str) -> String {
    format!("\u{1b}[2m{text}\u{1b}[0m")
}

/// Text from elsewhere without what would move the cursor, change colours or
/// turn the direction of writing: such characters are shown, not obeyed.
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        let directional =
            matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if c == '\n' || !(c.is_control() || directional) {
            plain.push(c);
        } else {
            plain.extend(c.escape_unicode());
        }
    }
    plain
}

/// The text without the colours that were written here.
pub fn without(text: &str) -> String {
    let mut without = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        without.push_str(before);
        rest = after.split_once('m').map_or("", |(_, rest)| rest);
    }
    without.push_str(rest);
    without
}

#[cfg(test)]
mod tests {
    #[test]
    fn colours_can_be_taken_away() {
        assert_eq!(super::without(&format!("a {} c", super::red("b"))), "a b c");
    }

    #[test]
    fn control_sequences_are_shown() {
        assert_eq!(super::plain("a\u{1b}[2Jb\u{202e}c\n"), "a\\u{1b}[2Jb\\u{202e}c\n");
    }
}
