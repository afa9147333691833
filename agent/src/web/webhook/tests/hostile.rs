//! T13: whoever cannot sign is not listened to, and what was listened to once
//! is not listened to again.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use serde_json::json;

use super::{Connection, Endpoint, FREE, SECRET, head, signed};
use crate::web::webhook::MOST_BYTES;

const BAD: usize = 10_000;
const REPLAYS: usize = 1_000;
/// Far more than it takes, on a machine that does much else.
const LONGEST: Duration = Duration::from_secs(240);

/// A request of each way to have no valid signature: its head and its body.
fn forged(kind: usize, n: usize) -> (String, Vec<u8>) {
    let body =
        format!("{{\"ref\":\"refs/heads/main\",\"repository\":{{\"full_name\":\"acme/config\"}},\"n\":{n}}}");
    let body = body.into_bytes();
    let right = signed(SECRET, &body);
    let of = |signature: &str| head("push", &format!("f-{n}"), signature, &body);
    let head = match kind {
        // Another key, and keys near ours.
        0 => of(&signed("another secret", &body)),
        1 => of(&signed("", &body)),
        2 => of(&signed(&SECRET.to_uppercase(), &body)),
        3 => of(&signed(&format!("{SECRET}\n"), &body)),
        // Cut, extended, or otherwise written.
        4 => of(&right[..right.len() - 2]),
        5 => of(&format!("{right}00")),
        6 => of(&right.to_uppercase()),
        7 => of(&right.replace("sha256=", "sha1=")),
        8 => of(right.trim_start_matches("sha256=")),
        9 => of(&right.replace('a', "\u{0430}")),
        10 => of(""),
        // One digit is another.
        11 => {
            let at = 7 + n % 64;
            let digit = if &right[at..=at] == "0" { "1" } else { "0" };
            of(&format!("{}{digit}{}", &right[..at], &right[at + 1..]))
        }
        // No signature, or the old one, or one under a name that nobody reads.
        12 => of(&right).replace("X-Hub-Signature-256", "X-Other"),
        13 => of(&right).replace("X-Hub-Signature-256", "X-Hub-Signature"),
        14 => of(&right).replace("X-Hub-Signature-256", "x_hub_signature_256"),
        // A right one and another.
        15 => format!("{}X-Hub-Signature-256: sha256={}\r\n", of(&right), "0".repeat(64)),
        // The right signature of another body.
        16 => of(&signed(SECRET, b"")),
        17 => of(&signed(SECRET, b"{}")),
        // Signed, and not JSON by its own word.
        18 => of(&right).replace("application/json", "application/x-www-form-urlencoded"),
        // Larger than anything that is read; only announced.
        _ => of(&right).replace(
            &format!("Content-Length: {}", body.len()),
            &format!("Content-Length: {}\r\nConnection: close", MOST_BYTES + 1 + n),
        ),
    };
    (head, body)
}

const KINDS: usize = 20;

async fn send_all(endpoint: &Endpoint, from: usize, step: usize) -> BTreeMap<u16, usize> {
    let mut connection = endpoint.connect().await;
    let mut statuses = BTreeMap::new();
    for n in (from..BAD).step_by(step) {
        let (head, body) = forged(n % KINDS, n);
        let (status, _) = connection.send(&head, &body).await;
        *statuses.entry(status).or_default() += 1;
    }
    statuses
}

#[tokio::test]
async fn t13_nobody_is_woken_by_what_github_did_not_sign_or_has_sent_before() {
    let endpoint = Endpoint::start(FREE).await;
    let began = Instant::now();
    let sent = futures::future::join_all((0..8).map(|from| send_all(&endpoint, from, 8))).await;
    let mut statuses: BTreeMap<u16, usize> = BTreeMap::new();
    for (status, count) in sent.into_iter().flatten() {
        *statuses.entry(status).or_default() += count;
    }
    let took = began.elapsed();
    println!("T13: {BAD} forged deliveries in {KINDS} ways, answered in {took:?}: {statuses:?}");
    assert_eq!(statuses.values().sum::<usize>(), BAD);
    assert!(statuses.keys().all(|status| matches!(status, 400 | 401 | 413 | 415)), "{statuses:?}");
    assert!(statuses[&401] >= BAD / KINDS * 17, "{statuses:?}");
    assert_eq!(endpoint.counted("woke") + endpoint.counted("ping") + endpoint.counted("ignored"), 0);
    assert!(endpoint.sleeps().await, "nobody was woken");

    // A body that never ends is refused at the bound, signed or not.
    let mut connection = endpoint.connect().await;
    let huge = vec![b' '; MOST_BYTES + 1];
    let chunked = head("push", "huge", &signed(SECRET, &huge), &huge)
        .replace(&format!("Content-Length: {}", huge.len()), "Transfer-Encoding: chunked");
    let mut body = format!("{:x}\r\n", huge.len()).into_bytes();
    body.extend(&huge);
    body.extend(b"\r\n0\r\n\r\n");
    assert_eq!(connection.send(&chunked, &body).await.0, 413);
    assert!(endpoint.sleeps().await);

    // What GitHub signed runs once.
    let mut connection: Connection = endpoint.connect().await;
    let body = json!({ "ref": "refs/heads/main", "repository": { "full_name": "acme/config" } }).to_string();
    assert_eq!(connection.deliver("push", "once", body.as_bytes()).await.0, 202);
    assert_eq!(endpoint.wake.heard().await.len(), 1);
    let began = Instant::now();
    for _ in 0..REPLAYS {
        assert_eq!(connection.deliver("push", "once", body.as_bytes()).await.0, 200);
    }
    println!("T13: {REPLAYS} replays in {:?}: {}", began.elapsed(), endpoint.counted("replayed"));
    assert_eq!(endpoint.counted("replayed"), u64::try_from(REPLAYS).unwrap());
    assert!(endpoint.sleeps().await, "nobody was woken");
    assert!(took + began.elapsed() < LONGEST, "{took:?}");
}
