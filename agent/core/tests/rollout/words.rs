//! What people read of it.

use std::fmt::Write;

use pointsman_core::{
    render::{paint::without, rollout as render},
    rollout::{
        Ended, Ending, Facts, Led, Migrated, Obstacle, Patience, Phase, Purpose, Reason, Refusal, Rollout,
        Said, Sample, Side, Slot, Step, Turned, Unsure, Why, step,
    },
};

use crate::given::{Kind, MINUTE, OPENED, said, settings, side, track, track_of, well};
use crate::table::PHASES;

fn shown(rollout: &Rollout, facts: &Facts) -> String {
    let now = OPENED + MINUTE;
    without(&render::under_way("web", rollout, facts, &step(rollout, facts, now), now))
}

#[test]
fn every_phase_as_it_is_shown() {
    let mut text = String::new();
    for phase in PHASES {
        let track = track(phase, true);
        let facts = well(&track);
        let mut rollout = track.open.unwrap();
        if phase.is_way_back() {
            rollout.why = Some(Reason::Unhealthy { healthy: 1, needed: 3 });
        }
        let _ = writeln!(text, "{}", shown(&rollout, &facts));
    }
    fits(&text);
    insta::assert_snapshot!(text);
}

#[test]
fn a_cut_over_as_it_is_shown() {
    let mut text = String::new();
    for phase in
        [Phase::ScaleUp, Phase::Gate, Phase::Switch, Phase::Cleanup, Phase::BlueFirst, Phase::SwitchBack]
    {
        let track = track_of(Kind::Manual, phase, true);
        let _ = writeln!(text, "{}", shown(&track.open.clone().unwrap(), &well(&track)));
    }
    for phase in [Phase::Prepare, Phase::Stop, Phase::Migrate, Phase::First, Phase::StopGreen] {
        let track = track_of(Kind::Breaking, phase, true);
        let _ = writeln!(text, "{}", shown(&track.open.clone().unwrap(), &well(&track)));
    }
    insta::assert_snapshot!(text);
}

#[test]
fn a_cut_over_through_graph_as_it_is_shown() {
    let mut text = String::new();
    let refused = Obstacle::Refused { status: 403, code: "Authorization_RequestDenied".to_owned() };
    let elsewhere = Obstacle::Elsewhere { found: "http://maintenance.example.com/\u{1b}[2J".to_owned() };
    for (phase, led) in [
        (Phase::Gate, None),
        (Phase::Gate, Some(Led::Ready)),
        (Phase::Gate, Some(Led::There)),
        (Phase::Gate, Some(Led::ByHand(refused.clone()))),
        (Phase::Switch, None),
        (Phase::Switch, Some(Led::There)),
        (Phase::Switch, Some(Led::ByHand(elsewhere))),
        (Phase::Bake, Some(Led::There)),
        (Phase::SwitchBack, Some(Led::There)),
        (Phase::SwitchBack, Some(Led::ByHand(Obstacle::Unrecorded))),
        (Phase::SwitchBack, Some(Led::ByHand(Obstacle::Unapproved))),
    ] {
        let mut track = track_of(Kind::Graph, phase, true);
        if matches!(led, Some(Led::There)) {
            track.found_internal_url("http://old-web.web.local:8080/");
        }
        let facts = well(&track);
        let mut rollout = track.open.unwrap();
        rollout.led = led;
        let _ = writeln!(text, "{}", shown(&rollout, &facts));
    }
    // Nothing is said of the application where an abort has led nobody back yet.
    for phase in [Phase::BlueFirst, Phase::Return] {
        let mut track = track_of(Kind::Graph, Phase::Bake, true);
        track.led(Led::There);
        track.abort(Reason::Asked(said(OPENED)), OPENED);
        track.enter(phase, OPENED);
        let facts = well(&track);
        let _ = writeln!(text, "{}", shown(&track.open.unwrap(), &facts));
    }
    for why in [
        Obstacle::Unconfigured { what: "AZURE_TENANT_ID is not set".to_owned() },
        Obstacle::Unlisted,
        Obstacle::SignIn { status: 401, code: "invalid_client AADSTS7000215".to_owned() },
        refused,
        Obstacle::Refused { status: 400, code: "BadRequest".to_owned() },
        Obstacle::NotFound,
        Obstacle::Unpublished,
        Obstacle::Unanswered { why: "it answered 503, and wants 300 s of silence".to_owned() },
        Obstacle::NotKept { found: "http://old-web.web.local:8080/".to_owned() },
        Obstacle::Unrecorded,
        Obstacle::Unapproved,
    ] {
        let _ = writeln!(text, "{}", render::obstacle(&why));
    }
    insta::assert_snapshot!(text);
}

#[test]
fn sides_fit_whatever_they_are_called() {
    let track = track(Phase::Shift(0), true);
    let mut facts = well(&track);
    *facts.sides.get_mut(Slot::A) = Side { healthy: 998, ..side(1_000) };
    facts.weights = vec![(Slot::A, 199), (Slot::B, 1)];
    let rollout = track.open.unwrap();
    let mut text =
        render::tracks("a-service-with-a-name-that-is-as-long-as-sixty-four-characters", &rollout, &facts);
    facts.weights = Vec::new();
    *facts.sides.get_mut(Slot::B) = Side::default();
    text.push_str(&render::tracks("w", &rollout, &facts));
    fits(&text);
    insta::assert_snapshot!(text);
}

