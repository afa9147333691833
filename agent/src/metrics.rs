//! What the agent counts of itself; `/metrics` shows it.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// Everything that is counted since the agent started.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Polls, by whether the repo could be looked at: `ok`, `failed`.
    pub polls: Counter<&'static str>,
    /// How long polls took.
    pub poll_seconds: Histogram,
    /// Deploys that ended, by what they came to.
    pub deploys: Counter<&'static str>,
    /// Deliveries of webhooks, by what was made of them.
    pub webhooks: Counter<&'static str>,
}

/// Counts by a label of a few values.
#[derive(Debug)]
pub struct Counter<L>(Mutex<BTreeMap<L, u64>>);

impl<L: Ord> Default for Counter<L> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<L: Ord + Clone> Counter<L> {
    /// One more.
    pub fn add(&self, label: L) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(label).or_default();
        *count = count.saturating_add(1);
    }

    /// All of them.
    pub fn counts(&self) -> BTreeMap<L, u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The upper bounds of a histogram's buckets, in seconds.
pub const BOUNDS: [f64; 8] = [0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// How long something took, in buckets.
#[derive(Debug, Default)]
pub struct Histogram(Mutex<Durations>);

/// What was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Durations {
    /// How many took at most as long as each of [`BOUNDS`].
    pub within: [u64; BOUNDS.len()],
    /// How many there were.
    pub count: u64,
    /// In seconds, together.
    pub sum: f64,
}

impl Histogram {
    /// One more.
    pub fn add(&self, took: Duration) {
        let seconds = took.as_secs_f64();
        let mut durations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (within, bound) in durations.within.iter_mut().zip(BOUNDS) {
            if seconds <= bound {
                *within += 1;
            }
        }
        durations.count += 1;
        durations.sum += seconds;
    }

    /// All of them.
    pub fn durations(&self) -> Durations {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
