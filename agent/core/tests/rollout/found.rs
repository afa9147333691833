//! Which side is live, where what was recorded is lost.

use pointsman_core::rollout::{
    Facts, Idle, Pair, Phase, Side, Slot,
    Slot::{A, B},
    Track, Unclear, Weights, found,
};

use crate::given::track;

fn facts(a: u32, b: u32, weights: &[(Slot, u32)]) -> Facts {
    let side = |tasks| Side { desired: tasks, running: tasks, healthy: tasks, ..Side::default() };
    Facts { sides: Pair { a: side(a), b: side(b) }, weights: weights.to_vec(), ..Facts::default() }
}

fn runs(a: Option<&str>, b: Option<&str>) -> Pair<Option<String>> {
    Pair { a: a.map(str::to_owned), b: b.map(str::to_owned) }
}

/// A side that is live, and what the other one holds.
fn lives(live: Slot, idle: Option<&str>) -> Option<Track> {
    let idle = idle.map(|it| Idle { commit: None, task_definition: it.to_owned() });
    Some(Track { live, idle, ..Track::default() })
}

const BOTH: (Option<&str>, Option<&str>) = (Some("web:1"), Some("web--b:1"));

#[test]
fn the_side_that_the_rule_alone_forwards_to_is_live() {
    let both = |weights: Weights| Err(Unclear::Both(weights));
    for ((a, b), (tasks_a, tasks_b), weights, wanted) in [
        ((None, None), (0, 0), vec![], Ok(None)),
        ((Some("web:1"), None), (2, 0), vec![(A, 1)], Ok(lives(A, None))),
        ((Some("web:1"), None), (2, 0), vec![], Ok(lives(A, None))),
        ((None, Some("web--b:1")), (0, 2), vec![(B, 1)], Ok(lives(B, None))),
        (BOTH, (2, 0), vec![(A, 1)], Ok(lives(A, Some("web--b:1")))),
        (BOTH, (0, 2), vec![(B, 1)], Ok(lives(B, Some("web:1")))),
        // Before traffic moved, and after it: what the rule does not name may go.
        (BOTH, (2, 2), vec![(A, 1)], Ok(lives(A, Some("web--b:1")))),
        (BOTH, (2, 2), vec![(B, 1)], Ok(lives(B, Some("web:1")))),
        // Nobody is served: nothing can be taken from anybody.
        (BOTH, (0, 0), vec![(B, 1)], Ok(lives(B, Some("web:1")))),
        // A rollout was under way; a side at 0 keeps those who hold its cookie.
        (BOTH, (2, 2), vec![(A, 50), (B, 50)], both(vec![(A, 50), (B, 50)])),
        (BOTH, (2, 2), vec![(A, 0), (B, 100)], both(vec![(A, 0), (B, 100)])),
        (BOTH, (2, 0), vec![(A, 100), (B, 0)], both(vec![(A, 100), (B, 0)])),
        (BOTH, (0, 2), vec![(A, 1)], Err(Unclear::Empty { named: A, others: 2 })),
        (BOTH, (2, 0), vec![(B, 1)], Err(Unclear::Empty { named: B, others: 2 })),
        // The rule is gone, or forwards to something else.
        (BOTH, (0, 2), vec![], Ok(lives(B, Some("web:1")))),
        (BOTH, (2, 0), vec![], Ok(lives(A, Some("web--b:1")))),
        (BOTH, (2, 1), vec![], Err(Unclear::Neither(Pair { a: 2, b: 1 }))),
        (BOTH, (0, 0), vec![], Err(Unclear::Neither(Pair { a: 0, b: 0 }))),
    ] {
        let facts = facts(tasks_a, tasks_b, &weights);
        assert_eq!(found(None, &runs(a, b), &facts), wanted, "{a:?} {b:?} {tasks_a} {tasks_b} {weights:?}");
    }
}

