//! What each event is taken for, and what is done twice or not at all.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Endpoint, FREE, Rate};
use crate::{
    daemon::{Asked, Check, Woken},
    web::webhook::payload::{Delivery, Meaning, read},
};

const COMMIT: &str = "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334";

fn examples() -> BTreeMap<String, Vec<Value>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/github/webhooks.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// An event of our repository.
fn ours(mut payload: Value) -> Vec<u8> {
    payload["repository"] = json!({ "full_name": "acme/Config" });
    serde_json::to_vec(&payload).unwrap()
}

fn check_run(action: &str) -> Value {
    json!({
        "action": action,
        "check_run": { "id": 7, "name": "pointsman", "external_id": "pointsman@1", "head_sha": COMMIT },
        "requested_action": { "identifier": "apply" },
        "sender": { "login": "robin" },
    })
}

#[tokio::test]
async fn every_example_of_githubs_is_accepted_or_passed_over() {
    let endpoint = Endpoint::start(FREE).await;
    let mut connection = endpoint.connect().await;
    let mut sent = 0;
    for (event, payloads) in examples() {
        for mut payload in payloads {
            // Once as it is, about other repositories, and once about ours.
            for body in [serde_json::to_vec(&payload).unwrap(), {
                if payload.is_object() {
                    payload["repository"] = json!({ "full_name": "acme/config" });
                }
                serde_json::to_vec(&payload).unwrap()
            }] {
                let (status, text) = connection.deliver(&event, &format!("d-{sent}"), &body).await;
                assert!(matches!(status, 200 | 202), "{event}: {status} {text}");
                sent += 1;
            }
        }
    }
    let counts = endpoint.metrics.webhooks.counts();
    println!("{sent} deliveries of Octokit's examples: {counts:?}");
    assert_eq!(counts.values().sum::<u64>(), sent);
    // Two of them are the same press of a button.
    assert_eq!(counts.keys().copied().collect::<Vec<_>>(), ["ignored", "ping", "replayed", "woke"]);
    let asked = endpoint.wake.asked.take();
    assert!(asked.iter().any(|asked| matches!(asked, Asked::Action { .. })), "{asked:?}");
    assert!(asked.iter().any(|asked| matches!(asked, Asked::MergeGroup { .. })), "{asked:?}");
}

#[test]
fn events_mean_what_they_are_about() {
    let meaning = |event: &str, payload: Value| read(event, payload.to_string().as_bytes()).unwrap().meaning;
    assert_eq!(meaning("push", json!({ "ref": "refs/heads/main" })), Meaning::Look(Woken::Branch));
    assert_eq!(meaning("pull_request", json!({ "action": "opened" })), Meaning::Look(Woken::Pulls));
    assert_eq!(
        meaning("pull_request_review", json!({ "action": "submitted" })),
        Meaning::Look(Woken::Reviews)
    );
    let comment = |action: &str| {
        meaning("issue_comment", json!({ "action": action, "issue": { "pull_request": { "url": "x" } } }))
    };
    assert_eq!(comment("created"), Meaning::Look(Woken::Comments));
    assert_eq!(comment("edited"), Meaning::Nothing, "what was written first counts");
    assert_eq!(meaning("issue_comment", json!({ "action": "created", "issue": {} })), Meaning::Nothing);
    for echo in ["created", "completed"] {
        assert_eq!(meaning("check_run", json!({ "action": echo })), Meaning::Nothing, "our own doing");
    }
    assert_eq!(meaning("star", json!({ "action": "created" })), Meaning::Nothing);
    let check = Check {
        id: 7,
        name: "pointsman".to_owned(),
        external_id: "pointsman@1".to_owned(),
        commit: COMMIT.to_owned(),
        by: "robin".to_owned(),
    };
    assert_eq!(meaning("check_run", check_run("rerequested")), Meaning::Ask(Asked::Rerun(check.clone())));
    assert_eq!(
        meaning("check_run", check_run("requested_action")),
        Meaning::Ask(Asked::Action { identifier: "apply".to_owned(), check })
    );
    let group = json!({
        "action": "checks_requested",
        "merge_group": { "head_sha": COMMIT, "base_sha": COMMIT, "base_ref": "refs/heads/main", "head_ref": "x" },
    });
    let (commit, branch, base) = (COMMIT.to_owned(), "main".to_owned(), COMMIT.to_owned());
    assert_eq!(meaning("merge_group", group), Meaning::Ask(Asked::MergeGroup { commit, branch, base }));
}

