use super::{AgentMark, LockItem, Tick, Timing};

/// What someone who wants the lock does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contend {
    /// There is none: put ours, if there still is none.
    Take {
        /// The fence to put.
        fence: u64,
    },
    /// Its holder is dead: put ours, if it is still exactly this one.
    Steal {
        /// The dead holder's mark.
        from: AgentMark,
        /// The fence to put.
        fence: u64,
    },
    /// An agent's, and not yet known to be dead: look again.
    Watch {
        /// Milliseconds until it would be known to be dead.
        remaining_ms: u64,
    },
    /// An agent's, and it was renewed while we watched: it lives.
    Alive,
    /// Not an agent's: never touched, however long it stays.
    Foreign,
}

/// A contender's memory of the lock that it sees.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Watch {
    seen: Option<(LockItem, Tick)>,
}

impl Watch {
    /// What to do about the lock as it was just read, at a time on our own
    /// clock. `known_fence` is the greatest that is known, of the run table and
    /// of the state: fences never fall, even when a table was lost.
    pub fn next(&mut self, read: Option<&LockItem>, known_fence: u64, now: Tick, timing: &Timing) -> Contend {
        let Some(item) = read else {
            self.seen = None;
            return Contend::Take { fence: known_fence.saturating_add(1) };
        };
        let Some(mark) = &item.mark else {
            self.seen = None;
            return Contend::Foreign;
        };
        match &self.seen {
            Some((seen, since)) if seen == item => {
                let watched = now.since(*since);
                if watched >= timing.watch_ms {
                    Contend::Steal {
                        from: mark.clone(),
                        fence: mark.fence.max(known_fence).saturating_add(1),
                    }
                } else {
                    Contend::Watch { remaining_ms: timing.watch_ms - watched }
                }
            }
            Some(_) => {
                self.seen = Some((item.clone(), now));
                Contend::Alive
            }
            None => {
                self.seen = Some((item.clone(), now));
                Contend::Watch { remaining_ms: timing.watch_ms }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(record_version: u64) -> LockItem {
        LockItem {
            lock_id: "b/k".to_owned(),
            info: "{}".to_owned(),
            mark: Some(AgentMark { owner: "a".to_owned(), fence: 7, record_version, lease_ms: 25_000 }),
        }
    }

    #[test]
    fn only_what_stood_still_for_the_whole_watch_is_stolen() {
        let timing = Timing::default();
        let mut watch = Watch::default();
        assert_eq!(watch.next(Some(&item(1)), 0, Tick(0), &timing), Contend::Watch { remaining_ms: 60_000 });
        assert_eq!(watch.next(Some(&item(1)), 0, Tick(59_999), &timing), Contend::Watch { remaining_ms: 1 });
        assert_eq!(watch.next(Some(&item(2)), 0, Tick(60_000), &timing), Contend::Alive);
        assert_eq!(watch.next(Some(&item(2)), 0, Tick(119_999), &timing), Contend::Watch { remaining_ms: 1 });
        let from = item(2).mark.unwrap();
        assert_eq!(watch.next(Some(&item(2)), 9, Tick(120_000), &timing), Contend::Steal { from, fence: 10 });
    }

    #[test]
    fn t04_a_lock_without_a_mark_is_never_touched() {
        let timing = Timing::default();
        let mut watch = Watch::default();
        let foreign = LockItem { mark: None, ..item(1) };
        // Every second of a day, then every day of a year.
        let day = 86_400_000;
        let ticks: Vec<u64> =
            (0..86_400).map(|second| second * 1_000).chain((1..365).map(|n| n * day)).collect();
        for at in &ticks {
            assert_eq!(watch.next(Some(&foreign), 0, Tick(*at), &timing), Contend::Foreign);
        }
        println!(
            "T4: a foreign lock was looked at {} times in 24 h and a year of virtual time: {} decisions to let it be, 0 others",
            ticks.len(),
            ticks.len()
        );
    }

    #[test]
    fn a_free_lock_is_taken_above_the_states_fence() {
        assert_eq!(Watch::default().next(None, 41, Tick(0), &Timing::default()), Contend::Take { fence: 42 });
    }
}
