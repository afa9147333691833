//! T14, the part of webhooks: whatever is signed and sent, the reader neither
//! panics nor keeps more than a few names. A few thousand always; many
//! millions with `--ignored`.

use proptest::prelude::*;
use serde_json::{Map, Value};

use crate::{
    daemon::{Asked, Check},
    web::webhook::payload::{Meaning, read},
};

const EVENTS: [&str; 9] = [
    "ping",
    "push",
    "pull_request",
    "pull_request_review",
    "issue_comment",
    "check_run",
    "check_suite",
    "merge_group",
    "unknown",
];

/// The keys that are read, so that what is made up reaches the code behind them.
const KEYS: [&str; 16] = [
    "action",
    "repository",
    "full_name",
    "sender",
    "login",
    "issue",
    "pull_request",
    "check_run",
    "check_suite",
    "requested_action",
    "identifier",
    "merge_group",
    "head_sha",
    "base_sha",
    "base_ref",
    "id",
];

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("rerequested".to_owned()),
        Just("requested_action".to_owned()),
        Just("checks_requested".to_owned()),
        Just("created".to_owned()),
        Just("a1b2c3d4e5f60718293a4b5c6d7e8f9001122334".to_owned()),
        ".{0,40}",
        (0_usize..5_000).prop_map(|length| "x".repeat(length)),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word().prop_map(Value::String),
    ];
    leaf.prop_recursive(4, 48, 8, |inner| {
        let key = prop_oneof![proptest::sample::select(&KEYS[..]).prop_map(str::to_owned), word()];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::vec((key, inner), 0..8)
                .prop_map(|entries| Value::Object(entries.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// What GitHub would send, but for any of its parts.
fn request() -> impl Strategy<Value = Value> {
    let part = |right: Value| prop_oneof![4 => Just(right), 1 => value()];
    let commit = || part("a1b2c3d4e5f60718293a4b5c6d7e8f9001122334".into());
    let words = || prop_oneof![4 => word().prop_map(Value::String), 1 => value()];
    let action =
        proptest::sample::select(&["rerequested", "requested_action", "checks_requested", "created"][..]);
    (action, commit(), words(), words(), words(), part(7.into())).prop_map(
        |(action, commit, name, identifier, by, id)| {
            serde_json::json!({
                "action": action,
                "check_run": { "id": id, "name": name, "external_id": identifier, "head_sha": commit },
                "check_suite": { "head_sha": commit },
                "requested_action": { "identifier": identifier },
                "merge_group": { "head_sha": commit, "base_sha": commit, "base_ref": name },
                "issue": { "pull_request": id },
                "sender": { "login": by },
                "repository": { "full_name": name },
            })
        },
    )
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let json = || prop_oneof![value(), request()].prop_map(|value| value.to_string().into_bytes());
    prop_oneof![
        4 => json(),
        1 => prop::collection::vec(any::<u8>(), 0..2_000),
        // JSON that was cut, or in which a byte is another.
        2 => (json(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(mut body, at, byte)| {
            let at = at.index(body.len());
            body[at] = byte;
            body
        }),
        1 => (json(), any::<prop::sample::Index>()).prop_map(|(mut body, at)| {
            body.truncate(at.index(body.len()));
            body
        }),
        1 => (1_usize..20_000).prop_map(|depth| "[".repeat(depth).into_bytes()),
    ]
}

/// How much of a delivery is kept, in bytes.
fn kept(meaning: &Meaning) -> usize {
    let of = |check: &Check| check.name.len() + check.external_id.len() + check.commit.len() + check.by.len();
    match meaning {
        Meaning::Ping | Meaning::Look(_) | Meaning::Nothing => 0,
        Meaning::Ask(Asked::Rerun(check)) => of(check),
        Meaning::Ask(Asked::RerunAll { commit, by }) => commit.len() + by.len(),
        Meaning::Ask(Asked::Action { identifier, check }) => identifier.len() + of(check),
        Meaning::Ask(Asked::MergeGroup { commit, branch, base }) => commit.len() + branch.len() + base.len(),
    }
}

fn read_many(cases: u32) {
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let counts = std::cell::RefCell::new(std::collections::BTreeMap::<&str, u32>::new());
    let strategy = (proptest::sample::select(&EVENTS[..]), body());
    let result = runner.run(&strategy, |(event, body)| {
        let word = match read(event, &body) {
            Ok(delivery) => {
                prop_assert!(kept(&delivery.meaning) <= 4 * 500 + 64, "too much is kept of {event}");
                match delivery.meaning {
                    Meaning::Ask(_) => "asks",
                    Meaning::Look(_) | Meaning::Ping => "looks",
                    Meaning::Nothing => "nothing",
                }
            }
            Err(why) => {
                prop_assert!(why.len() < 1_000, "a refusal repeats what it read: {} bytes", why.len());
                "refused"
            }
        };
        *counts.borrow_mut().entry(word).or_default() += 1;
        Ok(())
    });
    println!("T14: {cases} webhooks made up: {:?}", counts.borrow());
    result.unwrap();
    assert_eq!(counts.borrow().len(), 4, "what is made up reaches all of the code: {counts:?}");
}

#[test]
fn t14_no_webhook_breaks_the_reader() {
    read_many(4_000);
}

#[test]
#[ignore = "takes long: ten million"]
fn t14_no_webhook_of_ten_million_breaks_the_reader() {
    for round in 1..=100 {
        read_many(100_000);
        // Who ends it early knows how far it came.
        println!("T14: {} webhooks by now", round * 100_000);
    }
}
