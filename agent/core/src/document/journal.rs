use serde::Serialize;

use super::environment::Lock;
use crate::{
    environment::EnvironmentName,
    journal::{Act, Fault, History, Release, Run, Told},
    lease::LockItem,
};

/// What happened to an environment.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct Historied {
    /// Of which environment.
    pub environment: EnvironmentName,
    /// Whether everything that is told is what was written, and nothing is missing.
    pub whole: bool,
    /// The newest runs, the newest first.
    pub runs: Vec<RunOf>,
    /// Locks that were released by hand, the newest first.
    pub releases: Vec<Release>,
}

/// One run.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct RunOf {
    /// Its number: the fence of its lease.
    pub run: u64,
    /// When it began, RFC 3339; null when its first entry is gone.
    pub began_at: Option<String>,
    /// By whom; null likewise.
    pub who: Option<String>,
    /// What its lock said that it does; null likewise.
    pub operation: Option<String>,
    /// The commit that it was for; null also where it was for a folder.
    pub commit: Option<String>,
    /// The approval hash of its plan; empty where there was none.
    pub plan: Option<String>,
    /// Writes that were announced.
    pub announced: u32,
    /// Writes that were done.
    pub done: u32,
    /// Writes that failed.
    pub failed: u32,
    /// How it ended.
    pub ended: Ended,
    /// How its entries are not what was written; null when they are.
    pub fault: Option<FaultOf>,
}

/// How a run ended.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum Ended {
    /// It did not end.
    Open,
    /// It did not end, and a later run looked after it.
    Sealed {
        /// When, RFC 3339.
        at: String,
        /// By which run.
        by: u64,
        /// How many of its writes were looked up.
        looked_up: u32,
    },
    /// Everything was done.
    Succeeded {
        /// When, RFC 3339.
        at: String,
        /// In one sentence.
        summary: String,
        /// The serial of the state that it left.
        serial: u64,
    },
    /// Not everything was done.
    Failed {
        /// When, RFC 3339.
        at: String,
        /// In one sentence.
        summary: String,
        /// The serial of the state that it left.
        serial: u64,
    },
}

/// How a run's entries are not what was written.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum FaultOf {
    /// One of them is missing or was changed.
    Broken {
        /// The first one that is wrong.
        entry: u32,
    },
    /// Its first entry does not follow the end of the run before it.
    DoesNotFollow {
        /// The run before it.
        before: u64,
    },
}

impl Historied {
    /// What the run table tells.
    pub fn new(environment: EnvironmentName, history: History) -> Self {
        let History { runs, releases, lacks_newest } = history;
        let whole = !lacks_newest && runs.iter().all(|told| told.fault.is_none());
        Self { environment, whole, runs: runs.into_iter().map(RunOf::new).collect(), releases }
    }
}

impl RunOf {
    fn new(told: Told) -> Self {
        let Told { run: Run { fence, started, began_at, end, intents, done, failed }, fault } = told;
        let ended = match end.map(|entry| (entry.at, entry.act)) {
            Some((at, Act::Seal { by, looked_up })) => Ended::Sealed { at, by, looked_up },
            Some((at, Act::End { succeeded: true, summary, serial })) => {
                Ended::Succeeded { at, summary, serial }
            }
            Some((at, Act::End { succeeded: false, summary, serial })) => {
                Ended::Failed { at, summary, serial }
            }
            Some(_) | None => Ended::Open,
        };
        Self {
            run: fence,
            began_at,
            who: started.as_ref().map(|started| started.who.clone()),
            operation: started.as_ref().map(|started| started.operation.clone()),
            commit: started.as_ref().and_then(|started| started.commit.clone()),
            plan: started.map(|started| started.plan),
            announced: intents,
            done,
            failed,
            ended,
            fault: fault.map(|fault| match fault {
                Fault::Broken(broken) => FaultOf::Broken { entry: broken.sequence },
                Fault::DoesNotFollow { before } => FaultOf::DoesNotFollow { before },
            }),
        }
    }
}

/// A run that did not end.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct OpenRun {
    /// Its number: the fence of its lease.
    pub run: u64,
    /// When it began, RFC 3339; null when its first entry is gone.
    pub began_at: Option<String>,
    /// By whom; null likewise.
    pub who: Option<String>,
    /// Whether its lock still stands: it is at work, or died not long ago.
    pub holds_lock: bool,
}

impl OpenRun {
    /// A run that did not end, beside the lock.
    pub fn new(run: &Run, lock: Option<&LockItem>) -> Self {
        Self {
            run: run.fence,
            began_at: run.began_at.clone(),
            who: run.started.as_ref().map(|started| started.who.clone()),
            holds_lock: run.holds(lock),
        }
    }
}

/// The lock.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct Locked {
    /// Of which environment.
    pub environment: EnvironmentName,
    /// Who holds it; null when it is free.
    pub lock: Option<Lock>,
    /// The one that was released by this command; null when none was.
    pub released: Option<Lock>,
}
