//! The JSON Schema of what policies are given: for people who write them, and
//! for their editors.
#![allow(dead_code, reason = "the shapes are described, never made")]

use schemars::JsonSchema;
use serde_json::{Value, json};

use super::PolicyInput;
use crate::environment;

/// What a plan is to policies: the parts that stay. Plans have more, which may
/// change from version to version.
#[derive(JsonSchema)]
#[schemars(rename = "Plan")]
struct PlanShape {
    /// The version of the plan's shape.
    schema: u32,
    /// The account's number.
    account: String,
    /// The region.
    region: String,
    /// What would be done, by address.
    changes: Vec<ChangeShape>,
    /// What is left alone on purpose.
    held: Vec<HeldShape>,
}

/// What would be done to one object.
#[derive(JsonSchema)]
#[schemars(rename = "Change")]
struct ChangeShape {
    /// Such as `service.web.task_definition`.
    address: String,
    /// Such as `task_definition`.
    kind: String,
    /// `create`, `update`, `replace`, `rollout`, `adopt` or `delete`.
    action: String,
    /// Whether people's data is lost when it goes.
    stateful: bool,
    /// The worst that people notice.
    disruption: String,
    /// The fields that change; empty when it is made or deleted.
    fields: Vec<FieldShape>,
}

/// One field that changes.
#[derive(JsonSchema)]
#[schemars(rename = "Field")]
struct FieldShape {
    /// Dotted below the object.
    field: String,
    /// What lives.
    before: Value,
    /// What is wanted.
    after: Value,
}

/// One object that is left alone.
#[derive(JsonSchema)]
#[schemars(rename = "Held")]
struct HeldShape {
    /// Which.
    address: String,
    /// Why.
    reason: Value,
}

/// The JSON Schema of `input`.
pub fn json_schema() -> Value {
    let mut schema = Value::from(schemars::schema_for!(PolicyInput));
    let mut plan = Value::from(schemars::schema_for!(PlanShape));
    let described = schema["properties"]["plan"]["description"].clone();
    let mut definitions = plan.as_object_mut().and_then(|plan| plan.remove("$defs")).unwrap_or_default();
    for extra in ["$schema", "title"] {
        plan.as_object_mut().and_then(|plan| plan.remove(extra));
    }
    definitions["Plan"] = plan;
    // What a policy is given is written by us: each of its names is always there.
    let properties = schema["properties"].as_object().into_iter().flat_map(|all| all.keys());
    schema["required"] = properties.cloned().collect();
    schema["title"] = json!("Input of a policy");
    schema["properties"]["plan"] =
        json!({ "description": described, "anyOf": [{ "$ref": "#/$defs/Plan" }, { "type": "null" }] });
    schema["properties"]["environment"] = json!({
        "description": schema["properties"]["environment"]["description"],
        "type": "object",
        "properties": environment_properties(),
    });
    if let (Some(all), Value::Object(more)) = (schema["$defs"].as_object_mut(), definitions) {
        all.extend(more);
    }
    schema
}

/// The first level of an environment, each with its description; the whole is
/// `schema/environment.json`.
fn environment_properties() -> Value {
    let schema = environment::json_schema();
    let described = schema["properties"].as_object().into_iter().flatten().map(|(name, property)| {
        let mut short = serde_json::Map::new();
        for key in ["description", "type"] {
            if let Some(value) = property.get(key) {
                short.insert(key.to_owned(), value.clone());
            }
        }
        (name.clone(), Value::Object(short))
    });
    let mut properties: serde_json::Map<String, Value> = described.collect();
    properties.insert(
        "name".to_owned(),
        json!({ "description": "Its path under environments/ without the ending.", "type": "string" }),
    );
    Value::Object(properties)
}
