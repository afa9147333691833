use std::path::Path;
use std::process::Command;

use super::story;
use crate::git::{git, isolate};

#[test]
fn a_clone_is_changed_and_pushed_and_the_pull_request_follows() {
    let (github, _) = story();
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("clone");
    git(
        Path::new("/"),
        &["clone", "--quiet", "--branch", "more", &github.clone_url(), &target.to_string_lossy()],
    );
    assert_eq!(
        std::fs::read_to_string(target.join("environments/production/chat.toml")).unwrap(),
        "replicas = 3\n"
    );

    let before = github.pull(1).head_sha();
    std::fs::write(target.join("environments/production/chat.toml"), "replicas = 4\n").unwrap();
    git(&target, &["commit", "--quiet", "--all", "--message", "Four"]);
    git(&target, &["push", "--quiet", "origin", "more"]);

    assert_ne!(github.pull(1).head_sha(), before);
    assert_eq!(github.pull(1).head_sha(), git(&target, &["rev-parse", "HEAD"]));
    let listed = git(Path::new("/"), &["ls-remote", &github.clone_url(), "refs/pull/1/head"]);
    assert!(listed.starts_with(&github.pull(1).head_sha()), "{listed}");
}

#[test]
fn a_private_repository_asks_for_a_token_and_an_outage_fails_the_fetch() {
    let (github, client) = story();
    github.require_git_token();
    let fetch = |url: &str| {
        let mut command = Command::new("git");
        isolate(&mut command).args(["ls-remote", url]).output().unwrap()
    };
    let refused = fetch(&github.clone_url());
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("could not read Username"), "{refused:?}");

    let with_token =
        github.clone_url().replace("http://", &format!("http://x-access-token:{}@", client.token));
    assert!(fetch(&with_token).status.success());

    github.set_git_outage(true);
    let down = fetch(&with_token);
    assert!(String::from_utf8_lossy(&down.stderr).contains("503"), "{down:?}");
    github.set_git_outage(false);
    assert!(fetch(&with_token).status.success());
}

#[test]
fn the_same_story_has_the_same_commit_ids() {
    let heads = || {
        let (github, _) = story();
        let head = github.pull(1).head_sha();
        (head, github.merge(1))
    };
    assert_eq!(heads(), heads());
}

#[test]
fn two_branches_that_change_one_line_conflict() {
    let (github, client) = story();
    let repo = github.read(|repository| repository.git.clone());
    repo.commit("main", &[("environments/production/chat.toml", Some("replicas = 9\n"))], "Nine");
    assert_eq!(client.get("/pulls/1").json()["mergeable"], false);
    let refused = client.call("PUT", "/pulls/1/merge", Some(serde_json::json!({})));
    assert_eq!(refused.status, 403, "the App may not write contents: {}", refused.text);
    let robin = super::Client::new(&github, &github.personal_token("robin"));
    assert_eq!(robin.call("PUT", "/pulls/1/merge", Some(serde_json::json!({}))).status, 405);
}
