//! A Rust file without what is no code: comments and the insides of strings are blanked, line by
//! line, and inline test modules are left out.

/// One Rust file.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) path: String,
    /// Numbered from 1, without inline test modules.
    pub(crate) lines: Vec<(usize, String)>,
    /// Whether the whole file belongs to tests.
    pub(crate) is_test: bool,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let is_test = path.starts_with("tests/stories/")
            || path.split('/').skip(1).any(|part| part == "tests" || part == "tests.rs");
        Self { path: path.to_owned(), lines: without_test_modules(&blanked(text)), is_test }
    }

    /// `path:line: code` of each line that holds one of the words, as whole words.
    pub(crate) fn lines_with(&self, words: &[&str]) -> Vec<String> {
        let hit = |line: &str| words.iter().any(|word| holds(line, word));
        self.lines
            .iter()
            .filter(|(_, line)| hit(line))
            .map(|(number, line)| format!("{}:{number}: {}", self.path, line.trim()))
            .collect()
    }
}

/// Whether the line holds the word with no letter, digit or underscore on either side where the
/// word itself has one.
fn holds(line: &str, word: &str) -> bool {
    let is_name = |character: Option<char>| character.is_some_and(|c| c.is_alphanumeric() || c == '_');
    line.match_indices(word).any(|(at, _)| {
        let before = is_name(line[..at].chars().next_back()) && is_name(word.chars().next());
        let after = is_name(line[at + word.len()..].chars().next()) && is_name(word.chars().next_back());
        !before && !after
    })
}

/// Leaves out `#[cfg(test)] mod … { … }` at the left edge; its end is the next `}` there.
fn without_test_modules(code: &str) -> Vec<(usize, String)> {
    let lines: Vec<&str> = code.lines().collect();
    let mut kept = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        if lines[at].starts_with("#[cfg(test)]") {
            let opens =
                lines[at..].iter().position(|line| !line.starts_with("#[")).map_or(lines.len(), |n| at + n);
            let is_inline =
                lines.get(opens).is_some_and(|line| line.contains("mod ") && line.trim_end().ends_with('{'));
            if is_inline {
                at = lines[opens..]
                    .iter()
                    .position(|line| line.starts_with('}'))
                    .map_or(lines.len(), |n| opens + n + 1);
                continue;
            }
        }
        kept.push((at + 1, lines[at].to_owned()));
        at += 1;
    }
    kept
}

/// The text with comments and the insides of strings as spaces; line ends stay.
fn blanked(text: &str) -> String {
    let mut rest = text;
    let mut code = String::with_capacity(text.len());
    while let Some(first) = rest.chars().next() {
        let skipped = comment(rest).or_else(|| literal(rest, code.chars().next_back()));
        if let Some(length) = skipped {
            code.extend(rest[..length].chars().map(|character| if character == '\n' { '\n' } else { ' ' }));
            rest = &rest[length..];
        } else {
            code.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    code
}

/// The length of the comment that the text begins with.
fn comment(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    if !text.starts_with("/*") {
        return None;
    }
    let mut depth = 0;
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return Some(at);
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    Some(text.len())
}

/// The length of the string or character that the text begins with. `before` tells a raw string
/// from a name that ends with `r`.
fn literal(text: &str, before: Option<char>) -> Option<usize> {
    let in_name = before.is_some_and(|character| character.is_alphanumeric() || character == '_');
    if text.starts_with('r') && (!in_name || before == Some('b')) {
        let hashes = text[1..].chars().take_while(|character| *character == '#').count();
        if text[1 + hashes..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let inside = 2 + hashes;
            return Some(text[inside..].find(&end).map_or(text.len(), |at| inside + at + end.len()));
        }
    }
    if text.starts_with('"') {
        return Some(until(text, '"'));
    }
    let mut characters = text.strip_prefix('\'')?.chars();
    let is_character = match characters.next()? {
        '\\' => true,
        _ => characters.next() == Some('\''),
    };
    is_character.then(|| until(text, '\''))
}

/// The length up to and with the closing mark; a backslash hides what follows it.
fn until(text: &str, mark: char) -> usize {
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if character == '\\' {
            escaped = true;
        } else if character == mark {
            return at + character.len_utf8();
        }
    }
    text.len()
}

#[test]
fn only_code_is_seen() {
    let text = "let a = \"unsafe // no\"; // unsafe\nlet b = r#\"un\"safe\"#; /* unsafe /* deep */ */ let 'c: f('\"');\n\
                #[cfg(test)]\nmod tests {\n    unsafe {}\n}\nunsafe_code\nunsafe { d }";
    let source = Source::new("agent/src/x.rs", text);
    assert_eq!(source.lines_with(&["unsafe"]), ["agent/src/x.rs:8: unsafe { d }"]);
    assert_eq!(source.lines_with(&["let"]).len(), 2, "{source:?}");
    assert!(source.lines[1].1.contains("let 'c: f(   );"), "{source:?}");
    assert!(!source.is_test && Source::new("agent/src/git/tests.rs", "").is_test);
}