/// Tasks that are being stopped still serve whoever is connected.
#[test]
fn tasks_that_still_run_count() {
    let mut facts = facts(0, 2, &[]);
    facts.sides.a.running = 1;
    assert_eq!(found(None, &runs(BOTH.0, BOTH.1), &facts), Err(Unclear::Neither(Pair { a: 1, b: 2 })));
}

#[test]
fn a_recorded_rollout_goes_on_where_what_lives_is_a_step_of_it() {
    for (phase, blue, tasks, weights, goes_on) in [
        (Phase::Test, "web:1", (3, 3), vec![(A, 100)], true),
        (Phase::Shift(0), "web:1", (3, 3), vec![(A, 75), (B, 25)], true),
        // The state that is left is older than what lives.
        (Phase::ScaleUp, "web:1", (3, 3), vec![(A, 0), (B, 100)], true),
        (Phase::Commit, "web:1", (3, 3), vec![(B, 1)], true),
        (Phase::Test, "web:1", (3, 3), vec![(B, 1)], false),
        // It ended, or it is another one.
        (Phase::Commit, "web:1", (0, 3), vec![(B, 1)], false),
        (Phase::Test, "web:7", (3, 3), vec![(A, 100)], false),
        (Phase::Test, "web:1", (3, 3), vec![], false),
    ] {
        let recorded = track(phase, true);
        let facts = facts(tasks.0, tasks.1, &weights);
        let answer = found(Some(&recorded), &runs(Some(blue), Some("web--b:1")), &facts);
        assert_eq!(answer == Ok(Some(recorded)), goes_on, "{phase:?} {blue} {weights:?}: {answer:?}");
    }
    // Weights that no step of it has are another's.
    let recorded = track(Phase::Shift(0), true);
    let weights = [(A, 60), (B, 40)];
    let answer = found(Some(&recorded), &runs(BOTH.0, BOTH.1), &facts(3, 3, &weights));
    assert_eq!(answer, Err(Unclear::Both(weights.to_vec())));
}

#[test]
fn what_lives_goes_before_what_was_recorded() {
    let idle = Idle { commit: Some("b1ce".to_owned()), task_definition: "web:1".to_owned() };
    let recorded = Track { live: B, idle: Some(idle), ..Track::default() };
    let back = found(Some(&recorded), &runs(BOTH.0, BOTH.1), &facts(2, 0, &[(A, 1)]));
    assert_eq!(back, Ok(lives(A, Some("web--b:1"))));
    let same = found(Some(&recorded), &runs(BOTH.0, BOTH.1), &facts(0, 2, &[(B, 1)]));
    assert_eq!(same, Ok(Some(recorded)), "the commit of the way back is kept");
}

/// In no case a side that the rule forwards to is to have no tasks afterwards.
#[test]
fn nothing_is_taken_from_who_is_served() {
    let counts = [0, 1, 2];
    let rules: [Weights; 6] = [
        vec![],
        vec![(A, 1)],
        vec![(B, 1)],
        vec![(A, 50), (B, 50)],
        vec![(A, 0), (B, 9)],
        vec![(A, 9), (B, 0)],
    ];
    let mut recorded: Vec<Option<Track>> =
        crate::table::PHASES.iter().map(|it| Some(track(*it, true))).collect();
    recorded.extend([None, Some(Track::default()), lives(B, Some("web:1"))]);
    for (a, b) in counts.iter().flat_map(|a| counts.map(|b| (*a, b))) {
        for (weights, recorded) in rules.iter().flat_map(|it| recorded.iter().map(move |old| (it, old))) {
            let facts = facts(a, b, weights);
            let Ok(Some(track)) = found(recorded.as_ref(), &runs(BOTH.0, BOTH.1), &facts) else { continue };
            let layout = pointsman_core::rollout::layout(&track);
            for (slot, _) in weights {
                let tasks = layout.tasks.get(*slot);
                assert!(
                    !matches!(tasks, None | Some(pointsman_core::rollout::Tasks::Zero)),
                    "{recorded:?} {a} {b} {weights:?}: {slot:?} is to have no tasks"
                );
            }
        }
    }
}
