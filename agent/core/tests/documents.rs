//! What `--json` prints: the examples that people read are as the schemas say.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails; tests read the shipped files"
)]

use pointsman_core::document::{KINDS, json_schema};
use serde_json::Value;

#[test]
fn every_document_has_an_example_that_is_as_its_schema_says() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/json.md");
    let text = std::fs::read_to_string(path).unwrap();
    let mut shown = Vec::new();
    for block in text.split("```json\n").skip(1) {
        let example: Value = serde_json::from_str(block.split("```").next().unwrap()).unwrap();
        let kind = example["kind"].as_str().unwrap().to_owned();
        let schema = json_schema(&kind).unwrap_or_else(|| panic!("there is no kind {kind}"));
        let validator = jsonschema::validator_for(&schema).unwrap();
        let faults: Vec<String> = validator
            .iter_errors(&example)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(faults.is_empty(), "docs/json.md, `{kind}`: {faults:#?}");
        shown.push(kind);
    }
    let kinds: Vec<&str> = KINDS.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(shown, kinds, "docs/json.md shows each kind once, in the order of the registry");
}
