//! What the machine promises, and what the model must have come across for it
//! to mean anything.

use pointsman_core::rollout::{Ending, Phase, Reason};
use stateright::{Checker, Model, Property, report::WriteReporter};

use crate::given::Kind;
use crate::model::{Faults, Rollouts, Scope};
use crate::world::{BLUE, GREEN, TASKS, World};

pub const SERVED: &str = "R1: the rule names no side without tasks while the other has some, unless health was lost or somebody else wrote it";
pub const SEEING: &str =
    "R2: no weights are written for a side that was seen without health while the other had some";
pub const PROVEN: &str =
    "R3: green gets traffic only after three polls that show as many healthy tasks as blue has";
pub const NO_FIGHT: &str = "R4: on the way forward nobody's weights are written over";
pub const BLUE_STAYS: &str = "R5: blue keeps its tasks until CLEANUP";
pub const RESTORED: &str = "R6: what ended stands as it should: blue as it was, or green with a free hand";
pub const FINISHES: &str = "R7: without further faults everything ends";
pub const RELEASES: &str = "R8: nothing but a reason turns a rollout back: a crash does not";

pub const APART: &str =
    "R9: where the database is broken for the other version, the two never run at the same time";
pub const MIGRATED: &str = "R10: nobody gets to a green whose migration failed";
pub const FOLLOWED: &str = "R11: in a cut-over nobody is led away from where people still come in";

pub fn all() -> Vec<Property<Rollouts>> {
    vec![
        Property::always(SERVED, served),
        Property::always(SEEING, |_, world: &World| !world.broken.blind),
        Property::always(PROVEN, |_, world: &World| !world.broken.unproven),
        Property::always(NO_FIGHT, |_, world: &World| !world.broken.fights),
        Property::always(BLUE_STAYS, |_, world: &World| {
            world.kind.breaks()
                || matches!(world.phase(), None | Some(Phase::Cleanup))
                || world.live.get(BLUE).desired >= TASKS
        }),
        Property::always(RESTORED, |model, world: &World| restored(world, &model.scope)),
        Property::always(FINISHES, |model, world: &World| {
            !model.is_new(world)
                || world.clone().finish(&model.scope).is_some_and(|(end, _)| restored(&end, &model.scope))
        }),
        Property::always(RELEASES, |model, world: &World| {
            let Faults { crashes: _, lost, hands, alarms, aborts, gives_up, grows: _, fails, refuses: _ } =
                model.scope.faults;
            // Time runs out as well, where tasks never start and checks never pass.
            let is_fair = |why: &Reason| matches!(why, Reason::TooSlow { .. });
            lost + hands + alarms + aborts + gives_up + fails > 0
                || world.track.open.iter().filter_map(|open| open.why.as_ref()).all(is_fair)
        }),
        Property::always(APART, |_, world: &World| {
            !world.kind.breaks() || world.live.a.desired == 0 || world.live.b.desired == 0
        }),
        Property::always(MIGRATED, |_, world: &World| {
            world.migrated.is_none_or(|code| code == 0) || world.live.b.desired == 0
        }),
        Property::always(FOLLOWED, |_, world: &World| {
            let old = world.live.a;
            world.by_balancer || world.kind.breaks() || old.healthy > 0 || old.lost
        }),
        Property::sometimes("a rollout is released", |_, world: &World| {
            ended(world) == Some(&Ending::Released)
        }),
        Property::sometimes("a rollout is turned back", |_, world: &World| {
            matches!(ended(world), Some(Ending::Restored { .. }))
        }),
    ]
}

fn ended(world: &World) -> Option<&Ending> {
    world.track.last.as_ref().map(|last| &last.ending)
}

fn served(_: &Rollouts, world: &World) -> bool {
    // An outage that was agreed to; and nobody comes by a rule before they are led to it.
    let is_without = world.kind.breaks() || !world.by_balancer;
    is_without
        || [BLUE, GREEN].into_iter().all(|slot| {
            let (its, others) = (world.live.get(slot), world.live.get(slot.other()));
            !world.names(slot) || its.healthy > 0 || others.healthy == 0 || its.lost || world.by_hand
        })
}

fn restored(world: &World, scope: &Scope) -> bool {
    let Some(ending) = ended(world) else { return true };
    let live = match ending {
        Ending::Released => GREEN,
        Ending::Restored { .. } => BLUE,
    };
    if world.kind.cuts_over() {
        let serves = world.track.old.as_ref().is_some_and(|old| old.serves);
        return serves == (live == BLUE)
            && world.by_balancer == (live == GREEN)
            && (world.by_hand || world.stands(&Scope { mutant: None, ..*scope }));
    }
    let as_before = live == GREEN || world.live.get(BLUE).desired >= TASKS;
    // What somebody wrote by hand between the last look and the end is drift.
    as_before
        && world.track.live == live
        && (world.by_hand || world.stands(&Scope { mutant: None, ..*scope }))
}

/// Waits for a check to end; how many worlds it came across, how deep, how long.
pub fn report_of<C: Checker<Rollouts> + Send + Sync>(checker: C) -> (C, String) {
    let mut report = Vec::new();
    let checker = checker.join_and_report(&mut WriteReporter::new(&mut report));
    let report = String::from_utf8(report).unwrap();
    let done = report.lines().find(|line| line.starts_with("Done.")).unwrap_or("not done");
    (checker, done.to_owned())
}

