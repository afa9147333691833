//! Where a text is no TOML: what people most probably meant, in words that say
//! what to do. What only follows from another mistake is left out.

use std::ops::Range;

use toml_parser::lexer::TokenKind;

/// One mistake in the form of a text.
pub(crate) struct Slip {
    pub(crate) range: Range<usize>,
    pub(crate) message: String,
    pub(crate) label: &'static str,
    pub(crate) help: String,
}

/// The mistakes of a text.
pub(crate) struct Slips {
    pub(crate) slips: Vec<Slip>,
    /// A bracket is never closed: all behind it is read as if it were within.
    pub(crate) open: bool,
}

/// The mistakes behind the parser's problems, given as message and place: at
/// most one in a line.
pub(crate) fn slips<'m>(text: &str, problems: impl Iterator<Item = (&'m str, Range<usize>)>) -> Slips {
    let mut problems: Vec<(&str, Range<usize>)> = problems.collect();
    problems.sort_by_key(|(_, range)| range.start);
    let mut slips = conflicts(text);
    let conflicts: Vec<Range<usize>> = slips.iter().map(|slip| slip.range.clone()).collect();
    let unclosed = problems.iter().any(|(message, _)| message.contains("unclosed"));
    let open = if unclosed { open_bracket(text) } else { None };
    let mut last_line = None;
    let mut braces = false;
    for (message, range) in problems {
        let line = line(text, range.start);
        let within = |outer: &Range<usize>| outer.contains(&range.start);
        let follows = last_line.as_ref() == Some(&line)
            || conflicts.iter().any(within)
            || open.as_ref().is_some_and(|(open, _)| *open < range.start)
            || (braces && text[line.clone()].trim() == "}");
        if follows {
            continue;
        }
        braces |= is_block_in_braces(&text[line.clone()]);
        let written = text.get(range.clone()).unwrap_or_default().trim();
        let (message, help) = explained(message, written, text[line.clone()].trim());
        slips.push(Slip { range, message, label: "here", help });
        last_line = Some(line);
    }
    let is_open = open.is_some();
    if let Some((at, close)) = open {
        slips.push(Slip {
            range: at..at + 1,
            message: "a bracket is not closed".to_owned(),
            label: "opened here",
            help: format!("close it with `{close}`"),
        });
    }
    for conflict in &mut slips {
        // The markers' first line says enough.
        let end = line(text, conflict.range.start).end;
        conflict.range.end = conflict.range.end.min(end);
    }
    slips.sort_by_key(|slip| slip.range.start);
    Slips { slips, open: is_open }
}

/// The line around an offset, without its end.
fn line(text: &str, at: usize) -> Range<usize> {
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    start..text[at..].find('\n').map_or(text.len(), |end| at + end)
}

/// What Git leaves where it could not merge, each from its first marker to its last.
fn conflicts(text: &str) -> Vec<Slip> {
    let mut found: Vec<Slip> = Vec::new();
    let mut open = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.starts_with("<<<<<<< ") {
            open = Some(at);
        } else if line.starts_with(">>>>>>> ")
            && let Some(start) = open.take()
        {
            found.push(Slip {
                range: start..at + line.len(),
                message: "Git could not merge here, and what it left was committed".to_owned(),
                label: "from here to the line with `>>>>>>>`",
                help: "keep what is right of the two, and take the three lines of markers out".to_owned(),
            });
        }
        at += line.len();
    }
    found
}

/// The first bracket that is never closed, and what would close it.
fn open_bracket(text: &str) -> Option<(usize, char)> {
    let mut open: Vec<(usize, char)> = Vec::new();
    for token in toml_parser::Source::new(text).lex() {
        match token.kind() {
            TokenKind::LeftSquareBracket => open.push((token.span().start(), ']')),
            TokenKind::LeftCurlyBracket => open.push((token.span().start(), '}')),
            TokenKind::RightSquareBracket if open.last().is_some_and(|(_, close)| *close == ']') => {
                open.pop();
            }
            TokenKind::RightCurlyBracket if open.last().is_some_and(|(_, close)| *close == '}') => {
                open.pop();
            }
            _ => {}
        }
    }
    open.first().copied()
}

fn is_block_in_braces(line: &str) -> bool {
    line.trim_end().ends_with('{') && !line.contains('=')
}

/// `key: value`, as in YAML and JSON.
fn with_colon(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(':')?;
    let key = key.trim_matches('"');
    let bare = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    let value = value.trim_end_matches(',');
    (bare && !line.contains('=') && (value.is_empty() || value.starts_with(' '))).then(|| (key, value.trim()))
}

/// The parser's message, in words that say what to do.
fn explained(message: &str, written: &str, line: &str) -> (String, String) {
    let said = |message: &str, help: &str| (message.to_owned(), help.to_owned());
    if line.starts_with("//") || line.starts_with("/*") || line.starts_with("--") {
        return said("a comment begins with `#`", "write `#` instead");
    }
    if is_block_in_braces(line) {
        return said(
            "TOML has no blocks in braces",
            "write a header, such as `[service.web]`, and lines of `key = value` below it",
        );
    }
    if let Some((key, value)) = with_colon(line) {
        let plain = value.parse::<f64>().is_ok() || value.starts_with(['"', '\'', '[', '{']);
        let help = match value {
            "" => format!("write a header, such as `[{key}]`, and lines of `key = value` below it"),
            "true" | "false" => format!("write `{key} = {value}`"),
            value if plain => format!("write `{key} = {value}`"),
            value => format!("write `{key} = \"{value}\"`"),
        };
        return ("a key is followed by `=`, not by `:`".to_owned(), help);
    }
    if let Some(word) = ["true", "false"].into_iter().find(|word| written.eq_ignore_ascii_case(word)) {
        return (format!("`{written}` is not a truth value"), format!("write `{word}`"));
    }
    if message.contains("string values must be quoted") {
        let straight = written.trim_matches(['“', '”', '„', '‘', '’', '«', '»']);
        return match written {
            "" => said("a value is missing", "write one behind the `=`"),
            _ if straight != written => {
                ("quotation marks must be straight".to_owned(), format!("write \"{straight}\""))
            }
            _ => ("text must stand in quotes".to_owned(), format!("write \"{written}\"")),
        };
    }
    if message.contains("duplicate key") {
        return (
            format!("`{written}` stands here a second time"),
            "a key, and a table's header, may stand only once in a file: put the two together".to_owned(),
        );
    }
    let known: [(&str, &str, &str); 5] = [
        (
            "invalid basic string, expected `\"`",
            "the text is not closed",
            "close it with `\"` on the same line; text of several lines stands between `\"\"\"`",
        ),
        (
            "escape",
            "a `\\` begins an escape, and this is none",
            "write `\\\\`, or put the text between `'`, where every character stands for itself",
        ),
        ("missing comma", "a comma is missing", "put `,` between the elements"),
        ("key with no value", "a key without `=`", "write `key = value`"),
        ("unclosed", "a bracket is not closed", "close it"),
    ];
    match known.into_iter().find(|(part, ..)| message.contains(part)) {
        Some((_, message, help)) => said(message, help),
        None => (
            format!("this is not TOML: {message}"),
            "write `key = value` under a `[table]` header; https://toml.io shows the forms".to_owned(),
        ),
    }
}
