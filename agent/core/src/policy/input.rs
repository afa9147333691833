use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What policies judge: `input` in Rego. Every name is always there, `null`
/// where there is nothing, so that a misspelt name can be told from an absent
/// value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PolicyInput {
    /// The environment's merged file as people wrote it, and its `name`.
    /// Defaults are not filled in: an absent value means the default that the
    /// schema documents.
    pub environment: serde_json::Value,
    /// What would be changed, `{ changes, held, … }`; `null` when an
    /// environment is judged alone, as people type. Each of `changes` has
    /// `address`, `kind`, `action` (`create`, `update`, `replace`, `rollout`,
    /// `adopt`, `delete`), `stateful`, `disruption` (`none`,
    /// `connections_drain`, `outage`, `data_lost`), `impact` and `fields`; each
    /// of `held` has `address` and `reason`. `forecast` and `cost` sum it up, as
    /// `docs/forecast.md` and `docs/cost.md` say.
    pub plan: serde_json::Value,
    /// What the agent has deployed so far; `null` when that was not read.
    pub state_summary: Option<StateSummary>,
    /// The pull request that the revision comes from; `null` without one.
    pub pull_request: Option<PullRequest>,
    /// Who asks; `null` when nobody in particular does.
    pub actor: Option<Actor>,
    /// What is asked for.
    pub intent: Intent,
    /// The window of `[freeze]` that is open; `null` when none is, or when
    /// windows are not watched.
    pub freeze: Option<OpenFreeze>,
    /// The time of judging, RFC 3339 in UTC: `2031-02-03T04:05:06Z`.
    pub now: String,
    /// The first segment of the environment's name, such as `production`.
    pub stage: String,
}

impl PolicyInput {
    /// An environment alone: `document` is the merged file, `now` is RFC 3339.
    pub fn of_environment(name: &str, document: &serde_json::Value, now: &str) -> Self {
        let mut environment = document.clone();
        if let Some(table) = environment.as_object_mut() {
            table.insert("name".to_owned(), name.into());
        }
        Self {
            environment,
            plan: serde_json::Value::Null,
            state_summary: None,
            pull_request: None,
            actor: None,
            intent: Intent::Check,
            freeze: None,
            now: now.to_owned(),
            stage: name.split('/').next().unwrap_or(name).to_owned(),
        }
    }

    /// As the document that [`PolicySet::evaluate`](super::PolicySet::evaluate)
    /// takes.
    pub fn to_document(&self) -> serde_json::Value {
        self.clone().into_document()
    }

    /// The same, without a copy.
    pub fn into_document(mut self) -> serde_json::Value {
        let (environment, plan) = (self.environment.take(), self.plan.take());
        let mut document = serde_json::to_value(self).unwrap_or(serde_json::Value::Null);
        if let Some(document) = document.as_object_mut() {
            document.insert("environment".to_owned(), environment);
            document.insert("plan".to_owned(), plan);
        }
        document
    }
}

/// What the agent has deployed in this environment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StateSummary {
    /// The state's serial; 0 before the first deployment.
    pub serial: u64,
    /// The commit that was deployed last.
    pub commit: Option<String>,
    /// The kind of every object in the state, by address.
    pub resources: BTreeMap<String, String>,
}

/// A pull request of the config repo.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PullRequest {
    /// Its number.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// The login of its author.
    pub author: String,
    /// The branch that it goes to.
    pub base: String,
    /// The branch that it comes from.
    pub head: String,
    /// The commit that is judged.
    pub commit: String,
    /// Whether it comes from another repository.
    pub fork: bool,
    /// Whether it is a draft.
    pub draft: bool,
    /// The names of its labels.
    pub labels: Vec<String>,
    /// The approvals that count: given for this commit, not taken back, not by
    /// the author. `null` where reviews are not read: that is not the same as
    /// none.
    pub approvals: Option<Vec<Approval>>,
}

/// Somebody's approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Approval {
    /// The login.
    pub by: String,
    /// When, RFC 3339.
    pub at: String,
    /// For which commit.
    pub commit: String,
}

/// A time in which nothing is applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OpenFreeze {
    /// Its end, RFC 3339 in UTC.
    pub until: String,
}

/// What a run is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// An environment is judged alone, as people type.
    Check,
    /// The environment is brought to what its file says, or that is planned.
    Deploy,
    /// Everything that was made is taken down.
    Destroy,
}

/// Who asks for the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Actor {
    /// A login, a user name, or the agent's name.
    pub login: String,
    /// What that is.
    pub kind: ActorKind,
}

/// What asks for a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// A person at a terminal or on a pull request.
    Person,
    /// The agent, because the branch moved.
    Agent,
    /// The drift schedule.
    Schedule,
}
