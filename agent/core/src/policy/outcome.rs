//! The shapes that a rule's value may have, and what it then says.

use std::collections::BTreeMap;

use regorus::Value;

use super::limits;

/// One thing that a rule says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Message {
    pub(super) text: String,
    pub(super) path: Option<String>,
}

/// A message with its further details, or why it cannot be understood.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    Says(Message, BTreeMap<String, serde_json::Value>),
    WrongShape(String),
}

/// What a rule's value says: a set of strings or of objects with `msg`; an
/// array, a single string, a single such object, or an object whose values are
/// such things is understood too (`deny.size contains …` makes one). No value says nothing.
pub(super) fn outcomes(value: &Value) -> Vec<(Value, Outcome)> {
    let each = |value: &Value| (value.clone(), outcome(value));
    match value {
        Value::Undefined => Vec::new(),
        Value::Set(_) | Value::Array(_) => elements(value).into_iter().map(each).collect(),
        Value::Object(fields) if fields.get(&Value::from("msg")).is_none() => {
            fields.iter_sorted().flat_map(|(_, value)| elements(value)).map(each).collect()
        }
        other => vec![each(other)],
    }
}

/// What a set or an array holds; anything else is one.
fn elements(value: &Value) -> Vec<&Value> {
    match value {
        Value::Set(items) => items.iter().collect(),
        Value::Array(items) => items.iter().collect(),
        other => vec![other],
    }
}

fn outcome(value: &Value) -> Outcome {
    match value {
        Value::String(text) => Outcome::Says(Message { text: shortened(text), path: None }, BTreeMap::new()),
        Value::Object(fields) => {
            let mut details: BTreeMap<String, serde_json::Value> = fields
                .iter_sorted()
                .filter_map(|(key, value)| Some((key.as_string().ok()?.to_string(), json(value))))
                .collect();
            let Some(serde_json::Value::String(text)) = details.remove("msg") else {
                return Outcome::WrongShape("an object without a string `msg`".to_owned());
            };
            let path = match details.remove("path") {
                Some(serde_json::Value::String(path)) => Some(path),
                Some(other) => {
                    details.insert("path".to_owned(), other);
                    None
                }
                None => None,
            };
            Outcome::Says(Message { text: shortened(&text), path }, details)
        }
        Value::Bool(is) => Outcome::WrongShape(format!("`{is}`")),
        Value::Null => Outcome::WrongShape("`null`".to_owned()),
        Value::Number(_) => Outcome::WrongShape("a number".to_owned()),
        Value::Array(_) => Outcome::WrongShape("an array within the result".to_owned()),
        Value::Set(_) => Outcome::WrongShape("a set within the result".to_owned()),
        Value::Undefined => Outcome::WrongShape("an undefined value".to_owned()),
    }
}

/// What an `exception` rule gives: a set or array of lists of rule names.
pub(super) fn exceptions(value: &Value) -> Vec<(Value, Result<Vec<String>, String>)> {
    let each = |list: &Value| {
        let names = match list {
            Value::Set(names) => names.iter().map(name).collect(),
            Value::Array(names) => names.iter().map(name).collect(),
            other => Err(format!("`{other}` instead of a list of rule names")),
        };
        (list.clone(), names)
    };
    match value {
        Value::Undefined => Vec::new(),
        Value::Set(lists) => lists.iter().map(each).collect(),
        Value::Array(lists) => lists.iter().map(each).collect(),
        other => vec![(other.clone(), Err(format!("`{other}` instead of lists of rule names")))],
    }
}

fn name(value: &Value) -> Result<String, String> {
    match value {
        Value::String(name) => Ok(name.to_string()),
        other => Err(format!("`{other}` instead of a rule's name")),
    }
}

fn json(value: &Value) -> serde_json::Value {
    serde_json::to_value(value).unwrap_or(serde_json::Value::Null)
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(limits::MESSAGE_CHARACTERS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None if text.trim().is_empty() => "(the rule gives no message)".to_owned(),
        None => text.to_owned(),
    }
}
