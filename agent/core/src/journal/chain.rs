use super::{Act, Entry};
use crate::hash::canonical_hash;

/// The end of a run's entries: the next one follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    run: u64,
    next: u32,
    last: String,
}

impl Chain {
    /// A run without entries, after the one whose last entry is named.
    pub fn after(run: u64, last: String) -> Self {
        Self { run, next: 0, last }
    }

    /// The run of these entries, to be gone on with.
    pub fn of(run: u64, entries: &[Entry]) -> Result<Self, serde_json::Error> {
        let Some(last) = entries.last() else {
            return Ok(Self::after(run, String::new()));
        };
        Ok(Self { run, next: last.sequence + 1, last: canonical_hash(last)? })
    }

    /// A run whose entries cannot be trusted, to be ended all the same: behind
    /// everything that may stand there.
    pub fn behind(run: u64) -> Self {
        Self { run, next: 99_999_999, last: String::new() }
    }

    /// The next entry.
    pub fn append(&mut self, at: String, act: Act) -> Result<Entry, serde_json::Error> {
        let entry = Entry { run: self.run, sequence: self.next, at, previous: self.last.clone(), act };
        self.last = canonical_hash(&entry)?;
        self.next += 1;
        Ok(entry)
    }

    /// The hash of the last entry.
    pub fn last(&self) -> &str {
        &self.last
    }
}

/// How a run's entries are not what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry {sequence} of run {run} is missing or was changed")]
pub struct Broken {
    /// The run's fence.
    pub run: u64,
    /// The first entry that is wrong.
    pub sequence: u32,
}

/// Whether a run's entries, in their order, are all that were written, unchanged.
pub fn verify(run: u64, entries: &[Entry]) -> Result<(), Broken> {
    let mut previous: Option<String> = None;
    for (expected, entry) in (0..).zip(entries) {
        let follows = previous.as_ref().is_none_or(|previous| *previous == entry.previous);
        if entry.run != run || entry.sequence != expected || !follows {
            return Err(Broken { run, sequence: expected });
        }
        previous = canonical_hash(entry).ok();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries() -> Vec<Entry> {
        let mut chain = Chain::after(7, "before".to_owned());
        (0..3)
            .map(|intent| {
                chain.append("2026-01-01T00:00:00Z".to_owned(), Act::Done { intent, id: None }).unwrap()
            })
            .collect()
    }

    #[test]
    fn what_was_written_verifies_and_can_be_gone_on_with() {
        let written = entries();
        assert_eq!(verify(7, &written), Ok(()));
        let mut chain = Chain::of(7, &written).unwrap();
        let mut longer = written;
        longer.push(chain.append(String::new(), Act::Seal { by: 8, looked_up: 0 }).unwrap());
        assert_eq!(verify(7, &longer), Ok(()));
    }

    #[test]
    fn a_gap_and_a_change_are_noticed() {
        let mut gap = entries();
        gap.remove(1);
        assert_eq!(verify(7, &gap), Err(Broken { run: 7, sequence: 1 }));
        let mut changed = entries();
        changed[1].act = Act::Done { intent: 9, id: None };
        assert_eq!(verify(7, &changed), Err(Broken { run: 7, sequence: 2 }));
        assert!(verify(8, &entries()).is_err());
    }
}
