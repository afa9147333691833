use crate::scalar::{Cron, Duration};

/// A time in which nothing is applied, in UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Freeze {
    /// Again and again.
    Recurring {
        /// When it begins.
        from: Cron,
        /// How long it lasts; at least a second.
        lasts: Duration,
        /// Why. Written by others.
        reason: String,
    },
    /// Once.
    Once {
        /// When it begins, Unix milliseconds.
        from_ms: u64,
        /// When it is over, Unix milliseconds; after its beginning.
        to_ms: u64,
        /// Why. Written by others.
        reason: String,
    },
}

/// A window that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Since when without a break, Unix milliseconds.
    pub from_ms: u64,
    /// Until when without a break, Unix milliseconds: that moment is free.
    pub until_ms: u64,
}

/// So many windows are joined that follow each other without a break.
const MOST_JOINED: usize = 50;

impl Freeze {
    /// Why nothing is applied then.
    pub fn reason(&self) -> &str {
        match self {
            Self::Recurring { reason, .. } | Self::Once { reason, .. } => reason,
        }
    }

    /// The window that is open now, if one is.
    pub fn window(&self, now_ms: u64) -> Option<Window> {
        match self {
            Self::Once { from_ms, to_ms, reason: _ } => {
                (*from_ms..*to_ms).contains(&now_ms).then_some(Window { from_ms: *from_ms, until_ms: *to_ms })
            }
            Self::Recurring { from, lasts, reason: _ } => {
                let lasts_ms = lasts.seconds().saturating_mul(1_000);
                let last = from.last_at(now_ms).filter(|last| last.saturating_add(lasts_ms) > now_ms)?;
                let mut window = Window { from_ms: last, until_ms: last.saturating_add(lasts_ms) };
                for _ in 0..MOST_JOINED {
                    match from.last_at(window.from_ms.saturating_sub(1)) {
                        Some(before) if before.saturating_add(lasts_ms) >= window.from_ms => {
                            window.from_ms = before;
                        }
                        _ => break,
                    }
                }
                for _ in 0..MOST_JOINED {
                    match from.last_at(window.until_ms) {
                        Some(next) if next.saturating_add(lasts_ms) > window.until_ms => {
                            window.until_ms = next.saturating_add(lasts_ms);
                        }
                        _ => break,
                    }
                }
                Some(window)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Freeze, Window};

    /// 2031-02-03T00:00:00Z, a Monday.
    const MONDAY: u64 = 1_927_843_200_000;
    const HOUR: u64 = 3_600_000;
    const DAY: u64 = 24 * HOUR;

    fn recurring(from: &str, lasts: &str) -> Freeze {
        let (from, lasts) = (from.parse().unwrap(), lasts.parse().unwrap());
        Freeze::Recurring { from, lasts, reason: "the weekend".to_owned() }
    }

    #[test]
    fn a_window_is_open_from_its_first_moment_to_before_its_last() {
        let friday = MONDAY + 4 * DAY + 17 * HOUR;
        let weekend = recurring("0 17 * * FRI", "63h");
        let window = Window { from_ms: friday, until_ms: friday + 63 * HOUR };
        assert_eq!(weekend.window(friday - 1), None);
        assert_eq!(weekend.window(friday), Some(window));
        assert_eq!(weekend.window(friday + 1), Some(window));
        assert_eq!(weekend.window(friday + 63 * HOUR - 1), Some(window));
        assert_eq!(weekend.window(friday + 63 * HOUR), None);
        let once = Freeze::Once { from_ms: 10, to_ms: 20, reason: String::new() };
        assert_eq!(once.window(9), None);
        assert_eq!(once.window(10), Some(Window { from_ms: 10, until_ms: 20 }));
        assert_eq!(once.window(19), Some(Window { from_ms: 10, until_ms: 20 }));
        assert_eq!(once.window(20), None);
    }

    #[test]
    fn windows_without_a_break_are_one() {
        let saturday = MONDAY + 5 * DAY;
        let days = recurring("0 0 * * SAT,SUN", "1d");
        let weekend = Some(Window { from_ms: saturday, until_ms: saturday + 2 * DAY });
        for now in [saturday, saturday + DAY - 1, saturday + DAY, saturday + 2 * DAY - 1] {
            assert_eq!(days.window(now), weekend);
        }
        assert_eq!(days.window(saturday + 2 * DAY), None);
        // Always: some end is said, and it is still open then.
        let always = recurring("0 0 * * *", "25h");
        let window = always.window(MONDAY).unwrap();
        assert!(window.from_ms < MONDAY && window.until_ms > MONDAY + DAY);
        assert!(always.window(window.until_ms).is_some());
    }
}
