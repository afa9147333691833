//! A model that accepts a wrong use of the rules is broken.

use stateright::{Checker, HasDiscoveries, Model};

use crate::given::Kind;
use crate::model::{Faults, Mutant, Rollouts, Scope};
use crate::promises::{
    APART, BLUE_STAYS, FINISHES, FOLLOWED, MIGRATED, NO_FIGHT, NONE, PROVEN, RELEASES, RESTORED, SEEING,
    SERVED, report_of,
};

/// This mutant breaks this promise.
fn caught(mutant: Mutant, by: &'static str, faults: Faults) {
    caught_in(Kind::Release, mutant, by, faults);
}

/// The same, in another kind of rollout.
fn caught_in(kind: Kind, mutant: Mutant, by: &'static str, faults: Faults) {
    let checker = Rollouts::new(Scope { kind, faults, mutant: Some(mutant) })
        .checker()
        .threads(2)
        .finish_when(HasDiscoveries::AnyOf([by].into_iter().collect()))
        .spawn_bfs();
    let (checker, report) = report_of(checker);
    let path = checker.discovery(by).unwrap_or_else(|| panic!("{mutant:?} is not caught by {by}; {report}"));
    println!("{mutant:?}: caught after {} steps by {by}; {report}", path.into_actions().len());
}

#[test]
fn a_phase_that_is_brought_about_by_habit_is_noticed() {
    caught(Mutant::ByHabit, SEEING, Faults { lost: 1, ..NONE });
}

#[test]
fn weights_that_go_back_before_the_tasks_are_noticed() {
    caught(Mutant::WeightsBeforeTasks, SEEING, Faults { aborts: 1, lost: 1, ..NONE });
}

#[test]
fn a_blue_that_goes_at_commit_is_noticed() {
    caught(Mutant::BlueGoesEarly, BLUE_STAYS, NONE);
    caught(Mutant::BlueGoesEarly, SERVED, NONE);
}

#[test]
fn two_who_write_weights_are_noticed() {
    caught(Mutant::Fights, NO_FIGHT, Faults { hands: 1, ..NONE });
}

#[test]
fn one_poll_that_proves_everything_is_noticed() {
    caught(Mutant::OnePoll, PROVEN, Faults { crashes: 1, ..NONE });
}

#[test]
fn a_blue_that_nobody_sees_is_noticed() {
    caught(Mutant::BlueUnseen, FINISHES, Faults { aborts: 1, ..NONE });
}

#[test]
fn scaling_that_stays_suspended_is_noticed() {
    caught(Mutant::StaysSuspended, RESTORED, NONE);
    caught(Mutant::StaysSuspended, RESTORED, Faults { aborts: 1, ..NONE });
}

#[test]
fn a_phase_that_stands_only_on_record_is_noticed() {
    caught(Mutant::StandsUnseen, RELEASES, NONE);
}

#[test]
fn a_green_that_ends_before_its_traffic_is_noticed() {
    caught(Mutant::DiscardsFirst, SERVED, Faults { aborts: 1, ..NONE });
}

#[test]
fn an_old_service_that_goes_before_people_left_it_is_noticed() {
    caught_in(Kind::Manual, Mutant::GoesUnseen, FOLLOWED, NONE);
}

#[test]
fn people_who_are_led_to_an_unproven_side_are_noticed() {
    caught_in(Kind::Graph, Mutant::LeadsEarly, SERVED, NONE);
}

#[test]
fn people_who_are_left_behind_on_the_way_back_are_noticed() {
    caught_in(Kind::Manual, Mutant::LeavesThemBehind, SERVED, Faults { aborts: 1, ..NONE });
}

#[test]
fn silence_that_is_taken_for_an_answer_is_noticed() {
    let faults = Faults { aborts: 1, refuses: 1, ..NONE };
    caught_in(Kind::Graph, Mutant::TrustsSilence, RESTORED, faults);
}

#[test]
fn an_old_service_that_does_not_get_its_tasks_back_is_noticed() {
    caught_in(Kind::BreakingCutOver, Mutant::ForgetsTheCount, FINISHES, Faults { aborts: 1, ..NONE });
}

#[test]
fn versions_that_meet_are_noticed() {
    caught_in(Kind::Breaking, Mutant::StartsEarly, APART, NONE);
    caught_in(Kind::Breaking, Mutant::ReturnsEarly, APART, Faults { aborts: 1, ..NONE });
}

#[test]
fn a_migration_that_failed_and_is_passed_over_is_noticed() {
    caught_in(Kind::Breaking, Mutant::IgnoresTheCode, MIGRATED, Faults { fails: 1, ..NONE });
}
