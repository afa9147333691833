//! The stand-in itself: what it refuses, what it remembers, and what people see.

mod api;
mod client;
mod git_over_http;
mod pages;
mod real_client;
mod violations;

use super::GitHub;
use crate::git::ConfigRepo;
use client::Client;

/// A repository with one open pull request, #1.
fn story() -> (GitHub, Client) {
    let repo = ConfigRepo::create();
    repo.commit(
        "main",
        &[("environments/production/chat.toml", Some("replicas = 2\n"))],
        "Describe production",
    );
    repo.commit(
        "more",
        &[("environments/production/chat.toml", Some("replicas = 3\n"))],
        "Scale chat to three",
    );
    let github = GitHub::host(&repo);
    github.open_pull("more", "main", "Scale chat to three", "More **people** chat.");
    let client = Client::new(&github, &github.installation_token());
    (github, client)
}
