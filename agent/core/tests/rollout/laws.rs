//! What holds for every record and all facts.

use pointsman_core::rollout::{
    Entry, Facts, Pair, Phase, Polls, Purpose, Reason, Sample, Side, Slot, Step, Tasks, Track, Why, Word,
    layout, same_weights, step,
};
use proptest::prelude::*;

use crate::given::{Kind, MINUTE, OPENED, said, snapshot, track, track_of};
use crate::table::PHASES;

fn a_side() -> impl Strategy<Value = Side> {
    let numbers = (0..5_u32, 0..5_u32, 0..5_u32, 0..4_u32, any::<bool>());
    let rare = (
        proptest::option::weighted(0.1, Just("gave up".to_owned())),
        proptest::option::weighted(0.3, (0..300_u64, 0..300_u64)),
        proptest::option::of(0..10 * MINUTE),
        proptest::option::of(0..3_u64),
        0..4_usize,
    );
    (numbers, rare).prop_map(
        |(
            (desired, running, healthy, zones, settled),
            (failed, counted, quiet_for_ms, connections, stopped),
        )| Side {
            desired,
            running,
            settled,
            healthy,
            zones,
            failed,
            stopped: vec!["stopped".to_owned(); stopped],
            counted: counted.map(|(requests, errors)| Sample { requests, errors }),
            quiet_for_ms,
            connections,
        },
    )
}

/// Every phase; a kind of rollout that never gets to one is turned back or goes
/// on from it all the same.
const ALL: [Phase; 19] = [
    Phase::Prepare,
    Phase::Stop,
    Phase::Migrate,
    Phase::First,
    Phase::ScaleUp,
    Phase::Test,
    Phase::Gate,
    Phase::Switch,
    Phase::Shift(0),
    Phase::Shift(1),
    Phase::Bake,
    Phase::Commit,
    Phase::Drain,
    Phase::Cleanup,
    Phase::StopGreen,
    Phase::BlueFirst,
    Phase::Return,
    Phase::SwitchBack,
    Phase::Discard,
];

fn a_track() -> impl Strategy<Value = Track> {
    let kinds =
        [Kind::Release, Kind::Breaking, Kind::Manual, Kind::Weights, Kind::Graph, Kind::BreakingCutOver];
    let kinds = proptest::sample::select(kinds.to_vec());
    (kinds, proptest::sample::select(ALL.to_vec()), any::<bool>(), any::<bool>(), any::<bool>(), 1..5_u32)
        .prop_map(|(kind, phase, stands, promoted, approved, tasks)| {
            let mut track = track_of(kind, phase, stands);
            track.raise(tasks);
            if promoted {
                let _ = track.say(Word::Promote, said(OPENED));
            }
            if approved {
                let _ = track.say(Word::Approve, said(OPENED));
            }
            track
        })
}

/// Facts in which the weights are the phase's more often than not.
fn facts_of(track: &Track) -> impl Strategy<Value = Facts> + use<> {
    let wanted = layout(track).weights.unwrap_or_default();
    let weights = prop_oneof![
        6 => Just(wanted),
        1 => Just(vec![(Slot::A, 100)]),
        1 => Just(vec![(Slot::B, 1)]),
        1 => Just(vec![(Slot::A, 3), (Slot::B, 1)]),
        1 => Just(Vec::new()),
    ];
    let checked = prop_oneof![Just(None), Just(Some(Ok(()))), Just(Some(Err("no".to_owned())))];
    let entry =
        proptest::option::of(proptest::sample::select(vec![Entry::Old, Entry::Balancer, Entry::Elsewhere]));
    let polls = (0..4_u8, 0..4_u8, 0..3_u8);
    (a_side(), a_side(), weights, proptest::bool::weighted(0.1), checked, entry, polls).prop_map(
        |(a, b, weights, rings, checked, entry, (steady, short, foreign))| Facts {
            sides: Pair { a, b },
            weights,
            ringing_on_green: Vec::new(),
            unmetered: None,
            ringing: if rings { vec!["errors".to_owned()] } else { Vec::new() },
            checked,
            migration: None,
            entry,
            short_for_ms: None,
            refused_for_ms: None,
            polls: Polls { steady, short, foreign },
        },
    )
}

