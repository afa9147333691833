use serde::{Deserialize, Serialize};

/// The item `FENCE` of the run table: what outlives every lease.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Fence {
    /// Of the lease that was taken last; grows by every taking, and never falls.
    pub fence: u64,
    /// The run that began and did not end: its fence.
    pub open_run: Option<u64>,
    /// The state that was saved last, as far as the journal knows.
    pub state: Option<StateMark>,
    /// The hash of the last entry of the run that ended last: runs are chained
    /// as their entries are.
    pub last_entry: String,
}

impl Fence {
    /// What a transaction compares: it changes with everything that matters.
    pub fn version(&self) -> (u64, Option<u64>, Option<u64>) {
        let Self { fence, open_run, state, last_entry: _ } = self;
        (*fence, *open_run, state.as_ref().map(|state| state.serial))
    }
}

/// Which state it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StateMark {
    /// Its lineage: one state from its first serial on. Empty where that was not
    /// recorded.
    pub lineage: String,
    /// Its serial.
    pub serial: u64,
    /// The digest of its content.
    pub digest: String,
}

impl StateMark {
    /// Why the state that was read is not the one that was saved last; none
    /// when it is, or a newer one.
    pub fn refuses(&self, read: Option<&Self>) -> Option<Regression> {
        let is_foreign = |read: &Self| {
            !self.lineage.is_empty() && !read.lineage.is_empty() && read.lineage != self.lineage
        };
        match read {
            None => Some(Regression::Gone),
            Some(read) if is_foreign(read) => Some(Regression::Foreign),
            Some(read) if read.serial < self.serial => Some(Regression::Older { serial: read.serial }),
            Some(read) if read.serial == self.serial && read.digest != self.digest => Some(Regression::Other),
            Some(_) => None,
        }
    }
}

/// How a state fell behind what the journal knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Regression {
    /// There is none any more.
    Gone,
    /// An older version of it stands.
    Older {
        /// Its serial.
        serial: u64,
    },
    /// It has the same serial and another content.
    Other,
    /// It is another state, which was begun by itself.
    Foreign,
}

#[cfg(test)]
mod tests {
    use super::{Regression, StateMark};

    fn mark(serial: u64, digest: &str) -> StateMark {
        StateMark { lineage: "one".to_owned(), serial, digest: digest.to_owned() }
    }

    #[test]
    fn a_state_never_goes_back() {
        let known = mark(7, "a");
        assert_eq!(known.refuses(Some(&mark(7, "a"))), None);
        assert_eq!(known.refuses(Some(&mark(8, "b"))), None);
        assert_eq!(known.refuses(Some(&mark(6, "a"))), Some(Regression::Older { serial: 6 }));
        assert_eq!(known.refuses(Some(&mark(7, "b"))), Some(Regression::Other));
        assert_eq!(known.refuses(None), Some(Regression::Gone));
        let of = |lineage: &str| StateMark { lineage: lineage.to_owned(), ..mark(9, "c") };
        assert_eq!(known.refuses(Some(&of("another"))), Some(Regression::Foreign));
        assert_eq!(known.refuses(Some(&of(""))), None, "nobody recorded it");
        assert_eq!(StateMark { lineage: String::new(), ..known }.refuses(Some(&of("another"))), None);
    }
}
