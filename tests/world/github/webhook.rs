//! Webhooks, as the stand-in sends them: signed, in GitHub's shape, one at a time.

use std::net::SocketAddr;

use aws_lc_rs::hmac;
use serde_json::{Value, json};

use super::GitHub;
use crate::visitor::{Answer, request};

/// What webhooks of tests are signed with.
pub const WEBHOOK_SECRET: &str = "a secret of tests: 5d41402abc4b2a76b9719d911017c592";

impl GitHub {
    /// Delivers an event of this repository to an agent's server, as `robin`'s doing.
    pub fn deliver(&self, server: SocketAddr, event: &str, payload: Value) -> Answer {
        let body = self.payload(payload);
        post(server, event, &uuid::Uuid::new_v4().to_string(), &signature(WEBHOOK_SECRET, &body), &body)
    }

    /// The same, of a push to a branch.
    pub fn deliver_push(&self, server: SocketAddr, branch: &str) -> Answer {
        let commit = self.read(|repository| repository.git.resolve(&format!("refs/heads/{branch}")));
        self.deliver(server, "push", json!({ "ref": format!("refs/heads/{branch}"), "after": commit }))
    }

    /// The same, of a pull request: `opened`, `synchronize`, `closed`.
    pub fn deliver_pull(&self, server: SocketAddr, action: &str, number: u64) -> Answer {
        let payload = json!({ "action": action, "number": number, "pull_request": { "number": number } });
        self.deliver(server, "pull_request", payload)
    }

    /// A payload with what all of this repository's have.
    pub fn payload(&self, mut payload: Value) -> Vec<u8> {
        let full_name = self.read(|repository| repository.git.full_name());
        payload["repository"] = json!({ "full_name": full_name });
        payload["sender"] = json!({ "login": "robin", "type": "User" });
        payload.to_string().into_bytes()
    }
}

/// `sha256=…`, as GitHub writes it into `X-Hub-Signature-256`.
pub fn signature(secret: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    format!("sha256={}", hex::encode(hmac::sign(&key, body)))
}

/// Posts a delivery as it is.
pub fn post(server: SocketAddr, event: &str, id: &str, signature: &str, body: &[u8]) -> Answer {
    let headers = [
        ("Host", "pointsman.example.com"),
        ("User-Agent", "GitHub-Hookshot/044aadd"),
        ("Accept", "*/*"),
        ("Content-Type", "application/json"),
        ("X-GitHub-Event", event),
        ("X-GitHub-Delivery", id),
        ("X-Hub-Signature-256", signature),
    ];
    request(server, "POST", "/webhooks/github", &headers, body)
}
