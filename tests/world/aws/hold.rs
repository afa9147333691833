//! Calls that are stopped on their way, so that a test can act at that very moment.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::{count::Number, operation::Operation};

/// Where on its way a call is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// AWS has not seen it yet.
    Request,
    /// AWS has done it, and the caller does not know yet.
    Answer,
}

#[derive(Debug, Default)]
struct Count {
    /// Calls that have come so far.
    reached: usize,
    /// Calls that stand here now.
    standing: usize,
}

/// Which calls are stopped.
#[derive(Debug)]
pub(crate) enum Which {
    /// All of one operation.
    Operation { service: String, operation: String },
    /// The first of one operation.
    First { service: String, operation: String },
    /// One by its number.
    Numbered(Number),
}

/// Stops calls until it is released.
#[derive(Debug)]
pub(crate) struct Gate {
    which: Which,
    place: Place,
    count: Mutex<Count>,
    changed: Condvar,
    open: watch::Sender<bool>,
}

impl Gate {
    pub(crate) fn new(which: Which, place: Place) -> Arc<Self> {
        Arc::new(Self {
            which,
            place,
            count: Mutex::default(),
            changed: Condvar::new(),
            open: watch::Sender::new(false),
        })
    }

    pub(crate) fn concerns(&self, operation: &Operation, number: Option<Number>, place: Place) -> bool {
        let meant = match &self.which {
            Which::Operation { service, operation: name } => {
                operation.service == *service && operation.name == *name
            }
            Which::First { service, operation: name } => {
                operation.service == *service && operation.name == *name && self.count().reached == 0
            }
            Which::Numbered(wanted) => number == Some(*wanted),
        };
        meant && place == self.place && !*self.open.borrow()
    }

    /// Stands here until the gate is released; a caller that goes away in the meantime leaves.
    pub(crate) async fn pass(&self) {
        let _standing = Standing::at(self);
        let mut open = self.open.subscribe();
        // An error means that nobody can release it any more: then it is open.
        let _ = open.wait_for(|open| *open).await;
    }

    pub(crate) fn is_open(&self) -> bool {
        *self.open.borrow()
    }

    fn count(&self) -> MutexGuard<'_, Count> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait(&self, patience: Duration, until: impl Fn(&Count) -> bool) -> bool {
        let (count, _) = self
            .changed
            .wait_timeout_while(self.count(), patience, |count| !until(count))
            .unwrap_or_else(PoisonError::into_inner);
        until(&count)
    }
}

/// A call at the gate. It ends when the call passes and when its caller goes away.
struct Standing<'a>(&'a Gate);

impl<'a> Standing<'a> {
    fn at(gate: &'a Gate) -> Self {
        let mut count = gate.count();
        count.reached += 1;
        count.standing += 1;
        gate.changed.notify_all();
        Self(gate)
    }
}

impl Drop for Standing<'_> {
    fn drop(&mut self) {
        self.0.count().standing -= 1;
        self.0.changed.notify_all();
    }
}

/// An operation that is held. Dropping it releases the calls.
#[derive(Debug)]
#[must_use = "dropping it releases the calls at once"]
pub struct Held(pub(crate) Arc<Gate>);

impl Held {
    /// Waits until a call is held. True when one was, false when `patience` ran out first.
    #[must_use]
    pub fn wait_reached(&self, patience: Duration) -> bool {
        self.0.wait(patience, |count| count.reached > 0)
    }

    /// Waits until no call is held any more because the callers went away. After a caller is
    /// killed, wait for this before releasing: until then its call could still go on.
    #[must_use]
    pub fn wait_left(&self, patience: Duration) -> bool {
        self.0.wait(patience, |count| count.standing == 0)
    }

    /// Lets the held calls go on, and all later ones pass.
    pub fn release(self) {
        drop(self);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.open.send_replace(true);
    }
}
