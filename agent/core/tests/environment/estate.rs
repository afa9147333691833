//! The example estate: what the repo shows to people is sound, and the schemas
//! beside it are those of the types.

use std::path::{Path, PathBuf};

use pointsman_core::document;
use pointsman_core::environment::{Sources, base_json_schema, json_schema, read, read_one};
use pointsman_core::render::diagnostic::{Colour, text};

fn repo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every file under `environments/`.
fn estate() -> Sources {
    fn walk(folder: &Path, path: &str, sources: &mut Sources) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{path}/{}", entry.file_name().to_str().unwrap());
            if entry.file_type().unwrap().is_dir() {
                walk(&entry.path(), &path, sources);
            } else {
                sources.insert_file(path, std::fs::read(entry.path()).unwrap());
            }
        }
    }
    let mut sources = Sources::new();
    walk(&repo().join("environments"), "environments", &mut sources);
    sources
}

#[test]
fn the_example_estate_is_clean() {
    let sources = estate();
    let reading = read(&sources);
    assert_eq!(text(&reading.diagnostics, &sources, Colour::Never), "");
    let names: Vec<&str> = reading.environments.iter().map(|environment| environment.name.as_str()).collect();
    assert_eq!(names, ["production/gravity-ai-chat", "production/reports", "staging/gravity-ai-chat"]);
}

#[test]
fn the_first_environment_is_whole() {
    let reading = read_one(&estate(), "production/gravity-ai-chat");
    let [environment] = reading.environments.as_slice() else { panic!("{:?}", reading.diagnostics) };
    assert_eq!(
        environment.files,
        [
            "environments/production/gravity-ai-chat.toml",
            "environments/production/_base.toml",
            "environments/_base.toml"
        ]
    );
    insta::assert_json_snapshot!(environment.document);

    // Each value leads to the file where it was written, inherited or not.
    let written = |path: &str| {
        let place = environment.place_of(path).unwrap();
        (place.file.trim_start_matches("environments/").to_owned(), place.line)
    };
    assert_eq!(written("aws.region").0, "_base.toml");
    assert_eq!(written("aws.account").0, "production/_base.toml");
    assert_eq!(written("service.webui3-scaled.cpu").0, "production/gravity-ai-chat.toml");
    assert_eq!(written("service.webui3-scaled.stop_timeout"), written("service.webui3-scaled"));
}

#[test]
fn the_schemas_are_current() {
    let mut schemas =
        vec![("environment.json".to_owned(), json_schema()), ("base.json".to_owned(), base_json_schema())];
    for (kind, _) in document::KINDS {
        let schema = document::json_schema(kind).unwrap();
        jsonschema::meta::validate(&schema).unwrap();
        schemas.push((format!("json/{kind}.json"), schema));
    }
    for (file, schema) in schemas {
        let path = repo().join("schema").join(&file);
        let wanted = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            std::fs::write(&path, &wanted).unwrap();
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            found == wanted,
            "schema/{file} is not what the types say: run `UPDATE_SCHEMA=1 cargo test -p pointsman-core --test environment`"
        );
    }
}
