//! Text of others in our Markdown: it is shown as it is, and does nothing. No
//! markup, no HTML, no link, nobody mentioned, no issue referred to.

use super::super::diagnostic::escaped;

/// Between two characters: neither seen nor printed, but what GitHub looks
/// for (`@robin`, `#12`, `https://`) is no longer there.
const BREAK: char = '\u{200b}';

/// A text as prose in one line; what it has between backticks is code.
pub(super) fn prose(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let parts: Vec<&str> = text.split('`').collect();
    let paired = parts.len() % 2 == 1 && parts.iter().skip(1).step_by(2).all(|part| !part.trim().is_empty());
    if !paired {
        return words(&text);
    }
    parts
        .iter()
        .enumerate()
        .map(|(index, part)| if index % 2 == 1 { code(part) } else { words(part) })
        .collect()
}

/// Words without any code.
fn words(text: &str) -> String {
    let text = escaped(text);
    let mut safe = String::with_capacity(text.len() + 16);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '@' | '#' => {
                if character == '#' {
                    safe.push('\\');
                }
                safe.push(character);
                safe.push(BREAK);
            }
            ':' if characters.peek() == Some(&'/') => safe.extend([':', BREAK]),
            '.' if safe.to_ascii_lowercase().ends_with("www") => safe.extend([BREAK, '.']),
            '-' if safe.to_ascii_uppercase().ends_with("GH") => safe.extend([BREAK, '-']),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '!' | '|' | '~' | '$' => {
                safe.push('\\');
                safe.push(character);
            }
            '-' | '+' | '=' if safe.is_empty() => {
                safe.push('\\');
                safe.push(character);
            }
            character => safe.push(character),
        }
    }
    match safe.find(|c: char| !c.is_ascii_digit()) {
        // `1.` at the beginning would be a list.
        Some(end) if end > 0 && (safe[end..].starts_with('.') || safe[end..].starts_with("\\)")) => {
            safe.insert(end, BREAK);
            safe
        }
        _ => safe,
    }
}

/// A text as code in one line, also in a cell of a table.
pub(super) fn code(text: &str) -> String {
    let text = escaped(&text.split_whitespace().collect::<Vec<_>>().join(" ")).replace('|', "¦");
    if text.is_empty() {
        return "` `".to_owned();
    }
    let ticks = "`".repeat(longest_run(&text) + 1);
    // A backtick at either end would join the fence.
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{ticks}{pad}{text}{pad}{ticks}")
}

/// Lines as a block of code, in the colours of a language.
pub(super) fn block(language: &str, lines: &[String]) -> String {
    let longest = lines.iter().map(|line| longest_run(line)).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let body: String = lines.iter().map(|line| format!("{}\n", escaped(line))).collect();
    format!("{fence}{language}\n{body}{fence}\n")
}

/// What is folded away, under a line that says what it is. The line is ours.
pub(super) fn folded(line: &str, body: &str) -> String {
    format!("<details><summary>{line}</summary>\n\n{body}\n</details>\n")
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{block, code, prose};

    #[test]
    fn nothing_of_others_does_anything() {
        for (hostile, shown) in [
            ("ping @robin", "ping @\u{200b}robin"),
            ("see #12 and GH-12", "see \\#\u{200b}12 and GH\u{200b}-12"),
            ("<script>alert(1)</script>", "&lt;script&gt;alert\\(1\\)&lt;/script&gt;"),
            ("[here](https://evil.example)", "\\[here\\]\\(https:\u{200b}//evil.example\\)"),
            ("WWW.evil.example", "WWW\u{200b}.evil.example"),
            ("a\n\n# heading", "a \\#\u{200b} heading"),
            ("</details> **bold**", "&lt;/details&gt; \\*\\*bold\\*\\*"),
            ("- item", "\\- item"),
            ("12. item", "12\u{200b}. item"),
            ("did you mean `count`?", "did you mean `count`?"),
            ("an `odd one", "an \\`odd one"),
            ("```` and `@robin` *b*", "\\`\\`\\`\\` and \\`@\u{200b}robin\\` \\*b\\*"),
            ("`@robin` @robin", "`@robin` @\u{200b}robin"),
            ("a\u{202e}b\u{1b}[0m", "a\\\\u\\{202e\\}b\\\\u\\{1b\\}\\[0m"),
        ] {
            assert_eq!(prose(hostile), shown, "{hostile:?}");
        }
    }

    #[test]
    fn code_cannot_be_left() {
        assert_eq!(code("plain"), "`plain`");
        assert_eq!(code(""), "` `");
        assert_eq!(code("a`` b"), "```a`` b```");
        assert_eq!(code("`a"), "`` `a ``");
        assert_eq!(code("a|b\nc"), "`a¦b c`");
        let text = block("diff", &["+ a".to_owned(), "```` @robin".to_owned()]);
        assert_eq!(text, "`````diff\n+ a\n```` @robin\n`````\n");
    }
}
