//! What is to be delivered, and when: each subject's letters in order, one
//! subject's trouble not another's. Everything is told the time.

#[cfg(test)]
pub(super) mod tests;

use std::{collections::BTreeMap, time::Duration};

use pointsman_core::report::pull_request::PullReport;
use tokio::time::Instant;

use super::{
    deliver::{Cause, Part, Undelivered, letter},
    letter::{Letter, Subject, essence},
};
use crate::web::Links;

/// The first pause after a failure; each one in a row doubles it,
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// What could not be delivered for so long is given up.
const PATIENCE: Duration = Duration::from_secs(72 * 3_600);
/// A subject of which nothing was heard for so long is forgotten.
const REMEMBERED: Duration = Duration::from_secs(3_600);

/// The reports and letters that are not delivered.
#[derive(Debug, Default)]
pub(super) struct Desk {
    subjects: BTreeMap<Subject, Entry>,
    /// Where letters lead to.
    links: Links,
    /// GitHub as a whole gets nothing before.
    closed_until: Option<Instant>,
    /// Failures in a row, whosever they were, and whose was the last.
    failures: u32,
    last_failed: Option<Subject>,
}

/// A letter whose turn it is.
#[derive(Debug)]
pub(super) struct Turn {
    pub(super) letter: Letter,
    /// Which of its subject's letters it is.
    pub(super) count: u64,
}

/// What the outbox is to do.
#[derive(Debug)]
pub(super) enum Keep {
    /// This letter lies there in place of an older one.
    Letter(Letter),
    /// Nothing of this subject lies there.
    Nothing(Subject),
    /// It stays as it is.
    AsItIs,
}

/// What is known of a subject.
#[derive(Debug)]
struct Entry {
    /// The newest report, where it waits to be written.
    report: Option<PullReport>,
    /// The newest letter, where it is not delivered; it is in the outbox.
    letter: Option<Letter>,
    /// The report that the newest letter was written from, without progress.
    essence: String,
    /// When the newest letter was written.
    written: Instant,
    /// How many letters were written.
    count: u64,
    /// The report that the newest letter was written from, until all of it is
    /// there; none where some of it can never be.
    told: Option<PullReport>,
    /// Not before this the letter is tried again.
    not_before: Instant,
    /// Failures in a row, and since when.
    failures: u32,
    failing_since: Option<Instant>,
}

impl Desk {
    /// A desk with what earlier runs left.
    pub(super) fn new(left: Vec<Letter>, links: Links, now: Instant) -> Self {
        let taken_up =
            |letter: Letter| (letter.subject.clone(), Entry { letter: Some(letter), ..Entry::new(now) });
        Self { subjects: left.into_iter().map(taken_up).collect(), links, ..Self::default() }
    }

    /// Takes a subject's newest report.
    pub(super) fn post(&mut self, subject: Subject, report: PullReport, now: Instant) {
        self.subjects.entry(subject).or_insert_with(|| Entry::new(now)).report = Some(report);
    }

    /// Writes the letters that are due. They belong in the outbox before they
    /// are sent.
    pub(super) fn write(&mut self, progress_pause: Duration, now: Instant) -> Vec<Letter> {
        let mut written = Vec::new();
        for (subject, entry) in &mut self.subjects {
            let due = entry.due(progress_pause).is_some_and(|due| due <= now);
            let Some(report) = entry.report.take_if(|_| due) else { continue };
            let new = letter(subject, &report, &self.links);
            let new = match entry.letter.take() {
                Some(older) => new.after(older),
                None => new,
            };
            written.push(new.clone());
            entry.essence = essence(&report);
            entry.written = now;
            entry.count += 1;
            entry.letter = Some(new);
            entry.told = Some(report);
        }
        let forgotten = |entry: &Entry| entry.is_done() && now.duration_since(entry.written) > REMEMBERED;
        self.subjects.retain(|_, entry| !forgotten(entry));
        written
    }

