use schemars::{JsonSchema, Schema, generate::SchemaSettings};
use serde_json::{Value, json};

use super::{
    Checked, Document, Drawn, Drift, Historied, Judgement, Locked, Outputs, Planned, PolicyTest, Problem,
    Status, VERSION,
};
use crate::report::{Event, Outcome, adoption::Adoption};

/// Every kind of document: its word, and the command that prints it.
pub const KINDS: &[(&str, &str)] = &[
    ("check", "`check --json` and `watch --json`"),
    ("plan", "`plan --json` and `plan --out`"),
    ("outcome", "`apply --json` and `destroy --json`"),
    ("drift", "`drift --json`"),
    ("status", "`status --json`"),
    ("history", "`history --json`"),
    ("lock", "`lock show --json` and `lock release --json`"),
    ("adoption", "`adopt --json`"),
    ("outputs", "`outputs --json`"),
    ("policy_test", "`policy test --json`"),
    ("verdict", "`policy explain --json`"),
    ("graph", "`graph --json`"),
    ("event", "a line on standard error of `apply --json` and `destroy --json`"),
    ("error", "every command with `--json` that does not do what it was asked to"),
];

/// The JSON Schema of a kind of document; none for a word that is no kind.
pub fn json_schema(kind: &str) -> Option<Value> {
    let schema = match kind {
        "check" => of::<Checked<'static>>(),
        "plan" => of::<Planned>(),
        "outcome" => of::<Outcome>(),
        "drift" => of::<Drift>(),
        "status" => of::<Status>(),
        "history" => of::<Historied>(),
        "lock" => of::<Locked>(),
        "adoption" => of::<Adoption>(),
        "outputs" => of::<Outputs>(),
        "policy_test" => of::<PolicyTest>(),
        "verdict" => of::<Judgement>(),
        "graph" => of::<Drawn>(),
        "event" => of::<Event>(),
        "error" => of::<Problem>(),
        _ => return None,
    };
    let (word, by) = KINDS.iter().find(|(word, _)| *word == kind)?;
    let mut schema = Value::from(schema);
    schema["title"] = json!(format!("Pointsman {word}"));
    schema["description"] = json!(format!("What is printed by {by}."));
    schema["properties"]["schema"] = json!({ "description": "The version of this shape.", "const": VERSION });
    schema["properties"]["kind"] = json!({ "description": "Which shape it is.", "const": word });
    Some(schema)
}

fn of<B: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<Document<B>>()
}
