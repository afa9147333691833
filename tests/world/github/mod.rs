//! A stateful stand-in of GitHub over real Git: REST API, smart HTTP, and pages for people.
//!
//! Every request and every answer is checked with GitHub's own description of its API. It has never been compared
//! with github.com itself. Start with [`GitHub::host`]; at the end of a story call [`GitHub::assert_no_violations`].

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a broken test world must fail its test"
)]

mod access;
mod api;
mod description;
mod disturb;
mod failure;
mod http;
mod live;
mod page;
mod pull_request;
mod pull_view;
mod refresh;
mod rights;
mod rules;
mod server;
mod shape;
mod state;
#[cfg(test)]
mod tests;
mod webhook;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use access::AppCredentials;
pub use failure::Failure;
pub(crate) use http::decode;
pub use live::{hidden_in, live_in};
pub use pull_view::PullView;
pub use state::{
    Author, CheckRun, Comment, Deployment, DeploymentStatus, Merged, Pull, Reaction, RecordedRequest,
    Repository, Review, State, Status,
};
pub use webhook::{WEBHOOK_SECRET, post, signature};

use crate::git::ConfigRepo;
use access::{Access, Actor};
use server::Server;

/// A running stand-in, seen from one of its repositories. Clones share the server.
#[derive(Clone, Debug)]
pub struct GitHub {
    server: Arc<Server>,
    repository: usize,
}

impl GitHub {
    /// Hosts a repository on a free port of loopback.
    pub fn host(git: &ConfigRepo) -> Self {
        Self::host_on(git, 0)
    }

    /// Hosts a repository on a port of loopback.
    pub fn host_on(git: &ConfigRepo, port: u16) -> Self {
        let state = State {
            repositories: Vec::new(),
            requests: Vec::new(),
            violations: Vec::new(),
            teams: BTreeMap::new(),
            access: Access::new(),
            failures: Vec::new(),
            last_id: 1000,
            git_outage: false,
            git_needs_token: false,
            mergeable_unknown: 0,
        };
        let server = Arc::new(Server::start(port, state));
        Self { server, repository: 0 }.host_another(git)
    }

    /// Hosts one more repository on the same server and returns the view from it.
    pub fn host_another(&self, git: &ConfigRepo) -> Self {
        let mut state = self.server.shared.lock();
        let id = state.next_id();
        let owner = ("robin".to_owned(), "admin".to_owned());
        state.repositories.push(Repository {
            id,
            git: git.clone(),
            default_branch: "main".to_owned(),
            branches: BTreeMap::new(),
            pulls: BTreeMap::new(),
            checks: Vec::new(),
            statuses: Vec::new(),
            deployments: Vec::new(),
            permissions: BTreeMap::from([owner]),
        });
        state.refresh();
        let repository = state.repositories.len() - 1;
        drop(state);
        Self { server: Arc::clone(&self.server), repository }
    }

