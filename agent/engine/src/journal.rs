//! The journal under a lease: a write is announced before it is sent, and what
//! came of it is noted once the state knows.

use std::{collections::BTreeMap, sync::Mutex as Quick};

use pointsman_core::{
    journal::{Act, Chain, Entry, Found, Intent, Started},
    lease::{Fence, StateMark, Transaction},
};
use tokio::sync::{Mutex, oneshot};

use crate::{
    Failure,
    lease::{Lease, LeaseLost, LeaseProof, lease_error},
    ports::{CloudError, Ports, Written},
};

/// A transaction has at most 100 actions: two are the lock's and the fence's.
const AT_ONCE: usize = 90;

/// How often the same transaction is sent while nobody knows whether it landed.
const TRIES: u32 = 6;

/// A run's own entries, appended by this process alone.
pub(crate) struct Journal {
    ports: Ports,
    proof: LeaseProof,
    owner: String,
    written: Mutex<Book>,
    /// What waits for the transaction that is under way: it goes out together.
    queue: Quick<Vec<Waiting>>,
}

struct Book {
    fence: Fence,
    chain: Chain,
    begun: bool,
    open: BTreeMap<u32, Intent>,
}

struct Waiting {
    note: Note,
    answer: oneshot::Sender<Result<u32, CloudError>>,
}

/// What one step has to say.
#[derive(Clone)]
enum Note {
    Intent(Box<Intent>),
    Outcome { act: Act, state: StateMark },
}

impl Journal {
    /// For a lease whose fence names no open run (any more).
    pub(crate) fn new(ports: Ports, lease: &Lease, fence: Fence) -> Self {
        let chain = Chain::after(fence.fence, fence.last_entry.clone());
        Self {
            ports,
            proof: lease.proof().clone(),
            owner: lease.owner().to_owned(),
            written: Mutex::new(Book { fence, chain, begun: false, open: BTreeMap::new() }),
            queue: Quick::default(),
        }
    }

    /// Says that the run writes from here on; said already is well.
    pub(crate) async fn begin(&self, started: Started) -> Result<(), Failure> {
        let mut book = self.written.lock().await;
        if book.begun {
            return Ok(());
        }
        let mut chain = book.chain.clone();
        let entry = chain.append(now(), Act::Begin(started))?;
        let transaction = Transaction::begin(token(), &self.owner, &book.fence);
        self.commit(&transaction, &[entry]).await?;
        book.begun = true;
        book.accept(&transaction, chain);
        Ok(())
    }

    /// Announces a write; answers the intent's number once it stands.
    pub(crate) async fn intend(&self, intent: Intent) -> Result<u32, CloudError> {
        self.say(Note::Intent(Box::new(intent))).await
    }

    /// Notes that an announced write was done, and which state knows of it.
    pub(crate) async fn done(
        &self,
        intent: u32,
        id: Option<String>,
        state: StateMark,
    ) -> Result<(), CloudError> {
        self.say(Note::Outcome { act: Act::Done { intent, id }, state }).await.map(|_| ())
    }

    /// Notes that an announced write failed, and what stood when it was looked up.
    pub(crate) async fn failed(
        &self,
        intent: u32,
        why: String,
        found: Found,
        state: StateMark,
    ) -> Result<(), CloudError> {
        self.say(Note::Outcome { act: Act::Failed { intent, why, found }, state }).await.map(|_| ())
    }

    /// Announced writes of which nothing was noted yet.
    pub(crate) async fn open(&self) -> BTreeMap<u32, Intent> {
        self.written.lock().await.open.clone()
    }

    /// Ends the run: nobody need look after it.
    pub(crate) async fn end(
        &self,
        succeeded: bool,
        summary: String,
        state: StateMark,
    ) -> Result<(), Failure> {
        let mut book = self.written.lock().await;
        if !book.open.is_empty() {
            return Err(self.lost("a write was announced of which nobody knows what came").into());
        }
        let mut chain = book.chain.clone();
        let entry = chain.append(now(), Act::End { succeeded, summary, serial: state.serial })?;
        let last = chain.last().to_owned();
        let transaction = Transaction::close(token(), &book.fence, Some(state), last);
        self.commit(&transaction, &[entry]).await?;
        book.begun = false;
        book.accept(&transaction, chain);
        Ok(())
    }

    /// Queues a note and sees that it is written: whoever gets to the book
    /// first writes for all who wait.
    async fn say(&self, note: Note) -> Result<u32, CloudError> {
        let (answer, answered) = oneshot::channel();
        self.queue().push(Waiting { note, answer });
        let mut book = self.written.lock().await;
        loop {
            let batch = self.next_batch();
            if batch.is_empty() {
                break;
            }
            self.write(&mut book, batch).await;
        }
        drop(book);
        answered.await.unwrap_or_else(|_| Err(self.lost("the journal was left")))
    }

