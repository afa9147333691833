//! Every policy that ships has its test beside it.

use crate::{
    none,
    repository::{files, must_read, text},
};

#[test]
fn every_policy_is_tested() {
    let policies: Vec<&str> =
        files().filter(|path| path.ends_with(".rego") && !path.ends_with("_test.rego")).collect();
    assert!(policies.len() >= 3, "found {} policies: has the folder moved?", policies.len());
    let mut findings = Vec::new();
    for path in &policies {
        let beside = path.replace(".rego", "_test.rego");
        let tests = files().find(|file| *file == beside).and_then(text).unwrap_or_default();
        if !tests.lines().any(|line| line.starts_with("test_")) {
            findings.push(format!("{path}: {beside} is missing or has no rule `test_…`"));
        }
        let why = must_read(path).lines().next().is_some_and(|line| line.starts_with("# "));
        if !why {
            findings.push(format!("{path}: its first line says no reason (`# Why: …`)"));
        }
    }
    none(&findings, "A policy ships with its reason and its test:");
    println!("{} policies, each with its test", policies.len());
}