    /// The pages for people: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.server.shared.root
    }

    /// The API's base, as on GitHub Enterprise Server.
    pub fn api_url(&self) -> String {
        format!("{}{}", self.url(), api::BASE)
    }

    /// What Git clones.
    pub fn clone_url(&self) -> String {
        format!("{}/{}.git", self.url(), self.read(|repository| repository.git.full_name()))
    }

    /// A pull request's page.
    pub fn pull_url(&self, number: u64) -> String {
        format!("{}/{}/pull/{number}", self.url(), self.read(|repository| repository.git.full_name()))
    }

    /// What an agent needs to act as the App, which is installed on every repository here.
    pub fn app(&self) -> AppCredentials {
        access::credentials()
    }

    /// A person's own token. Who is not known yet gets the right to write.
    pub fn personal_token(&self, login: &str) -> String {
        let mut state = self.server.shared.lock();
        let permissions = &mut state.repositories[self.repository].permissions;
        permissions.entry(login.to_owned()).or_insert_with(|| "write".to_owned());
        state.access.issue(Actor::Person(login.to_owned())).0
    }

    /// A token of the App's installation, for tests that call the API themselves.
    pub fn installation_token(&self) -> String {
        self.server.shared.lock().access.issue(Actor::Installation).0
    }

    /// Sets a person's level: `admin`, `write`, `read`; `none` takes the person out.
    pub fn set_permission(&self, login: &str, level: &str) {
        self.write(|repository| {
            if level == "none" {
                repository.permissions.remove(login);
            } else {
                repository.permissions.insert(login.to_owned(), level.to_owned());
            }
        });
    }

    /// Opens a pull request as `robin` and returns its number.
    pub fn open_pull(&self, head: &str, base: &str, title: &str, body: &str) -> u64 {
        self.open_pull_as("robin", head, base, title, body)
    }

    /// Opens a pull request as a person and returns its number.
    pub fn open_pull_as(&self, login: &str, head: &str, base: &str, title: &str, body: &str) -> u64 {
        let opened = self.server.shared.lock().open(self.repository, head, base, title, body, login);
        self.server.shared.notify();
        opened.unwrap_or_else(|answer| panic!("GitHub does not open the pull request: {:?}", answer.body))
    }

    /// Opens a pull request from a person's own fork, which nobody sees as anything else, and returns
    /// its number.
    pub fn open_fork(&self, owner: &str, head: &str, base: &str, title: &str, body: &str) -> u64 {
        let mut state = self.server.shared.lock();
        let opened = state.open(self.repository, head, base, title, body, owner);
        if let Ok(number) = &opened {
            let pull = state.repositories[self.repository].pulls.get_mut(number).expect("it was opened");
            pull.fork = Some(owner.to_owned());
        }
        drop(state);
        self.server.shared.notify();
        opened.unwrap_or_else(|answer| panic!("GitHub does not open the pull request: {:?}", answer.body))
    }

    /// Turns a pull request into one of another account's fork.
    pub fn make_fork(&self, number: u64, owner: &str) {
        self.write(|repository| {
            repository.pulls.get_mut(&number).expect("the pull request").fork = Some(owner.to_owned());
        });
    }

    /// Merges a pull request as `robin` and returns the merge commit's id.
    pub fn merge(&self, number: u64) -> String {
        let merged = self.write(|repository| repository.merge(number, "robin", "merge", None));
        merged.unwrap_or_else(|answer| panic!("GitHub does not merge #{number}: {:?}", answer.body))
    }

    /// Closes a pull request without merging it.
    pub fn close(&self, number: u64) {
        self.write(|repository| {
            repository.pulls.get_mut(&number).expect("the pull request").close();
        });
    }

    /// Opens a closed pull request again.
    pub fn reopen(&self, number: u64) {
        self.write(|repository| repository.reopen(number));
    }

    /// Writes a comment as a person.
    pub fn comment(&self, number: u64, login: &str, body: &str) -> u64 {
        self.write_comment(number, login, body, state::now(), 0)
    }

    fn write_comment(&self, number: u64, login: &str, body: &str, created_at: String, edits: u32) -> u64 {
        let mut state = self.server.shared.lock();
        let id = state.next_id();
        let updated_at = if edits == 0 { created_at.clone() } else { state::now() };
        let (author, body) = (Author::person(login), body.to_owned());
        let comment = Comment { id, author, body, created_at, updated_at, edits, reactions: Vec::new() };
        let pull = state.repositories[self.repository].pulls.get_mut(&number).expect("the pull request");
        pull.comments.push(comment);
        drop(state);
        self.server.shared.notify();
        id
    }

    /// Writes a comment as a person, which that person edited a minute later.
    pub fn edited_comment(&self, number: u64, login: &str, body: &str) -> u64 {
        let minute = jiff::SignedDuration::from_mins(1);
        let created_at = (jiff::Timestamp::now() - minute).strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        self.write_comment(number, login, body, created_at, 1)
    }

    /// The reactions of the App to a comment.
    pub fn reactions(&self, number: u64, comment: u64) -> Vec<String> {
        self.read(|repository| reactions(repository, number, comment))
    }

    /// Reviews a pull request's head as a person: `APPROVED` or `CHANGES_REQUESTED`.
    pub fn review(&self, number: u64, login: &str, verdict: &str) {
        let id = self.server.shared.lock().next_id();
        self.write(|repository| {
            let pull = repository.pulls.get_mut(&number).expect("the pull request");
            let (author, state, commit_id) =
                (Author::person(login), verdict.to_owned(), pull.head_sha.clone());
            let review =
                Review { id, author, state, body: String::new(), commit_id, submitted_at: state::now() };
            pull.reviews.push(review);
        });
    }

    /// Takes back a person's reviews, as somebody who may.
    pub fn dismiss(&self, number: u64, login: &str) {
        self.write(|repository| {
            let pull = repository.pulls.get_mut(&number).expect("the pull request");
            let theirs = pull.reviews.iter_mut().filter(|review| review.author.login == login);
            theirs.for_each(|review| review.state = "DISMISSED".to_owned());
        });
    }

    /// Sets a team's members.
    pub fn set_team(&self, organisation: &str, slug: &str, members: &[&str]) {
        let members = members.iter().map(|&login| login.to_owned()).collect();
        self.server.shared.lock().teams.insert((organisation.to_owned(), slug.to_owned()), members);
    }

    /// One pull request and all that belongs to it.
    pub fn pull(&self, number: u64) -> PullView {
        PullView { github: self.clone(), number }
    }

    /// Reads the repository, brought up to date with Git first.
    pub fn read<T>(&self, look: impl FnOnce(&Repository) -> T) -> T {
        let mut state = self.server.shared.lock();
        state.refresh();
        look(&state.repositories[self.repository])
    }

    fn write<T>(&self, change: impl FnOnce(&mut Repository) -> T) -> T {
        let mut state = self.server.shared.lock();
        state.refresh();
        let result = change(&mut state.repositories[self.repository]);
        drop(state);
        self.server.shared.notify();
        result
    }

    /// Waits for a condition, which is looked at after every request and every change. Fails the test with
    /// `waited_for` and what arrived in the meantime when the time is up.
    pub fn wait_until(&self, timeout: Duration, waited_for: &str, condition: impl Fn(&Repository) -> bool) {
        self.wait_until_all(timeout, waited_for, |state| condition(&state.repositories[self.repository]));
    }

    /// The same, where what was asked of the API counts as well.
    pub fn wait_until_asked(
        &self,
        timeout: Duration,
        waited_for: &str,
        condition: impl Fn(&Repository, &[RecordedRequest]) -> bool,
    ) {
        self.wait_until_all(timeout, waited_for, |state| {
            condition(&state.repositories[self.repository], &state.requests)
        });
    }

    fn wait_until_all(&self, timeout: Duration, waited_for: &str, condition: impl Fn(&State) -> bool) {
        let deadline = Instant::now() + timeout;
        let shared = &self.server.shared;
        let mut state = shared.lock();
        loop {
            state.refresh();
            if condition(&state) {
                return;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "waited {timeout:?} for {waited_for}; requests until then:\n{}",
                state.recent()
            );
            (state, _) = shared.wait(state, left);
        }
    }

    /// Everything that was asked of the API so far.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.server.shared.lock().requests.clone()
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&self) {
        self.server.shared.lock().requests.clear();
    }

    /// What was not as GitHub describes or documents it.
    pub fn violations(&self) -> Vec<String> {
        self.server.shared.lock().violations.clone()
    }

    /// Fails when anything was asked or answered that GitHub does not describe.
    pub fn assert_no_violations(&self) {
        let violations = self.violations();
        assert!(violations.is_empty(), "not as GitHub describes it:\n{}", violations.join("\n"));
    }
}

/// What the App reacted to a comment with, in the order in which it did.
pub fn reactions(repository: &Repository, number: u64, comment: u64) -> Vec<String> {
    let comments = &repository.pulls[&number].comments;
    let wanted = comments.iter().filter(|known| known.id == comment);
    let reactions = wanted.flat_map(|comment| &comment.reactions).filter(|reaction| reaction.author.is_bot);
    reactions.map(|reaction| reaction.content.clone()).collect()
}

impl State {
    /// The last requests, for a failing test's reader.
    fn recent(&self) -> String {
        let line =
            |request: &RecordedRequest| format!("  {} {} → {}", request.method, request.path, request.status);
        let from = self.requests.len().saturating_sub(20);
        self.requests[from..].iter().map(line).collect::<Vec<_>>().join("\n")
    }
}
