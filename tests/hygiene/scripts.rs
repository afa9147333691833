//! The one script of continuous integration, the hosted workflow and what people are told agree.

use crate::repository::must_read;

#[test]
fn the_hosted_run_is_the_local_run() {
    assert!(
        must_read(".github/workflows/ci.yml").lines().any(|line| line.trim() == "- run: bash .ci/run"),
        "ci.yml must run .ci/run and nothing beside it"
    );
    let script = must_read(".ci/run");
    assert!(
        script.lines().any(|line| line == "cargo test --workspace --locked"),
        ".ci/run runs the whole test command"
    );
    assert!(!script.contains("RUSTFLAGS="), "another RUSTFLAGS compiles every dependency again");
}

#[test]
fn people_are_told_the_same_commands() {
    let readme = must_read("README.md");
    for command in ["cargo demo", "cargo test --workspace"] {
        assert!(readme.contains(command), "README.md does not name `{command}`");
    }
    let config = must_read(".cargo/config.toml");
    assert!(config.contains("\ndemo = "), ".cargo/config.toml has no alias for `cargo demo`");
}

#[test]
fn tools_have_one_version() {
    let script = must_read(".ci/run");
    let version = script
        .lines()
        .find_map(|line| line.strip_prefix("readonly cargo_deny_version="))
        .expect(".ci/run pins cargo_deny_version");
    let wanted = format!("cargo-deny --version {version}");
    let hosted = must_read(".github/workflows/hygiene.yml");
    assert!(hosted.contains(&wanted), "hygiene.yml installs another cargo-deny than .ci/run ({version})");
}
