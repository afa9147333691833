//! What the stand-in remembers, in the words of GitHub's documentation. Tests read it directly.

use std::collections::BTreeMap;

use serde_json::Value;

use super::access::Access;
use super::failure::Failure;
use crate::git::ConfigRepo;

/// Everything behind the server's lock.
#[derive(Debug)]
pub struct State {
    pub repositories: Vec<Repository>,
    pub requests: Vec<RecordedRequest>,
    /// Requests and answers that GitHub's description or its documented limits do not allow.
    pub violations: Vec<String>,
    /// Teams as `(organisation, team slug)` with their members.
    pub teams: BTreeMap<(String, String), Vec<String>>,
    pub(super) access: Access,
    pub(super) failures: Vec<Failure>,
    pub(super) last_id: u64,
    pub(super) git_outage: bool,
    pub(super) git_needs_token: bool,
    /// How many answers about a pull request still say `mergeable: null`.
    pub(super) mergeable_unknown: u32,
}

/// One repository with its Git side and what people and bots wrote about it.
#[derive(Clone, Debug)]
pub struct Repository {
    pub id: u64,
    pub git: ConfigRepo,
    pub default_branch: String,
    /// Branches with their commit ids, as last seen in Git.
    pub branches: BTreeMap<String, String>,
    pub pulls: BTreeMap<u64, Pull>,
    pub checks: Vec<CheckRun>,
    pub statuses: Vec<Status>,
    pub deployments: Vec<Deployment>,
    /// Login and level: `admin`, `write`, `read`.
    pub permissions: BTreeMap<String, String>,
}

#[derive(Clone, Debug)]
pub struct Pull {
    pub id: u64,
    pub number: u64,
    pub title: String,
    pub body: String,
    pub author: String,
    pub draft: bool,
    pub open: bool,
    pub head_branch: String,
    /// The account whose fork it comes from; none: from this repository.
    pub fork: Option<String>,
    pub head_sha: String,
    pub base_branch: String,
    pub base_sha: String,
    /// `None` until Git was asked.
    pub mergeable: Option<bool>,
    /// The test merge of an open pull request, the merge commit of a merged one.
    pub merge_commit_sha: Option<String>,
    pub merged: Option<Merged>,
    pub labels: Vec<String>,
    pub comments: Vec<Comment>,
    pub reviews: Vec<Review>,
    pub created_at: String,
    pub updated_at: String,
    pub closed_at: Option<String>,
}

#[derive(Clone, Debug)]
pub struct Merged {
    pub by: String,
    pub at: String,
}

#[derive(Clone, Debug)]
pub struct Comment {
    pub id: u64,
    pub author: Author,
    pub body: String,
    pub created_at: String,
    pub updated_at: String,
    /// How often it was edited.
    pub edits: u32,
    pub reactions: Vec<Reaction>,
}

#[derive(Clone, Debug)]
pub struct Reaction {
    pub id: u64,
    pub author: Author,
    /// `+1`, `eyes`, `rocket`, …
    pub content: String,
    pub created_at: String,
}

#[derive(Clone, Debug)]
pub struct Review {
    pub id: u64,
    pub author: Author,
    /// `APPROVED`, `CHANGES_REQUESTED`, `COMMENTED`, `DISMISSED`.
    pub state: String,
    pub body: String,
    pub commit_id: String,
    pub submitted_at: String,
}

#[derive(Clone, Debug)]
pub struct CheckRun {
    pub id: u64,
    pub name: String,
    pub head_sha: String,
    /// `queued`, `in_progress`, `completed`.
    pub status: String,
    /// `success`, `failure`, `action_required`, …; of a completed run.
    pub conclusion: Option<String>,
    pub title: Option<String>,
    pub summary: Option<String>,
    pub text: Option<String>,
    pub annotations: Vec<Value>,
    pub actions: Vec<Value>,
    pub details_url: Option<String>,
    pub external_id: Option<String>,
    pub started_at: Option<String>,
    pub completed_at: Option<String>,
    /// The states that it went through, as `status` or the conclusion.
    pub history: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct Status {
    pub id: u64,
    pub sha: String,
    pub context: String,
    /// `pending`, `success`, `failure`, `error`.
    pub state: String,
    pub description: Option<String>,
    pub target_url: Option<String>,
    pub author: Author,
    pub created_at: String,
}

#[derive(Clone, Debug)]
pub struct Deployment {
    pub id: u64,
    pub sha: String,
    pub reference: String,
    pub task: String,
    pub environment: String,
    pub description: Option<String>,
    pub payload: Value,
    pub production_environment: bool,
    pub transient_environment: bool,
    pub author: Author,
    pub statuses: Vec<DeploymentStatus>,
    pub created_at: String,
    pub updated_at: String,
}

#[derive(Clone, Debug)]
pub struct DeploymentStatus {
    pub id: u64,
    /// `queued`, `in_progress`, `success`, `failure`, `error`, `inactive`, `pending`.
    pub state: String,
    pub description: Option<String>,
    pub log_url: Option<String>,
    pub environment_url: Option<String>,
    pub author: Author,
    pub created_at: String,
}

/// Who did something: a person, or an App's bot (`pointsman[bot]`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    pub login: String,
    pub is_bot: bool,
}

impl Author {
    pub(super) fn person(login: &str) -> Self {
        Self { login: login.to_owned(), is_bot: false }
    }
}

/// One request as it arrived, with the status that it was answered.
#[derive(Clone, Debug)]
pub struct RecordedRequest {
    pub method: String,
    /// Below the API's root.
    pub path: String,
    pub query: String,
    pub body: Option<Value>,
    /// GitHub's name of the operation, such as `checks/create`.
    pub operation: Option<String>,
    /// 0 while it is being answered.
    pub status: u16,
    pub at: jiff::Timestamp,
}

impl RecordedRequest {
    /// True for requests that create or change something: GitHub counts and paces them.
    pub fn is_write(&self) -> bool {
        self.method != "GET"
    }
}

impl State {
    pub(super) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    pub(super) fn repository_index(&self, owner: &str, name: &str) -> Option<usize> {
        let same = |repository: &Repository| {
            repository.git.owner().eq_ignore_ascii_case(owner)
                && repository.git.name().eq_ignore_ascii_case(name)
        };
        self.repositories.iter().position(same)
    }
}

/// The current time as GitHub writes it.
pub(super) fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
