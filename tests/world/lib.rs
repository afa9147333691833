//! A whole world on loopback for tests and the demonstration: AWS, Git, and GitHub.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a world that is not as expected ends the test with a message"
)]

pub mod agent;
pub mod aws;
pub mod demo;
pub mod git;
pub mod github;
pub mod process;
pub mod python;
pub mod story;
