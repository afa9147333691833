//! The table of actions is what the code of `agent/aws` calls, and what the
//! documentation says.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests read the sources of the neighbouring crate and the shipped files"
)]

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use pointsman_core::{
    environment::{Environment, Sources, read},
    iam::{Caller, LONGEST, Role, TABLE, policies, policy, resources},
    render,
};

/// What looks like an action and is none.
const OTHERS: &[&str] = &["tag:Name"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every file below a folder that ends so, with its path from the root.
fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                let name = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
                found.push((name, std::fs::read_to_string(path).unwrap()));
            }
        }
    }
    found
}

fn production() -> Environment {
    let sources: Sources = files("environments", ".toml").into_iter().collect();
    read(&sources).environment("production/gravity-ai-chat").cloned().expect("the example is sound")
}

#[test]
fn both_sides_of_a_release_are_allowed() {
    for row in TABLE.iter().filter(|row| row.role == Role::Writing && row.action.ends_with("Service")) {
        let on = resources(&production(), row.on);
        for side in ["webui3-scaled", "webui3-scaled--b"] {
            let arn = format!("service/webUIcluster2/{side}");
            assert!(
                on.iter().any(|it| it.ends_with(&arn)),
                "{} is not allowed on {side}: {on:?}",
                row.action
            );
        }
    }
}

/// The actions that the code names, without its tests.
fn called() -> BTreeSet<String> {
    let action = regex::Regex::new(r#""([a-z0-9-]+:[A-Z][A-Za-z0-9]+)""#).unwrap();
    files("agent/aws/src", ".rs")
        .iter()
        .flat_map(|(_, text)| {
            let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
            action.captures_iter(code).map(|found| found[1].to_owned()).collect::<Vec<_>>()
        })
        .filter(|action| !OTHERS.contains(&action.as_str()))
        .collect()
}

#[test]
fn the_table_is_what_the_code_calls() {
    let table: BTreeSet<String> =
        TABLE.iter().filter(|row| row.caller == Caller::Agent).map(|row| row.action.to_owned()).collect();
    let called = called();
    let missing: Vec<&String> = called.difference(&table).collect();
    let superfluous: Vec<&String> = table.difference(&called).collect();
    assert!(
        missing.is_empty() && superfluous.is_empty(),
        "agent/core/src/iam/table.rs and the calls in agent/aws/src differ.\nAdd a row for each of: {missing:?}\n\
         Take out the rows of: {superfluous:?}\nThen: UPDATE_DOCS=1 cargo test -p pointsman-core --test iam"
    );
    let rows: BTreeSet<_> = TABLE.iter().map(|row| (row.action, row.role, row.when)).collect();
    assert_eq!(rows.len(), TABLE.len(), "an action has two rows for one role under one condition");
    println!("{} actions are called and allowed", called.len());
}

#[test]
fn the_page_is_made_from_the_table() {
    let path = root().join("docs/iam.md");
    let page = render::iam::page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    assert!(
        std::fs::read_to_string(path).unwrap() == page,
        "docs/iam.md is made from agent/core/src/iam/table.rs: UPDATE_DOCS=1 cargo test -p pointsman-core --test iam"
    );
}

#[test]
fn the_policies_of_the_example() {
    insta::assert_json_snapshot!("policies", policies(&production()));
}

#[test]
fn each_fits_into_a_managed_policy() {
    let environment = production();
    for role in [Role::Reading, Role::Writing, Role::Founding] {
        for document in policy(&environment, role) {
            let text = document.to_string();
            println!("{role:?}: {} characters", text.len());
            assert!(text.len() <= LONGEST, "{role:?}: {} characters", text.len());
        }
    }
}
