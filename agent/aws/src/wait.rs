//! Waiting for AWS: with growing pauses, telling what it says, not for ever.

use std::time::{Duration, Instant};

use pointsman_core::{Address, report::Event};
use pointsman_engine::ports::{CloudError, CloudErrorKind, Listener};

use crate::error::{failure, is_busy};

/// Who is told how a step goes on.
#[derive(Clone, Copy)]
pub(crate) struct Progress<'a> {
    /// The object that is worked on.
    pub(crate) address: &'a Address,
    /// Who is told; nobody when none.
    pub(crate) listener: Option<&'a dyn Listener>,
}

impl Progress<'_> {
    /// Tells what AWS says.
    pub(crate) fn say(&self, says: impl Into<String>) {
        if let Some(listener) = self.listener {
            listener.tell(&Event::Progress { address: self.address.clone(), says: says.into() });
        }
    }
}

/// Pauses that grow by half, each up to a fifth longer by chance, so that
/// many waiters do not ask at the same moment.
#[derive(Debug)]
pub(crate) struct Pauses {
    next: Duration,
    until: Instant,
}

impl Pauses {
    const FIRST: Duration = Duration::from_millis(150);
    const LONGEST: Duration = Duration::from_secs(15);

    /// Pauses until `total` has passed.
    pub(crate) fn within(total: Duration) -> Self {
        Self { next: Self::FIRST, until: Instant::now() + total }
    }

    /// So much time from now on, and short pauses again: something moved.
    pub(crate) fn again(&mut self, total: Duration) {
        *self = Self::within(total);
    }

    /// Short pauses again, and no more time.
    pub(crate) fn sooner(&mut self) {
        self.next = Self::FIRST;
    }

    /// Waits once; an error of kind `TimedOut` when the time is over.
    pub(crate) async fn pause(
        &mut self,
        operation: &str,
        subject: &str,
        last: &str,
    ) -> Result<(), CloudError> {
        if Instant::now() >= self.until {
            let message = format!("it took too long; AWS's last words were: {last}");
            let help = "AWS goes on by itself; run it again to see what became of it";
            return Err(failure(
                CloudErrorKind::TimedOut,
                operation,
                subject,
                message,
                Some(help.to_owned()),
            ));
        }
        let jitter = 1.0 + fastrand::f64() / 5.0;
        tokio::time::sleep(self.next.mul_f64(jitter)).await;
        self.next = self.next.mul_f64(1.5).min(Self::LONGEST);
        Ok(())
    }
}

/// Repeats a call while AWS answers that something else still needs its
/// object, or that it is at work on it.
pub(crate) async fn while_busy<T, F, R>(
    progress: &Progress<'_>,
    total: Duration,
    mut call: F,
) -> Result<T, CloudError>
where
    F: FnMut() -> R,
    R: Future<Output = Result<T, CloudError>>,
{
    let mut pauses = Pauses::within(total);
    let mut told = String::new();
    loop {
        match call().await {
            Err(busy) if is_busy(&busy) => {
                if busy.message != told {
                    told.clone_from(&busy.message);
                    progress.say(&*busy.message);
                }
                if pauses.pause(&busy.operation, &busy.subject, &busy.message).await.is_err() {
                    return Err(busy);
                }
            }
            other => return other,
        }
    }
}
