//! Every crate keeps the workspace's lints and takes its dependencies from one list.

use toml::{Table, Value};

use crate::{
    none,
    repository::{files, must_read},
};

fn manifest(path: &str) -> Table {
    must_read(path).parse().unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn crates() -> Vec<(&'static str, Table)> {
    let crates: Vec<_> =
        files().filter(|path| path.ends_with("/Cargo.toml")).map(|path| (path, manifest(path))).collect();
    assert!(crates.len() >= 5, "found {} crates: has a folder moved?", crates.len());
    crates
}

#[test]
fn every_crate_forbids_unsafe_code() {
    let workspace = manifest("Cargo.toml");
    let level = &workspace["workspace"]["lints"]["rust"]["unsafe_code"];
    assert_eq!(level.as_str(), Some("forbid"), "Cargo.toml: [workspace.lints.rust] unsafe_code");
    let findings: Vec<String> = crates()
        .iter()
        .filter(|(_, manifest)| {
            manifest.get("lints").and_then(|lints| lints.get("workspace")).and_then(Value::as_bool)
                != Some(true)
        })
        .map(|(path, _)| (*path).to_owned())
        .collect();
    none(&findings, "Add `[lints] workspace = true` to:");
}

#[test]
fn versions_stand_in_one_place() {
    let mut findings = Vec::new();
    for (path, manifest) in crates() {
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let Some(dependencies) = manifest.get(section).and_then(Value::as_table) else { continue };
            for (name, dependency) in dependencies {
                if dependency.get("workspace").and_then(Value::as_bool) != Some(true) {
                    findings.push(format!("{path}: {name} = {dependency}"));
                }
            }
        }
    }
    none(&findings, "Give the version in [workspace.dependencies] and write `name.workspace = true`:");
}
