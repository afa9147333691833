//! What GitHub's limits cost and allow, over a real socket.

use std::{
    io::{Read, Write},
    net::TcpListener,
};

use serde_json::Value;

use super::*;

/// The statuses of the answers since so many requests, tokens apart.
fn statuses(story: &Story, since: usize) -> Vec<u16> {
    let requests = story.github.requests();
    requests[since..]
        .iter()
        .filter(|request| request.path.starts_with("/repos"))
        .map(|request| request.status)
        .collect()
}

#[tokio::test]
async fn what_did_not_change_is_not_sent_again_and_what_did_is_seen_at_once() {
    let story = Story::new();
    for client in [story.app(), story.token("robin")] {
        let first = client.open_pulls("main").await.unwrap();
        let before = story.github.requests().len();
        assert_eq!(client.open_pulls("main").await.unwrap(), first);
        assert_eq!(client.open_pulls("main").await.unwrap(), first);
        assert_eq!(statuses(&story, before), [304, 304]);
        // Another question is another answer.
        assert!(client.open_pulls("other").await.unwrap().is_empty());
        let branch = format!("again-{before}");
        story.git.commit(&branch, &[("environments/web.toml", Some("# three\n"))], "third");
        story.github.open_pull(&branch, "main", "Once more", "");
        assert_eq!(client.open_pulls("main").await.unwrap().len(), first.len() + 1);
        assert_eq!(statuses(&story, before), [304, 304, 200, 200]);
    }
    story.github.assert_no_violations();
}

#[tokio::test]
async fn a_new_token_of_the_same_app_asks_anew_and_believes_nothing_stale() {
    let story = Story::new();
    let client = story.app();
    let first = client.open_pulls("main").await.unwrap();
    story.github.expire_tokens();
    let before = story.github.requests().len();
    assert_eq!(client.open_pulls("main").await.unwrap(), first);
    assert_eq!(client.open_pulls("main").await.unwrap(), first);
    assert_eq!(statuses(&story, before), [401, 200, 304]);
}

#[tokio::test]
async fn every_page_of_a_list_is_read_and_remembered_for_itself() {
    let story = Story::new();
    for number in 0..230 {
        story.github.comment(story.pull, "robin", &format!("comment {number}"));
    }
    let client = story.app();
    let path = format!("/issues/{}/comments", story.pull);
    let list = async || client.list::<Value>(&path, None).await.unwrap().len();
    assert_eq!(list().await, 230);
    let before = story.github.requests().len();
    assert_eq!(list().await, 230);
    story.github.comment(story.pull, "robin", "one more");
    assert_eq!(list().await, 231);
    assert_eq!(statuses(&story, before), [304, 304, 304, 304, 304, 200]);
    story.github.assert_no_violations();
}

#[tokio::test]
async fn a_token_is_for_one_repository_and_the_least_that_is_needed() {
    let story = Story::new();
    story.github.revoke("statuses");
    let client = story.app();
    client.put_comment(story.pull, "one", NewComment::Allowed).await.unwrap();
    client.put_check(&story.check(CheckState::Success, "Planned.")).await.unwrap();
    client.put_deployment(&story.deployment(DeploymentState::Success)).await.unwrap();
    let requests = story.github.requests();
    let asked: Vec<_> = requests.iter().filter(|request| request.path.ends_with("/access_tokens")).collect();
    assert_eq!(asked.len(), 1, "one token for all of it");
    insta::assert_snapshot!(asked[0].body.as_ref().unwrap(), @r#"{"permissions":{"checks":"write","contents":"read","deployments":"write","issues":"write","members":"read","metadata":"read","pull_requests":"write"},"repositories":["config"]}"#);
    story.github.assert_no_violations();
}

#[tokio::test]
async fn a_token_that_is_refused_is_replaced_once() {
    let story = Story::new();
    let client = story.app();
    client.open_pulls("main").await.unwrap();
    story.github.fail(Failure::new(401, "Bad credentials").path("/repos/*").times(100));
    let before = story.github.requests().len();
    let error = client.open_pulls("main").await.unwrap_err();
    assert_eq!(error.kind, GithubErrorKind::Unauthorized);
    assert_eq!(statuses(&story, before), [401, 401]);
}

#[tokio::test]
async fn a_repository_that_the_app_was_not_given_is_named() {
    let story = Story::new();
    let client = story.app();
    story.github.fail(
        Failure::new(422, "There is at least one repository that does not exist or is not accessible to the parent installation.")
            .path("/app/installations/*/access_tokens"),
    );
    let error = client.open_pulls("main").await.unwrap_err();
    assert_eq!(error.kind, GithubErrorKind::NotFound);
    assert!(error.to_string().contains("that the token or App was given this repository"), "{error}");
}

#[tokio::test]
async fn another_host_never_sees_the_token() {
    let story = Story::new();
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = elsewhere.local_addr().unwrap();
    let heard = std::thread::spawn(move || {
        let mut heard = String::new();
        let (mut stream, _) = elsewhere.accept().unwrap();
        let mut buffer = [0; 8192];
        while !heard.contains("\r\n\r\n") {
            let read = stream.read(&mut buffer).unwrap();
            heard.push_str(&String::from_utf8_lossy(&buffer[..read]));
        }
        let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n[]";
        stream.write_all(answer.as_bytes()).unwrap();
        heard
    });
    story.github.fail(
        Failure::new(302, "Found")
            .path("/repos/*/pulls")
            .header("location", &format!("http://{address}/pulls")),
    );
    // Whatever comes of the call.
    drop(story.app().open_pulls("main").await);
    let heard = heard.join().unwrap().to_lowercase();
    assert!(heard.starts_with("get /pulls"), "{heard}");
    assert!(!heard.contains("authorization") && !heard.contains("ghs_"), "{heard}");
}

#[tokio::test]
async fn more_writes_than_github_takes_are_put_off() {
    let story = Story::new();
    std::fs::write(story.folder.path().join("token"), story.github.personal_token("robin")).unwrap();
    let client = story.client("token_file = \"token\"\nwrites_per_minute = 2\n");
    for text in ["one", "two"] {
        client.put_comment(story.pull, text, NewComment::Allowed).await.unwrap();
    }
    let error = client.put_comment(story.pull, "three", NewComment::Allowed).await.unwrap_err();
    assert_eq!((error.kind, error.is_temporary()), (GithubErrorKind::RateLimited, true));
    assert!(error.retry_after.is_some_and(|wait| wait > Duration::from_secs(30)), "{error:?}");
    assert_eq!((story.writes(), story.comments()[0].body.as_str()), (2, "<!-- pointsman -->\ntwo"));
    // Reading is not writing.
    client.open_pulls("main").await.unwrap();
}
