//! From text to a tree: bounded before it is parsed, and with every error of
//! syntax at once.

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};
use toml_parser::lexer::TokenKind;

use super::{
    Diagnostic,
    node::{Node, Value},
    slip::{Slips, slips},
    text::{Span, TextId, Texts},
};

/// How deep lists and tables in braces may stand in each other.
const MAX_NESTING: usize = 32;
/// How many names a dotted key may have.
const MAX_KEY_SEGMENTS: usize = 8;
/// How many keys, list elements and tables one file may have.
const MAX_VALUES: usize = 5_000;
/// Beyond so many, errors of one file follow from each other.
const MAX_ERRORS: usize = 20;

/// What became of a text.
#[derive(Debug)]
pub(crate) struct Parsed {
    /// As much of it as could be read; nothing when a bound was exceeded or a
    /// bracket is not closed.
    pub(crate) root: Option<Node>,
    pub(crate) errors: Vec<Diagnostic>,
}

/// Parses a text of at most a megabyte. Never overflows the stack.
pub(crate) fn parse(texts: &Texts<'_>, id: TextId, text: &str) -> Parsed {
    if let Err(error) = bounded(texts, id, text) {
        return Parsed { root: None, errors: vec![*error] };
    }
    let (table, problems) = DeTable::parse_recoverable(text);
    let mut reader = Reader { texts, id, errors: Vec::new() };
    let ranges = problems.iter().map(|problem| {
        (
            problem.message(),
            problem
                .span()
                .filter(|range| text.get(range.clone()).is_some())
                .unwrap_or(text.len()..text.len()),
        )
    });
    let Slips { slips, open } = slips(text, ranges);
    let more = slips.len().saturating_sub(MAX_ERRORS);
    for (index, slip) in slips.into_iter().take(MAX_ERRORS + 1).enumerate() {
        let place = texts.place(reader.span(&slip.range));
        reader.errors.push(if index < MAX_ERRORS {
            Diagnostic::error("syntax", slip.message).at(place).label(slip.label).help(slip.help)
        } else {
            Diagnostic::error("syntax", format!("{more} more errors of syntax follow"))
                .at(place)
                .help("put the first ones right: the others usually follow from them")
        });
    }
    if open {
        return Parsed { root: None, errors: reader.errors };
    }
    // The root has no header; its place is the beginning of the file.
    let root = reader.table(table.get_ref(), 0..0);
    Parsed { root: Some(root), errors: reader.errors }
}

struct Reader<'r, 't> {
    texts: &'r Texts<'t>,
    id: TextId,
    errors: Vec<Diagnostic>,
}

type Range = std::ops::Range<usize>;

impl Reader<'_, '_> {
    fn span(&self, range: &Range) -> Span {
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Span { text: self.id, start: offset(range.start), end: offset(range.end) }
    }

    fn table(&mut self, table: &DeTable<'_>, range: Range) -> Node {
        let mut entries = BTreeMap::new();
        for (key, value) in table {
            let mut node = self.value(value.get_ref(), value.span());
            node.key = Some(self.span(&key.span()));
            entries.insert(key.get_ref().clone().into_owned(), node);
        }
        Node { value: Value::Table(entries), span: self.span(&range), key: None }
    }

    fn value(&mut self, value: &DeValue<'_>, range: Range) -> Node {
        let value = match value {
            DeValue::String(text) => Value::Text(text.clone().into_owned()),
            DeValue::Integer(integer) => match i64::from_str_radix(integer.as_str(), integer.radix()) {
                Ok(number) => Value::Integer(number),
                Err(_) => self.impossible_number(&range, 0.0),
            },
            DeValue::Float(float) => match float.as_str().parse::<f64>() {
                Ok(number) if number.is_finite() => Value::Number(number),
                Ok(_) | Err(_) => self.impossible_number(&range, 0.0),
            },
            DeValue::Boolean(yes) => Value::Boolean(*yes),
            DeValue::Datetime(date) => Value::Date(date.to_string()),
            DeValue::Array(items) => {
                Value::List(items.iter().map(|item| self.value(item.get_ref(), item.span())).collect())
            }
            DeValue::Table(table) => return self.table(table, range),
        };
        Node { value, span: self.span(&range), key: None }
    }

    fn impossible_number(&mut self, range: &Range, stand_in: f64) -> Value {
        // What the parser itself refused is reported already.
        if self.errors.is_empty() {
            self.errors.push(
                Diagnostic::error("number", "no field can hold this number")
                    .at(self.texts.place(self.span(range)))
                    .label("too large, infinite, or not a number")
                    .help("write a number of ordinary size"),
            );
        }
        Value::Number(stand_in)
    }
}

/// The parser calls itself for each bracket: what is nested thousands deep
/// would end the process. So the tokens, which the parser takes too, are
/// counted first. A closing bracket counts only against its own kind: broken
/// text is rather found too deep than let through.
fn bounded(texts: &Texts<'_>, id: TextId, text: &str) -> Result<(), Box<Diagnostic>> {
    let mut open = Vec::new();
    let mut segments = 0;
    let mut values = 0;
    for token in toml_parser::Source::new(text).lex() {
        match token.kind() {
            TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket => {
                open.push(token.kind());
                values += 1;
            }
            TokenKind::RightSquareBracket if open.last() == Some(&TokenKind::LeftSquareBracket) => {
                open.pop();
            }
            TokenKind::RightCurlyBracket if open.last() == Some(&TokenKind::LeftCurlyBracket) => {
                open.pop();
            }
            TokenKind::Equals | TokenKind::Comma => values += 1,
            _ => {}
        }
        match token.kind() {
            TokenKind::Dot => segments += 1,
            TokenKind::Atom
            | TokenKind::Whitespace
            | TokenKind::BasicString
            | TokenKind::LiteralString
            | TokenKind::MlBasicString
            | TokenKind::MlLiteralString => {}
            _ => segments = 0,
        }
        let exceeded = if open.len() > MAX_NESTING {
            Some(("too-deep", format!("lists and tables stand more than {MAX_NESTING} deep in each other")))
        } else if segments >= MAX_KEY_SEGMENTS {
            Some(("too-deep", format!("a dotted key has more than {MAX_KEY_SEGMENTS} names")))
        } else if values > MAX_VALUES {
            Some(("too-many", format!("the file has more than {MAX_VALUES} keys and values")))
        } else {
            None
        };
        if let Some((code, message)) = exceeded {
            let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            let span =
                Span { text: id, start: offset(token.span().start()), end: offset(token.span().end()) };
            return Err(Box::new(Diagnostic::error(code, message)
                .at(texts.place(span))
                .label("the bound is exceeded here; nothing of the file was read")
                .help("no environment needs this; check for brackets that are not closed, or split the file")));
        }
    }
    Ok(())
}
