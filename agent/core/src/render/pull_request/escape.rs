//! Text of others in our Markdown: it is shown as it is, and does nothing. No
//! markup, no HTML, no link, nobody mentioned, no issue referred to.
//!
//! A word in which GitHub would see something of its own (`@robin`, `#12`,
//! `https://`, a commit) is shown as code: there GitHub looks for nothing, and
//! what people copy is what was written.

use super::super::diagnostic::escaped;

/// Commits are referred to by as few characters as this.
const SHORTEST_COMMIT: usize = 7;

/// A text as prose in one line; what it has between backticks is code.
pub(super) fn prose(text: &str) -> String {
    let text = one_line(text);
    let parts: Vec<&str> = text.split('`').collect();
    let paired = parts.len() % 2 == 1 && parts.iter().skip(1).step_by(2).all(|part| !part.trim().is_empty());
    if !paired {
        return at_the_beginning(words(&text));
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for (index, part) in parts.iter().enumerate() {
        let part = if index % 2 == 1 { code(part) } else { words(part) };
        // Two spans of code that touch would be one.
        if safe.ends_with('`') && part.starts_with('`') {
            safe.push(' ');
        }
        safe.push_str(&part);
    }
    at_the_beginning(safe)
}

/// Words without any code of their own; their spaces stay.
fn words(text: &str) -> String {
    let text = escaped(text);
    let words = text.split(' ').map(|word| if is_live(word) { inert(word) } else { plain(word) });
    words.collect::<Vec<_>>().join(" ")
}

/// Whether GitHub would see more in a word than its letters.
fn is_live(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    let marks = ["@", "#", "$", "://", "www.", "mailto:", "xmpp:", "gh-", "ghsa-", "cve-"];
    let emoji = || {
        let mut between = lower.split(':').skip(1);
        lower.matches(':').count() > 1 && between.any(|name| !name.is_empty())
    };
    let commit = || {
        let of_word = |c: char| !c.is_ascii_alphanumeric();
        lower
            .split(of_word)
            .any(|part| part.len() >= SHORTEST_COMMIT && part.chars().all(|c| c.is_ascii_hexdigit()))
    };
    marks.iter().any(|mark| lower.contains(mark)) || emoji() || commit()
}

/// A word as code; the punctuation around it stays outside.
fn inert(word: &str) -> String {
    const BEFORE: &[char] = &['(', '[', '{', '"', '\'', '<', '*', '_', '~'];
    const BEHIND: &[char] = &['.', ',', ';', ':', ')', ']', '}', '!', '?', '"', '\'', '>', '*', '_', '~'];
    let inner = word.trim_start_matches(BEFORE);
    let before = &word[..word.len() - inner.len()];
    let core = inner.trim_end_matches(BEHIND);
    let behind = &inner[core.len()..];
    format!("{}{}{}", plain(before), code(core), plain(behind))
}

/// A word as it is.
fn plain(word: &str) -> String {
    let mut safe = String::with_capacity(word.len() + 8);
    for character in word.chars() {
        match character {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '!' | '|' | '~' | '$' | '#' => {
                safe.push('\\');
                safe.push(character);
            }
            character => safe.push(character),
        }
    }
    safe
}

/// What begins a list, a heading or a table at the beginning of a line is a
/// character like any other.
fn at_the_beginning(safe: String) -> String {
    if safe.starts_with(['-', '+', '=', ':']) {
        return format!("\\{safe}");
    }
    let digits = safe.chars().take_while(char::is_ascii_digit).count();
    if digits > 0 && safe[digits..].starts_with('.') {
        return format!("{}\\{}", &safe[..digits], &safe[digits..]);
    }
    safe
}

/// A text as code in one line, also in a cell of a table.
pub(super) fn code(text: &str) -> String {
    let text = escaped(&one_line(text)).replace('|', "¦");
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

/// What is folded away, under a line that says what it is. The line is ours,
/// and HTML.
pub(super) fn folded(line: &str, body: &str) -> String {
    format!("<details><summary>{line}</summary>\n\n{}\n\n</details>\n", body.trim_end())
}

/// A link of ours; the words alone when the address is none of the web.
pub(super) fn link(words: &str, address: &str) -> String {
    let is_web = address.starts_with("https://") || address.starts_with("http://");
    let plain = |c: char| c.is_ascii_graphic() && !"<>\\`\"[]()|".contains(c);
    if is_web && address.chars().all(plain) { format!("[{words}]({address})") } else { words.to_owned() }
}

/// Every run of white space as one space.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{block, code, link, prose};

    #[test]
    fn nothing_of_others_does_anything() {
        for (hostile, shown) in [
            ("ping @robin", "ping `@robin`"),
            ("see #12, GH-12 (acme/config#7).", "see `#12`, `GH-12` \\(`acme/config#7`\\)."),
            ("<script>alert(1)</script>", "&lt;script&gt;alert\\(1\\)&lt;/script&gt;"),
            ("[here](https://evil.example)", "\\[`here](https://evil.example`\\)"),
            ("WWW.evil.example", "`WWW.evil.example`"),
            ("a\n\n# heading", "a `#` heading"),
            ("</details> **bold**", "&lt;/details&gt; \\*\\*bold\\*\\*"),
            ("- item", "\\- item"),
            ("12. item", "12\\. item"),
            (":-", "\\:-"),
            ("did you mean `count`?", "did you mean `count`?"),
            ("an `odd one", "an \\`odd one"),
            ("```` and `@robin` *b*", "\\`\\`\\`\\` and `` `@robin` `` \\*b\\*"),
            ("`@robin` @robin", "`@robin` `@robin`"),
            ("@a`b`", "`@a` `b`"),
            ("fixed in a1b2c3d4", "fixed in `a1b2c3d4`"),
            ("$x$ costs $5", "`$x$` costs `$5`"),
            (":tada: 10:30", "`:tada`: 10:30"),
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

    #[test]
    fn a_link_leads_into_the_web_or_nowhere() {
        assert_eq!(link("all", "https://depot.example/p/7"), "[all](https://depot.example/p/7)");
        assert_eq!(link("all", "javascript:alert(1)"), "all");
        assert_eq!(link("all", "https://x.example/) @robin"), "all");
    }
}
