//! People who use the application all the time, and what each of them notices.

mod log;
mod manners;
mod person;
mod plot;
mod report;
mod socket;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinSet;

pub use log::Side;
pub use manners::{Manners, PASSWORD};
pub use report::Report;

use super::door::Door;
use super::follower::History;
use super::stores::Stores;
use log::Log;

/// Between a WebSocket's pings.
const PING: Duration = Duration::from_secs(1);
/// A request or a ping that takes longer has failed.
const LONGEST: Duration = Duration::from_secs(10);

/// Who uses the application.
#[derive(Debug, Clone, Copy, Default)]
pub struct Crowd {
    /// Sign in once and stay.
    pub people: usize,
    /// Come with an empty browser again and again: they follow the weights.
    pub visitors: usize,
    /// Hold a WebSocket open.
    pub sockets: usize,
}

/// Who does what.
#[derive(Debug, Clone)]
pub(super) struct Traffic {
    pub(super) to: Door,
    pub(super) host: String,
    pub(super) crowd: Crowd,
    pub(super) manners: Manners,
}

/// Answered requests so far.
#[derive(Debug)]
pub(super) struct Counted(Arc<Log>);

/// What a target group's tasks answered.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Answered {
    pub(super) requests: usize,
    /// Those among them that were answered with 5xx.
    pub(super) errors: usize,
}

impl Counted {
    /// By the name of the target group, what came by the load balancer.
    pub(super) fn by_group(&self) -> BTreeMap<String, Answered> {
        let events = self.0.events();
        let mut groups: BTreeMap<String, Answered> = BTreeMap::new();
        let well = events.asked.iter().filter_map(|asked| asked.answer.as_ref().ok());
        well.for_each(|side| groups.entry(side.group.clone()).or_default().requests += 1);
        for (group, errors) in &events.errors {
            let answered = groups.entry(group.clone()).or_default();
            answered.requests += errors;
            answered.errors = *errors;
        }
        groups.retain(|group, _| !group.is_empty());
        groups
    }
}

/// Load that goes on until it is stopped.
#[derive(Debug)]
pub struct Load {
    log: Arc<Log>,
    history: Arc<History>,
    stores: Arc<Stores>,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
    names: String,
    manners: Manners,
}

impl Load {
    /// Returns when everybody is signed in and every WebSocket is open.
    pub(super) fn start(
        traffic: Traffic,
        history: Arc<History>,
        stores: Arc<Stores>,
        patience: Duration,
    ) -> Self {
        let log = Arc::new(Log::default());
        let manners = traffic.manners;
        let made_up = || format!("crowd{:08x}", fastrand::u32(..));
        let names = manners.names(traffic.crowd).map_or_else(made_up, ToOwned::to_owned);
        let (stop, stopped) = watch::channel(false);
        let Crowd { people, visitors, sockets } = traffic.crowd;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime can be made");
        let (thread_log, thread_names) = (Arc::clone(&log), names.clone());
        let thread = thread::Builder::new()
            .name("load".to_owned())
            .spawn(move || runtime.block_on(everybody(traffic, &thread_names, &thread_log, &stopped)))
            .expect("a thread can be started");
        let load = Self { log, history, stores, stop, thread: Some(thread), names, manners };
        let until = Instant::now() + patience;
        while load.log.events().present() < people + visitors + sockets {
            assert!(Instant::now() < until, "not everybody came: {:?}", load.log.events().failures());
            thread::sleep(Duration::from_millis(20));
        }
        load
    }

    /// Marks this moment in the plot.
    pub fn mark(&self, what: &str) {
        self.log.mark(what);
    }

    /// How long it goes on by now: the time in which its report counts.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.log.started.elapsed()
    }

    /// What a load balancer would count of it.
    pub(super) fn counted(&self) -> Counted {
        Counted(Arc::clone(&self.log))
    }

    /// Goes on for this long.
    pub fn run_for(&self, time: Duration) {
        thread::sleep(time);
    }

    /// Answered requests by who answered, since the last mark (or the start).
    #[must_use]
    pub fn sides(&self) -> BTreeMap<Side, usize> {
        self.log.events().sides_since_mark()
    }

    /// Ends it; requests under way are waited for.
    ///
    /// # Panics
    ///
    /// When PostgreSQL does not say how many rows it has.
    #[must_use]
    pub fn stop(mut self) -> Report {
        self.end();
        let found = self.stores.rows(&self.manners.rows_of(&self.names));
        Report::of(&self.log, &self.history, found)
    }

    fn end(&mut self) {
        let _ = self.stop.send(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.end();
    }
}

async fn everybody(traffic: Traffic, names: &str, log: &Arc<Log>, stopped: &watch::Receiver<bool>) {
    let mut all = JoinSet::new();
    let Crowd { people, visitors, sockets } = traffic.crowd;
    let count = u32::try_from((people + visitors).max(1)).unwrap_or(u32::MAX);
    let pause = Duration::from_secs(1) * count / traffic.manners.requests_per_second();
    for number in 0..people + visitors + sockets {
        let who = person::Person::new(&traffic, &format!("{names}-{number}"), Arc::clone(log));
        let stopped = stopped.clone();
        if number < people {
            all.spawn(person::works(who, person::Stays::Always, pause, stopped));
        } else if number < people + visitors {
            all.spawn(person::works(who, person::Stays::Shortly, pause, stopped));
        } else {
            all.spawn(socket::stays(who, PING, stopped));
        }
        // They do not all come in the same millisecond.
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    while all.join_next().await.is_some() {}
}
