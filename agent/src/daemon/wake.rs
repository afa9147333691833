//! What wakes the agent between two polls. A wake only ever means "look now";
//! what was missed is found at the next poll all the same.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

use super::asked::{Asked, AskedQueue, Full};

/// What an event was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Woken {
    /// A branch moved.
    Branch,
    /// A pull request was opened, changed or closed.
    Pulls,
    /// A pull request was reviewed.
    Reviews,
    /// Somebody commented on a pull request.
    Comments,
    /// A check is to run again, or one of its buttons was pressed.
    Checks,
    /// The merge queue asks.
    Queue,
}

/// Between two polls that events wake lies at least this: a burst is one poll,
/// and GitHub is never asked more often than it allows in an hour.
const SPACE: Duration = Duration::from_secs(1);

/// GitHub may send an event before its API shows what happened: after a woken
/// poll there is one more, this much later.
pub(super) const ECHO: Duration = Duration::from_secs(10);

/// Shared by whoever hears of events, and the loop that polls.
#[derive(Debug, Default)]
pub struct Wake {
    pending: Mutex<BTreeSet<Woken>>,
    news: Notify,
    last: Mutex<Option<Instant>>,
    /// What was asked for beyond a look.
    pub asked: AskedQueue,
}

impl Wake {
    /// Has the agent look as soon as it can.
    pub fn wake(&self, woken: Woken) {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner).insert(woken);
        self.news.notify_one();
    }

    /// The same, and leaves a request.
    ///
    /// # Errors
    ///
    /// When too many wait: nothing was taken, and nobody is woken.
    pub fn ask(&self, asked: Asked) -> Result<(), Full> {
        let woken = match &asked {
            Asked::Rerun(_) | Asked::RerunAll { .. } | Asked::Action { .. } => Woken::Checks,
            Asked::MergeGroup { .. } => Woken::Queue,
        };
        self.asked.push(asked)?;
        self.wake(woken);
        Ok(())
    }

    /// Waits for news, and answers what they are about; what comes while it
    /// waits for its turn is part of it. Dropped, it loses nothing.
    pub async fn heard(&self) -> BTreeSet<Woken> {
        loop {
            let news = self.news.notified();
            if !self.pending.lock().unwrap_or_else(PoisonError::into_inner).is_empty() {
                let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(last) = last {
                    tokio::time::sleep_until(last + SPACE).await;
                }
                *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
                return std::mem::take(&mut *self.pending.lock().unwrap_or_else(PoisonError::into_inner));
            }
            news.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, time::Duration};

    use tokio::time::Instant;

    use super::{SPACE, Wake, Woken};

    #[tokio::test]
    async fn a_burst_is_one_look_and_nothing_is_lost() {
        let wake = Wake::default();
        for _ in 0..1_000 {
            wake.wake(Woken::Branch);
        }
        wake.wake(Woken::Pulls);
        assert_eq!(wake.heard().await, BTreeSet::from([Woken::Branch, Woken::Pulls]));
        let quiet = tokio::time::timeout(Duration::from_millis(50), wake.heard()).await;
        assert!(quiet.is_err(), "nothing new: {quiet:?}");

        let before = Instant::now();
        wake.wake(Woken::Comments);
        // Whoever stops listening takes nothing away.
        let _ = tokio::time::timeout(Duration::from_millis(1), wake.heard()).await;
        assert_eq!(wake.heard().await, BTreeSet::from([Woken::Comments]));
        assert!(before.elapsed() + Duration::from_millis(100) >= SPACE, "{:?}", before.elapsed());
    }
}
