use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

/// What was written longer ago is not acted on: whoever asked has seen that
/// nothing happened.
pub(in crate::daemon) const OLDEST: SignedDuration = SignedDuration::from_hours(24);
/// A comment can be listed later than one that was written after it.
const OVERLAP: SignedDuration = SignedDuration::from_mins(5);

/// What is remembered of comments. All of it can be lost: our reactions and the
/// comments themselves say the rest.
#[derive(Debug, Default)]
pub(in crate::daemon) struct Remembered {
    looking: bool,
    /// The newest edit that was seen.
    until: Option<Timestamp>,
    /// Comments that are dealt with, and when they were written.
    done: BTreeMap<u64, Timestamp>,
    /// Commits of forks that are planned with credentials, by pull request.
    allowed: BTreeMap<u64, String>,
    /// Pull requests that are to be planned again.
    again: BTreeSet<u64>,
}

impl Remembered {
    /// Whether a look may begin.
    pub(super) fn begin(&mut self) -> bool {
        !std::mem::replace(&mut self.looking, true)
    }

    pub(super) fn end(&mut self) {
        self.looking = false;
    }

    /// Since when comments are asked for. The same as long as nothing new is
    /// written, so that GitHub can say that nothing changed.
    pub(super) fn since(&mut self, now: Timestamp) -> Timestamp {
        let oldest = now - OLDEST;
        self.done.retain(|_, written| *written >= oldest);
        let until = *self.until.get_or_insert(oldest + OVERLAP);
        until - OVERLAP
    }

    pub(super) fn reached(&mut self, updated: Timestamp) {
        self.until = self.until.max(Some(updated));
    }

    /// Whether a comment is to be looked at.
    pub(super) fn is_new(&self, id: u64, written: Timestamp, now: Timestamp) -> bool {
        written >= now - OLDEST && !self.done.contains_key(&id)
    }

    pub(super) fn done(&mut self, id: u64, written: Timestamp) {
        self.done.insert(id, written);
    }

    /// Allows one commit of a fork; whether that is new.
    pub(super) fn allow(&mut self, pull: u64, commit: &str) -> bool {
        self.allowed.insert(pull, commit.to_owned()).as_deref() != Some(commit)
    }

    /// Whether this very commit of a fork may be planned with credentials.
    pub(in crate::daemon) fn is_allowed(&self, pull: u64, commit: &str) -> bool {
        self.allowed.get(&pull).is_some_and(|allowed| allowed == commit)
    }

    /// Has a pull request planned again.
    pub(super) fn again(&mut self, pull: u64) {
        self.again.insert(pull);
    }

    /// Whether it is to be planned again.
    pub(in crate::daemon) fn is_asked_again(&self, pull: u64) -> bool {
        self.again.contains(&pull)
    }

    /// It begins to be.
    pub(in crate::daemon) fn begins_again(&mut self, pull: u64) {
        self.again.remove(&pull);
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::Remembered;

    #[test]
    fn a_comment_is_heard_once_and_the_question_stays_the_same() {
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1_000);
        let mut heard = Remembered::default();
        assert!(heard.begin() && !heard.begin());
        let since = heard.since(now);
        assert_eq!(now - since, SignedDuration::from_hours(24));
        assert_eq!(heard.since(now + SignedDuration::from_hours(1)), since);
        let written = now - SignedDuration::from_mins(1);
        assert!(heard.is_new(7, written, now));
        heard.done(7, written);
        heard.reached(written);
        assert!(!heard.is_new(7, written, now));
        assert!(heard.since(now) < written && heard.since(now) > since);
        assert!(!heard.is_new(8, now - SignedDuration::from_hours(25), now));
    }

    #[test]
    fn one_commit_of_a_fork_is_allowed_and_no_other() {
        let mut heard = Remembered::default();
        assert!(heard.allow(3, "a") && !heard.allow(3, "a"));
        assert!(heard.is_allowed(3, "a") && !heard.is_allowed(3, "b") && !heard.is_allowed(4, "a"));
        assert!(heard.allow(3, "b") && !heard.is_allowed(3, "a"));
    }
}
