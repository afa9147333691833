//! Failures that a test orders: GitHub down, slow to forgive, or refusing.

use std::time::Duration;

use serde_json::{Value, json};

use super::http::{Answer, Body, Request};

/// A failure to answer matching requests with. Build it with one of the constructors, refine it, and hand it to
/// [`super::GitHub::fail`].
#[derive(Clone, Debug)]
pub struct Failure {
    pub(super) method: Option<String>,
    /// A path below the API's root; `*` stands for any text.
    pub(super) path: String,
    pub(super) status: u16,
    pub(super) body: Value,
    pub(super) headers: Vec<(String, String)>,
    pub(super) times: u32,
    pub(super) performed: bool,
}

impl Failure {
    /// Any status with GitHub's shape of a refusal, once, for every request.
    pub fn new(status: u16, message: &str) -> Self {
        let body = json!({
            "message": message,
            "documentation_url": "https://docs.github.com/rest",
            "status": status.to_string(),
        });
        Self {
            method: None,
            path: "*".to_owned(),
            status,
            body,
            headers: Vec::new(),
            times: 1,
            performed: false,
        }
    }

    /// The secondary rate limit: too much content in too short a time.
    pub fn secondary_rate_limit(retry_after: Duration) -> Self {
        let message =
            "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
        Self::new(403, message).header("retry-after", &retry_after.as_secs().to_string())
    }

    /// The primary rate limit, used up until a time in seconds since 1970.
    pub fn primary_rate_limit(reset: i64) -> Self {
        Self::new(403, "API rate limit exceeded for installation ID 31415926.")
            .header("x-ratelimit-remaining", "0")
            .header("x-ratelimit-used", "5000")
            .header("x-ratelimit-reset", &reset.to_string())
    }

    /// A gateway's error: HTML instead of JSON, as GitHub's own front answers.
    pub fn gateway(status: u16) -> Self {
        let mut failure = Self::new(status, "");
        failure.body = Value::String("<html><body><h1>Unicorn!</h1></body></html>".to_owned());
        failure
    }

    /// Only requests of this method, such as `POST`.
    pub fn method(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    /// Only paths like this, such as `/repos/*/issues/*/comments`.
    pub fn path(mut self, pattern: &str) -> Self {
        pattern.clone_into(&mut self.path);
        self
    }

    /// Replaces the body.
    pub fn body(mut self, body: Value) -> Self {
        self.body = body;
        self
    }

    /// Adds or replaces a header of the answer.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// How many requests fail before the world is well again.
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// The request is carried out, only its answer is lost: who repeats it blindly makes a duplicate.
    pub fn after_performing(mut self) -> Self {
        self.performed = true;
        self
    }

    pub(super) fn matches(&self, request: &Request, path: &str) -> bool {
        self.times > 0
            && self.method.as_ref().is_none_or(|method| *method == request.method)
            && like(&self.path, path)
    }

    pub(super) fn answer(&self) -> Answer {
        let body = match &self.body {
            Value::String(text) => Body::Bytes(text.clone().into_bytes()),
            value => Body::One(value.clone()),
        };
        Answer { status: self.status, headers: self.headers.clone(), body }
    }
}

/// Compares with a pattern in which `*` stands for any text.
fn like(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(text) = text.strip_prefix(start) else {
        return false;
    };
    rest.is_empty() || (0..=text.len()).any(|at| text.is_char_boundary(at) && like(rest, &text[at..]))
}
