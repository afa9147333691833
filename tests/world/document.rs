//! What commands print with `--json`, held to the JSON Schemas that the repository publishes.

use serde_json::Value;

/// The one document that a command printed, when it is of this kind and as its schema says.
///
/// # Panics
///
/// When it is no JSON, of another kind, or not as its schema says.
#[track_caller]
pub fn document(text: &str, kind: &str) -> Value {
    let document: Value =
        serde_json::from_str(text).unwrap_or_else(|error| panic!("no JSON ({error}):\n{text}"));
    assert_eq!(document["kind"], kind, "{text}");
    assert_eq!(document["schema"], 1, "{text}");
    let path = crate::repository().join("schema/json").join(format!("{kind}.json"));
    let schema = std::fs::read_to_string(&path).expect("the schema is published");
    let schema: Value = serde_json::from_str(&schema).expect("the schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema is one");
    let faults: Vec<String> =
        validator.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(faults.is_empty(), "not as schema/json/{kind}.json says: {faults:#?}\n{text}");
    document
}
