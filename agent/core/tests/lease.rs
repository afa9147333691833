//! The rules of lock, fence and journal, explored whole: every order of what two
//! agents, Terraform and a person do, with crashes, stalls and lost replies,
//! within stated bounds. What decides here is what decides in the agent.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

#[path = "lease/agent.rs"]
mod agent;
#[path = "lease/model.rs"]
mod model;
#[path = "lease/mutants.rs"]
mod mutants;
#[path = "lease/properties.rs"]
mod properties;
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

const SMALL: Scope = Scope {
    timing: SCALED,
    takings: 2,
    objects: 1,
    faults: Faults { crashes: 0, lost: 0, foreign: 0, unlocks: 0, beats: 1 },
    mutant: None,
};

#[test]
fn promises_hold_within_small_bounds() {
    let with = |faults: Faults| Scope { faults, ..SMALL };
    let beats = Faults { beats: 1, ..Faults::default() };
    let mut seen = Vec::new();
    seen.extend(keeps_its_promises("stalls", with(Faults { beats: 2, ..beats })));
    seen.extend(keeps_its_promises(
        "a crash and a lost reply",
        with(Faults { crashes: 1, lost: 1, ..beats }),
    ));
    seen.extend(keeps_its_promises(
        "force-unlock and Terraform",
        with(Faults { unlocks: 1, foreign: 1, ..beats }),
    ));
    seen.extend(keeps_its_promises(
        "force-unlock and a lost reply",
        with(Faults { unlocks: 1, lost: 1, ..beats }),
    ));
    for property in Lease::new(SMALL).properties() {
        if !property.expectation.discovery_is_failure() {
            assert!(seen.contains(&property.name), "never came across: {}", property.name);
        }
    }
}