#[test]
fn what_is_not_what_github_describes_is_refused() {
    let mut long = check_run("requested_action");
    long["requested_action"]["identifier"] = "x".repeat(501).into();
    let mut elsewhere = check_run("rerequested");
    elsewhere["check_run"]["head_sha"] = "main; rm -rf /".into();
    for (event, payload) in [
        ("check_run", json!({ "action": "rerequested" })),
        ("check_run", long),
        ("check_run", elsewhere),
        ("check_run", json!([])),
        ("merge_group", json!({ "action": "checks_requested" })),
        ("push", json!("text")),
    ] {
        assert!(read(event, payload.to_string().as_bytes()).is_err(), "{event} {payload}");
    }
    assert!(read("push", b"{").is_err());
    assert!(read("push", "[".repeat(100_000).as_bytes()).is_err());
    // Unknown events are not even read.
    let nothing = Delivery { repository: None, meaning: Meaning::Nothing };
    assert_eq!(read("unknown", b"\xff"), Ok(nothing));
}

#[tokio::test]
async fn other_repositories_and_repetitions_do_nothing() {
    let endpoint = Endpoint::start(FREE).await;
    let mut connection = endpoint.connect().await;
    let other = br#"{"ref":"refs/heads/main","repository":{"full_name":"acme/other"}}"#;
    assert_eq!(connection.deliver("push", "1", other).await, (202, "nothing to do\n".to_owned()));
    assert_eq!(connection.deliver("ping", "2", b"{}").await, (200, "pong\n".to_owned()));
    assert!(endpoint.sleeps().await);

    let push = ours(json!({ "ref": "refs/heads/main" }));
    assert_eq!(connection.deliver("push", "3", &push).await, (202, "looking\n".to_owned()));
    assert_eq!(endpoint.wake.heard().await, BTreeSet::from([Woken::Branch]));
    assert_eq!(connection.deliver("push", "3", &push).await, (200, "done before\n".to_owned()));
    assert!(endpoint.sleeps().await);

    // What was refused is not remembered: GitHub sends it again under its id, and then it runs.
    assert_eq!(connection.deliver("push", "4", b"{").await.0, 400);
    assert_eq!(connection.deliver("push", "4", &push).await.0, 202);
    assert_eq!(endpoint.wake.heard().await, BTreeSet::from([Woken::Branch]));

    // A request is acted on once, whatever id it comes back under: the id is not signed.
    let pressed = ours(check_run("requested_action"));
    assert_eq!(connection.deliver("check_run", "5", &pressed).await.0, 202);
    assert_eq!(endpoint.wake.asked.take().len(), 1);
    assert_eq!(endpoint.wake.heard().await, BTreeSet::from([Woken::Checks]));
    assert_eq!(connection.deliver("check_run", "6", &pressed).await, (200, "done before\n".to_owned()));
    assert!(endpoint.sleeps().await);
}

#[tokio::test]
async fn a_full_queue_is_said_and_what_it_refused_runs_later() {
    let endpoint = Endpoint::start(FREE).await;
    let mut connection = endpoint.connect().await;
    let pressed = |n: u64| {
        let mut payload = check_run("rerequested");
        payload["check_run"]["id"] = n.into();
        ours(payload)
    };
    for n in 0..256 {
        assert_eq!(connection.deliver("check_run", &format!("{n}"), &pressed(n)).await.0, 202);
    }
    assert_eq!(connection.deliver("check_run", "256", &pressed(256)).await.0, 503);
    assert_eq!(endpoint.wake.asked.take().len(), 256);
    assert_eq!(connection.deliver("check_run", "256", &pressed(256)).await.0, 202);
    assert_eq!(endpoint.wake.asked.take().len(), 1);
}

#[tokio::test]
async fn more_than_the_rate_is_not_read() {
    let endpoint = Endpoint::start(Rate { burst: 5, every: std::time::Duration::from_secs(3_600) }).await;
    let mut connection = endpoint.connect().await;
    let push = ours(json!({ "ref": "refs/heads/main" }));
    let mut statuses = Vec::new();
    for n in 0..7 {
        statuses.push(connection.deliver("push", &format!("{n}"), &push).await.0);
    }
    assert_eq!(statuses, [202, 202, 202, 202, 202, 429, 429]);
    assert_eq!(endpoint.counted("rate_limited"), 2);
}