/// Each line is explored whole.
const SCOPES: [(&str, Faults); 7] = [
    ("a crash, and blue grows", Faults { crashes: 1, grows: 1, ..NONE }),
    ("health lost, and a crash", Faults { lost: 1, crashes: 1, ..NONE }),
    ("health lost twice", Faults { lost: 2, ..NONE }),
    ("weights by hand, and a crash", Faults { hands: 1, crashes: 1, ..NONE }),
    ("an abort, and health lost", Faults { aborts: 1, lost: 1, ..NONE }),
    ("an alarm, and a crash", Faults { alarms: 1, crashes: 1, ..NONE }),
    ("ECS gives up, and a crash", Faults { gives_up: 1, crashes: 1, ..NONE }),
];

pub const NONE: Faults = Faults {
    crashes: 0,
    lost: 0,
    hands: 0,
    alarms: 0,
    aborts: 0,
    gives_up: 0,
    grows: 0,
    fails: 0,
    refuses: 0,
};

/// The kinds of rollout that have more to promise, each explored whole.
const OTHERS: [(&str, Kind, Faults); 15] = [
    (
        "a cut-over by hand: a crash, and the old service grows",
        Kind::Manual,
        Faults { crashes: 1, grows: 1, ..NONE },
    ),
    ("a cut-over by hand: an abort, and a crash", Kind::Manual, Faults { aborts: 1, crashes: 1, ..NONE }),
    ("a cut-over by hand: health lost, and a crash", Kind::Manual, Faults { lost: 1, crashes: 1, ..NONE }),
    ("a cut-over by Graph: a crash", Kind::Graph, Faults { crashes: 1, ..NONE }),
    (
        "a cut-over by Graph: refused, an abort, and a crash",
        Kind::Graph,
        Faults { refuses: 1, aborts: 1, crashes: 1, ..NONE },
    ),
    ("a cut-over by Graph: health lost", Kind::Graph, Faults { lost: 1, ..NONE }),
    ("a cut-over by weights: a crash", Kind::Weights, Faults { crashes: 1, ..NONE }),
    ("a cut-over by weights: an abort, and a crash", Kind::Weights, Faults { aborts: 1, crashes: 1, ..NONE }),
    ("a cut-over by weights: health lost", Kind::Weights, Faults { lost: 1, ..NONE }),
    ("a cut-over by weights: weights by hand", Kind::Weights, Faults { hands: 1, ..NONE }),
    (
        "a breaking release: the migration fails, and a crash",
        Kind::Breaking,
        Faults { fails: 1, crashes: 1, ..NONE },
    ),
    ("a breaking release: an abort, and a crash", Kind::Breaking, Faults { aborts: 1, crashes: 1, ..NONE }),
    ("a breaking release: health lost", Kind::Breaking, Faults { lost: 1, ..NONE }),
    (
        "a breaking cut-over: an abort, and a crash",
        Kind::BreakingCutOver,
        Faults { aborts: 1, crashes: 1, ..NONE },
    ),
    ("a breaking cut-over: health lost", Kind::BreakingCutOver, Faults { lost: 1, ..NONE }),
];

/// No promise is broken; what was come across is returned.
fn explored(what: &str, kind: Kind, faults: Faults) -> Vec<&'static str> {
    let scope = Scope { kind, faults, mutant: None };
    let (checker, report) = report_of(Rollouts::new(scope).checker().threads(2).spawn_bfs());
    println!("{what}: {report}");
    let discovered = checker.discoveries();
    for property in Rollouts::new(scope).properties() {
        if property.expectation.discovery_is_failure()
            && let Some(path) = discovered.get(property.name)
        {
            let last = path.clone().into_states().pop();
            panic!("{}\n{:?}\n{last:#?}", property.name, path.clone().into_actions());
        }
    }
    discovered.into_keys().collect()
}

#[test]
fn promises_hold_whatever_happens() {
    let mut seen = Vec::new();
    for (what, faults) in SCOPES {
        seen.extend(explored(what, Kind::Release, faults));
    }
    for (what, kind, faults) in OTHERS {
        seen.extend(explored(what, kind, faults));
    }
    for property in Rollouts::new(Scope::default()).properties() {
        if !property.expectation.discovery_is_failure() {
            assert!(seen.contains(&property.name), "never came across: {}", property.name);
        }
    }
}

/// Every two kinds of fault together and a crash: for a machine with minutes to
/// spare (`cargo test --release … -- --ignored`).
#[test]
#[ignore = "millions of worlds"]
fn promises_hold_within_large_bounds() {
    for (what, faults) in [
        ("health lost, weights by hand, and a crash", Faults { lost: 1, hands: 1, crashes: 1, ..NONE }),
        ("health lost, an abort, and a crash", Faults { lost: 1, aborts: 1, crashes: 1, ..NONE }),
        ("an alarm, blue grows, and health lost", Faults { alarms: 1, grows: 1, lost: 1, ..NONE }),
        ("weights by hand twice", Faults { hands: 2, ..NONE }),
        ("two crashes, and blue grows", Faults { crashes: 2, grows: 1, ..NONE }),
    ] {
        explored(what, Kind::Release, faults);
    }
}
