//! How deep files nest. TOML's parser calls itself for each bracket, so that a
//! file of brackets would end the process; Rego's parser bounds its depth, but
//! the work doubles with each level, and long sums are deep too. So tokens are counted before they parse.

use std::collections::BTreeMap;

use regorus::{
    Source,
    unstable::{Lexer, TokenKind},
};
use toml_parser::lexer::TokenKind as TomlKind;

use super::{PolicyError, limits};

/// Of these and of `in`, expressions as deep as long can be made.
const OPERATORS: [char; 11] = ['+', '-', '*', '/', '%', '&', '|', '=', '<', '>', '!'];

/// Refuses TOML files that nest deeper than [`limits::TOML_NESTING`] and Rego
/// files that have more than [`limits::OPERATORS`] or would, all together, keep
/// the parser busy for longer than [`limits::PARSER_STEPS`]. JSON needs no look: its parser bounds itself.
pub(super) fn check(files: &BTreeMap<String, String>) -> Vec<PolicyError> {
    let mut steps = limits::PARSER_STEPS;
    let refuse = |(path, text): (&String, &String)| {
        let (line, message) = if path.ends_with(".rego") {
            rego(path, text, &mut steps)?
        } else if path.ends_with(".toml") {
            (toml(text)?, format!("this is nested more than {} deep", limits::TOML_NESTING))
        } else {
            return None;
        };
        let help =
            "look for brackets that are not closed, give inner parts names of their own, or split the file"
                .to_owned();
        Some(PolicyError { file: path.clone(), line, column: 0, message, help })
    };
    files.iter().filter_map(refuse).collect()
}

/// The line where there is too much, and of what. What the lexer refuses, the
/// parser reports.
fn rego(path: &str, text: &str, steps: &mut u64) -> Option<(u32, String)> {
    let source = Source::from_contents(path.to_owned(), text.to_owned()).ok()?;
    let mut lexer = Lexer::new(&source);
    // The brackets, and whether their first element is still being read. A
    // closing bracket of the wrong kind counts for nothing: in broken text it
    // is better to find too much than too little.
    let mut open: Vec<(String, bool)> = Vec::new();
    let mut operators = 0;
    while let Ok(token) = lexer.next_token() {
        match (&token.0, token.1.text()) {
            (TokenKind::Eof, _) => break,
            (TokenKind::Symbol, bracket @ ("[" | "{")) => open.push((bracket.to_owned(), true)),
            (TokenKind::Symbol, bracket @ ("]" | "}")) => {
                open.pop_if(|(open, _)| matches!((open.as_str(), bracket), ("[", "]") | ("{", "}")));
            }
            (TokenKind::Symbol, ",") => {
                if let Some((_, is_first)) = open.last_mut() {
                    *is_first = false;
                }
            }
            (TokenKind::Symbol, operator) if operator.contains(OPERATORS) => operators += 1,
            (TokenKind::Ident, "in") => operators += 1,
            _ => {}
        }
        if operators > limits::OPERATORS {
            return Some((token.1.line, format!("the file has more than {} operators", limits::OPERATORS)));
        }
        let doubled = open.iter().filter(|(_, is_first)| *is_first).count();
        let cost = u32::try_from(doubled).ok().and_then(|doubled| 1_u64.checked_shl(doubled));
        let Some(left) = cost.and_then(|cost| steps.checked_sub(cost)) else {
            let message = "reading the literals within literals up to here takes too long";
            return Some((token.1.line, message.to_owned()));
        };
        *steps = left;
    }
    None
}

/// The line where a TOML file is too deep.
fn toml(text: &str) -> Option<u32> {
    let mut open = Vec::new();
    // Each name of a dotted key is a table in the one before.
    let mut names = 0;
    for token in toml_parser::Source::new(text).lex() {
        match token.kind() {
            kind @ (TomlKind::LeftSquareBracket | TomlKind::LeftCurlyBracket) => open.push(kind),
            TomlKind::RightSquareBracket => {
                open.pop_if(|open| *open == TomlKind::LeftSquareBracket);
            }
            TomlKind::RightCurlyBracket => {
                open.pop_if(|open| *open == TomlKind::LeftCurlyBracket);
            }
            TomlKind::Dot => names += 1,
            TomlKind::Newline | TomlKind::Equals | TomlKind::Comma => names = 0,
            _ => {}
        }
        if open.len() + names > limits::TOML_NESTING {
            let before = text.get(..token.span().start()).unwrap_or_default();
            return Some(u32::try_from(before.matches('\n').count() + 1).unwrap_or(u32::MAX));
        }
    }
    None
}
