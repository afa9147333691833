use std::time::Duration;

use serde_json::json;

use super::super::Failure;
use super::{Client, story};

#[test]
fn the_bots_whole_way_keeps_to_the_description() {
    let (github, client) = story();
    let pull = client.get("/pulls/1").json();
    assert_eq!(
        (&pull["state"], &pull["mergeable"], &pull["commits"]),
        (&json!("open"), &json!(true), &json!(1))
    );
    let head = pull["head"]["sha"].as_str().unwrap().to_owned();
    assert_eq!(client.get("/pulls?state=open&per_page=100").json()[0]["number"], 1);
    assert_eq!(client.get("/pulls/1/files").json()[0]["filename"], "environments/production/chat.toml");

    let comment = client.post("/issues/1/comments", json!({ "body": "<!-- marker -->plan" })).json();
    let place = format!("/issues/comments/{}", comment["id"]);
    assert_eq!(client.call("PATCH", &place, Some(json!({ "body": "a newer plan" }))).status, 200);
    assert_eq!(client.post(&place, json!({ "body": "the newest plan" })).status, 200);
    let [comment] = &github.pull(1).bot_comments()[..] else { panic!("one comment") };
    assert_eq!((comment.body.as_str(), comment.edits), ("the newest plan", 2));
    assert_eq!(client.post(&format!("{place}/reactions"), json!({ "content": "eyes" })).status, 201);
    assert_eq!(client.post(&format!("{place}/reactions"), json!({ "content": "eyes" })).status, 200);

    let check = client
        .post("/check-runs", json!({ "name": "pointsman", "head_sha": head, "status": "in_progress" }))
        .json();
    let place = format!("/check-runs/{}", check["id"]);
    let output = json!({ "title": "Plan", "summary": "1 to change", "annotations": [] });
    let done = json!({ "status": "completed", "conclusion": "success", "output": output });
    assert_eq!(client.call("PATCH", &place, Some(done)).json()["status"], "completed");
    assert_eq!(client.get(&format!("/commits/{head}/check-runs")).json()["total_count"], 1);
    assert_eq!(github.pull(1).check("pointsman").unwrap().history, ["in_progress", "success"]);

    let robin = Client::new(&github, &github.personal_token("robin"));
    assert_eq!(robin.call("PUT", "/pulls/1/merge", Some(json!({ "sha": head }))).json()["merged"], true);
    let merge = github.pull(1).get().merge_commit_sha.unwrap();
    assert_eq!(client.get(&format!("/commits/{merge}/pulls")).json()[0]["number"], 1);
    assert_eq!(client.get("/branches/main").json()["commit"]["sha"], json!(merge));

    let wish = json!({ "ref": merge, "environment": "production/chat", "auto_merge": false, "required_contexts": [] });
    let deployment = client.post("/deployments", wish).json();
    let place = format!("/deployments/{}/statuses", deployment["id"]);
    for state in ["queued", "in_progress", "success"] {
        assert_eq!(client.post(&place, json!({ "state": state, "description": "as told" })).status, 201);
    }
    assert_eq!(client.get(&place).json()[0]["state"], "success");
    let [deployment] = &github.pull(1).deployments()[..] else { panic!("one deployment") };
    assert_eq!(deployment.statuses.last().unwrap().state, "success");
    assert_eq!(client.get("/collaborators/robin/permission").json()["permission"], "admin");
    assert_eq!(client.get("").json()["full_name"], "acme/config");
    assert_eq!(client.get("/compare/main...more").json()["status"], "behind");
    github.assert_no_violations();
}

#[test]
fn a_plain_token_writes_statuses_but_no_checks() {
    let (github, _) = story();
    let client = Client::new(&github, &github.personal_token("alex"));
    let head = github.pull(1).head_sha();
    let refused = client.post("/check-runs", json!({ "name": "pointsman", "head_sha": head }));
    assert_eq!(
        (refused.status, &refused.json()["message"]),
        (403, &json!("Resource not accessible by personal access token"))
    );
    let place = format!("/statuses/{head}");
    assert_eq!(client.post(&place, json!({ "state": "pending", "context": "pointsman" })).status, 201);
    assert_eq!(client.post(&place, json!({ "state": "success", "context": "pointsman" })).status, 201);
    assert_eq!(client.get(&format!("/commits/{head}/status")).json()["state"], "success");
    let [status] = &github.pull(1).statuses()[..] else { panic!("one context") };
    assert_eq!(status.author.login, "alex");
    github.assert_no_violations();
}

