//! How much GitHub lets us ask: the primary limit that its answers count
//! down, the silence that it asks for, and the bounds for content.

use std::{
    collections::VecDeque,
    time::{Duration, SystemTime},
};

use http::{HeaderMap, StatusCode};
use tokio::time::Instant;

use super::{GithubError, GithubErrorKind};

/// The longest silence: GitHub's windows are an hour.
const LONGEST: Duration = Duration::from_secs(3_600);
/// The first silence after a refusal that does not say how long; GitHub's own advice.
const FIRST_SILENCE: Duration = Duration::from_secs(60);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
/// Below so many requests left, and below a tenth, what can wait is asked rarely.
const FEW: u64 = 100;

/// What is known of GitHub's limits. Everything is told the time.
#[derive(Debug)]
pub(super) struct Budget {
    bounds: WriteBounds,
    /// Nothing is asked before: GitHub said so.
    closed_until: Option<Instant>,
    /// Refusals in a row that did not say how long.
    untold: u32,
    primary: Option<Primary>,
    /// When something that can wait was asked last, while little was left.
    spared: Option<Instant>,
    /// The writes of the last hour.
    writes: VecDeque<Instant>,
}

/// So many writes GitHub takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WriteBounds {
    pub(super) a_minute: usize,
    pub(super) an_hour: usize,
}

/// What an answer said of the primary limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Primary {
    limit: u64,
    remaining: u64,
    reset: Instant,
}

impl Budget {
    pub(super) fn new(bounds: WriteBounds) -> Self {
        Self { bounds, closed_until: None, untold: 0, primary: None, spared: None, writes: VecDeque::new() }
    }

    /// Reads what an answer says of the primary limit; at zero everything
    /// waits for its reset.
    pub(super) fn saw(&mut self, headers: &HeaderMap, now: Instant) {
        let limit = (number(headers, "x-ratelimit-limit"), number(headers, "x-ratelimit-remaining"));
        let (Some(limit), Some(remaining)) = limit else { return };
        if header(headers, "x-ratelimit-resource").is_some_and(|resource| resource != "core") {
            return;
        }
        let Some(until_reset) = until_reset(headers) else { return };
        let before = self.is_low(now);
        self.primary = Some(Primary { limit, remaining, reset: now + until_reset });
        if remaining == 0 {
            self.close(until_reset, now);
        }
        if !before && self.is_low(now) {
            tracing::warn!(
                remaining,
                limit,
                seconds = until_reset.as_secs(),
                "few requests are left until GitHub counts anew: pull requests are looked at rarely, reports go on"
            );
        }
    }

    /// Takes a refusal to heart: where GitHub did not say how long it wants
    /// silence, each one in a row doubles it.
    pub(super) fn refused(&mut self, error: &mut GithubError, now: Instant) {
        if error.kind != GithubErrorKind::RateLimited {
            return;
        }
        let wait = error.retry_after.unwrap_or_else(|| {
            let doubled = FIRST_SILENCE.saturating_mul(2_u32.saturating_pow(self.untold.min(10)));
            self.untold = self.untold.saturating_add(1);
            doubled.min(LONGEST)
        });
        error.retry_after = Some(wait);
        self.close(wait, now);
    }

    /// An answer came that was no refusal.
    pub(super) fn answered(&mut self) {
        self.untold = 0;
    }

    /// How long nothing may be asked.
    pub(super) fn silence(&self, now: Instant) -> Option<Duration> {
        self.closed_until.and_then(|until| until.checked_duration_since(now)).filter(|wait| !wait.is_zero())
    }

    /// Whether something may be asked that can wait. While little is left,
    /// half of it is spread over the time until the reset; the other half is
    /// for the reports of deploys.
    pub(super) fn spare(&mut self, now: Instant) -> Result<(), Duration> {
        let Some(Primary { remaining, reset, .. }) = self.primary.filter(|_| self.is_low(now)) else {
            self.spared = None;
            return Ok(());
        };
        let parts = u32::try_from(remaining / 2).unwrap_or(u32::MAX).max(1);
        let gap = reset.saturating_duration_since(now) / parts;
        let due = self.spared.map_or(now, |last| last + gap).min(reset);
        if due > now {
            return Err(due - now);
        }
        self.spared = Some(now);
        Ok(())
    }

