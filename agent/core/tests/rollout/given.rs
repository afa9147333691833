//! A rollout of three tasks from slot A to slot B, and facts in which all is well.

use pointsman_core::rollout::{
    Facts, Layout, Opening, Pair, Phase, Polls, Purpose, Said, Settings, Side, Slot, Snapshot, Tasks, Track,
    layout,
};

pub const SECOND: u64 = 1_000;
pub const MINUTE: u64 = 60 * SECOND;
/// When the rollout was opened.
pub const OPENED: u64 = 1_000 * MINUTE;

pub fn settings() -> Settings {
    Settings {
        shift: vec![25, 100],
        hold_ms: 5 * MINUTE,
        bake_ms: 10 * MINUTE,
        approve_traffic: true,
        abort_on: vec!["errors".to_owned()],
        ..Settings::default()
    }
}

pub fn snapshot(tasks: u32) -> Snapshot {
    Snapshot {
        live: Slot::A,
        commit: Some("b1ce".to_owned()),
        tasks,
        task_definition: "web:1".to_owned(),
        scaling: None,
        before: None,
    }
}

pub fn opening(settings: Settings) -> Opening {
    Opening {
        commit: "9ee2f0c".to_owned(),
        plan: "plan".to_owned(),
        purpose: Purpose::Release,
        settings,
        snapshot: snapshot(3),
    }
}

pub fn said(at_ms: u64) -> Said {
    Said { who: "ada".to_owned(), at_ms, plan: "plan".to_owned(), why: None }
}

/// In this phase since it was opened; it stands, where it does, since then too.
pub fn track(phase: Phase, stands: bool) -> Track {
    let mut track = Track::default();
    track.open(opening(settings()), OPENED).unwrap();
    let reached = |wanted: &Phase| *wanted <= phase || phase.is_way_back();
    for before in [Phase::Shift(1), Phase::Commit].iter().filter(|wanted| reached(wanted)) {
        track.enter(*before, OPENED);
    }
    track.enter(phase, OPENED);
    if stands {
        track.stood(OPENED);
    }
    track
}

pub fn side(tasks: u32) -> Side {
    Side {
        desired: tasks,
        running: tasks,
        settled: tasks > 0,
        healthy: tasks,
        zones: tasks.min(3),
        ..Side::default()
    }
}

fn tasks(wanted: Option<Tasks>, free: u32) -> u32 {
    match wanted {
        None | Some(Tasks::Zero) => 0,
        Some(Tasks::Held(least)) => least.max(free),
        Some(Tasks::Free) => free,
    }
}

/// Facts that say: the phase's layout stands, everything is healthy.
pub fn well(track: &Track) -> Facts {
    let Layout { tasks: Pair { a, b }, weights, test: _ } = layout(track);
    Facts {
        sides: Pair { a: side(tasks(a, 3)), b: side(tasks(b, 3)) },
        weights: weights.unwrap_or_else(|| vec![(Slot::A, 75), (Slot::B, 25)]),
        polls: Polls { steady: 3, short: 0 },
        ..Facts::default()
    }
}
