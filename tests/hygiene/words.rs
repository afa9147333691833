//! The repository speaks of itself: no path of anyone's machine, no package registry's host.

use crate::{
    none,
    repository::{files, root, text},
};

/// Homes of people on their machines.
const HOMES: &[&str] = &["/root/", "/home/", "/Users/", "C:\\Users"];

/// Packages are named, not addressed: where they come from is each machine's own configuration.
const HOSTS: &[&str] = &[
    "pypi.org",
    "pythonhosted.org",
    "registry.npmjs.org",
    "index.crates.io",
    "static.crates.io",
    "deb.debian.org",
];

/// This file itself, and texts that come from elsewhere as they are.
const SKIPPED: &[&str] = &["tests/hygiene/words.rs", "tests/fixtures/github/description.json", "Cargo.lock"];

#[test]
fn no_machine_and_no_registry_is_named() {
    let here = root().to_string_lossy();
    let mut findings = Vec::new();
    for path in files().filter(|path| !SKIPPED.contains(path)) {
        let Some(text) = text(path) else { continue };
        for (number, line) in text.lines().enumerate() {
            // A root folder such as `/src` would be found everywhere.
            let names_here = here.matches('/').count() > 1 && line.contains(here.as_ref());
            if names_here || HOMES.iter().chain(HOSTS).any(|word| line.contains(word)) {
                let shown: String = line.trim().chars().take(100).collect();
                findings.push(format!("{path}:{}: {shown}", number + 1));
            }
        }
    }
    none(&findings, "Write a path from the repository's root, or a package's name:");
}
