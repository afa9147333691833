//! Diagnostics for people and machines: text with excerpts, SARIF, and
//! annotations of a pull request. Their JSON is `document::check`.

mod annotation;
mod excerpt;
mod sarif;
mod text;

pub use annotation::{Annotation, annotations};
pub use sarif::sarif;
pub use text::{Colour, text};

/// Text of files as it is safe to show: what would move the cursor, change
/// colours or turn the direction of writing is spelled out.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\t' => escaped.push(' '),
            character if is_unsafe(character) => escaped.extend(character.escape_unicode()),
            character => escaped.push(character),
        }
    }
    escaped
}

fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            // Direction, width and joining: what shows otherwise than it reads.
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn what_a_terminal_would_obey_is_spelled_out() {
        assert_eq!(escaped("a\u{1b}[31mb"), "a\\u{1b}[31mb");
        assert_eq!(escaped("a\tb\u{202e}c\r"), "a b\\u{202e}c\\u{d}");
        assert_eq!(escaped("größe ✓"), "größe ✓");
    }
}
