//! Sizes and names of Rust files, and what their code may name.

use std::path::Path;

use crate::{
    none,
    repository::{files, sources},
};

/// Lines of a file, its tests left out.
const LONGEST: usize = 400;

/// Files that may be longer, each with its reason.
const LONGER: &[(&str, &str)] = &[];

/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &["util", "utils", "helper", "helpers", "manager", "managers", "common", "misc"];

#[test]
fn no_file_is_longer_than_one_reads_at_once() {
    let mut findings = Vec::new();
    let sources = sources(&["agent/", "tests/"]);
    for source in sources.iter().filter(|source| !source.is_test) {
        let allowed = LONGER.iter().any(|(path, _)| *path == source.path);
        let lines = source.lines.len();
        if lines > LONGEST && !allowed {
            findings.push(format!("{}: {lines} lines without its tests", source.path));
        }
        if lines <= LONGEST && allowed {
            findings.push(format!("{}: {lines} lines; its entry in LONGER is no longer needed", source.path));
        }
    }
    for (path, reason) in LONGER {
        assert!(!reason.is_empty(), "{path} needs a reason in LONGER");
        if !sources.iter().any(|source| source.path == *path) {
            findings.push(format!("{path} is in LONGER and does not exist"));
        }
    }
    none(
        &findings,
        &format!(
            "A file of more than {LONGEST} lines wants to be two (or an entry in LONGER, with a reason):"
        ),
    );
}

#[test]
fn names_say_what_is_inside() {
    let mut findings: Vec<String> = files()
        .filter(|path| path.ends_with(".rs") || path.ends_with(".py") || path.ends_with(".rego"))
        .filter(|path| {
            let path = Path::new(path);
            let folders = path.parent().into_iter().flat_map(Path::iter);
            let names = folders.chain(path.file_stem()).filter_map(|name| name.to_str());
            names.flat_map(|name| name.split('_')).any(|word| EMPTY_NAMES.contains(&word))
        })
        .map(str::to_owned)
        .collect();
    let modules: Vec<String> = EMPTY_NAMES.iter().map(|name| format!("mod {name}")).collect();
    let modules: Vec<&str> = modules.iter().map(String::as_str).collect();
    findings.extend(sources(&["agent/", "tests/"]).iter().flat_map(|source| source.lines_with(&modules)));
    none(&findings, "Name it after what it holds:");
}

#[test]
fn nothing_is_unsafe() {
    let findings: Vec<String> =
        sources(&["agent/", "tests/"]).iter().flat_map(|source| source.lines_with(&["unsafe"])).collect();
    none(&findings, "The workspace forbids it; find a safe way or a kept library:");
}

#[test]
fn only_one_crate_names_the_aws_sdk() {
    const PREFIXES: &[&str] = &["aws_sdk_", "aws_config", "aws_credential_types", "aws_smithy_", "aws_types"];
    let mut findings = Vec::new();
    for source in sources(&["agent/", "tests/"]) {
        if source.path.starts_with("agent/aws/") {
            continue;
        }
        for (number, line) in &source.lines {
            if PREFIXES.iter().any(|prefix| line.contains(prefix)) {
                findings.push(format!("{}:{number}: {}", source.path, line.trim()));
            }
        }
    }
    none(&findings, "AWS's SDK is named in agent/aws only; add to a port of the engine what is needed:");
}
