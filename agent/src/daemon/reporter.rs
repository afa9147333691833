use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use pointsman_core::report::{command::Answer, pull_request::PullReport};
use tokio::{
    sync::{
        Notify,
        mpsc::{UnboundedReceiver, unbounded_channel},
        watch,
    },
    task::JoinHandle,
};

pub(super) use super::letter::Subject;
use super::{commands::Answers, deliver::deliver, outbox::Outbox, postman::Postman};
use crate::{github::Client, web::Links};

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
    /// Locked before the reports.
    answers: Mutex<Answers>,
    reports: Mutex<BTreeMap<Subject, PullReport>>,
    pub(super) posted: Notify,
    /// Whether everything was delivered.
    idle: watch::Sender<bool>,
}

/// Every report of a subject, once GitHub has the whole of it, and since when.
pub(super) type Deliveries = UnboundedReceiver<Told>;
pub(super) type Told = (Subject, PullReport, jiff::Timestamp);

impl Reporter {
    /// Starts delivering, what earlier runs left first; without GitHub,
    /// reports are for the log alone.
    pub(super) fn start(
        github: Option<Arc<Client>>,
        outbox: Option<Outbox>,
        links: Links,
    ) -> (Self, Deliveries) {
        let (told, delivered) = unbounded_channel();
        let (Some(github), Some(outbox)) = (github, outbox) else {
            return (Self { mailbox: Mailbox::default(), delivering: None }, delivered);
        };
        let shared = Arc::new(Shared::new());
        let pace = Arc::clone(&github);
        let postman =
            Postman::new(Arc::clone(&shared), outbox, links, move || pace.progress_pause()).telling(told);
        let delivering = tokio::spawn(postman.run(move |letter| {
            let github = Arc::clone(&github);
            async move { deliver(&github, letter).await }
        }));
        (Self { mailbox: Mailbox(Some(shared)), delivering: Some(delivering) }, delivered)
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

    /// Leaves what came of a command; it is delivered with the pull request's report.
    pub(super) fn answer(&self, pull: u64, answer: Answer) {
        if let Some(shared) = &self.0 {
            let mut answers = shared.answers();
            if let Some(report) = answers.put(pull, answer) {
                shared.put(Subject::Pull(pull), report);
            }
        }
    }

    /// The answers of a pull request of which no report was left.
    pub(super) fn untold(&self, pull: u64) -> Option<Vec<Answer>> {
        self.0.as_ref()?.answers().untold(pull)
    }
}

impl Shared {
    pub(super) fn new() -> Self {
        Self {
            answers: Mutex::default(),
            reports: Mutex::default(),
            posted: Notify::new(),
            idle: watch::Sender::new(false),
        }
    }

    /// Leaves a report, with what was asked on its pull request.
    pub(super) fn post(&self, subject: &Subject, report: PullReport) {
        let mut answers = self.answers();
        let report = answers.onto(subject, report);
        self.put(subject.clone(), report);
    }

    fn put(&self, subject: Subject, report: PullReport) {
        let mut reports = self.lock();
        reports.insert(subject, report);
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

    fn answers(&self) -> MutexGuard<'_, Answers> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Subject, PullReport>> {
        self.reports.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