#[test]
fn every_reason_and_everything_that_is_waited_for() {
    let mut text = String::new();
    let because = Said { why: Some("logins fail".to_owned()), ..said(OPENED) };
    let green = Sample { requests: 100, errors: 10 };
    let lines = (1..=7).map(|line| format!("line {line}")).collect();
    let failed =
        Migrated { exit_code: Some(3), reason: Some("Essential container exited".to_owned()), lines };
    let reasons = [
        Reason::Asked(said(OPENED)),
        Reason::Asked(because),
        Reason::GaveUp("tasks failed to start\u{1b}[2J".to_owned()),
        Reason::Stopping("OutOfMemoryError: Container killed due to memory usage".to_owned()),
        Reason::TestFailed("GET /health: 500".to_owned()),
        Reason::TooSlow { phase: Phase::ScaleUp, patience_ms: 30 * MINUTE },
        Reason::Refused { phase: Phase::Commit, patience_ms: 30 * MINUTE },
        Reason::Weights { wanted: vec![(Slot::A, 75), (Slot::B, 25)], found: vec![(Slot::A, 100)] },
        Reason::Weights { wanted: vec![(Slot::B, 100)], found: Vec::new() },
        Reason::Alarms(vec!["errors".to_owned()]),
        Reason::Alarms(vec!["errors".to_owned(), "latency".to_owned()]),
        Reason::Unhealthy { healthy: 1, needed: 3 },
        Reason::Errors { green, blue: Some(Sample { requests: 1_000, errors: 0 }) },
        Reason::Errors { green, blue: None },
        Reason::MigrationFailed(failed.clone()),
        Reason::MigrationFailed(Migrated {
            reason: Some("CannotPullContainerError".to_owned()),
            ..Migrated::default()
        }),
    ];
    for reason in &reasons {
        let _ = writeln!(text, "{}", render::reason(reason));
    }
    let waits = [
        Why::Starting { healthy: 1, needed: 3 },
        Why::Checking,
        Why::Ringing(vec!["errors".to_owned()]),
        Why::Unmetered("cloudwatch:GetMetricData: throttled".to_owned()),
        Why::Weights { wanted: vec![(Slot::A, 75), (Slot::B, 25)], found: vec![(Slot::A, 100)] },
        Why::Proving { polls: 1, of: 3 },
        Why::Shaken { healthy: 2, needed: 3 },
        Why::Holding,
        Why::Baking,
        Why::Requests,
        Why::Draining { connections: Some(1) },
        Why::Draining { connections: None },
        Why::Stopping { running: 2 },
        Why::BlueTasks { healthy: 1, needed: 3 },
        Why::Migrating,
        Why::Arriving(Patience::Left),
        Why::Arriving(Patience::Spent),
        Why::Leaving(Patience::Left),
        Why::Leaving(Patience::Spent),
        Why::StillLed(Patience::Left),
        Why::StillLed(Patience::Spent),
    ];
    for why in &waits {
        let _ = writeln!(text, "{}", render::why(why));
    }
    let steps = [
        Step::Wait { why: Why::Holding, until_ms: Some(OPENED + 5 * MINUTE) },
        Step::Apply,
        Step::Enter(Phase::Shift(0)),
        Step::Ask { expired: None },
        Step::Ask { expired: Some(said(OPENED)) },
        Step::Abort { why: Reason::Unhealthy { healthy: 0, needed: 3 } },
        Step::Raise { tasks: 5 },
        Step::Migrated(Migrated { exit_code: Some(0), ..Migrated::default() }),
        Step::Migrated(failed),
        Step::End(Ending::Released),
        Step::End(Ending::Restored { why: None }),
    ];
    for step in &steps {
        let _ = writeln!(text, "{}", render::step(step, &settings(), OPENED));
    }
    insta::assert_snapshot!(text);
}

#[test]
fn every_ending_and_every_refusal() {
    let mut text = String::new();
    let ended = |purpose: Purpose, ending: Ending| Ended {
        commit: "9ee2f0cd1b2".to_owned(),
        purpose,
        to: Slot::B,
        opened_at_ms: OPENED,
        ended_at_ms: OPENED + 25 * MINUTE,
        ending,
        turned: None,
        unsure: None,
    };
    let why = Some(Reason::Alarms(vec!["errors".to_owned()]));
    for ended in [
        ended(Purpose::Release, Ending::Released),
        ended(Purpose::Back, Ending::Released),
        ended(Purpose::Release, Ending::Restored { why }),
        ended(Purpose::Back, Ending::Restored { why: None }),
        ended(Purpose::CutOver, Ending::Released),
        ended(Purpose::CutOver, Ending::Restored { why: None }),
        ended(Purpose::ToOld, Ending::Restored { why: None }),
    ] {
        text.push_str(&without(&render::ended("web", &ended)));
    }
    let turned = Turned { from: "http://old-web".to_owned(), to: "http://lb".to_owned() };
    let by_graph = Ended { turned: Some(turned), ..ended(Purpose::CutOver, Ending::Released) };
    text.push_str(&without(&render::ended("web", &by_graph)));
    let unsure = Unsure { why: Obstacle::NotFound, to: Some("http://old-web".to_owned()) };
    let unsure = Ended { unsure: Some(unsure), ..ended(Purpose::ToOld, Ending::Restored { why: None }) };
    text.push_str(&without(&render::ended("web", &unsure)));
    fits(&text);
    for refusal in [
        Refusal::AlreadyOpen,
        Refusal::NothingOpen,
        Refusal::NotLive,
        Refusal::NothingIdle,
        Refusal::OtherPlan,
        Refusal::TooLate,
        Refusal::EcsDecides,
    ] {
        let _ = writeln!(text, "{}", render::refusal("web", refusal));
    }
    insta::assert_snapshot!(text);
}

fn fits(text: &str) {
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}
