use std::collections::BTreeMap;

use super::text::Span;

/// A value of a file, or of several that were merged, that knows where it was
/// written.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) value: Value,
    /// The value; of a table with a header, the header.
    pub(crate) span: Span,
    /// The key before it, where it has one.
    pub(crate) key: Option<Span>,
}

/// TOML's values. Numbers that no field could hold were refused before.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Text(String),
    Integer(i64),
    Number(f64),
    Boolean(bool),
    Date(String),
    List(Vec<Node>),
    Table(BTreeMap<String, Node>),
}

impl Node {
    /// The value below, by keys (elements of lists by number).
    pub(crate) fn get<S: AsRef<str>>(&self, path: &[S]) -> Option<&Node> {
        path.iter().map(AsRef::as_ref).try_fold(self, |node, key| match &node.value {
            Value::Table(entries) => entries.get(key),
            Value::List(items) => items.get(key.parse::<usize>().ok()?),
            Value::Text(_) | Value::Integer(_) | Value::Number(_) | Value::Boolean(_) | Value::Date(_) => {
                None
            }
        })
    }

    /// The value below or, where nothing was written, the nearest around it.
    pub(crate) fn nearest<S: AsRef<str>>(&self, path: &[S]) -> &Node {
        (0..=path.len()).rev().find_map(|length| self.get(&path[..length])).unwrap_or(self)
    }

    pub(crate) fn table(&self) -> Option<&BTreeMap<String, Node>> {
        match &self.value {
            Value::Table(entries) => Some(entries),
            Value::Text(_)
            | Value::Integer(_)
            | Value::Number(_)
            | Value::Boolean(_)
            | Value::Date(_)
            | Value::List(_) => None,
        }
    }

    /// Puts this over a base: tables merge key by key, everything else replaces.
    pub(crate) fn over(self, base: Node) -> Node {
        match (self.value, base.value) {
            (Value::Table(mine), Value::Table(mut merged)) => {
                for (key, node) in mine {
                    let node = match merged.remove(&key) {
                        Some(below) => node.over(below),
                        None => node,
                    };
                    merged.insert(key, node);
                }
                Node { value: Value::Table(merged), span: self.span, key: self.key }
            }
            (value, _) => Node { value, span: self.span, key: self.key },
        }
    }

    /// Calls for this value and each below it, with the dotted path.
    pub(crate) fn visit(&self, path: &str, each: &mut dyn FnMut(&str, &Node)) {
        each(path, self);
        let below = |key: &str| {
            if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
        };
        match &self.value {
            Value::Table(entries) => {
                for (key, node) in entries {
                    node.visit(&below(key), each);
                }
            }
            Value::List(items) => {
                for (index, node) in items.iter().enumerate() {
                    node.visit(&below(&index.to_string()), each);
                }
            }
            Value::Text(_) | Value::Integer(_) | Value::Number(_) | Value::Boolean(_) | Value::Date(_) => {}
        }
    }

    /// As data.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Text(text) | Value::Date(text) => text.as_str().into(),
            Value::Integer(number) => (*number).into(),
            Value::Number(number) => (*number).into(),
            Value::Boolean(yes) => (*yes).into(),
            Value::List(items) => items.iter().map(Node::to_json).collect(),
            Value::Table(entries) => serde_json::Value::Object(
                entries.iter().map(|(key, node)| (key.clone(), node.to_json())).collect(),
            ),
        }
    }
}

impl Value {
    /// What it is, in words: "but it is …".
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Integer(_) => "a whole number",
            Self::Number(_) => "a number with a fraction",
            Self::Boolean(_) => "`true` or `false`",
            Self::Date(_) => "a date or time",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}