    /// How long the next write must wait for the bounds of a minute and an hour.
    pub(super) fn until_write(&mut self, now: Instant) -> Duration {
        self.forget(now);
        let WriteBounds { a_minute, an_hour } = self.bounds;
        let since = |most: usize, window: Duration| {
            let first = self.writes.len().checked_sub(most)?;
            self.writes.get(first).map(|at| *at + window)
        };
        let due = since(a_minute, MINUTE).max(since(an_hour, HOUR));
        due.map(|due| due.saturating_duration_since(now)).unwrap_or_default()
    }

    /// A write leaves.
    pub(super) fn wrote(&mut self, now: Instant) {
        self.writes.push_back(now);
    }

    /// How much longer than usual edits that only show progress should wait,
    /// so that results always find room in the hour.
    pub(super) fn calm(&mut self, now: Instant) -> u32 {
        self.forget(now);
        let (used, most) = (self.writes.len(), self.bounds.an_hour);
        if used.saturating_mul(5) >= most.saturating_mul(4) {
            30
        } else if used.saturating_mul(2) >= most {
            6
        } else {
            1
        }
    }

    fn is_low(&self, now: Instant) -> bool {
        self.primary.is_some_and(|Primary { limit, remaining, reset }| {
            reset > now && remaining < FEW && remaining.saturating_mul(10) < limit
        })
    }

    fn close(&mut self, wait: Duration, now: Instant) {
        let until = now + wait.min(LONGEST);
        self.closed_until = self.closed_until.max(Some(until));
    }

    fn forget(&mut self, now: Instant) {
        while self.writes.front().is_some_and(|at| now.saturating_duration_since(*at) >= HOUR) {
            self.writes.pop_front();
        }
    }
}

/// Whether a refusal is one for too many requests.
pub(super) fn is_limit(status: StatusCode, headers: &HeaderMap, sentence: &str) -> bool {
    let sentence = sentence.to_lowercase();
    status == StatusCode::TOO_MANY_REQUESTS
        || status == StatusCode::FORBIDDEN
            && (number(headers, "x-ratelimit-remaining") == Some(0)
                || number(headers, "retry-after").is_some()
                || sentence.contains("rate limit")
                || sentence.contains("abuse"))
}

/// The pause that a refusal asks for, where it does.
pub(super) fn told_pause(headers: &HeaderMap) -> Option<Duration> {
    let used_up = number(headers, "x-ratelimit-remaining") == Some(0);
    number(headers, "retry-after")
        .map(Duration::from_secs)
        .or_else(|| until_reset(headers).filter(|_| used_up))
}

