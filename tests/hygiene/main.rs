//! What STYLE.md asks for and a machine can see: the direction of the dependencies, core's purity,
//! the size and names of files, the pins of the workflows. Each failure says what to do.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a repository that cannot be read ends the test with a message; what was found is shown on request"
)]

mod clocks;
mod dependencies;
mod lints;
mod policies;
mod purity;
mod repository;
mod scripts;
mod source;
mod sources;
mod words;
mod workflows;

/// Fails when there are findings, and prints each on its own line under what to do about them.
#[track_caller]
fn none(findings: &[String], advice: &str) {
    assert!(findings.is_empty(), "{advice}\n  {}\n", findings.join("\n  "));
}
