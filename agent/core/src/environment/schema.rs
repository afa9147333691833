//! The JSON Schema of environments, from the types: for editors, and for the
//! check of a file's structure.

mod refine;

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::EnvironmentFile;
use refine::{Extent, refine};

/// What a whole environment is, after its bases were merged into it.
pub(crate) static WHOLE: LazyLock<Value> = LazyLock::new(|| {
    let mut schema = Value::from(schemars::schema_for!(EnvironmentFile));
    without_null(&mut schema);
    schema
});

/// The JSON Schema for a file that describes an environment. In a file with
/// `extends` nothing is required: the base may say it.
pub fn json_schema() -> Value {
    let mut schema = part_schema();
    let mut whole = WHOLE.clone();
    refine(&mut whole, Extent::Whole);
    one_threshold(&mut whole, "Alarm", Extent::Whole);
    let definitions = whole.as_object_mut().and_then(|whole| whole.remove("$defs"));
    if let (Some(Value::Object(definitions)), Some(parts)) =
        (definitions, schema.get_mut("$defs").and_then(Value::as_object_mut))
    {
        parts.extend(definitions);
        if let Some(whole) = whole.as_object_mut() {
            whole.remove("$schema");
            whole.remove("title");
        }
        parts.insert("Whole".to_owned(), whole);
    }
    schema["if"] = json!({ "not": { "required": ["extends"] } });
    schema["then"] = json!({ "$ref": "#/$defs/Whole" });
    schema
}

/// The JSON Schema for a base: nothing in it is required.
pub fn base_json_schema() -> Value {
    let mut schema = part_schema();
    schema["title"] = json!("Pointsman base");
    schema["description"] = json!("What environments extend: any part of one.");
    schema
}

fn part_schema() -> Value {
    let mut schema = WHOLE.clone();
    schema["description"] = json!("One environment. What it extends is merged below it.");
    nothing_required(&mut schema);
    refine(&mut schema, Extent::Part);
    one_threshold(&mut schema, "AlarmPart", Extent::Part);
    schema
}

/// An alarm has one threshold; a base may leave it to its heirs.
fn one_threshold(schema: &mut Value, definition: &str, extent: Extent) {
    let Some(alarm) = schema.get_mut("$defs").and_then(|all| all.get_mut(definition)) else {
        return;
    };
    let keys = alarm["properties"].as_object().into_iter().flatten().map(|(key, _)| key);
    let thresholds = keys.filter(|key| key.ends_with("_above") || key.ends_with("_below"));
    let each: Vec<Value> = thresholds.map(|key| json!({ "required": [key] })).collect();
    alarm["allOf"] = match extent {
        Extent::Whole => json!([{ "oneOf": each }]),
        Extent::Part => json!([{ "anyOf": [{ "oneOf": each }, { "not": { "anyOf": each } }] }]),
    };
}

/// TOML has no null: what may be absent is just not required.
fn without_null(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(without_null),
        Value::Object(object) => {
            object.values_mut().for_each(without_null);
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|name| name != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    object.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
                choices.retain(|choice| *choice != json!({ "type": "null" }));
                if let [Value::Object(only)] = choices.as_slice() {
                    let only = only.clone();
                    object.remove("anyOf");
                    object.extend(only);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Takes away what is required, but for the words that tell variants apart,
/// and lets every reference lead to definitions where it is taken away too.
fn nothing_required(schema: &mut Value) {
    fn relax(schema: &mut Value) {
        match schema {
            Value::Array(items) => items.iter_mut().for_each(relax),
            Value::Object(object) => {
                if !is_tagged(object) {
                    object.remove("required");
                } else {
                    object.insert("required".to_owned(), json!(["kind"]));
                }
                if let Some(Value::String(reference)) = object.get_mut("$ref") {
                    reference.push_str("Part");
                }
                object.values_mut().for_each(relax);
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    relax(schema);
    if let Some(Value::Object(definitions)) = schema.get_mut("$defs") {
        *definitions = std::mem::take(definitions)
            .into_iter()
            .map(|(name, part)| (format!("{name}Part"), part))
            .collect();
    }
}

fn is_tagged(object: &Map<String, Value>) -> bool {
    object
        .get("properties")
        .and_then(|properties| properties.get("kind"))
        .is_some_and(|kind| kind.get("const").is_some())
}
