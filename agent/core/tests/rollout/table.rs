//! Every phase with every fact that matters.

use std::fmt::Write;

use pointsman_core::rollout::{
    Facts, Migrated, Migration, Phase, Rollout, Said, Sample, Side, Slot, Step, layout, step,
};

use crate::given::{Kind, MINUTE, OPENED, SECOND, said, side, track_of, well};

pub const PHASES: [Phase; 13] = [
    Phase::ScaleUp,
    Phase::Test,
    Phase::Gate,
    Phase::Shift(0),
    Phase::Shift(1),
    Phase::Bake,
    Phase::Commit,
    Phase::Drain,
    Phase::Cleanup,
    Phase::BlueFirst,
    Phase::Return,
    Phase::DrainGreen,
    Phase::Discard,
];

/// Phases that only a cut-over has, or looks different in.
const OF_CUT_OVERS: [Phase; 10] = [
    Phase::ScaleUp,
    Phase::Gate,
    Phase::Switch,
    Phase::Shift(0),
    Phase::Bake,
    Phase::Cleanup,
    Phase::BlueFirst,
    Phase::Return,
    Phase::SwitchBack,
    Phase::Discard,
];

/// Phases that only a breaking release has, or looks different in.
const OF_BREAKING: [Phase; 13] = [
    Phase::Prepare,
    Phase::Gate,
    Phase::Stop,
    Phase::Migrate,
    Phase::First,
    Phase::ScaleUp,
    Phase::Test,
    Phase::Shift(1),
    Phase::Bake,
    Phase::Commit,
    Phase::StopGreen,
    Phase::BlueFirst,
    Phase::Return,
];

const DAY: u64 = 24 * 60 * MINUTE;

/// What is changed of a phase that stands well.
struct Case<'a> {
    kind: Kind,
    rollout: &'a mut Rollout,
    facts: &'a mut Facts,
    now: &'a mut u64,
}

impl Case<'_> {
    fn green(&mut self) -> &mut Side {
        self.facts.sides.get_mut(Slot::B)
    }

    fn blue(&mut self) -> &mut Side {
        self.facts.sides.get_mut(Slot::A)
    }

    /// As it is recorded and not brought about yet.
    fn unbrought(&mut self) {
        self.rollout.stood_ms = None;
        let before = match self.rollout.phase {
            Phase::Shift(0) => Phase::Gate,
            Phase::Shift(_) if self.kind.breaks() => Phase::Gate,
            Phase::Shift(_) => Phase::Shift(0),
            Phase::Commit => Phase::Bake,
            Phase::Cleanup => {
                *self.blue() = side(3);
                return;
            }
            Phase::Discard => {
                *self.green() = side(3);
                return;
            }
            Phase::Return if self.kind == Kind::Release => {
                self.facts.weights = vec![(Slot::A, 75), (Slot::B, 25)];
                return;
            }
            same => same,
        };
        self.facts.weights =
            layout(&track_of(self.kind, before, true)).weights.unwrap_or(self.facts.weights.clone());
    }
}

