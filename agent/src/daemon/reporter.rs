use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use pointsman_core::report::pull_request::PullReport;
use tokio::{
    sync::{
        Notify,
        mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    },
    task::JoinHandle,
    time::Instant,
};

use super::deliver::{Part, deliver};
use crate::github::Client;

/// Where a report belongs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Subject {
    /// A pull request, by number.
    Pull(u64),
    /// A commit that came with none.
    Commit(String),
}

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

#[derive(Debug, Default)]
struct Shared {
    reports: Mutex<BTreeMap<Subject, PullReport>>,
    posted: Notify,
    emptied: Notify,
}

/// Every report of a subject, once GitHub has the whole of it, and since when.
pub(super) type Deliveries = UnboundedReceiver<Told>;
pub(super) type Told = (Subject, PullReport, jiff::Timestamp);

/// Between two edits that only show progress: so many times the pause between writes.
const PROGRESS_PAUSES: u32 = 10;
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

impl Reporter {
    /// Starts delivering; without GitHub, reports are for the log alone.
    pub(super) fn start(github: Option<Arc<Client>>, write_pause: Duration) -> (Self, Deliveries) {
        let (told, delivered) = unbounded_channel();
        let Some(github) = github else {
            return (Self { mailbox: Mailbox::default(), delivering: None }, delivered);
        };
        let shared = Arc::new(Shared::default());
        let task = Postman {
            github,
            shared: Arc::clone(&shared),
            told,
            progress_pause: write_pause * PROGRESS_PAUSES,
        };
        (Self { mailbox: Mailbox(Some(shared)), delivering: Some(tokio::spawn(task.run())) }, delivered)
    }

    pub(super) fn mailbox(&self) -> Mailbox {
        self.mailbox.clone()
    }

    /// Waits until everything is delivered, but no longer than this.
    pub(super) async fn finish(&self, patience: Duration) {
        let (Some(shared), Some(delivering)) = (&self.mailbox.0, &self.delivering) else { return };
        let emptied = async {
            loop {
                let notified = shared.emptied.notified();
                if shared.lock().is_empty() {
                    break;
                }
                notified.await;
            }
        };
        if tokio::time::timeout(patience, emptied).await.is_err() {
            tracing::warn!(
                "some reports were not delivered to GitHub; the next start brings what still matters"
            );
        }
        delivering.abort();
    }
}

impl Mailbox {
    /// Leaves a report; it takes the place of one that was not delivered yet.
    pub(super) fn post(&self, subject: &Subject, report: PullReport) {
        if let Some(shared) = &self.0 {
            shared.lock().insert(subject.clone(), report);
            shared.posted.notify_one();
        }
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Subject, PullReport>> {
        self.reports.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Postman {
    github: Arc<Client>,
    shared: Arc<Shared>,
    told: UnboundedSender<Told>,
    progress_pause: Duration,
}

/// What was delivered last for a subject.
struct Delivered {
    at: Instant,
    report: PullReport,
}

impl Postman {
    async fn run(self) {
        let mut delivered: BTreeMap<Subject, Delivered> = BTreeMap::new();
        let mut failures = 0_u32;
        loop {
            let posted = self.shared.posted.notified();
            let Some((subject, report, due)) = self.next(&delivered) else {
                self.shared.emptied.notify_waiters();
                posted.await;
                continue;
            };
            if due > Instant::now() {
                tokio::select! {
                    () = tokio::time::sleep_until(due) => {}
                    // Something more urgent, perhaps.
                    () = posted => {}
                }
                continue;
            }
            match deliver(&self.github, &subject, &report).await {
                Ok(part) => {
                    failures = 0;
                    if part == Part::Whole {
                        let _ = self.told.send((subject.clone(), report.clone(), jiff::Timestamp::now()));
                    }
                    self.done(&subject, &report);
                    delivered.insert(subject, Delivered { at: Instant::now(), report });
                    delivered.retain(|_, last| last.at.elapsed() < Duration::from_secs(3_600));
                }
                Err(retry_after) => {
                    failures = failures.saturating_add(1);
                    let growing = FIRST_PAUSE
                        .saturating_mul(2_u32.saturating_pow(failures.min(10) - 1))
                        .min(LONGEST_PAUSE);
                    tokio::time::sleep(retry_after.unwrap_or(growing)).await;
                }
            }
        }
    }

    /// The report that is due first, and when.
    fn next(&self, delivered: &BTreeMap<Subject, Delivered>) -> Option<(Subject, PullReport, Instant)> {
        let reports = self.shared.lock();
        let due = |subject: &Subject, report: &PullReport| match delivered.get(subject) {
            Some(last) if only_progress(&last.report, report) => last.at + self.progress_pause,
            _ => Instant::now(),
        };
        let (subject, report, due) = reports
            .iter()
            .map(|(subject, report)| (subject, report, due(subject, report)))
            .min_by_key(|(_, _, due)| *due)?;
        Some((subject.clone(), report.clone(), due))
    }

    /// Takes a delivered report out, unless a newer one lies there.
    fn done(&self, subject: &Subject, report: &PullReport) {
        let mut reports = self.shared.lock();
        if reports.get(subject) == Some(report) {
            reports.remove(subject);
        }
    }
}

/// Whether a report says nothing that cannot wait a little.
fn only_progress(before: &PullReport, after: &PullReport) -> bool {
    let essence = |report: &PullReport| {
        let statuses: Vec<_> = report
            .environments
            .iter()
            .map(|environment| (environment.name.clone(), environment.status))
            .collect();
        (report.head.clone(), report.purpose, report.problem.clone(), statuses)
    };
    essence(before) == essence(after)
}