#[test]
fn credentials_are_asked_for_and_checked() {
    let (github, mut client) = story();
    github.revoke("checks");
    let body = json!({ "name": "pointsman", "head_sha": github.pull(1).head_sha() });
    assert_eq!(client.post("/check-runs", body).json()["message"], "Resource not accessible by integration");
    github.expire_tokens();
    assert_eq!(client.get("/pulls/1").json()["message"], "Bad credentials");
    client.token.clear();
    assert_eq!(client.get("/pulls/1").json()["message"], "Requires authentication");
    client.token = "e30.e30.e30".to_owned();
    assert_eq!(client.get("/pulls/1").json()["message"], "A JSON web token could not be decoded");
    client.token = github.personal_token("alex");
    assert_eq!(client.send("GET", "/api/v3/repos/acme/other", &[], None).json()["message"], "Not Found");
    github.set_permission("alex", "none");
    assert_eq!(client.get("/pulls/1").status, 404);
}

#[test]
fn what_is_known_already_costs_nothing() {
    let (github, client) = story();
    let first = client.get("/pulls");
    let again =
        |tag: &str| client.send("GET", "/api/v3/repos/acme/config/pulls", &[("if-none-match", tag)], None);
    let second = again(first.header("etag"));
    assert_eq!((second.status, second.text.as_str()), (304, ""));
    assert_eq!(second.header("x-ratelimit-used"), first.header("x-ratelimit-used"));
    github.comment(1, "alex", "hello");
    assert_eq!(client.get("/issues/1/comments").header("x-ratelimit-used"), "2");
    github.close(1);
    assert_eq!(again(first.header("etag")).status, 200);
}

#[test]
fn long_lists_come_in_pages() {
    let (github, client) = story();
    for number in 0..5 {
        github.comment(1, "alex", &format!("comment {number}"));
    }
    let page = client.get("/issues/1/comments?per_page=2&page=2");
    assert_eq!(page.json()[0]["body"], "comment 2");
    assert_eq!(page.json().as_array().unwrap().len(), 2);
    let links = page.header("link");
    let base = format!("{}/repos/acme/config/issues/1/comments?per_page=2&page=", github.api_url());
    assert!(links.contains(&format!("<{base}3>; rel=\"next\"")), "{links}");
    assert!(links.contains(&format!("<{base}1>; rel=\"prev\"")), "{links}");
    assert_eq!(client.get("/issues/1/comments?per_page=2&page=3").json().as_array().unwrap().len(), 1);
    assert_eq!(client.get("/issues/1/comments").header("link"), "");
    github.assert_no_violations();
}

#[test]
fn ordered_failures_happen_as_often_as_ordered() {
    let (github, client) = story();
    let wait = Failure::secondary_rate_limit(Duration::from_secs(7)).method("POST").path("/repos/*/comments");
    github.fail(wait.times(2));
    let body = || json!({ "body": "plan" });
    for _ in 0..2 {
        let refused = client.post("/issues/1/comments", body());
        assert_eq!((refused.status, refused.header("retry-after")), (403, "7"));
        assert_eq!(client.get("/issues/1/comments").status, 200);
    }
    assert_eq!(client.post("/issues/1/comments", body()).status, 201);
    github.fail(Failure::gateway(502).method("POST").after_performing());
    assert_eq!(client.post("/issues/1/comments", body()).status, 502);
    assert_eq!(github.pull(1).comments().len(), 2, "the answer was lost, the comment was not");
    github.set_api_outage(true);
    assert_eq!(client.get("/pulls").status, 503);
    github.set_api_outage(false);
    assert_eq!(client.get("/pulls").status, 200);
    let writes =
        github.requests().into_iter().filter(|request| request.is_write()).map(|request| request.status);
    assert_eq!(writes.collect::<Vec<_>>(), [403, 403, 201, 502]);
}

#[test]
fn a_test_waits_for_what_another_thread_does() {
    let (github, client) = story();
    std::thread::scope(|scope| {
        scope.spawn(|| client.post("/issues/1/comments", json!({ "body": "plan" })));
        github.wait_until(Duration::from_secs(20), "a comment", |repository| {
            !repository.pulls[&1].comments.is_empty()
        });
    });
    assert_eq!(github.pull(1).comments()[0].body, "plan");
}