fn both() -> impl Strategy<Value = (Track, Facts, u64)> {
    a_track().prop_flat_map(|track| {
        let facts = facts_of(&track);
        (Just(track), facts, OPENED..OPENED + 90 * MINUTE)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn deciding_comes_to_rest((mut track, facts, now) in both()) {
        let mut decisions = 0;
        while let Some(rollout) = &track.open {
            let next = step(rollout, &facts, now);
            if matches!(next, Step::Wait { .. } | Step::Ask { .. } | Step::Apply) {
                break;
            }
            track.follow(&next, now);
            decisions += 1;
            prop_assert!(decisions < 20, "{:?}", track.open);
        }
    }

    #[test]
    fn an_abort_is_never_passed_over((mut track, facts, now) in both()) {
        if track.say(Word::Abort, said(OPENED)).is_ok() {
            let next = step(track.open.as_ref().unwrap(), &facts, now);
            prop_assert!(matches!(next, Step::Abort { .. }), "{next:?}");
        }
    }

    #[test]
    fn more_traffic_needs_three_polls((track, facts, now) in both()) {
        let rollout = track.open.unwrap();
        if let Step::Enter(next @ (Phase::Shift(_) | Phase::Bake | Phase::Commit)) = step(&rollout, &facts, now) {
            prop_assert_eq!(facts.polls.steady, 3, "{:?}", next);
        }
    }

    #[test]
    fn nothing_is_written_on_the_way_forward_over_what_others_wrote((track, facts, now) in both()) {
        let wanted = layout(&track).weights;
        let rollout = track.open.unwrap();
        let forward = !rollout.phase.is_way_back();
        let stood = rollout.stood_ms.is_some();
        let blue_gone = rollout.phase == Phase::Cleanup && facts.sides.get(Slot::A).desired == 0;
        if forward && stood && !blue_gone && wanted.is_some_and(|wanted| !same_weights(&wanted, &facts.weights)) {
            let next = step(&rollout, &facts, now);
            if facts.polls.foreign == 2 {
                prop_assert!(matches!(next, Step::Abort { why: Reason::Weights { .. } }), "{next:?}");
            } else {
                // Seen once, it is looked at again; another reason turns it back all the same.
                let looks = matches!(next, Step::Wait { why: Why::Weights { .. }, .. });
                prop_assert!(looks || matches!(next, Step::Abort { .. }), "{next:?}");
            }
        }
    }

    #[test]
    fn a_release_ends_only_with_blue_gone_and_a_return_only_with_green_gone((track, facts, now) in both()) {
        let rollout = track.open.unwrap();
        if let Step::End(_) = step(&rollout, &facts, now) {
            let gone = if rollout.phase.is_way_back() { rollout.to } else { rollout.blue() };
            prop_assert_eq!(facts.sides.get(gone).running, 0);
            prop_assert_eq!(facts.sides.get(gone).desired, 0);
        }
    }

    #[test]
    fn a_record_is_read_as_it_was_written((track, _, _) in both()) {
        let text = serde_json::to_string(&track).unwrap();
        prop_assert_eq!(serde_json::from_str::<Track>(&text).unwrap(), track);
    }
}

/// In every phase, whichever side is released to: who is named has tasks, two
/// are named only while traffic moves, and the test rule keeps the other
/// side's health known for as long as it is needed.
#[test]
fn every_layout_serves() {
    for phase in PHASES {
        for purpose in [Purpose::Release, Purpose::Back] {
            let mut track = track(phase, true);
            if let Some(rollout) = &mut track.open {
                rollout.purpose = purpose;
            }
            let layout = layout(&track);
            let has_tasks = |slot: Slot| !matches!(layout.tasks.get(slot), None | Some(Tasks::Zero));
            let named = layout.weights.clone().unwrap_or_default();
            assert!(named.iter().all(|(slot, _)| has_tasks(*slot)), "{phase:?}: {layout:?}");
            assert!(layout.test.is_none_or(has_tasks), "{phase:?}: {layout:?}");
            let is_shared = matches!(phase, Phase::Shift(_) | Phase::Bake);
            assert_eq!(named.len() == 2, is_shared, "{phase:?}: {layout:?}");
            let is_attached =
                |slot: Slot| layout.test == Some(slot) || named.iter().any(|(at, _)| *at == slot);
            assert!(
                !phase.can_abort() || (is_attached(Slot::A) && is_attached(Slot::B)),
                "{phase:?}: {layout:?}"
            );
        }
    }
}

/// What an older version wrote has none of what came later.
#[test]
fn a_record_without_what_came_later_is_read() {
    let track: Track = serde_json::from_value(serde_json::json!({
        "live": "a",
        "open": {
            "commit": "9ee2f0c", "plan": "plan", "opened_at_ms": 1, "to": "b", "tasks": 2, "phase": {"shift": 1},
            "since_ms": 2, "settings": {"shift": [100]},
            "snapshot": {"live": "a", "tasks": 2, "task_definition": "web:1"},
            "and": "something newer",
        },
    }))
    .unwrap();
    let rollout = track.open.unwrap();
    assert_eq!((rollout.phase, rollout.proven, rollout.stood_ms), (Phase::Shift(1), 0, None));
    assert_eq!(rollout.settings.approval_ms, 24 * 60 * MINUTE);
    assert_eq!(rollout.snapshot.tasks, snapshot(2).tasks);
    assert_eq!(serde_json::from_str::<Track>("{}").unwrap(), Track::default());
}
