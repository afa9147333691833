//! Completes an answer: the required fields that the stand-in has nothing to say about.

use serde_json::{Map, Value, json};

use super::{Description, Operation};

/// A link that leads nowhere.
const SOME_LINK: &str = "https://github.example/";

impl Description {
    /// Adds the required fields that an answer does not name, with values that carry no meaning.
    pub(in super::super) fn complete(&self, operation: &Operation, status: u16, body: &mut Value) {
        if let Some(Some(schema)) = operation.responses.get(&status.to_string()) {
            self.fill(schema, body);
        }
    }

    fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let name = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix("#/$defs/"));
        name.map_or(schema, |name| self.resolve(&self.definitions[name]))
    }

    fn fill(&self, schema: &Value, value: &mut Value) {
        let schema = self.resolve(schema);
        for key in ["allOf", "anyOf", "oneOf"] {
            let Some(parts) = schema.get(key).and_then(Value::as_array) else {
                continue;
            };
            let mut objects = parts.iter().filter(|part| part["type"] != "null");
            if key == "allOf" {
                objects.for_each(|part| self.fill(part, value));
            } else if let (Some(part), false) = (objects.next(), value.is_null()) {
                self.fill(part, value);
            }
        }
        match value {
            Value::Object(fields) => self.fill_fields(schema, fields),
            Value::Array(items) => {
                if let Some(schema) = schema.get("items") {
                    items.iter_mut().for_each(|item| self.fill(schema, item));
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn fill_fields(&self, schema: &Value, fields: &mut Map<String, Value>) {
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
            return;
        };
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !fields.contains_key(name) {
                let mut value = properties.get(name).map_or(Value::Null, |schema| self.meaningless(schema));
                // The description does not say of every link that it is one; clients read them as links all the same.
                if value == "" && (name == "url" || name.ends_with("_url")) {
                    value = json!(SOME_LINK);
                }
                fields.insert(name.to_owned(), value);
            }
        }
        for (name, value) in fields.iter_mut() {
            if let Some(schema) = properties.get(name) {
                self.fill(schema, value);
            }
        }
    }

    fn meaningless(&self, schema: &Value) -> Value {
        let schema = self.resolve(schema);
        if let Some(choices) = schema.get("enum").and_then(Value::as_array) {
            return choices.last().cloned().unwrap_or(Value::Null);
        }
        for key in ["anyOf", "oneOf", "allOf"] {
            if let Some(parts) = schema.get(key).and_then(Value::as_array) {
                return if parts.iter().any(|part| part["type"] == "null") {
                    Value::Null
                } else {
                    self.meaningless(&parts[0])
                };
            }
        }
        let kinds: Vec<&str> = match &schema["type"] {
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
            kind => kind.as_str().into_iter().collect(),
        };
        if kinds.contains(&"null") {
            return Value::Null;
        }
        match kinds.first().copied() {
            Some("string") => json!(match schema["format"].as_str() {
                Some("uri") => SOME_LINK,
                Some("date-time") => "2026-01-05T09:00:00Z",
                _ => "",
            }),
            Some("integer" | "number") => json!(0),
            Some("boolean") => json!(false),
            Some("array") => json!([]),
            _ => {
                let mut value = json!({});
                self.fill(schema, &mut value);
                value
            }
        }
    }
}
