//! Carries what lies on the desk to GitHub, and keeps it in the outbox until
//! it is there.

use std::{pin::Pin, sync::Arc, time::Duration};

use tokio::{sync::mpsc::UnboundedSender, time::Instant};

use super::{
    deliver::{Part, Undelivered},
    desk::{Desk, Keep, Turn},
    letter::{Letter, Subject},
    outbox::Outbox,
    reporter::{Shared, Told},
};
use crate::web::Links;

/// Delivers for ever.
pub(super) struct Postman<P> {
    shared: Arc<Shared>,
    outbox: Outbox,
    desk: Desk,
    /// Between two letters that only show progress.
    progress_pause: P,
    /// Who hears of what arrived.
    told: Option<UnboundedSender<Told>>,
}

/// A letter on its way.
struct OnItsWay<F> {
    delivering: Pin<Box<F>>,
    subject: Subject,
    count: u64,
}

impl<P: Fn() -> Duration> Postman<P> {
    /// Takes up what earlier runs left.
    pub(super) fn new(shared: Arc<Shared>, outbox: Outbox, links: Links, progress_pause: P) -> Self {
        let left = outbox.load();
        if !left.is_empty() {
            tracing::info!(reports = left.len(), "reports that GitHub does not have yet are delivered first");
        }
        Self { shared, outbox, desk: Desk::new(left, links, Instant::now()), progress_pause, told: None }
    }

    /// The same, and it tells of every report that GitHub has the whole of.
    pub(super) fn telling(self, told: UnboundedSender<Told>) -> Self {
        Self { told: Some(told), ..self }
    }

    pub(super) async fn run<D, F>(mut self, deliver: D)
    where
        D: Fn(Letter) -> F,
        F: Future<Output = Result<Part, Undelivered>>,
    {
        let shared = Arc::clone(&self.shared);
        let mut on_its_way: Option<OnItsWay<F>> = None;
        loop {
            let posted = shared.posted.notified();
            self.write().await;
            if on_its_way.is_none() {
                on_its_way = self.desk.next(Instant::now()).map(|Turn { letter, count }| OnItsWay {
                    subject: letter.subject.clone(),
                    delivering: Box::pin(deliver(letter)),
                    count,
                });
            }
            if on_its_way.is_none() && self.desk.is_done() {
                shared.rest();
            }
            let wake = self.desk.wakes((self.progress_pause)(), on_its_way.is_some());
            let arrival = async {
                match &mut on_its_way {
                    Some(on_its_way) => on_its_way.delivering.as_mut().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                result = arrival => {
                    if let Some(OnItsWay { subject, count, .. }) = on_its_way.take() {
                        match self.desk.arrived(&subject, count, result, Instant::now()) {
                            Keep::Letter(letter) => self.outbox.keep(&letter).await,
                            Keep::Nothing(subject) => self.outbox.remove(&subject).await,
                            Keep::AsItIs => {}
                        }
                        if let (Some(told), Some(report)) = (&self.told, self.desk.told(&subject)) {
                            let _ = told.send((subject, report, jiff::Timestamp::now()));
                        }
                    }
                }
                // While one is on its way, what is newer is kept all the same.
                () = posted => {}
                () = until(wake) => {}
            }
        }
    }

    /// Takes what was posted, and keeps the letters that are written of it.
    async fn write(&mut self) {
        let now = Instant::now();
        for (subject, report) in self.shared.take() {
            self.desk.post(subject, report, now);
        }
        for letter in self.desk.write((self.progress_pause)(), now) {
            self.outbox.keep(&letter).await;
        }
    }
}

async fn until(wake: Option<Instant>) {
    match wake {
        Some(wake) => tokio::time::sleep_until(wake).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use std::sync::Mutex;

    use super::*;
    use crate::{daemon::desk::tests::report, github::DeploymentState};
    use pointsman_core::report::pull_request::Status;

    const WAIT: Duration = Duration::from_secs(30);

    fn outbox(folder: &tempfile::TempDir) -> Outbox {
        Outbox::at(folder.path().join("outbox"), "https://x/repos/a/b".to_owned())
    }

    /// Waits until the letters in the outbox are as they should be. They are
    /// read from beside the postman, who may be writing.
    async fn kept(folder: &tempfile::TempDir, wanted: impl Fn(&[String]) -> bool) {
        let kept = async {
            loop {
                let files = std::fs::read_dir(folder.path().join("outbox")).into_iter().flatten();
                let paths = files.map(|entry| entry.unwrap().path());
                let letters = paths.filter(|path| path.extension().is_some_and(|it| it == "json"));
                if wanted(&letters.filter_map(|path| std::fs::read_to_string(path).ok()).collect::<Vec<_>>())
                {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(WAIT, kept).await.unwrap();
    }

    #[tokio::test]
    async fn a_letter_that_hangs_does_not_keep_newer_ones_from_the_disk_and_the_next_agent_sends_them() {
        let folder = tempfile::tempdir().unwrap();
        let shared = Arc::new(Shared::new());
        let postman = Postman::new(Arc::clone(&shared), outbox(&folder), Links::default(), || WAIT);
        let hanging = tokio::spawn(postman.run(|_| std::future::pending()));
        let says = |word: &'static str| {
            move |letters: &[String]| {
                letters.first().is_some_and(|letter| letter.contains(&format!("\"state\":\"{word}\"")))
            }
        };
        shared.post(&Subject::Pull(1), report(1, &[("web", Status::Deploying)]));
        kept(&folder, says("in_progress")).await;
        shared.post(&Subject::Pull(1), report(1, &[("web", Status::Deployed)]));
        kept(&folder, says("success")).await;
        assert!(!shared.is_idle());
        hanging.abort();

        let shared = Arc::new(Shared::new());
        let postman = Postman::new(Arc::clone(&shared), outbox(&folder), Links::default(), || WAIT);
        let arrived = Arc::<Mutex<Vec<Letter>>>::default();
        let heard = Arc::clone(&arrived);
        let delivering = tokio::spawn(postman.run(move |letter| {
            heard.lock().unwrap().push(letter);
            std::future::ready(Ok(Part::Whole))
        }));
        kept(&folder, <[String]>::is_empty).await;
        delivering.abort();
        let arrived = arrived.lock().unwrap();
        assert_eq!(arrived.len(), 1);
        assert_eq!(arrived[0].deployments[0].state, DeploymentState::Success);
    }
}
