//! A request and an answer as plain data.

use axum::body::Bytes;
use serde_json::{Value, json};

/// One HTTP request, read whole.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) method: String,
    /// Still percent-encoded.
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: http::HeaderMap,
    pub(super) body: Bytes,
}

impl Request {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The decoded pairs of the query.
    pub(super) fn query_pairs(&self) -> Vec<(String, String)> {
        let pairs = self.query.split('&').filter(|pair| !pair.is_empty());
        pairs
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (plain(name), plain(value)))
            .collect()
    }
}

fn plain(text: &str) -> String {
    decode(&text.replace('+', " "))
}

/// Resolves percent-escapes.
pub(crate) fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = bytes.get(at + 1..at + 3).and_then(|digits| hex::decode(digits).ok());
        match (bytes[at], escape) {
            (b'%', Some(byte)) => {
                out.extend(byte);
                at += 3;
            }
            (byte, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// One HTTP answer.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Body,
}

#[derive(Clone, Debug)]
pub(super) enum Body {
    Empty,
    One(Value),
    /// Cut into pages before it is sent.
    List(Vec<Value>),
    /// A list under a key of an object, beside `total_count`.
    Keyed(&'static str, Vec<Value>, Value),
    Bytes(Vec<u8>),
}

impl Answer {
    pub(super) fn new(status: u16, body: Body) -> Self {
        Self { status, headers: Vec::new(), body }
    }

    pub(super) fn ok(value: Value) -> Self {
        Self::new(200, Body::One(value))
    }

    pub(super) fn created(value: Value) -> Self {
        Self::new(201, Body::One(value))
    }

    pub(super) fn list(items: Vec<Value>) -> Self {
        Self::new(200, Body::List(items))
    }

    pub(super) fn keyed(key: &'static str, items: Vec<Value>) -> Self {
        Self::new(200, Body::Keyed(key, items, json!({})))
    }

    pub(super) fn empty(status: u16) -> Self {
        Self::new(status, Body::Empty)
    }

    pub(super) fn html(status: u16, page: String) -> Self {
        let kind = ("content-type".to_owned(), "text/html; charset=utf-8".to_owned());
        Self { status, headers: vec![kind], body: Body::Bytes(page.into_bytes()) }
    }

    /// A refusal in GitHub's shape.
    pub(super) fn refusal(status: u16, message: &str) -> Self {
        let page = "https://docs.github.com/rest";
        Self::new(
            status,
            Body::One(json!({ "message": message, "documentation_url": page, "status": status.to_string() })),
        )
    }

    pub(super) fn not_found() -> Self {
        Self::refusal(404, "Not Found")
    }

    /// GitHub's 422 with the fields that are wrong.
    pub(super) fn invalid(resource: &str, field: &str, message: &str) -> Self {
        let errors = json!([{ "resource": resource, "code": "custom", "field": field, "message": message }]);
        Self::new(
            422,
            Body::One(json!({
                "message": "Validation Failed",
                "errors": errors,
                "documentation_url": "https://docs.github.com/rest",
                "status": "422",
            })),
        )
    }

    pub(super) fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}
