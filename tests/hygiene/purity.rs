//! Core is pure: what it answers follows from what it is given. Clippy checks the same through
//! `agent/core/clippy.toml`, by type; this check needs no build of core and knows of its imports.

use crate::{none, repository::sources};

/// What code of core never names.
const FORBIDDEN: &[&str] = &[
    ".await",
    "async",
    "chrono",
    "dbg!",
    "eprint!",
    "eprintln!",
    "fastrand",
    "getrandom",
    "include_bytes!",
    "Instant",
    "jiff",
    "print!",
    "println!",
    "rand",
    "std::env",
    "std::fs",
    "std::net",
    "std::os",
    "std::process",
    "std::thread",
    "std::time::Instant",
    "std::time::SystemTime",
    "stderr",
    "stdin",
    "stdout",
    "SystemTime",
    "thread::sleep",
    "tokio",
    "Uuid",
    "Zoned::now",
];

/// Modules of `std` that hide in a grouped import.
const GROUPED: &[&str] = &["env", "fs", "net", "os", "process", "thread"];

/// Lines that may stay, each with its reason.
const ALLOWED: &[(&str, &str, &str)] = &[(
    "agent/core/src/policy/limits.rs",
    "std::thread::",
    "a thread is the only way to a stack that deep policies cannot overflow; it is joined before the function returns",
)];

#[test]
fn core_reads_nothing_but_its_arguments() {
    let sources = sources(&["agent/core/src/"]);
    let mut findings = Vec::new();
    let mut used = vec![false; ALLOWED.len()];
    for source in sources.iter().filter(|source| !source.is_test) {
        for line in source.lines_with(FORBIDDEN) {
            let excuse =
                ALLOWED.iter().position(|(path, what, _)| source.path == *path && line.contains(what));
            match excuse {
                Some(excuse) => used[excuse] = true,
                None => findings.push(line),
            }
        }
        let imports = source.lines.iter().map(|(_, line)| line.trim()).collect::<Vec<_>>().join(" ");
        findings.extend(
            grouped(&imports).into_iter().map(|name| format!("{}: use std::{{{name}}}", source.path)),
        );
    }
    none(
        &findings,
        "Core takes it as a parameter or returns it; reading, waiting and choosing belong to engine, aws or agent:",
    );
    for ((path, what, reason), used) in ALLOWED.iter().zip(used) {
        assert!(used, "{path} no longer names {what}: remove its entry in ALLOWED ({reason})");
    }
    println!("core: {} files, none names a clock, a file, a process, a network, or chance", sources.len());
}

/// The forbidden modules at the first level of `use std::{…}`.
fn grouped(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, opening) in code.match_indices("use std::{") {
        let mut depth = 0;
        let mut name = String::new();
        for character in code[at + opening.len()..].chars() {
            match character {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => name.clear(),
                _ if depth == 0 => name.push(character),
                _ => {}
            }
            let module = name.trim().split("::").next().unwrap_or_default().to_owned();
            if GROUPED.contains(&module.as_str()) && !found.contains(&module) {
                found.push(module);
            }
        }
    }
    found
}

#[test]
fn a_grouped_import_is_seen() {
    assert_eq!(
        grouped("use std::{collections::{BTreeMap, fs}, env::var, fmt}; use std::{ fs };"),
        ["env", "fs"]
    );
}