    /// The letter whose turn it is; the one that waits longest.
    pub(super) fn next(&self, now: Instant) -> Option<Turn> {
        if self.closed_until.is_some_and(|until| until > now) {
            return None;
        }
        let ready = self.subjects.values().filter(|entry| entry.letter.is_some() && entry.not_before <= now);
        let entry = ready.min_by_key(|entry| (entry.not_before, entry.written))?;
        Some(Turn { letter: entry.letter.clone()?, count: entry.count })
    }

    /// When there is something to do without anything happening. While a
    /// letter is on its way none other leaves.
    pub(super) fn wakes(&self, progress_pause: Duration, on_its_way: bool) -> Option<Instant> {
        let written = self.subjects.values().filter_map(|entry| entry.due(progress_pause)).min();
        let waiting = self.subjects.values().filter(|entry| entry.letter.is_some() && !on_its_way);
        let ready = waiting.map(|entry| entry.not_before).min();
        let sent = ready.map(|ready| self.closed_until.map_or(ready, |until| ready.max(until)));
        written.into_iter().chain(sent).min()
    }

    /// Whether everything was delivered.
    pub(super) fn is_done(&self) -> bool {
        self.subjects.values().all(Entry::is_done)
    }

    /// The report of a subject that GitHub has had the whole of since its
    /// newest letter arrived; once.
    pub(super) fn told(&mut self, subject: &Subject) -> Option<PullReport> {
        let entry = self.subjects.get_mut(subject)?;
        entry.told.take_if(|_| entry.letter.is_none())
    }

    /// What came of a letter.
    pub(super) fn arrived(
        &mut self,
        subject: &Subject,
        count: u64,
        result: Result<Part, Undelivered>,
        now: Instant,
    ) -> Keep {
        let Some(entry) = self.subjects.get_mut(subject) else { return Keep::AsItIs };
        // A newer letter has what this one says beyond it, and does not mind.
        let is_newest = entry.count == count;
        let (Ok(part) | Err(Undelivered { part, .. })) = &result;
        if is_newest && *part == Part::Some {
            entry.told = None;
        }
        let Err(Undelivered { rest, cause, retry_after, part: _ }) = result else {
            (self.failures, self.last_failed) = (0, None);
            (entry.failures, entry.failing_since, entry.not_before) = (0, None, now);
            if !is_newest {
                return Keep::AsItIs;
            }
            entry.letter = None;
            return Keep::Nothing(subject.clone());
        };
        let since = *entry.failing_since.get_or_insert(now);
        if now.duration_since(since) > PATIENCE {
            tracing::error!(?subject, "a report could not be delivered for three days and is given up");
            (entry.failures, entry.failing_since, entry.letter, entry.told) = (0, None, None, None);
            return Keep::Nothing(subject.clone());
        }
        entry.failures = entry.failures.saturating_add(1);
        entry.not_before = now + retry_after.unwrap_or_else(|| growing(entry.failures));
        let changed = is_newest && entry.letter.as_ref() != Some(&rest);
        if changed {
            entry.letter = Some(rest.clone());
        }
        self.failures = self.failures.saturating_add(1);
        let second = self.last_failed.replace(subject.clone()).is_some_and(|last| last != *subject);
        if cause == Cause::Github || second {
            self.closed_until = Some(now + retry_after.unwrap_or_else(|| growing(self.failures)));
        }
        if changed { Keep::Letter(rest) } else { Keep::AsItIs }
    }
}

impl Entry {
    fn new(now: Instant) -> Self {
        Self {
            report: None,
            letter: None,
            essence: String::new(),
            written: now,
            count: 0,
            not_before: now,
            failures: 0,
            failing_since: None,
            told: None,
        }
    }

    /// When its report is to be written: at once, if it says more than that
    /// something goes on.
    fn due(&self, progress_pause: Duration) -> Option<Instant> {
        let report = self.report.as_ref()?;
        Some(if essence(report) == self.essence { self.written + progress_pause } else { self.written })
    }

    fn is_done(&self) -> bool {
        self.report.is_none() && self.letter.is_none()
    }
}

fn growing(failures: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(failures.clamp(1, 10) - 1)).min(LONGEST_PAUSE)
}
