use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use pointsman_core::report::pull_request::PullReport;
use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
};

pub(super) use super::letter::Subject;
use super::{deliver::deliver, outbox::Outbox, postman::Postman};
use crate::github::Client;

/// Delivers reports, the newest of each subject, until GitHub has them. Who
/// posts never waits: GitHub down or slow stops no deploy.
#[derive(Debug)]
pub(super) struct Reporter {
    mailbox: Mailbox,
    delivering: Option<JoinHandle<()>>,
}

/// Where reports are left. Clones are the same box; without GitHub there is
/// none behind it.
#[derive(Clone, Debug, Default)]
pub(super) struct Mailbox(Option<Arc<Shared>>);

/// What who posts and who delivers share.
#[derive(Debug)]
pub(super) struct Shared {
    reports: Mutex<BTreeMap<Subject, PullReport>>,
    pub(super) posted: Notify,
    /// Whether everything was delivered.
    idle: watch::Sender<bool>,
}

impl Reporter {
    /// Starts delivering, what earlier runs left first; without GitHub,
    /// reports are for the log alone.
    pub(super) fn start(github: Option<Arc<Client>>, outbox: Option<Outbox>) -> Self {
        let (Some(github), Some(outbox)) = (github, outbox) else {
            return Self { mailbox: Mailbox::default(), delivering: None };
        };
        let shared = Arc::new(Shared::new());
        let pace = Arc::clone(&github);
        let postman = Postman::new(Arc::clone(&shared), outbox, move || pace.progress_pause());
        let delivering = tokio::spawn(postman.run(move |letter| {
            let github = Arc::clone(&github);
            async move { deliver(&github, letter).await }
        }));
        Self { mailbox: Mailbox(Some(shared)), delivering: Some(delivering) }
    }

    pub(super) fn mailbox(&self) -> Mailbox {
        self.mailbox.clone()
    }

    /// Whether GitHub was told everything.
    pub(super) fn is_idle(&self) -> bool {
        self.mailbox.0.as_ref().is_none_or(|shared| shared.is_idle())
    }

    /// Waits until everything is delivered, but no longer than this.
    pub(super) async fn finish(&self, patience: Duration) {
        let (Some(shared), Some(delivering)) = (&self.mailbox.0, &self.delivering) else { return };
        let mut idle = shared.idle.subscribe();
        if tokio::time::timeout(patience, idle.wait_for(|idle| *idle)).await.is_err() {
            tracing::warn!(
                "some reports were not delivered to GitHub; they are kept in `data_dir`, and the next start delivers them"
            );
        }
        delivering.abort();
    }
}

impl Mailbox {
    /// Leaves a report; it takes the place of one that was not delivered yet.
    pub(super) fn post(&self, subject: &Subject, report: PullReport) {
        if let Some(shared) = &self.0 {
            shared.post(subject, report);
        }
    }
}

impl Shared {
    pub(super) fn new() -> Self {
        Self { reports: Mutex::default(), posted: Notify::new(), idle: watch::Sender::new(false) }
    }

    pub(super) fn post(&self, subject: &Subject, report: PullReport) {
        let mut reports = self.lock();
        reports.insert(subject.clone(), report);
        self.idle.send_replace(false);
        drop(reports);
        self.posted.notify_one();
    }

    /// Takes what was posted.
    pub(super) fn take(&self) -> BTreeMap<Subject, PullReport> {
        std::mem::take(&mut *self.lock())
    }

    /// Nothing is left to deliver, unless something was posted just now.
    pub(super) fn rest(&self) {
        let reports = self.lock();
        if reports.is_empty() {
            self.idle.send_replace(true);
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        *self.idle.borrow()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Subject, PullReport>> {
        self.reports.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
