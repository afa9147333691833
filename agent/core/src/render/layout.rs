//! Lines for terminals: as wide as they may be, and no wider.

/// What a terminal has at least.
pub const COLUMNS: usize = 80;

/// The words of a text in lines of at most `width` characters. A word that is
/// longer stands alone.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if length(line) + 1 + length(word) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// A text within 80 columns; the first line begins with a mark of so many
/// characters, the others are set in as far.
pub fn hanging(mark: &str, mark_length: usize, text: &str) -> String {
    let lines = wrapped(text, COLUMNS.saturating_sub(mark_length + 1));
    let indent = " ".repeat(mark_length + 1);
    let mut whole = format!("{mark} ");
    whole.push_str(&lines.join(&format!("\n{indent}")));
    whole
}

/// How many characters are seen.
pub fn length(text: &str) -> usize {
    text.chars().count()
}

/// Filled with spaces up to a width.
pub fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(length(text))))
}

/// Shortened in its middle, where it is longer than that.
pub fn cut(text: &str, width: usize) -> String {
    let long = length(text);
    if long <= width {
        return text.to_owned();
    }
    let kept = width.saturating_sub(1);
    let head: String = text.chars().take(kept.div_ceil(2)).collect();
    let tail: String = text.chars().skip(long - kept / 2).collect();
    format!("{head}…{tail}")
}

/// Two texts, each in so many characters: where they are longer, the place
/// where they begin to differ is shown.
pub fn cut_alike(before: &str, after: &str, width: usize) -> (String, String) {
    let same = before.chars().zip(after.chars()).take_while(|(a, b)| a == b).count();
    let begin = if length(before).max(length(after)) > width { same.saturating_sub(width / 3) } else { 0 };
    let part = |text: &str| {
        let shown: String = text.chars().skip(begin).collect();
        let shown = if begin > 0 { format!("…{shown}") } else { shown };
        if length(&shown) <= width {
            return shown;
        }
        let head: String = shown.chars().take(width.saturating_sub(1)).collect();
        format!("{head}…")
    };
    (part(before), part(after))
}

#[cfg(test)]
mod tests {
    use super::{cut, cut_alike, hanging, length};

    #[test]
    fn lines_stay_in_their_columns() {
        let text = hanging("warning", 7, &"many words ".repeat(20));
        assert!(text.lines().all(|line| length(line) <= 80), "{text}");
        assert!(text.lines().skip(1).all(|line| line.starts_with("        ")), "{text}");
    }

    #[test]
    fn what_differs_is_seen() {
        assert_eq!(cut("abcdefghij", 7), "abc…hij");
        assert_eq!(cut("abc", 7), "abc");
        let (before, after) =
            cut_alike(&format!("{}1{}", "x".repeat(90), "y".repeat(90)), &format!("{}2", "x".repeat(90)), 30);
        assert_eq!(before, format!("…{}1{}…", "x".repeat(10), "y".repeat(17)));
        assert_eq!(after, format!("…{}2", "x".repeat(10)));
    }
}
