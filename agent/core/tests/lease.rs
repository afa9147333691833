//! The rules of lock, fence and journal, explored whole: every order of what two
//! agents, Terraform and a person do, with crashes, stalls and lost replies,
//! within stated bounds. What decides here is what decides in the agent.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "tests")]

#[path = "lease/agent.rs"]
mod agent;
#[path = "lease/model.rs"]
mod model;
#[path = "lease/mutants.rs"]
mod mutants;
#[path = "lease/properties.rs"]
mod properties;
#[path = "lease/rules.rs"]
mod rules;
#[path = "lease/run.rs"]
mod run;
#[path = "lease/world.rs"]
mod world;

use model::{Faults, Lease, SCALED, Scope};
use stateright::{Checker, Model, report::WriteReporter};

/// Waits for a check to end; how many worlds it came across, how deep, how long.
fn report_of<C: Checker<Lease> + Send + Sync>(checker: C) -> (C, String) {
    let mut report = Vec::new();
    let checker = checker.join_and_report(&mut WriteReporter::new(&mut report));
    let report = String::from_utf8(report).unwrap();
    let done = report.lines().find(|line| line.starts_with("Done.")).unwrap_or("not done");
    (checker, done.to_owned())
}

/// No promise is broken; what was come across is returned.
fn keeps_its_promises(what: &str, scope: Scope) -> Vec<&'static str> {
    assert_eq!(scope.timing.fault(), None, "times that the agent would refuse");
    let (checker, report) = report_of(Lease::new(scope).checker().threads(2).spawn_bfs());
    println!("{what}: {report}");
    let discovered = checker.discoveries();
    for property in Lease::new(scope).properties() {
        if property.expectation.discovery_is_failure()
            && let Some(path) = discovered.get(property.name)
        {
            panic!("{}\n{:#?}", property.name, path.clone().into_actions());
        }
    }
    discovered.into_keys().collect()
}

const NONE: Faults = Faults { crashes: 0, lost: 0, foreign: 0, unlocks: 0, beats: 0 };
const ONE_BEAT: Faults = Faults { beats: 1, ..NONE };

const SMALL: Scope = Scope { timing: SCALED, takings: 2, objects: 1, faults: ONE_BEAT, mutant: None };

/// Each line is explored whole; together they come across everything that matters.
const SMALL_FAULTS: [(&str, Faults); 5] = [
    ("stalls and two heartbeats", Faults { beats: 2, ..NONE }),
    ("a crash", Faults { crashes: 1, ..ONE_BEAT }),
    ("a lost reply", Faults { lost: 1, ..ONE_BEAT }),
    ("a lock removed by force", Faults { unlocks: 1, ..ONE_BEAT }),
    ("a lock removed by force, and Terraform", Faults { unlocks: 1, foreign: 1, ..NONE }),
];

#[test]
fn promises_hold_within_small_bounds() {
    let mut seen = Vec::new();
    for (what, faults) in SMALL_FAULTS {
        seen.extend(keeps_its_promises(what, Scope { faults, ..SMALL }));
    }
    for property in Lease::new(SMALL).properties() {
        if !property.expectation.discovery_is_failure() {
            assert!(seen.contains(&property.name), "never came across: {}", property.name);
        }
    }
}

/// Every two kinds of fault together, and three takings: for a machine with an
/// hour to spare (`cargo test --release … -- --ignored`).
#[test]
#[ignore = "millions of worlds"]
fn promises_hold_within_large_bounds() {
    let pairs = [
        ("two crashes", Faults { crashes: 2, ..ONE_BEAT }),
        ("a crash and a lost reply", Faults { crashes: 1, lost: 1, ..ONE_BEAT }),
        ("a crash and a lock removed by force", Faults { crashes: 1, unlocks: 1, ..ONE_BEAT }),
        ("a lost reply and a lock removed by force", Faults { lost: 1, unlocks: 1, ..ONE_BEAT }),
        ("two lost replies", Faults { lost: 2, ..ONE_BEAT }),
        ("three heartbeats and a lost reply", Faults { lost: 1, beats: 3, ..NONE }),
    ];
    for (what, faults) in pairs {
        keeps_its_promises(what, Scope { faults, ..SMALL });
    }
    keeps_its_promises("three takings", Scope { takings: 3, ..SMALL });
    keeps_its_promises("two objects", Scope { objects: 2, ..SMALL });
}
