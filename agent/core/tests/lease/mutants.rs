//! A model that accepts a wrong use of the rules is broken.

use pointsman_core::lease::Timing;
use stateright::{Checker, HasDiscoveries, Model};

use crate::model::{Faults, Lease, Mutant, SCALED, Scope};
use crate::properties::{FOREIGN_LOCKS, NO_DUPLICATE, NO_ORPHAN, ONE_HOLDER, ONE_WRITER, ONLY_GROWS};
use crate::{ONE_BEAT, SMALL, report_of};

/// This mutant breaks this promise.
fn caught(mutant: Mutant, by: &'static str, faults: Faults) {
    breaks(&format!("{mutant:?}"), by, Scope { faults, mutant: Some(mutant), ..SMALL });
}

fn breaks(what: &str, by: &'static str, scope: Scope) {
    let checker = Lease::new(scope)
        .checker()
        .threads(2)
        .finish_when(HasDiscoveries::AnyOf([by].into_iter().collect()))
        .spawn_bfs();
    let (checker, report) = report_of(checker);
    let path = checker.discovery(by).unwrap_or_else(|| panic!("{what} is not caught by {by}; {report}"));
    let steps = path.into_actions();
    println!("{what}: caught after {} steps by {by}; {report}", steps.len());
}

#[test]
fn a_fence_that_is_not_asked_for_is_noticed() {
    caught(Mutant::NoFenceCondition, ONLY_GROWS, Faults { lost: 1, ..ONE_BEAT });
}

#[test]
fn a_lost_reply_that_is_believed_failed_is_noticed() {
    caught(Mutant::NoReadBack, NO_ORPHAN, Faults { lost: 1, ..ONE_BEAT });
}

#[test]
fn a_steal_without_watching_is_noticed() {
    caught(Mutant::StealWithoutWatching, ONE_HOLDER, ONE_BEAT);
}

#[test]
fn a_release_without_asking_whose_lock_it_is_is_noticed() {
    caught(Mutant::ReleaseUnasked, FOREIGN_LOCKS, Faults { unlocks: 1, foreign: 1, ..ONE_BEAT });
}

#[test]
fn a_takeover_that_does_not_wait_is_noticed() {
    caught(Mutant::NoQuiesce, ONE_WRITER, Faults { unlocks: 1, ..ONE_BEAT });
    caught(Mutant::NoQuiesce, NO_DUPLICATE, Faults { unlocks: 1, ..ONE_BEAT });
}

#[test]
fn a_heartbeat_without_a_version_is_noticed() {
    caught(Mutant::BeatWithoutVersion, ONE_HOLDER, Faults { beats: 3, ..ONE_BEAT });
}

#[test]
fn a_heartbeat_that_is_repeated_with_its_version_is_noticed() {
    caught(Mutant::VersionAgain, ONE_HOLDER, Faults { lost: 1, beats: 3, ..ONE_BEAT });
}

/// Times that `Timing::fault` refuses for a reason, and once did not.
#[test]
fn a_takeover_that_waits_for_one_attempt_only_is_noticed() {
    let timing = Timing { quiesce_ms: SCALED.fresh_ms, ..SCALED };
    assert!(timing.quiesce_ms >= timing.attempt_ms);
    assert!(timing.fault().is_some());
    let scope = Scope { timing, faults: Faults { unlocks: 1, ..ONE_BEAT }, ..SMALL };
    breaks("a short quiesce", NO_ORPHAN, scope);
}