/// By the answer's own clock where it tells it: ours may be wrong.
fn until_reset(headers: &HeaderMap) -> Option<Duration> {
    let reset = Duration::from_secs(number(headers, "x-ratelimit-reset")?);
    let date = header(headers, "date").and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
    let now = match date {
        Some(date) => Duration::from_secs(u64::try_from(date.timestamp().as_second()).ok()?),
        None => SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?,
    };
    Some(reset.saturating_sub(now).min(LONGEST) + Duration::from_secs(1))
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    header(headers, name)?.parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn budget() -> Budget {
        Budget::new(WriteBounds { a_minute: 80, an_hour: 500 })
    }

    fn limited(retry_after: Option<Duration>) -> GithubError {
        GithubError { retry_after, ..GithubError::new(GithubErrorKind::RateLimited, "GET /", "slower") }
    }

    fn left(remaining: u64) -> HeaderMap {
        let headers = [
            ("date", "Thu, 01 Jan 1970 00:10:00 GMT".to_owned()),
            ("x-ratelimit-limit", "5000".to_owned()),
            ("x-ratelimit-remaining", remaining.to_string()),
            ("x-ratelimit-reset", "2399".to_owned()),
            ("x-ratelimit-resource", "core".to_owned()),
        ];
        headers
            .into_iter()
            .map(|(name, value)| (name.parse::<http::HeaderName>().unwrap(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn silence_is_kept_as_long_as_it_was_asked_for_and_grows_when_nobody_says() {
        let now = Instant::now();
        let mut budget = budget();
        budget.refused(&mut limited(Some(30 * SECOND)), now);
        assert_eq!(budget.silence(now), Some(30 * SECOND));
        assert_eq!(budget.silence(now + 30 * SECOND), None);
        let mut waits = Vec::new();
        let mut at = now + 30 * SECOND;
        for _ in 0..8 {
            let mut error = limited(None);
            budget.refused(&mut error, at);
            waits.push(error.retry_after.unwrap().as_secs());
            at += error.retry_after.unwrap();
            assert_eq!(budget.silence(at), None);
        }
        assert_eq!(waits, [60, 120, 240, 480, 960, 1_920, 3_600, 3_600]);
        budget.answered();
        let mut error = limited(None);
        budget.refused(&mut error, at);
        assert_eq!(error.retry_after, Some(MINUTE));
    }

    #[test]
    fn when_little_is_left_what_can_wait_is_spread_and_at_zero_all_waits() {
        let now = Instant::now();
        let mut budget = budget();
        budget.saw(&left(4_000), now);
        assert_eq!(budget.spare(now), Ok(()));
        assert_eq!(budget.spare(now), Ok(()));
        budget.saw(&left(60), now);
        assert_eq!(budget.spare(now), Ok(()));
        // Half an hour, thirty requests.
        assert_eq!(budget.spare(now), Err(60 * SECOND));
        assert_eq!(budget.silence(now), None, "the reports of a deploy go on");
        assert!(budget.spare(now + 61 * SECOND).is_ok());
        budget.saw(&left(0), now);
        assert_eq!(budget.silence(now), Some(1_800 * SECOND));
        let after = now + 1_800 * SECOND;
        assert_eq!(budget.silence(after), None);
        assert_eq!(budget.spare(after), Ok(()));
    }

    #[test]
    fn other_resources_and_answers_without_counts_say_nothing() {
        let now = Instant::now();
        let mut budget = budget();
        let mut search = left(0);
        search.insert("x-ratelimit-resource", "search".parse().unwrap());
        budget.saw(&search, now);
        budget.saw(&HeaderMap::new(), now);
        assert_eq!(budget.silence(now), None);
    }

    #[test]
    fn no_minute_has_more_than_80_writes_and_no_hour_more_than_500() {
        let start = Instant::now();
        let mut now = start;
        let mut budget = budget();
        let mut sent: Vec<Instant> = Vec::new();
        for _ in 0..1_200 {
            now += budget.until_write(now);
            assert_eq!(budget.until_write(now), Duration::ZERO);
            budget.wrote(now);
            sent.push(now);
            now += SECOND / 4;
        }
        let most = |window: Duration| {
            sent.iter()
                .map(|from| sent.iter().filter(|at| *at >= from && **at < *from + window).count())
                .max()
        };
        assert_eq!((most(MINUTE), most(HOUR)), (Some(80), Some(500)));
        assert!(sent[1_199] - start >= 2 * HOUR && sent[1_199] - start < 3 * HOUR);
    }

    #[test]
    fn progress_calms_down_before_results_find_no_room() {
        let now = Instant::now();
        let mut budget = budget();
        let mut calm = Vec::new();
        for written in 0..500 {
            if written % 100 == 0 {
                calm.push(budget.calm(now));
            }
            budget.wrote(now);
        }
        assert_eq!(calm, [1, 1, 1, 6, 30]);
        assert_eq!(budget.calm(now + HOUR), 1);
    }
}
