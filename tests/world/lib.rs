//! A whole world on loopback for tests and the demonstration: AWS, Git, and GitHub.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a world that is not as expected ends the test with a message"
)]

pub mod agent;
pub mod aws;
pub mod clock;
pub mod dataplane;
pub mod demo;
pub mod document;
pub mod entra;
pub mod git;
pub mod github;
pub mod many;
pub mod process;
pub mod python;
mod snippets;
pub mod story;
pub mod visitor;

/// This repository's folder, as cargo says it when the program runs: a target folder that several
/// clones share may hold a build of another clone, whose folder may be gone.
pub fn repository() -> std::path::PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let package = std::path::PathBuf::from(package);
    let root = package.ancestors().find(|folder| folder.join("Cargo.lock").is_file());
    root.unwrap_or(&package).to_path_buf()
}
