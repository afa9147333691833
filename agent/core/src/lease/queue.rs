//! Who waits for a lock, and in which order. It says who tries first, and to
//! people where they stand; it never says who holds a lock.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Tick;

/// Somebody who waits, as noted beside the lock for others to see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// A name of its own.
    pub id: String,
    /// Who: `pointsman:user@host`.
    pub who: String,
    /// Since when, Unix milliseconds by its own clock: the order of the queue,
    /// and nothing else.
    pub since_ms: u64,
    /// Grows as long as it waits.
    pub beat: u64,
    /// It waits no longer.
    pub left: bool,
}

/// Where somebody stands among those who wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Turn {
    /// 1 is next.
    pub turn: usize,
    /// How many wait.
    pub of: usize,
}

impl Turn {
    /// Whether nobody has waited for longer.
    pub const fn is_next(self) -> bool {
        self.turn <= 1
    }

    /// Whether others can only try once this one has.
    pub const fn is_waited_for(self) -> bool {
        self.is_next() && self.of > 1
    }
}

/// Whose ticket has not grown for so long waits no longer, in milliseconds.
const GONE_AFTER_MS: u64 = 15_000;

/// What one who waits remembers of the others.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    seen: BTreeMap<String, (u64, Tick)>,
}

impl Queue {
    /// One's own place among the tickets as they were just read, at a time on
    /// one's own clock. Who is seen for the first time waits.
    pub fn turn(&mut self, tickets: &[Ticket], own: &Ticket, now: Tick) -> Turn {
        self.seen.retain(|id, _| tickets.iter().any(|ticket| ticket.id == *id));
        let mut others: Vec<(u64, &str)> = Vec::new();
        for ticket in tickets.iter().filter(|ticket| ticket.id != own.id && !ticket.left) {
            let (beat, since) = self.seen.entry(ticket.id.clone()).or_insert((ticket.beat, now));
            if *beat != ticket.beat {
                (*beat, *since) = (ticket.beat, now);
            }
            if now.since(*since) < GONE_AFTER_MS {
                others.push((ticket.since_ms, &ticket.id));
            }
        }
        let before = others.iter().filter(|other| **other < (own.since_ms, own.id.as_str())).count();
        Turn { turn: before + 1, of: others.len() + 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(id: &str, since_ms: u64, beat: u64) -> Ticket {
        Ticket { id: id.to_owned(), who: String::new(), since_ms, beat, left: false }
    }

    #[test]
    fn whoever_came_first_is_next() {
        let all = [ticket("b", 5, 0), ticket("a", 5, 0), ticket("c", 1, 0)];
        let mut turns: Vec<usize> = Vec::new();
        for own in &all {
            let Turn { turn, of } = Queue::default().turn(&all, own, Tick(0));
            assert_eq!(of, 3);
            turns.push(turn);
        }
        assert_eq!(turns, [3, 2, 1]);
        // One who has just come has not noted it yet.
        assert_eq!(Queue::default().turn(&all, &ticket("d", 9, 0), Tick(0)), Turn { turn: 4, of: 4 });
    }

    #[test]
    fn who_left_or_is_silent_does_not_wait() {
        let own = ticket("own", 9, 0);
        let gone = Ticket { left: true, ..ticket("left", 1, 3) };
        let mut queue = Queue::default();
        for (tick, beat, turn) in [(0, 0, 2), (10_000, 1, 2), (24_999, 1, 2), (25_000, 1, 1), (26_000, 2, 2)]
        {
            let tickets = [gone.clone(), ticket("first", 1, beat)];
            assert_eq!(queue.turn(&tickets, &own, Tick(tick)).turn, turn, "at {tick}");
        }
    }
}
