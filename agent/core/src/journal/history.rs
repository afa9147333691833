use serde::{Deserialize, Serialize};

use super::{Broken, Entry, Run, verify};
use crate::{
    hash::canonical_hash,
    lease::{Fence, LockInfo, LockItem},
};

/// A lock that somebody released by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Release {
    /// When, RFC 3339.
    pub at: String,
    /// By whom: `pointsman:user@host`.
    pub who: String,
    /// Whether it was an agent's or this command line's.
    pub is_agents: bool,
    /// What Terraform's users saw of it.
    pub lock: LockInfo,
}

impl Release {
    /// Of the lock as it was read.
    pub fn of(item: &LockItem, at: String, who: String) -> Self {
        Self { at, who, is_agents: item.mark.is_some(), lock: item.terraform_info() }
    }
}

/// What happened to an environment, as the run table tells it.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// The newest runs, the newest first.
    pub runs: Vec<Told>,
    /// Locks that were released by hand, the newest first.
    pub releases: Vec<Release>,
    /// Whether the run that ended last is missing from the table.
    pub lacks_newest: bool,
}

/// A run, and whether its entries are what was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// The run.
    pub run: Run,
    /// How its entries are not what was written; none when they are.
    pub fault: Option<Fault>,
}

/// How a run's entries are not what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// One of them is missing or was changed.
    Broken(Broken),
    /// Its first entry does not follow the end of the run before it.
    DoesNotFollow {
        /// The run before it.
        before: u64,
    },
}

impl History {
    /// From the entries of the newest runs, in any order; the `most` newest are told.
    pub fn of(
        fence: Option<&Fence>,
        mut entries: Vec<Entry>,
        releases: Vec<Release>,
        most: usize,
    ) -> Result<Self, serde_json::Error> {
        entries.sort_by_key(|entry| (entry.run, entry.sequence));
        let mut runs: Vec<Told> = Vec::new();
        // What the newest run followed, and what follows it.
        let mut ends: Option<(String, String)> = None;
        for of_run in entries.chunk_by(|a, b| a.run == b.run) {
            let (Some(first), Some(last)) = (of_run.first(), of_run.last()) else { continue };
            let fault = match (verify(first.run, of_run), runs.last().zip(ends.as_ref())) {
                (Err(broken), _) => Some(Fault::Broken(broken)),
                (Ok(()), Some((before, (_, end)))) if first.previous != *end => {
                    Some(Fault::DoesNotFollow { before: before.run.fence })
                }
                (Ok(()), _) => None,
            };
            runs.push(Told { run: Run::of(first.run, of_run), fault });
            ends = Some((first.previous.clone(), canonical_hash(last)?));
        }
        // A run may have begun or ended since the fence was read.
        let known = fence.map(|fence| &fence.last_entry).filter(|known| !known.is_empty());
        let lacks_newest =
            known.zip(ends).is_some_and(|(known, (before, end))| *known != before && *known != end);
        runs.reverse();
        runs.truncate(most);
        Ok(Self { runs, releases, lacks_newest })
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Act, Chain},
        *,
    };

    fn run(number: u64, before: &str) -> (Vec<Entry>, String) {
        let mut chain = Chain::after(number, before.to_owned());
        let at = || "2026-01-01T00:00:00Z".to_owned();
        let done = chain.append(at(), Act::Done { intent: 0, id: None }).unwrap();
        let end = Act::End { succeeded: true, summary: String::new(), serial: 1 };
        let end = chain.append(at(), end).unwrap();
        (vec![done, end], chain.last().to_owned())
    }

    #[test]
    fn what_is_missing_between_runs_is_noticed() {
        let (one, last) = run(1, "");
        let (two, last) = run(2, &last);
        let (three, last) = run(4, &last);
        let fence = Fence { fence: 4, last_entry: last, ..Fence::default() };
        let of = |runs: &[&Vec<Entry>]| {
            let entries = runs.iter().flat_map(|entries| entries.iter().cloned()).collect();
            History::of(Some(&fence), entries, Vec::new(), 3).unwrap()
        };
        let whole = of(&[&three, &one, &two]);
        assert!(whole.runs.iter().all(|told| told.fault.is_none()) && !whole.lacks_newest);
        assert_eq!(whole.runs.first().map(|told| told.run.fence), Some(4));
        let gap = of(&[&three, &one]);
        assert_eq!(gap.runs[0].fault, Some(Fault::DoesNotFollow { before: 1 }));
        assert!(of(&[&one, &two]).lacks_newest);
        let mut changed = two;
        changed[0].act = Act::Done { intent: 1, id: None };
        assert_eq!(
            of(&[&three, &changed]).runs[1].fault,
            Some(Fault::Broken(Broken { run: 2, sequence: 1 }))
        );
    }
}
