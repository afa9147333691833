use std::{collections::BTreeSet, mem::Discriminant, time::Duration};

use pointsman_core::{
    report::Sides,
    rollout::{Facts, Led, Phase, Polls, Rollout, Step, Why},
};

/// Between two looks, at first and at most. Three looks in a row prove a side.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
const GROWTH: f64 = 1.2;

/// What is remembered of a rollout between two looks.
pub(super) struct Watched {
    pub(super) polls: Polls,
    pub(super) told: Option<(Phase, Kind, Option<Led>)>,
    pub(super) shown: Option<Sides>,
    pause: Duration,
    /// Since when the phase is in which green passed its checks, Unix milliseconds.
    pub(super) passed: Option<u64>,
    /// Since when green was seen to have traffic, Unix milliseconds.
    pub(super) led_since: Option<u64>,
    /// Since when green has fewer healthy targets than it needs, Unix milliseconds.
    pub(super) short_since: Option<u64>,
    /// Since when what the phase wants was refused each time, Unix milliseconds.
    pub(super) refused_since: Option<u64>,
    /// Whether it was asked what tasks of a green that goes said last.
    pub(super) worded: bool,
    /// The alarms that rang when traffic came to green, and ring still.
    rang_before: Option<BTreeSet<String>>,
}

impl Default for Watched {
    fn default() -> Self {
        Self {
            polls: Polls::default(),
            told: None,
            shown: None,
            pause: FIRST_PAUSE,
            passed: None,
            led_since: None,
            short_since: None,
            refused_since: None,
            worded: false,
            rang_before: None,
        }
    }
}

impl Watched {
    /// The next pause; the one after it is longer.
    pub(super) fn longer(&mut self) -> Duration {
        let pause = self.pause;
        self.pause = pause.mul_f64(GROWTH).min(LONGEST_PAUSE);
        pause
    }

    /// Something moved: the next look comes soon.
    pub(super) fn sooner(&mut self) {
        self.pause = FIRST_PAUSE;
    }

    /// Where a release stops what serves before it serves itself, alarms may ring
    /// for that: one counts once it was seen to be quiet while green had traffic.
    pub(super) fn forget_old_alarms(&mut self, rollout: &Rollout, facts: &mut Facts) {
        if rollout.never_overlaps() && rollout.phase.has_traffic() {
            let rings = |alarm: &String| facts.ringing.contains(alarm);
            match &mut self.rang_before {
                Some(before) => before.retain(rings),
                None => self.rang_before = Some(facts.ringing.iter().cloned().collect()),
            }
            facts.ringing.retain(|alarm| !self.rang_before.iter().flatten().any(|before| before == alarm));
        }
    }
}

/// A step without its numbers: what differs in these only is not told again.
pub(super) type Kind = (Discriminant<Step>, Option<Discriminant<Why>>);
