//! Stories: the real program against a whole world on loopback. A module per capability; each
//! story asserts what people read and what stands in the account afterwards.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests; what they measure is printed"
)]

mod account;
mod before_merge;
mod blocks;
mod commands;
mod crash;
mod cutover;
mod cutover_graph;
mod cutover_phases;
mod demonstration;
mod drift;
mod estate;
mod first_start;
mod generated;
mod ground;
mod hostile_pulls;
mod idempotence;
mod idle;
mod interleavings;
mod kinds;
mod latency;
mod many;
mod migration;
mod native;
mod open_webui;
mod operate;
mod outage;
mod policies;
mod preflight;
mod pulls;
mod refusals;
mod requirements;
mod road;
mod rollout;
mod rollout_aborts;
mod rollout_database;
mod rollout_failures;
mod rollout_five_minutes;
mod rollout_hindrances;
mod rollout_kills;
mod rollout_lost;
mod safety;
mod second;
mod secrets;
mod shop;
mod terraform;
mod throttling;
mod trusted;
mod usage;
mod watch;
mod watching;
mod web;

use std::time::Duration;

use pointsman_tests::{agent::Program, story::World};

/// The longest that anything in a story is waited for, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(120);

/// A seeded world around the program that was built with these tests.
fn world() -> World {
    World::new(Program::at(env!("CARGO_BIN_EXE_pointsman")))
}

/// A world in which the example environment stands on `main`.
fn described() -> World {
    describing(&World::example_environment())
}

/// A world in which this stands on `main` as the example environment.
fn describing(file: &str) -> World {
    let world = world();
    world.git.commit("main", &[(pointsman_tests::story::PRODUCTION_FILE, Some(file))], "Describe OpenWebUI");
    world
}

/// The example environment whose releases are done in place: for stories that change its service and
/// have no load balancer that answers. Rollouts have stories of their own.
fn in_place() -> String {
    let file = World::example_environment();
    let rolling = regex::Regex::new("(?m)^strategy .*$").unwrap().replace(&file, "strategy = \"rolling\"");
    let rolling = regex::Regex::new("(?m)^shift .*\n").unwrap().replace(&rolling, "").into_owned();
    assert_ne!(rolling, file, "the example releases from blue to green");
    rolling
}

/// Text without what differs from run to run.
fn settled(text: &str) -> String {
    let mut settled = text.to_owned();
    for (pattern, instead) in [
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME"),
        (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "UUID"),
        (r"\b(\d+\.\d s|\d+ min \d+ s)\b", "TOOK"),
        (r"\b[0-9a-f]{7}\b", "COMMIT"),
        (r"\b(in|after) \d+ s\b", "$1 TOOK"),
        (r"\(\d+ s, state", "(TOOK, state"),
        (r"127\.0\.0\.1:\d+", "LOOPBACK"),
        (r"\b(sg|vpc|subnet|eni|sgr|fs|fsap)-[0-9a-f]+\b", "$1-ID"),
        (r"(loadbalancer|targetgroup|listener|listener-rule)(/[\w/-]+?)?(/[0-9a-z]{16})+", "$1$2/ID"),
        (r"\b(app/[\w-]+)/[0-9a-z]{16}\b", "$1/ID"),
        (r"\bfs-[0-9a-f]{8,}\b", "fs-ID"),
        (r"(:secret:[\w/.-]+)-[0-9A-Za-z]{6}\b", "$1-ID"),
        (r"webui([\w-]*)-[0-9a-f]{6}\b", "webui$1-HASH"),
        (r"sessions-[0-9a-f]{6}\b", "sessions-HASH"),
        (r"(internal-[\w-]+-HASH)-\w+\.", "$1-ID."),
        (r"\b[0-9a-f]{16}\b", "MARK"),
        (r"robin@[\w.-]+", "robin@HOST"),
        (r"depot@[\w.-]+", "depot@HOST"),
    ] {
        settled = regex::Regex::new(pattern).unwrap().replace_all(&settled, instead).into_owned();
    }
    settled
}