    /// The next notes that can go in one transaction: outcomes need less than intents.
    fn next_batch(&self) -> Vec<Waiting> {
        let mut queue = self.queue();
        let outcomes = queue.iter().any(|waiting| matches!(waiting.note, Note::Outcome { .. }));
        let (mut batch, rest): (Vec<Waiting>, Vec<Waiting>) = std::mem::take(&mut *queue)
            .into_iter()
            .partition(|waiting| matches!(waiting.note, Note::Outcome { .. }) == outcomes);
        *queue = rest;
        let later = batch.split_off(batch.len().min(AT_ONCE));
        queue.extend(later);
        batch
    }

    async fn write(&self, book: &mut Book, batch: Vec<Waiting>) {
        let mut chain = book.chain.clone();
        let mut entries = Vec::with_capacity(batch.len());
        let mut newest: Option<StateMark> = None;
        for waiting in &batch {
            let act = match &waiting.note {
                Note::Intent(intent) => Act::Intent(intent.clone()),
                Note::Outcome { act, state } => {
                    if newest.as_ref().is_none_or(|newest| newest.serial < state.serial) {
                        newest = Some(state.clone());
                    }
                    act.clone()
                }
            };
            match chain.append(now(), act) {
                Ok(entry) => entries.push(entry),
                Err(error) => {
                    let error = self.lost(&error.to_string());
                    for waiting in batch {
                        let _ = waiting.answer.send(Err(error.clone()));
                    }
                    return;
                }
            }
        }
        let transaction = match newest {
            Some(state) => Transaction::note(token(), &book.fence, state),
            None => Transaction::intend(token(), &self.owner, &book.fence),
        };
        let committed = self.commit(&transaction, &entries).await;
        if committed.is_ok() {
            book.accept(&transaction, chain);
        }
        for (waiting, entry) in batch.into_iter().zip(entries) {
            let answer = match &committed {
                Ok(()) => {
                    match &entry.act {
                        Act::Intent(intent) => {
                            book.open.insert(entry.sequence, (**intent).clone());
                        }
                        Act::Done { intent, .. } | Act::Failed { intent, .. } => {
                            book.open.remove(intent);
                        }
                        Act::Begin(_) | Act::Seal { .. } | Act::End { .. } => {}
                    }
                    Ok(entry.sequence)
                }
                Err(error) => Err(error.clone()),
            };
            let _ = waiting.answer.send(answer);
        }
    }

    async fn commit(&self, transaction: &Transaction, entries: &[Entry]) -> Result<(), CloudError> {
        match commit(&self.ports, transaction, entries).await {
            Ok(Written::Done) => Ok(()),
            Ok(Written::Refused) => {
                // Whoever cannot announce must not write either.
                let error = self.lost("another took it over, or it was removed (terraform force-unlock)");
                self.proof.lose(&error.message);
                Err(error)
            }
            Err(error) => Err(error),
        }
    }

    fn queue(&self) -> std::sync::MutexGuard<'_, Vec<Waiting>> {
        self.queue.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn lost(&self, why: &str) -> CloudError {
        lease_error(self.ports.locks.lock_id(), &LeaseLost { why: why.to_owned() })
    }
}

impl Book {
    fn accept(&mut self, transaction: &Transaction, chain: Chain) {
        if let Some(fence) = &transaction.fence.becomes {
            self.fence = fence.clone();
        }
        self.chain = chain;
    }
}

/// Sends a transaction until it is known whether it stands: the same one each
/// time, and what can be read decides, never a missing answer.
pub(crate) async fn commit(
    ports: &Ports,
    transaction: &Transaction,
    entries: &[Entry],
) -> Result<Written, CloudError> {
    let mut tried = 0;
    loop {
        tried += 1;
        let answer = ports.runs.commit(transaction, entries).await;
        if matches!(answer, Ok(Written::Done)) {
            return Ok(Written::Done);
        }
        let refused_at_first = tried == 1 && answer.is_ok();
        if !refused_at_first && stands(ports, entries).await.unwrap_or(false) {
            return Ok(Written::Done);
        }
        match answer {
            Ok(written) => return Ok(written),
            Err(error) if tried == TRIES || !passes(&error) => return Err(error),
            Err(_) => tokio::time::sleep(std::time::Duration::from_millis(100 << tried)).await,
        }
    }
}

/// Whether the entries of a transaction were written, by their first one.
async fn stands(ports: &Ports, entries: &[Entry]) -> Result<bool, CloudError> {
    let Some(first) = entries.first() else {
        return Ok(false);
    };
    Ok(ports.runs.entries(first.run).await?.contains(first))
}

/// Whether the same call may succeed when it is sent again.
fn passes(error: &CloudError) -> bool {
    use crate::ports::CloudErrorKind::{Throttled, TimedOut, Unreachable};
    matches!(error.kind, Throttled | TimedOut | Unreachable)
}

/// A name for one transaction.
pub(crate) fn token() -> String {
    uuid::Uuid::new_v4().to_string()
}

pub(crate) fn now() -> String {
    jiff::Timestamp::now().to_string()
}
