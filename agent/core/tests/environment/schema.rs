//! Editors and `check` agree: what the one accepts or refuses, the other does,
//! but for what no JSON Schema can say.

use std::path::Path;

use super::broken::files;
use super::cases::{SOUND, WEB, edited, shown, sources};
use super::structure::STRUCTURE;
use jsonschema::Validator;
use pointsman_core::environment::{base_json_schema, json_schema, read};
use serde_json::Value;

const COMPARES: &str = "compares two values of the file";
const FOLLOWS: &str = "follows a name or a reference to another block";
const COUNTS_TIME: &str = "needs the length of a time that can be written in several units";
const OTHER_FILE: &str = "depends on another file";

/// Mistakes that a JSON Schema cannot see: the broken file, and why.
const BEYOND: &[(&str, &str)] = &[
    ("abort-on-nothing", FOLLOWS),
    ("alarm-on-nothing", FOLLOWS),
    ("alarm-period", COUNTS_TIME),
    ("alarm-without-measure", FOLLOWS),
    ("base-is-missing", OTHER_FILE),
    ("certificate-elsewhere", COMPARES),
    ("circle", FOLLOWS),
    ("count-outside-scaling", COMPARES),
    ("cron-out-of-range", "a schedule is more than a pattern"),
    ("falling-steps", COMPARES),
    ("freeze-for-ever", COUNTS_TIME),
    ("health-timeout", COMPARES),
    ("host-bits", "needs arithmetic on addresses"),
    ("idle-timeout", COUNTS_TIME),
    ("ignoring-a-block", FOLLOWS),
    ("ignoring-nothing", FOLLOWS),
    ("least-over-most", COMPARES),
    ("log-retention", COUNTS_TIME),
    ("long-drain", COUNTS_TIME),
    ("mount-twice", COMPARES),
    ("no-attribute", FOLLOWS),
    ("no-file-system", FOLLOWS),
    ("no-public-subnets", FOLLOWS),
    ("old-service", COMPARES),
    ("one-priority", COMPARES),
    ("port-taken", COMPARES),
    ("schedule-twice", COMPARES),
    ("secret-in-environment", FOLLOWS),
    ("short-window", "needs arithmetic on times"),
    ("steps-without-end", "speaks of the last of a list"),
    ("switch-host", FOLLOWS),
    ("unknown-attribute", FOLLOWS),
    ("unknown-block", FOLLOWS),
    ("unknown-kind", FOLLOWS),
    ("unknown-listener", FOLLOWS),
    ("variable-twice", COMPARES),
];

/// The same among the cases of structure.
const BEYOND_PATTERNS: [&str; 1] = ["network with host bits"];

/// The file as an editor's checker sees it; nothing when it is no TOML.
fn data(text: &str) -> Option<Value> {
    toml::from_str::<Value>(text).ok()
}

fn validator(schema: &Value) -> Validator {
    jsonschema::validator_for(schema).unwrap()
}

fn errors(schema: &Value, text: &str) -> Vec<String> {
    let data = data(text).unwrap();
    validator(schema).iter_errors(&data).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn the_schema_is_a_schema() {
    for schema in [json_schema(), base_json_schema()] {
        jsonschema::meta::validate(&schema).unwrap();
    }
}

#[test]
fn the_schema_refuses_what_the_check_refuses() {
    let validator = validator(&json_schema());
    let mut wrong = Vec::new();
    let files = files("broken");
    for (name, text) in &files {
        let accepted = data(text).is_some_and(|data| validator.is_valid(&data));
        if accepted != BEYOND.iter().any(|(beyond, _)| beyond == name) {
            wrong.push(format!("{name} is {}", if accepted { "accepted" } else { "refused" }));
        }
    }
    for (beyond, _) in BEYOND {
        assert!(files.iter().any(|(name, _)| name == beyond), "there is no file {beyond}");
    }
    println!("{} broken files, {} beyond a schema", files.len(), BEYOND.len());
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn the_schema_refuses_the_cases_of_structure() {
    let validator = validator(&json_schema());
    for (title, edits) in STRUCTURE {
        let text = edited(edits);
        assert!(read(&sources(&[(WEB, &text)])).has_errors(), "{title}");
        let accepted = data(&text).is_some_and(|data| validator.is_valid(&data));
        assert_eq!(accepted, BEYOND_PATTERNS.contains(title), "{title}");
    }
}

#[test]
fn both_take_every_sound_file() {
    let schema = json_schema();
    for (name, text) in files("sound").into_iter().chain([("the cases".to_owned(), SOUND.to_owned())]) {
        assert_eq!(shown(&sources(&[(WEB, &text)])), "", "{name}");
        assert_eq!(errors(&schema, &text), [""; 0], "{name}");
    }
}

/// Every file under `environments/`, by its path.
fn examples(folder: &Path, found: &mut Vec<(bool, String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            examples(&path, found);
        } else if name.ends_with(".toml") {
            found.push((
                name.starts_with('_'),
                path.display().to_string(),
                std::fs::read_to_string(&path).unwrap(),
            ));
        }
    }
}

#[test]
fn the_schemas_take_the_example_estate() {
    let mut found = Vec::new();
    examples(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../environments"), &mut found);
    assert!(found.iter().filter(|(base, ..)| *base).count() >= 2 && found.len() >= 4, "{found:?}");
    for (base, path, text) in found {
        let schema = if base { base_json_schema() } else { json_schema() };
        assert_eq!(errors(&schema, &text), [""; 0], "{path}");
    }
}

#[test]
fn what_an_heir_says_itself_is_checked_by_the_schema_too() {
    let heir = "extends = \"_base.toml\"\n[service.web]\nport = \"80\"\nimagge = \"x\"\n";
    assert_eq!(errors(&json_schema(), heir).len(), 2, "{:?}", errors(&json_schema(), heir));
    let base =
        "[aws]\nregoin = \"us-east-1\"\nprofile = \"p\"\nrole_arn = \"arn:aws:iam::111122223333:role/r\"\n";
    assert_eq!(errors(&base_json_schema(), base).len(), 2, "{:?}", errors(&base_json_schema(), base));
}

/// What a base says need not be whole: another file says the rest.
#[test]
fn a_part_of_a_rule_is_no_error_in_a_base() {
    for base in [
        "[load_balancer.main.listener.https]\nprotocol = \"HTTPS\"\n",
        "[external.files]\nkind = \"efs\"\n",
        "[alarms.high-cpu]\non = \"service.web\"\n",
        "[rollout]\nshift = [\"50%\", \"100%\"]\n",
        "[service.web.scaling]\nmin = 1\nmax = 2\n",
    ] {
        assert_eq!(errors(&base_json_schema(), base), [""; 0], "{base}");
    }
}
