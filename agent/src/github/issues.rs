use std::collections::BTreeSet;

use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Client, GithubError, comment::MARKER, pulls::escaped};

/// A comment on an issue or a pull request, as people write them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssueComment {
    /// Its id.
    pub id: u64,
    /// The number of its issue or pull request.
    pub number: u64,
    /// The login of whoever wrote it.
    pub author: String,
    /// Its text, as it is now. Written by others.
    pub body: String,
    /// When it was written.
    pub created_at: jiff::Timestamp,
    /// When it was edited last; the same when it never was. GitHub counts seconds.
    pub updated_at: jiff::Timestamp,
    /// Whether a person wrote it with their own hands: no bot, no App on
    /// someone's behalf, not the agent.
    pub by_person: bool,
}

/// What is put under a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reaction {
    /// It was seen.
    Eyes,
    /// It was done.
    Rocket,
    /// It was not understood, or cannot be done.
    Confused,
    /// It is not theirs to ask.
    ThumbsDown,
}

/// Whether a reaction of ours was there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reacted {
    /// It was not.
    New,
    /// It was: this agent, or another of the same App, was here before.
    Before,
}

impl Reaction {
    const ALL: [Self; 4] = [Self::Eyes, Self::Rocket, Self::Confused, Self::ThumbsDown];

    fn content(self) -> &'static str {
        match self {
            Self::Eyes => "eyes",
            Self::Rocket => "rocket",
            Self::Confused => "confused",
            Self::ThumbsDown => "-1",
        }
    }
}

/// GitHub's words; whatever is not understood makes one comment unusable, not the list.
#[derive(Deserialize)]
struct Raw {
    id: u64,
    #[serde(default)]
    body: Option<String>,
    user: Option<User>,
    #[serde(default)]
    issue_url: String,
    created_at: String,
    updated_at: String,
    #[serde(default)]
    performed_via_github_app: Option<Value>,
}

#[derive(Deserialize)]
struct User {
    login: String,
    #[serde(default, rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct RawReaction {
    content: String,
    user: Option<User>,
}

impl Client {
    /// The comments on all issues and pull requests that were written or edited
    /// at that time or later, in the order of their last edits.
    pub async fn comments_since(&self, since: jiff::Timestamp) -> Result<Vec<IssueComment>, GithubError> {
        // GitHub's `since` looks at the last edit, and counts seconds.
        let since = since.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let path = format!("/issues/comments?since={}&sort=updated&direction=asc", escaped(&since));
        let raw: Vec<Raw> = self.list(&path, None).await?;
        Ok(raw.into_iter().filter_map(IssueComment::of).collect())
    }

    /// The reactions of ours that a comment has.
    pub async fn our_reactions(&self, comment: u64) -> Result<BTreeSet<Reaction>, GithubError> {
        let login = self.login().await?;
        let path = format!("/issues/comments/{comment}/reactions");
        let raw: Vec<RawReaction> = self.list(&path, None).await?;
        let ours = raw.iter().filter(|reaction| {
            reaction.user.as_ref().is_some_and(|user| user.login.eq_ignore_ascii_case(login))
        });
        let known = |content: &str| Reaction::ALL.into_iter().find(|known| known.content() == content);
        Ok(ours.filter_map(|reaction| known(&reaction.content)).collect())
    }

    /// Reacts to a comment. GitHub keeps one reaction of a kind, and says whether it was there.
    pub async fn react(&self, comment: u64, reaction: Reaction) -> Result<Reacted, GithubError> {
        let path = format!("/issues/comments/{comment}/reactions");
        let body = json!({ "content": reaction.content() });
        let (status, _) = self.write_and_say::<Value>(Method::POST, &path, &body).await?;
        Ok(if status == StatusCode::OK { Reacted::Before } else { Reacted::New })
    }
}

impl IssueComment {
    fn of(raw: Raw) -> Option<Self> {
        let Raw { id, body, user, issue_url, created_at, updated_at, performed_via_github_app } = raw;
        let (body, user) = (body?, user?);
        let by_person = user.kind == "User"
            && performed_via_github_app.is_none_or(|app| app.is_null())
            && !body.starts_with(MARKER);
        Some(Self {
            id,
            number: issue_url.rsplit('/').next()?.parse().ok()?,
            author: user.login,
            body,
            created_at: created_at.parse().ok()?,
            updated_at: updated_at.parse().ok()?,
            by_person,
        })
    }

    /// Whether it is still as it was written, as far as seconds can tell.
    pub fn is_as_written(&self) -> bool {
        self.created_at == self.updated_at
    }
}
