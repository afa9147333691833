use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};

use pointsman_core::lease::{Freshness, Tick, Timing};

use crate::clock;

/// Proof that this process holds the lease. Whoever has one may write, as
/// long as [`LeaseProof::check`] says so at the moment of writing. Only this
/// module makes them.
#[derive(Clone, Debug)]
pub struct LeaseProof {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    timing: Timing,
    fence: u64,
    renewed_at: AtomicU64,
    lost: Mutex<Option<String>>,
}

/// The lease is not ours any more, or may not be: nothing may be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the lease is lost: {why}")]
pub struct LeaseLost {
    /// Why.
    pub why: String,
}

impl LeaseProof {
    pub(super) fn new(timing: Timing, fence: u64, renewed_at: Tick) -> Self {
        Self {
            shared: Arc::new(Shared {
                timing,
                fence,
                renewed_at: AtomicU64::new(renewed_at.0),
                lost: Mutex::new(None),
            }),
        }
    }

    /// Whether a write may leave at this moment.
    pub fn check(&self) -> Result<(), LeaseLost> {
        if let Some(why) = self.shared.lost.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
        {
            return Err(LeaseLost { why });
        }
        let freshness = Freshness { renewed_at: Tick(self.shared.renewed_at.load(Ordering::Acquire)) };
        let now = clock::now();
        if freshness.is_fresh(now, &self.shared.timing) {
            Ok(())
        } else {
            let seconds = now.since(freshness.renewed_at) / 1_000;
            Err(LeaseLost { why: format!("it could not be renewed for {seconds} s") })
        }
    }

    /// How long ago the last renewal that succeeded began, milliseconds.
    pub(super) fn age_ms(&self) -> u64 {
        clock::now().since(Tick(self.shared.renewed_at.load(Ordering::Acquire)))
    }

    /// The fence of this lease: greater than of every lease before it.
    pub fn fence(&self) -> u64 {
        self.shared.fence
    }

    /// How long one attempt of one call may take.
    pub fn attempt_timeout(&self) -> std::time::Duration {
        std::time::Duration::from_millis(self.shared.timing.attempt_ms)
    }

    pub(super) fn renewed(&self, at: Tick) {
        self.shared.renewed_at.fetch_max(at.0, Ordering::AcqRel);
    }

    pub(crate) fn lose(&self, why: &str) {
        let mut lost = self.shared.lost.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        lost.get_or_insert_with(|| why.to_owned());
    }
}
