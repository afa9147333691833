//! What was noticed, as it happens.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Who answered.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Side {
    /// The target group's name.
    pub group: String,
    /// The task's image.
    pub image: String,
}

impl fmt::Display for Side {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Of a digest, as much as people compare.
        let end = self.image.find("sha256:").map_or(self.image.len(), |at| at + "sha256:".len() + 8);
        let group = if self.group.is_empty() { "not by the load balancer" } else { &self.group };
        match self.image.get(..end).unwrap_or(&self.image) {
            // Not every application says what it is.
            "" => formatter.write_str(group),
            image => write!(formatter, "{group} ({image})"),
        }
    }
}

/// A request that ended, since the start.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) at: Duration,
    pub(super) took: Duration,
    /// Who answered, or why nobody did.
    pub(super) answer: Result<Side, String>,
}

/// A WebSocket that was open.
#[derive(Debug, Clone)]
pub(super) struct Life {
    /// HAProxy's name of its target.
    pub(super) server: String,
    pub(super) side: Side,
    pub(super) opened: Instant,
    /// When and why it ended, if not by us.
    pub(super) ended: Option<(Instant, String)>,
}

#[derive(Debug, Default)]
pub(super) struct Events {
    pub(super) asked: Vec<Asked>,
    /// By the target group's name: what its tasks answered with 5xx.
    pub(super) errors: BTreeMap<String, usize>,
    pub(super) lost_sessions: Vec<String>,
    pub(super) rows_acknowledged: usize,
    pub(super) rows_uncertain: usize,
    pub(super) sockets: Vec<Life>,
    pub(super) marks: Vec<(Duration, String)>,
    present: usize,
}

impl Events {
    /// How many have signed in or opened their WebSocket once.
    pub(super) fn present(&self) -> usize {
        self.present
    }

    pub(super) fn arrive(&mut self) {
        self.present += 1;
    }

    pub(super) fn failures(&self) -> Vec<&str> {
        let failures = self.asked.iter().filter_map(|asked| asked.answer.as_ref().err());
        failures.map(String::as_str).take(5).collect()
    }

    pub(super) fn sides_since_mark(&self) -> BTreeMap<Side, usize> {
        let since = self.marks.last().map_or(Duration::ZERO, |(at, _)| *at);
        let mut sides = BTreeMap::new();
        for asked in self.asked.iter().filter(|asked| asked.at >= since) {
            if let Ok(side) = &asked.answer {
                *sides.entry(side.clone()).or_default() += 1;
            }
        }
        sides
    }
}

#[derive(Debug)]
pub(super) struct Log {
    pub(super) started: Instant,
    events: Mutex<Events>,
}

impl Default for Log {
    fn default() -> Self {
        Self { started: Instant::now(), events: Mutex::default() }
    }
}

impl Log {
    pub(super) fn events(&self) -> MutexGuard<'_, Events> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn mark(&self, what: &str) {
        let at = self.started.elapsed();
        self.events().marks.push((at, what.to_owned()));
    }

    pub(super) fn asked(&self, begun: Instant, answer: Result<Side, String>) {
        let at = begun.saturating_duration_since(self.started);
        self.events().asked.push(Asked { at, took: begun.elapsed(), answer });
    }
}
