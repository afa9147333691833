//! What the load cost, put together when it has ended.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use super::super::follower::History;
use super::log::{Asked, Life, Log, Side};
use super::plot;

/// Of each kind of loss so many are quoted.
const EXAMPLES: usize = 5;

/// What people noticed.
#[derive(Debug)]
pub struct Report {
    /// How long it went on.
    pub lasted: Duration,
    /// Requests, WebSockets' handshakes included.
    pub requests: usize,
    /// Requests that had no answer of 200: when, and why.
    pub failed: Vec<(Duration, String)>,
    /// Whose session was gone, or was somebody else's.
    pub lost_sessions: Vec<String>,
    /// WebSockets that were opened, one after the other for the same person included.
    pub sockets: usize,
    /// WebSockets that ended before their target had drained for as long as its group says.
    pub dropped: Vec<(Duration, String)>,
    /// WebSockets that ended after that, as they may.
    pub drained: usize,
    /// Writes that were answered with 200.
    pub rows_acknowledged: usize,
    /// Writes that had another answer or none: they may have been done.
    pub rows_uncertain: usize,
    /// Rows in the database.
    pub rows_found: usize,
    /// Answered requests by who answered.
    pub sides: BTreeMap<Side, usize>,
    /// So long took 99 of 100 requests at most.
    pub slow: Duration,
    asked: Vec<Asked>,
    marks: Vec<(Duration, String)>,
}

impl Report {
    pub(super) fn of(log: &Log, history: &History, rows_found: usize) -> Self {
        let lasted = log.started.elapsed();
        let mut events = log.events();
        let asked = std::mem::take(&mut events.asked);
        let failed = asked.iter().filter_map(|asked| Some((asked.at, asked.answer.as_ref().err()?.clone())));
        let mut sides: BTreeMap<Side, usize> = BTreeMap::new();
        for side in asked.iter().filter_map(|asked| asked.answer.as_ref().ok()) {
            *sides.entry(side.clone()).or_default() += 1;
        }
        let mut times: Vec<Duration> = asked.iter().map(|asked| asked.took).collect();
        times.sort();
        let (mut dropped, mut drained) = (Vec::new(), 0);
        for life in &events.sockets {
            let Some((ended, why)) = &life.ended else { continue };
            if had_drained(life, history) {
                drained += 1;
            } else {
                let at = ended.saturating_duration_since(log.started);
                let lived = ended.saturating_duration_since(life.opened);
                dropped.push((at, format!("to {} for {lived:.1?}: {why}", life.side)));
            }
        }
        Self {
            lasted,
            requests: asked.len(),
            failed: failed.collect(),
            lost_sessions: std::mem::take(&mut events.lost_sessions),
            sockets: events.sockets.len(),
            dropped,
            drained,
            rows_acknowledged: events.rows_acknowledged,
            rows_uncertain: events.rows_uncertain,
            rows_found,
            sides,
            slow: times.get(times.len().saturating_sub(1) * 99 / 100).copied().unwrap_or_default(),
            marks: std::mem::take(&mut events.marks),
            asked,
        }
    }

    /// Everything that somebody lost, in sentences; empty when nobody noticed anything.
    #[must_use]
    pub fn losses(&self) -> Vec<String> {
        self.losses_outside(&[])
    }

    /// The same, but for requests that began in a window in which nobody is to be served.
    #[must_use]
    pub fn losses_outside(&self, windows: &[Range<Duration>]) -> Vec<String> {
        let mut losses = Vec::new();
        let mut some = |what: &str, all: Vec<String>| {
            if !all.is_empty() {
                losses.push(format!("{} {what}: {:#?}", all.len(), &all[..all.len().min(EXAMPLES)]));
            }
        };
        let timed = |(at, why): &(Duration, String)| format!("{at:.2?} {why}");
        let is_outside = |(at, _): &&(Duration, String)| !windows.iter().any(|window| window.contains(at));
        some("requests failed", self.failed.iter().filter(is_outside).map(timed).collect());
        some("sessions were lost", self.lost_sessions.clone());
        some("WebSockets were dropped", self.dropped.iter().map(timed).collect());
        let (least, most) = (self.rows_acknowledged, self.rows_acknowledged + self.rows_uncertain);
        if !(least..=most).contains(&self.rows_found) {
            losses.push(format!("{} rows are there, {least} to {most} were written", self.rows_found));
        }
        losses
    }

    /// # Panics
    ///
    /// When anybody noticed anything; the message says what.
    pub fn assert_nobody_noticed(&self) {
        let losses = self.losses();
        assert!(losses.is_empty(), "{}", losses.join("\n"));
    }

    /// # Panics
    ///
    /// When anybody noticed anything but that nobody was served in these windows; the message says what.
    pub fn assert_nobody_noticed_outside(&self, windows: &[Range<Duration>]) {
        let losses = self.losses_outside(windows);
        assert!(losses.is_empty(), "outside of {windows:.1?}: {}", losses.join("\n"));
    }

    /// Requests a second, over all of its time.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    pub fn rate(&self) -> f64 {
        self.requests as f64 / self.lasted.as_secs_f64()
    }

    /// What share of the answers came from this target group.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    pub fn share_of(&self, group: &str) -> f64 {
        let of_group = self.sides.iter().filter(|(side, _)| side.group == group).map(|(_, count)| count);
        of_group.sum::<usize>() as f64 / self.sides.values().sum::<usize>().max(1) as f64
    }

    /// One line a fact.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut lines = vec![
            format!(
                "{} requests in {:.1?}, {:.0} a second, {:.1?} at most for 99 of 100",
                self.requests,
                self.lasted,
                self.rate(),
                self.slow
            ),
            format!("{} failed, {} sessions lost", self.failed.len(), self.lost_sessions.len()),
            format!(
                "{} WebSockets: {} dropped, {} ended after their drain",
                self.sockets,
                self.dropped.len(),
                self.drained
            ),
            format!("{} rows acknowledged, {} found", self.rows_acknowledged, self.rows_found),
        ];
        lines.extend(self.sides.iter().map(|(side, count)| format!("{count} answers from {side}")));
        lines.join("\n")
    }

    /// Writes the summary and a plot of who answered when into the build directory, and says where the plot is.
    ///
    /// # Panics
    ///
    /// When it cannot be written.
    pub fn write(&self, name: &str) -> PathBuf {
        let folder = crate::python::build_directory().join("world/dataplane");
        std::fs::create_dir_all(&folder).expect("a folder for reports can be made");
        let plot = folder.join(format!("{name}.svg"));
        let losses = self.losses().join("\n");
        std::fs::write(folder.join(format!("{name}.txt")), format!("{}\n{losses}\n", self.summary()))
            .expect("the report can be written");
        std::fs::write(&plot, plot::drawn(name, self.lasted, &self.asked, &self.marks))
            .expect("the plot can be written");
        plot
    }
}

/// Whether its target had left and was given all of its time before the WebSocket ended.
fn had_drained(life: &Life, history: &History) -> bool {
    let Some((ended, _)) = life.ended else { return false };
    let drains = history.drains_of(&life.server);
    drains.iter().any(|drain| ended > life.opened && ended >= drain.not_before + drain.delay)
}
