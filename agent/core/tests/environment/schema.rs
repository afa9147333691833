//! Editors and `check` agree: the published schema refuses the files whose
//! structure the reader refuses, and takes those that it takes.

use super::cases::{SOUND, edited};
use super::structure::STRUCTURE;
use pointsman_core::environment::{Sources, base_json_schema, json_schema, read};
use serde_json::Value;

/// What only the types themselves know: no pattern can say it.
const BEYOND_PATTERNS: [&str; 3] =
    ["network with host bits", "template", "a reference where none is replaced"];

fn data(text: &str) -> Option<Value> {
    toml::from_str::<Value>(text).ok()
}

fn errors(schema: &Value, text: &str) -> Vec<String> {
    let validator = jsonschema::validator_for(schema).unwrap();
    let data = data(text).unwrap();
    validator.iter_errors(&data).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn the_schema_is_a_schema() {
    for schema in [json_schema(), base_json_schema()] {
        jsonschema::meta::validate(&schema).unwrap();
    }
}

#[test]
fn the_schema_refuses_what_the_reader_refuses() {
    let validator = jsonschema::validator_for(&json_schema()).unwrap();
    for (title, edits) in STRUCTURE {
        let text = edited(edits);
        let sources: Sources =
            [("environments/test/web.toml".to_owned(), text.clone())].into_iter().collect();
        assert!(read(&sources).has_errors(), "{title}");
        // Dates have no form in JSON.
        let Some(data) = data(&text).filter(|_| *title != "date for text") else {
            continue;
        };
        assert_eq!(validator.is_valid(&data), BEYOND_PATTERNS.contains(title), "{title}");
    }
}

#[test]
fn the_schema_takes_what_the_reader_takes() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../environments");
    let text = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
    assert_eq!(errors(&json_schema(), SOUND), [""; 0]);
    for heir in ["production/gravity-ai-chat.toml", "staging/gravity-ai-chat.toml"] {
        assert_eq!(errors(&json_schema(), &text(heir)), [""; 0], "{heir}");
    }
    for base in ["_base.toml", "production/_base.toml"] {
        assert_eq!(errors(&base_json_schema(), &text(base)), [""; 0], "{base}");
    }
}

#[test]
fn what_an_heir_says_itself_is_checked_by_the_schema_too() {
    let heir = "extends = \"_base.toml\"\n[service.web]\nport = \"80\"\nimagge = \"x\"\n";
    assert_eq!(errors(&json_schema(), heir).len(), 2, "{:?}", errors(&json_schema(), heir));
}
