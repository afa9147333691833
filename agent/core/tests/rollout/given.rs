//! A rollout of three tasks from slot A to slot B, and facts in which all is well.

use pointsman_core::environment::block::SchemaChange;
use pointsman_core::rollout::{
    Facts, Layout, MigrationTask, Old, OldCount, Opening, Overlap, Pair, Phase, Polls, Purpose, Said,
    Settings, Side, Slot, Snapshot, Tasks, Track, Way, layout, outside,
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

/// What a rollout is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Of another release.
    #[default]
    Release,
    /// Of another release that breaks the database for the one before; a task migrates it.
    Breaking,
    /// From the old service; a person switches everybody at once.
    Manual,
    /// From the old service, which the load balancer leads to first.
    Weights,
    /// From the old service; the agent switches everybody at once.
    Graph,
    /// From the old service, whose database is broken for it; green's first task migrates it.
    BreakingCutOver,
}

impl Kind {
    pub fn cuts_over(self) -> bool {
        matches!(self, Self::Manual | Self::Weights | Self::Graph | Self::BreakingCutOver)
    }

    pub fn breaks(self) -> bool {
        matches!(self, Self::Breaking | Self::BreakingCutOver)
    }

    fn settings(self, settings: Settings) -> Settings {
        let task = MigrationTask { command: vec!["migrate".to_owned()], within_ms: settings.patience_ms };
        Settings {
            overlap: if self.breaks() { Overlap::Never } else { Overlap::Allowed },
            schema_change: if self.breaks() { SchemaChange::Breaking } else { SchemaChange::None },
            migration: (self == Self::Breaking).then_some(task),
            ..settings
        }
    }

    /// A track on which it is opened: green is B, and blue is A or the old service.
    pub fn opened(self, settings: Settings, tasks: u32, now_ms: u64) -> Track {
        let mut track = Track::default();
        let mut opening = opening(self.settings(settings));
        opening.snapshot = snapshot(tasks);
        if self.cuts_over() {
            track.live = Slot::B;
            opening.purpose = Purpose::CutOver;
            opening.snapshot.old = Some(old(self, tasks));
        }
        track.open(opening, now_ms).unwrap();
        track
    }
}

pub fn old(kind: Kind, count: u32) -> Old {
    Old {
        external: "legacy".to_owned(),
        cluster: "main".to_owned(),
        service: "old-web".to_owned(),
        id: "arn:aws:ecs:eu-west-1:1:service/main/old-web".to_owned(),
        count,
        task_definition: "old-web:1".to_owned(),
        security_groups: vec!["sg-old".to_owned()],
        port: 8080,
        way: match kind {
            Kind::Weights => Way::Weights,
            Kind::Graph => Way::Graph,
            _ => Way::Manual,
        },
        host: "web.example.com".to_owned(),
        from: Some("http://old-web.web.local:8080".to_owned()),
        to: Some("http://internal-web.elb.amazonaws.com".to_owned()),
        application: (kind == Kind::Graph).then(|| "03ef14b0-ca33-4840-8f4f-d6e91916010e".to_owned()),
        internal_url: None,
        serves: true,
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
        old: None,
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
    track_of(Kind::Release, phase, stands)
}

/// The same of any kind.
pub fn track_of(kind: Kind, phase: Phase, stands: bool) -> Track {
    let mut track = kind.opened(settings(), 3, OPENED);
    let reached = |wanted: &Phase| *wanted <= phase || phase.is_way_back();
    let switched = [Phase::Switch].into_iter().filter(|_| kind.cuts_over());
    for before in switched.chain([Phase::Shift(1), Phase::Commit]).filter(reached) {
        // Nobody is led elsewhere before a person agreed.
        if before == Phase::Switch {
            track.open.as_mut().unwrap().approvals.push(said(OPENED));
        }
        track.enter(before, OPENED);
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
        Some(Tasks::One) => 1,
        Some(Tasks::Held(least)) => least.max(free),
        Some(Tasks::Free) => free,
    }
}

/// Facts that say: the phase's layout stands, everything is healthy.
pub fn well(track: &Track) -> Facts {
    let Layout { tasks: Pair { a, b }, weights, test: _ } = layout(track);
    let of_old = track.open.as_ref().filter(|open| open.cuts_over()).map(|open| match outside(open).count {
        Some(OldCount::Zero) => 0,
        Some(OldCount::AtLeast(_)) | None => 3,
    });
    let running = |tasks: Option<Tasks>| match tasks {
        Some(Tasks::One) => 1,
        other => self::tasks(other, 3),
    };
    Facts {
        sides: Pair { a: side(of_old.unwrap_or_else(|| running(a))), b: side(running(b)) },
        weights: weights.unwrap_or_else(|| vec![(Slot::A, 75), (Slot::B, 25)]),
        polls: Polls { steady: 3, short: 0, foreign: 0 },
        ..Facts::default()
    }
}
