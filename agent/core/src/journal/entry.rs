use serde::{Deserialize, Serialize};

use crate::{Address, environment::EnvironmentName, plan::Action, resource::Desired};

/// One line of the journal. Written once, never changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The fence of its run.
    pub run: u64,
    /// Counts from 0 within the run.
    pub sequence: u32,
    /// When it was written, RFC 3339. For people; nothing is decided by it.
    pub at: String,
    /// The hash of the entry before it; for the first one of the run before.
    pub previous: String,
    /// What it says.
    pub act: Act,
}

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "UPPERCASE")]
pub enum Act {
    /// A run begins to write.
    Begin(Started),
    /// Something is about to be written to AWS.
    Intent(Box<Intent>),
    /// It was done, and the state knows of it.
    Done {
        /// The intent's sequence.
        intent: u32,
        /// The object's id; none when it went.
        id: Option<String>,
    },
    /// It was not done, or not to its end; what stands was looked up and the
    /// state knows of it.
    Failed {
        /// The intent's sequence.
        intent: u32,
        /// Why.
        why: String,
        /// What stood afterwards.
        found: Found,
    },
    /// A run that did not end was looked after by a later one.
    Seal {
        /// The fence of the later one.
        by: u64,
        /// How many of its intents were looked up.
        looked_up: u32,
    },
    /// The run ended.
    End {
        /// Whether everything was done.
        succeeded: bool,
        /// In one sentence.
        summary: String,
        /// The serial of the state that it left.
        serial: u64,
    },
}

/// Which run begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Started {
    /// Of which environment.
    pub environment: EnvironmentName,
    /// The lock's owner, a uuid.
    pub owner: String,
    /// `pointsman@host`.
    pub who: String,
    /// What the lock said: `OperationTypeApply`.
    pub operation: String,
    /// The commit that is deployed, where there is one.
    pub commit: Option<String>,
    /// The approval hash of the plan that is applied.
    pub plan: String,
}

/// A write that is about to happen: enough to find what it made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    /// On what.
    pub address: Address,
    /// What is done.
    pub action: Action,
    /// Which part of it.
    pub part: Part,
    /// What it should be; when it goes, what it was.
    pub desired: Desired,
    /// The id of what stood before.
    pub id: Option<String>,
    /// What it needs.
    pub dependencies: Vec<Address>,
}

/// Which part of a change an intent announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// An object is made, or changed.
    Make,
    /// An object is deleted.
    Remove,
}

/// What a look at an intent's object came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// It stands, and is recorded.
    Stands {
        /// Its id.
        id: String,
    },
    /// Nothing of ours stands there.
    Nothing,
    /// It was not looked for: nothing had been sent.
    NotSent,
}
