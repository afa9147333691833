//! The rules of the lock: pure functions of what was read and of what time it
//! is on the reader's own clock. What is tested here is what runs.

mod contend;
mod fence;
mod freshness;
mod item;
mod lock_file;
mod queue;
mod transaction;

pub use contend::{Contend, Watch};
pub use fence::{Fence, Regression, StateMark};
pub use freshness::{BeatOutcome, Freshness, after_heartbeat, next_heartbeat};
pub use item::{AgentMark, LockInfo, LockItem};
pub use lock_file::{FileClaim, FileMark, LockFile};
pub use queue::{Queue, Ticket, Turn};
pub use transaction::{Claim, FencePart, LockCondition, LockPart, Transaction, after_taking};

use serde::{Deserialize, Serialize};

/// Milliseconds on a clock that never jumps and that counts suspended time.
/// Only differences mean anything, and only on one machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Tick(pub u64);

impl Tick {
    /// Milliseconds from `earlier` to this; 0 when it is not earlier.
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// The lock's times, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Timing {
    /// Between two renewals by the holder.
    pub heartbeat_ms: u64,
    /// A write may leave within this time of the start of the last renewal
    /// that succeeded.
    pub fresh_ms: u64,
    /// One attempt of one call may take this long.
    pub attempt_ms: u64,
    /// A lock must be watched unchanged for this long before it is taken over.
    pub watch_ms: u64,
    /// When the run before did not end, nothing is written for this long.
    pub quiesce_ms: u64,
    /// Whether a signed request of five minutes ago is waited out as well.
    pub strict: bool,
    /// What was not found at its first look is looked at again after this long.
    pub look_again_ms: u64,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            heartbeat_ms: 10_000,
            fresh_ms: 25_000,
            attempt_ms: 20_000,
            watch_ms: 60_000,
            quiesce_ms: 60_000,
            strict: false,
            look_again_ms: 15_000,
        }
    }
}

impl Timing {
    /// Most of AWS refuses a signature that is older than five minutes.
    const SIGNED_FOR_MS: u64 = 310_000;

    /// How long nothing is written when the run before did not end.
    pub fn quiesce(&self) -> u64 {
        if self.strict { self.quiesce_ms.max(Self::SIGNED_FOR_MS) } else { self.quiesce_ms }
    }

    /// Why these times would not keep two writers apart; none when they do.
    pub fn fault(&self) -> Option<&'static str> {
        let Self { heartbeat_ms, fresh_ms, attempt_ms, watch_ms, quiesce_ms, strict: _, look_again_ms: _ } =
            *self;
        if heartbeat_ms == 0 || attempt_ms == 0 {
            Some("a time is zero")
        } else if heartbeat_ms.saturating_mul(2) > fresh_ms {
            Some(
                "`fresh_ms` must be at least twice `heartbeat_ms`: one lost heartbeat must not end the lease",
            )
        } else if watch_ms < fresh_ms.saturating_mul(2) {
            Some(
                "`watch_ms` must be at least twice `fresh_ms`: a living holder must renew while it is watched",
            )
        } else if quiesce_ms < fresh_ms.saturating_add(attempt_ms) {
            // Whose lock was removed by force believes it fresh until `fresh_ms`
            // are over; what it sends last may be on its way for `attempt_ms`.
            Some(
                "`quiesce_ms` must be at least `fresh_ms` and `attempt_ms` together: whoever lost the lock must have stopped, and its last call ended, before anything is written",
            )
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Timing;

    #[test]
    fn the_default_times_keep_writers_apart() {
        assert_eq!(Timing::default().fault(), None);
        assert!(Timing { watch_ms: 30_000, ..Timing::default() }.fault().is_some());
        assert!(Timing { quiesce_ms: 1_000, ..Timing::default() }.fault().is_some());
        // A call on its way is waited out, and its sender might send another.
        assert!(Timing { quiesce_ms: 44_999, ..Timing::default() }.fault().is_some());
        assert_eq!(Timing { quiesce_ms: 45_000, ..Timing::default() }.fault(), None);
    }
}
