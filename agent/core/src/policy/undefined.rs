//! Parts of `input` that a policy names and the input does not have. Rego calls
//! them undefined and the rule is silent: a misspelt name would allow
//! everything. So each first-level name is looked up before the rules are asked.

use std::collections::BTreeMap;

use regorus::{
    Source,
    unstable::{Lexer, TokenKind},
};

/// A first-level name of `input`, and where it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct InputName {
    pub(super) name: String,
    pub(super) file: String,
    pub(super) line: u32,
}

/// Each name of `input` that a file reads, once, where it is read first.
/// Reading with a default (`object.get(input, …)`) names nothing, and
/// `with input.name as` replaces instead of reading.
pub(super) fn names(file: &str, text: &str) -> Vec<InputName> {
    let Ok(source) = Source::from_contents(file.to_owned(), text.to_owned()) else {
        return Vec::new();
    };
    let mut lexer = Lexer::new(&source);
    let mut tokens: Vec<(TokenKind, String, u32)> = Vec::new();
    while let Ok(token) = lexer.next_token() {
        if token.0 == TokenKind::Eof {
            break;
        }
        let text = token.1.text().to_owned();
        tokens.push((token.0, text, token.1.line));
    }
    let mut found = BTreeMap::new();
    let aliases = aliases(&tokens);
    for (at, (kind, text, line)) in tokens.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| tokens.get(at)).map(|t| t.1.as_str());
        let is_input = text == "input" || aliases.contains(&text.as_str());
        if *kind != TokenKind::Ident || !is_input || matches!(before, Some("." | "with")) {
            continue;
        }
        let (Some((_, opening, _)), Some((kind, name, _))) = (tokens.get(at + 1), tokens.get(at + 2)) else {
            continue;
        };
        let name = match (opening.as_str(), kind) {
            (".", TokenKind::Ident) | ("[", TokenKind::String | TokenKind::RawString) => name,
            _ => continue,
        };
        found.entry(name.trim_matches(['"', '`']).to_owned()).or_insert(*line);
    }
    found.into_iter().map(|(name, line)| InputName { name, file: file.to_owned(), line }).collect()
}

/// What else the file calls its input: `import input as document`.
fn aliases(tokens: &[(TokenKind, String, u32)]) -> Vec<&str> {
    let word = |token: &(TokenKind, String, u32), text: &str| token.1 == text;
    tokens
        .windows(4)
        .filter_map(|window| match window {
            [import, input, keyword, alias]
                if word(import, "import") && word(input, "input") && word(keyword, "as") =>
            {
                Some(alias.1.as_str())
            }
            _ => None,
        })
        .collect()
}
