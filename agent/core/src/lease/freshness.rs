use super::{AgentMark, LockItem, Tick, Timing};

/// How long ago the lease was last known to be ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Freshness {
    /// The start of the last renewal that succeeded.
    pub renewed_at: Tick,
}

impl Freshness {
    /// Whether a write may leave now.
    pub fn is_fresh(self, now: Tick, timing: &Timing) -> bool {
        now.since(self.renewed_at) < timing.fresh_ms
    }
}

/// The mark of the next heartbeat, after the one that stands and after every
/// version that was `tried`, whether it arrived or not. A version is never sent
/// twice: an attempt that lands late would pass for the one after it, and the
/// lease for fresh, while another watched it stand still for all that time.
pub fn next_heartbeat(standing: &AgentMark, tried: u64) -> AgentMark {
    AgentMark { record_version: standing.record_version.max(tried) + 1, ..standing.clone() }
}

/// What a heartbeat came to, when its own answer did not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BeatOutcome {
    /// It was written: fresh since the attempt's start.
    Renewed,
    /// It was not written, and the lock is still ours: try again.
    NotYet,
    /// The lock is another's, or gone.
    Lost,
}

/// What a consistent read says of a heartbeat whose condition failed or whose
/// answer never came.
pub fn after_heartbeat(attempted: &AgentMark, read: Option<&LockItem>) -> BeatOutcome {
    match read.and_then(|item| item.mark.as_ref()) {
        Some(mark) if mark.owner == attempted.owner => {
            if mark.record_version == attempted.record_version {
                BeatOutcome::Renewed
            } else {
                BeatOutcome::NotYet
            }
        }
        _ => BeatOutcome::Lost,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn freshness_ends_exactly_at_its_time() {
        let timing = Timing::default();
        let fresh = Freshness { renewed_at: Tick(1_000) };
        assert!(fresh.is_fresh(Tick(25_999), &timing));
        assert!(!fresh.is_fresh(Tick(26_000), &timing));
    }

    #[test]
    fn no_version_is_sent_twice() {
        let mark = AgentMark { owner: "a".to_owned(), fence: 1, record_version: 4, lease_ms: 1 };
        let first = next_heartbeat(&mark, 4);
        assert_eq!(first.record_version, 5);
        assert_eq!(after_heartbeat(&first, Some(&item(&mark))), BeatOutcome::NotYet);
        let second = next_heartbeat(&mark, first.record_version);
        // The first arrives after all, and says nothing of the second.
        assert_eq!(after_heartbeat(&second, Some(&item(&first))), BeatOutcome::NotYet);
    }

    fn item(mark: &AgentMark) -> LockItem {
        LockItem { lock_id: String::new(), info: String::new(), mark: Some(mark.clone()) }
    }

    #[test]
    fn a_lost_answer_is_decided_by_what_stands() {
        let mark = AgentMark { owner: "a".to_owned(), fence: 1, record_version: 5, lease_ms: 1 };
        let item = |mark| LockItem { lock_id: String::new(), info: String::new(), mark };
        assert_eq!(after_heartbeat(&mark, Some(&item(Some(mark.clone())))), BeatOutcome::Renewed);
        let before = AgentMark { record_version: 4, ..mark.clone() };
        assert_eq!(after_heartbeat(&mark, Some(&item(Some(before)))), BeatOutcome::NotYet);
        let other = AgentMark { owner: "b".to_owned(), ..mark };
        assert_eq!(after_heartbeat(&mark, Some(&item(Some(other)))), BeatOutcome::Lost);
        assert_eq!(after_heartbeat(&mark, Some(&item(None))), BeatOutcome::Lost);
        assert_eq!(after_heartbeat(&mark, None), BeatOutcome::Lost);
    }
}
