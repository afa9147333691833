use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use pointsman_core::{
    environment::EnvironmentName,
    render,
    report::{
        Event,
        pull_request::{EnvironmentReport, PullReport},
    },
};
use pointsman_engine::ports::Listener;

use super::{
    reporter::{Mailbox, Subject},
    seen::Seen,
};

/// A report that several tasks write on; whatever changes on it is delivered.
#[derive(Debug)]
pub(super) struct Board {
    subject: Subject,
    mailbox: Mailbox,
    report: Mutex<PullReport>,
    seen: Arc<Seen>,
    /// The version of the page that showed its last change.
    changed_at: AtomicU64,
}

impl Board {
    /// A report that the page shows from now on.
    pub(super) fn new(subject: Subject, mailbox: Mailbox, seen: &Arc<Seen>, report: PullReport) -> Arc<Self> {
        let (report, changed_at) = (Mutex::new(report), AtomicU64::new(0));
        let board = Arc::new(Self { subject, mailbox, report, seen: Arc::clone(seen), changed_at });
        seen.keep(&board);
        board
    }

    /// What it is about.
    pub(super) fn subject(&self) -> &Subject {
        &self.subject
    }

    /// What it says now.
    pub(super) fn report(&self) -> PullReport {
        self.look(Clone::clone)
    }

    /// Looks at what it says now; whoever writes waits meanwhile.
    pub(super) fn look<T>(&self, look: impl FnOnce(&PullReport) -> T) -> T {
        look(&self.report.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Which of several changed last has the greatest.
    pub(super) fn changed_at(&self) -> u64 {
        self.changed_at.load(Ordering::Relaxed)
    }

    /// Changes the report and has it delivered.
    pub(super) fn change(&self, change: impl FnOnce(&mut PullReport)) {
        let mut report = self.report.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut report);
        report.environments.sort_by(|a, b| a.name.cmp(&b.name));
        self.mailbox.post(&self.subject, report.clone());
        drop(report);
        self.changed_at.store(self.seen.changed(), Ordering::Relaxed);
    }

    /// Changes the report, and has it delivered when that changed anything.
    pub(super) fn correct(&self, change: impl FnOnce(&mut PullReport)) {
        let mut report = self.report.lock().unwrap_or_else(PoisonError::into_inner);
        let before = report.clone();
        change(&mut report);
        if *report != before {
            self.mailbox.post(&self.subject, report.clone());
        }
    }

    /// Changes what is told of one environment; it is added when it is new.
    pub(super) fn change_environment(
        &self,
        name: &EnvironmentName,
        change: impl FnOnce(&mut EnvironmentReport),
    ) {
        self.change(|report| {
            let at = report.environments.iter().position(|environment| environment.name == *name);
            let at = at.unwrap_or_else(|| {
                report.environments.push(EnvironmentReport::queued(name.clone()));
                report.environments.len() - 1
            });
            change(&mut report.environments[at]);
        });
    }
}

/// Tells a board, and the log, what happens in a run.
#[derive(Debug)]
pub(super) struct BoardListener {
    pub(super) board: Arc<Board>,
    pub(super) environment: EnvironmentName,
}

impl Listener for BoardListener {
    fn tell(&self, event: &Event) {
        log(&self.environment, event);
        self.board.change_environment(&self.environment, |environment| environment.follow(event));
    }
}

/// Tells the log alone.
#[derive(Debug)]
pub(super) struct LogListener {
    pub(super) environment: EnvironmentName,
}

impl Listener for LogListener {
    fn tell(&self, event: &Event) {
        log(&self.environment, event);
    }
}

fn log(environment: &EnvironmentName, event: &Event) {
    let Some(line) = render::event::line(event) else { return };
    let line = anstream::adapter::strip_str(&line).to_string();
    match event {
        Event::Failed { .. } | Event::LeaseLost { .. } | Event::Checked { .. } => {
            tracing::warn!(%environment, "{line}");
        }
        Event::Waiting { .. }
        | Event::Locked { .. }
        | Event::Quiescing { .. }
        | Event::Recovered { .. }
        | Event::Planned { .. }
        | Event::Started { .. }
        | Event::Progress { .. }
        | Event::Rollout { .. }
        | Event::Sides { .. }
        | Event::Finished { .. } => tracing::info!(%environment, "{line}"),
    }
}
