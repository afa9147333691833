//! Waiting in a queue: everybody who waits for a lock notes so beside it, and
//! whoever waits longest tries first. Only manners: what keeps two writers
//! apart asks nobody here, and where a note cannot be read or written, it is
//! waited without.

use std::sync::Arc;

use pointsman_core::lease::{Queue, Tick, Ticket, Turn};

use crate::{clock, ports::RunTable};

/// Between two notes that one still waits.
const NOTE_EVERY_MS: u64 = 5_000;

/// How often one who has waited for longer is let go first, though it does not take what is free.
const MANNERS: u32 = 3;

/// One's own place, as long as one waits.
pub(crate) struct Place {
    runs: Arc<dyn RunTable>,
    own: Ticket,
    noted: Option<Tick>,
    queue: Queue,
    let_go: u32,
}

impl Place {
    pub(crate) fn new(runs: Arc<dyn RunTable>, who: &str) -> Self {
        let own = Ticket {
            id: uuid::Uuid::new_v4().to_string(),
            who: who.to_owned(),
            since_ms: crate::rollout::now_ms(),
            beat: 0,
            left: false,
        };
        Self { runs, own, noted: None, queue: Queue::default(), let_go: 0 }
    }

    /// Where one stands.
    pub(crate) async fn look(&mut self) -> Option<Turn> {
        let tickets = self.runs.tickets().await.ok()?;
        Some(self.queue.turn(&tickets, &self.own, clock::now()))
    }

    /// Notes that one waits, or does still.
    pub(crate) async fn wait(&mut self) {
        let now = clock::now();
        if self.noted.is_none_or(|noted| now.since(noted) >= NOTE_EVERY_MS) {
            self.own.beat += 1;
            // Nobody sees it then: it is waited all the same.
            let _ = self.runs.note(&self.own).await;
            self.noted = Some(now);
        }
    }

    /// Whether what is free is left to one who has waited for longer.
    pub(crate) fn lets_go_first(&mut self, turn: Option<Turn>) -> bool {
        let lets = turn.is_some_and(|turn| !turn.is_next()) && self.let_go < MANNERS;
        self.let_go += u32::from(lets);
        lets
    }

    /// Notes that one waits no longer, without waiting for that; where it is
    /// not noted, silence says so soon.
    pub(crate) fn leave(self) {
        if self.noted.is_some() {
            let left = Ticket { left: true, ..self.own };
            tokio::spawn(async move { self.runs.note(&left).await });
        }
    }
}