type Change = fn(&mut Case<'_>);

const CASES: &[(&str, Change)] = &[
    ("all is well", |_| {}),
    ("all is well, six minutes later", |case| *case.now += 5 * MINUTE),
    ("all is well, an hour later", |case| *case.now += 60 * MINUTE),
    ("it is recorded, not brought about", |case| case.unbrought()),
    ("it is recorded, not brought about, and green has lost its health", |case| {
        case.unbrought();
        case.green().healthy = 0;
    }),
    ("it is recorded, not brought about, and green misses one", |case| {
        case.unbrought();
        case.green().healthy = 2;
    }),
    ("it is recorded, not brought about, and blue has lost its health", |case| {
        case.unbrought();
        case.blue().healthy = 0;
    }),
    ("a person approved", |case| case.rollout.approvals.push(said(OPENED))),
    ("a person approved a day ago", |case| {
        case.rollout.approvals.push(said(OPENED));
        *case.now = OPENED + DAY;
    }),
    ("a person approved another plan", |case| {
        case.rollout.approvals.push(Said { plan: "another".to_owned(), ..said(OPENED) });
    }),
    ("a person approved, and something rings", |case| {
        case.rollout.approvals.push(said(OPENED));
        case.facts.ringing.push("errors".to_owned());
    }),
    ("a person promotes", |case| case.rollout.promote = Some(said(OPENED))),
    ("a person wants it back", |case| case.rollout.abort = Some(said(OPENED))),
    ("ECS gave up", |case| case.green().failed = Some("tasks failed to start".to_owned())),
    ("three tasks stopped alike", |case| case.green().stopped = vec!["OutOfMemory".to_owned(); 3]),
    ("three tasks stopped, the newest for another reason", |case| {
        case.green().stopped =
            ["ExitCode 1", "OutOfMemory", "OutOfMemory", "OutOfMemory"].map(str::to_owned).to_vec();
    }),
    ("three tasks stopped alike, each names its own request", |case| {
        case.green().stopped =
            ["f1b2c3d4", "0a9b8c7d", "99ab01cd"].map(|id| format!("denied, request id: {id}")).to_vec();
    }),
    ("the checks pass", |case| case.facts.checked = Some(Ok(()))),
    ("the checks pass, and nobody need be asked", |case| {
        case.facts.checked = Some(Ok(()));
        case.rollout.settings.approve_traffic = false;
    }),
    ("the checks fail", |case| case.facts.checked = Some(Err("GET /health: 500".to_owned()))),
    ("an alarm rings", |case| case.facts.ringing.push("errors".to_owned())),
    ("an alarm would ring on green", |case| case.facts.ringing_on_green.push("hot (of web--b)".to_owned())),
    ("nothing is heard of alarms and counts", |case| case.facts.unmetered = Some("throttled".to_owned())),
    ("blue has lost its health, and the rule still leads to it alone", |case| {
        case.rollout.stood_ms = None;
        case.facts.weights = vec![(Slot::A, 100)];
        case.blue().healthy = 0;
    }),
    ("green is not whole yet", |case| {
        case.facts.polls.steady = 0;
        *case.green() = Side { healthy: 1, running: 2, ..side(3) };
    }),
    ("green is not whole yet, an hour later", |case| {
        case.facts.polls.steady = 0;
        *case.green() = Side { healthy: 1, running: 2, ..side(3) };
        *case.now += 60 * MINUTE;
    }),
    ("green was whole twice", |case| {
        case.facts.polls.steady = 2;
        *case.now += 60 * MINUTE;
    }),
    ("green misses one", |case| case.green().healthy = 2),
    ("green misses one for three polls", |case| {
        case.green().healthy = 2;
        case.facts.polls.short = 3;
    }),
    ("green misses one for five minutes", |case| {
        case.green().healthy = 2;
        case.facts.polls.short = 3;
        case.facts.short_for_ms = Some(5 * MINUTE);
    }),
    ("green misses two for three polls", |case| {
        case.green().healthy = 1;
        case.facts.polls.short = 3;
    }),
    ("green has lost its health", |case| case.green().healthy = 0),
    ("blue has lost its health", |case| case.blue().healthy = 0),
    ("both have lost their health", |case| {
        case.blue().healthy = 0;
        case.green().healthy = 0;
    }),
    ("blue misses one, and green is whole", |case| case.blue().healthy = 2),
    ("somebody seems to have written 90 to 10", |case| {
        case.facts.weights = vec![(Slot::A, 90), (Slot::B, 10)];
        case.facts.polls.foreign = 1;
    }),
    ("somebody wrote 90 to 10", |case| {
        case.facts.weights = vec![(Slot::A, 90), (Slot::B, 10)];
        case.facts.polls.foreign = 2;
    }),
    ("somebody made the rule forward elsewhere", |case| {
        case.facts.weights.clear();
        case.facts.polls.foreign = 2;
    }),
    ("what it wants was refused for half an hour", |case| case.facts.refused_for_ms = Some(30 * MINUTE)),
    ("what it wants was refused for a minute", |case| case.facts.refused_for_ms = Some(MINUTE)),
    ("blue grew to five", |case| *case.blue() = side(5)),
    ("somebody took a task of blue away", |case| *case.blue() = side(2)),
    ("somebody took a task of green away", |case| {
        *case.green() = side(2);
        case.facts.polls.steady = 0;
    }),
    ("green fails more often", |case| {
        case.green().counted = Some(Sample { requests: 100, errors: 10 });
        case.blue().counted = Some(Sample { requests: 1_000, errors: 0 });
    }),
    ("green fails more often than blue did before", |case| {
        case.green().counted = Some(Sample { requests: 100, errors: 10 });
        case.rollout.snapshot.before = Some(Sample { requests: 1_000, errors: 0 });
    }),
    ("green fails, of few requests", |case| {
        case.green().counted = Some(Sample { requests: 49, errors: 49 });
        case.blue().counted = Some(Sample { requests: 1_000, errors: 0 });
    }),
    ("no requests for two minutes", |case| {
        *case.now += MINUTE;
        case.blue().quiet_for_ms = Some(120 * SECOND);
        case.green().quiet_for_ms = Some(120 * SECOND);
    }),
    ("no requests for two minutes, no connections", |case| {
        *case.now += MINUTE;
        for slot in [Slot::A, Slot::B] {
            let side = case.facts.sides.get_mut(slot);
            side.quiet_for_ms = Some(120 * SECOND);
            side.connections = Some(0);
        }
    }),
    ("the side that goes has a task that still stops", |case| {
        let goes = if case.rollout.phase.is_way_back() { Slot::B } else { Slot::A };
        *case.facts.sides.get_mut(goes) = Side { running: 1, ..Side::default() };
    }),
];

#[test]
fn every_phase_with_every_fact() {
    insta::assert_snapshot!(table_of(Kind::Release, &PHASES, CASES));
}

/// What happens in cut-overs and migrations alone.
const MORE: &[(&str, Change)] = &[
    ("people come by the load balancer", |case| {
        let sample = Some(Sample { requests: 9, errors: 0 });
        case.blue().counted = sample;
        case.green().counted = sample;
        case.blue().quiet_for_ms = Some(0);
        case.green().quiet_for_ms = Some(0);
    }),
    ("people come by the load balancer, an hour later", |case| {
        case.blue().quiet_for_ms = Some(0);
        case.green().quiet_for_ms = Some(0);
        *case.now += 60 * MINUTE;
    }),
    ("the migration task runs", |case| case.facts.migration = Some(Migration::Running)),
    ("the migration task ended well", |case| {
        case.facts.migration = Some(Migration::Ended(Migrated { exit_code: Some(0), ..Migrated::default() }));
    }),
    ("that it ended well is recorded", |case| {
        case.rollout.migrated = Some(Migrated { exit_code: Some(0), ..Migrated::default() });
    }),
    ("that it failed is recorded", |case| {
        case.rollout.migrated = Some(Migrated { exit_code: Some(1), ..Migrated::default() });
    }),
    ("blue has a task again", |case| *case.blue() = side(1)),
    ("blue's last task still stops", |case| *case.blue() = Side { running: 1, ..Side::default() }),
];

#[test]
fn every_phase_of_a_cut_over() {
    let cases = || CASES.iter().chain(MORE);
    insta::assert_snapshot!("a_cut_over_by_hand", table_of(Kind::Manual, &OF_CUT_OVERS, cases()));
    insta::assert_snapshot!("a_cut_over_by_weights", table_of(Kind::Weights, &OF_CUT_OVERS, cases()));
    // Who switches makes no difference: what is counted decides.
    let by_hand = table_of(Kind::Manual, &OF_CUT_OVERS, cases());
    assert_eq!(table_of(Kind::Graph, &OF_CUT_OVERS, cases()), by_hand);
}

#[test]
fn every_phase_of_a_breaking_release() {
    insta::assert_snapshot!(table_of(Kind::Breaking, &OF_BREAKING, CASES.iter().chain(MORE)));
}

fn table_of<'a>(
    kind: Kind,
    phases: &[Phase],
    cases: impl IntoIterator<Item = &'a (&'a str, Change)>,
) -> String {
    let mut text = String::new();
    for (what, change) in cases {
        let _ = writeln!(text, "{what}");
        let mut rows: Vec<(String, Vec<String>)> = Vec::new();
        for phase in phases.iter().copied() {
            let track = track_of(kind, phase, true);
            let mut facts = well(&track);
            let mut rollout = track.open.unwrap();
            let mut now = OPENED + MINUTE;
            change(&mut Case { kind, rollout: &mut rollout, facts: &mut facts, now: &mut now });
            let answer = in_short(&step(&rollout, &facts, now));
            match rows.iter_mut().find(|(before, _)| *before == answer) {
                Some((_, phases)) => phases.push(format!("{phase:?}")),
                None => rows.push((answer, vec![format!("{phase:?}")])),
            }
        }
        for (answer, phases) in rows {
            let _ = writeln!(text, "    {answer:<62} {}", phases.join(" "));
        }
    }
    text
}

fn in_short(step: &Step) -> String {
    let text = match step {
        Step::Wait { why, until_ms: None } => format!("wait: {why:?}"),
        Step::Wait { why, until_ms: Some(until) } => {
            format!("wait until +{} min: {why:?}", (until - OPENED) / MINUTE)
        }
        Step::Apply => "APPLY".to_owned(),
        Step::Enter(phase) => format!("enter {phase:?}"),
        Step::Ask { expired } => format!("ask{}", if expired.is_some() { ", again" } else { "" }),
        Step::Abort { why } => format!("GO BACK: {why:?}"),
        Step::Raise { tasks } => format!("raise to {tasks}"),
        Step::Migrated(how) => format!("record that it ended with {:?}", how.exit_code),
        Step::End(ending) => format!("END {ending:?}"),
    };
    text.split(", at_ms").next().unwrap_or(&text).to_owned()
}
