use std::collections::BTreeMap;

use super::{Act, Entry, Found, Intent, Part, Started};
use crate::{lease::LockItem, plan::Action, resource::Observed, state::State};

/// The intents of a run that nobody knows the end of.
pub fn open_intents(entries: &[Entry]) -> BTreeMap<u32, &Intent> {
    let mut open = BTreeMap::new();
    for entry in entries {
        match &entry.act {
            Act::Intent(intent) => {
                open.insert(entry.sequence, &**intent);
            }
            Act::Done { intent, .. } | Act::Failed { intent, .. } => {
                open.remove(intent);
            }
            Act::Begin(_) | Act::Seal { .. } | Act::End { .. } => {}
        }
    }
    open
}

/// Brings the state to what was found of an intent, whether or not the write
/// had happened. Twice is as good as once.
pub fn settle(
    state: &mut State,
    intent: &Intent,
    found: Option<&Observed>,
) -> Result<Found, serde_json::Error> {
    let address = &intent.address;
    match (intent.part, found) {
        (Part::Make, Some(object)) => {
            let was_another = state.objects.get(address).is_some_and(|recorded| recorded.id != object.id);
            if intent.action == Action::Replace && was_another {
                state.retire(address);
            }
            // What was meant is known; whether it came out so the next plan says.
            if was_another || !state.objects.contains_key(address) {
                state.record(&intent.desired, object, &intent.dependencies)?;
            }
            Ok(Found::Stands { id: object.id.clone() })
        }
        (Part::Remove, Some(object)) => Ok(Found::Stands { id: object.id.clone() }),
        (Part::Make, None) => Ok(Found::Nothing),
        (Part::Remove, None) => {
            let gone = intent.id.as_deref();
            if state.objects.get(address).is_some_and(|recorded| Some(recorded.id.as_str()) == gone) {
                state.objects.remove(address);
            }
            Ok(Found::Nothing)
        }
    }
}

/// A run, as its entries tell it.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Its fence.
    pub fence: u64,
    /// What it was for; none when its first entry is gone.
    pub started: Option<Started>,
    /// When it began, RFC 3339.
    pub began_at: Option<String>,
    /// How it ended; none when it is open.
    pub end: Option<Entry>,
    /// Writes that were announced.
    pub intents: u32,
    /// Writes that were done.
    pub done: u32,
    /// Writes that failed.
    pub failed: u32,
}

impl Run {
    /// From a run's entries, in their order.
    pub fn of(fence: u64, entries: &[Entry]) -> Self {
        let mut run =
            Self { fence, started: None, began_at: None, end: None, intents: 0, done: 0, failed: 0 };
        for entry in entries {
            match &entry.act {
                Act::Begin(started) => {
                    run.started = Some(started.clone());
                    run.began_at = Some(entry.at.clone());
                }
                Act::Intent(_) => run.intents += 1,
                Act::Done { .. } => run.done += 1,
                Act::Failed { .. } => run.failed += 1,
                Act::Seal { .. } | Act::End { .. } => run.end = Some(entry.clone()),
            }
        }
        run
    }

    /// Whether this lock is the one that the run took.
    pub fn holds(&self, lock: Option<&LockItem>) -> bool {
        lock.and_then(|item| item.mark.as_ref()).is_some_and(|mark| mark.fence == self.fence)
    }
}
