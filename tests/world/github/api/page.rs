//! What all answers share: pages with links, entity tags, rate-limit headers.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::super::http::{Answer, Body, Request};
use super::super::state::State;

/// Cuts a list into the page that was asked for and links the others.
pub(super) fn cut(request: &Request, answer: Answer, root: &str) -> Answer {
    let query = request.query_pairs();
    let number = |name: &str, default: usize| {
        let given = query.iter().find(|(given, _)| given == name);
        given.and_then(|(_, value)| value.parse().ok()).unwrap_or(default)
    };
    let (page, size) = (number("page", 1).max(1), number("per_page", 30).clamp(1, 100));
    let cut =
        |items: Vec<Value>| -> Vec<Value> { items.into_iter().skip((page - 1) * size).take(size).collect() };
    let (total, body) = match answer.body {
        Body::List(items) => (items.len(), Body::List(cut(items))),
        Body::Keyed(key, items, extra) => {
            let total = items.len();
            return linked(
                answer_of(answer.status, keyed(key, cut(items), total, extra)),
                request,
                root,
                page,
                size,
                total,
            );
        }
        body => (0, body),
    };
    linked(whole(Answer { body, ..answer }), request, root, page, size, total)
}

/// Turns a list into its JSON without cutting it.
pub(super) fn whole(answer: Answer) -> Answer {
    let body = match answer.body {
        Body::List(items) => Body::One(Value::Array(items)),
        Body::Keyed(key, items, extra) => {
            let total = items.len();
            keyed(key, items, total, extra)
        }
        body => body,
    };
    Answer { body, ..answer }
}

fn answer_of(status: u16, body: Body) -> Answer {
    Answer::new(status, body)
}

fn keyed(key: &str, items: Vec<Value>, total: usize, mut extra: Value) -> Body {
    extra["total_count"] = total.into();
    extra[key] = Value::Array(items);
    Body::One(extra)
}

fn linked(answer: Answer, request: &Request, root: &str, page: usize, size: usize, total: usize) -> Answer {
    let last = total.div_ceil(size).max(1);
    let others: Vec<&str> =
        request.query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("page=")).collect();
    let link = |relation: &str, page: usize| {
        let query: Vec<String> =
            others.iter().map(|pair| (*pair).to_owned()).chain([format!("page={page}")]).collect();
        format!("<{root}{}?{}>; rel=\"{relation}\"", request.path, query.join("&"))
    };
    let mut links = Vec::new();
    if page > 1 {
        links.extend([link("prev", page - 1), link("first", 1)]);
    }
    if page < last {
        links.extend([link("next", page + 1), link("last", last)]);
    }
    if links.is_empty() { answer } else { answer.with_header("link", links.join(", ")) }
}

/// Adds the headers of every answer; a GET that the caller already knows becomes 304 and costs nothing.
pub(super) fn finish(state: &mut State, request: &Request, path: &str, mut answer: Answer) -> Answer {
    let access = &mut state.access;
    let ready = match &answer.body {
        Body::One(value) => value.to_string().into_bytes(),
        Body::Bytes(bytes) => bytes.clone(),
        Body::Empty | Body::List(_) | Body::Keyed(..) => Vec::new(),
    };
    // GitHub's tags are for the token that asks: with another one, even of the same App, they are unknown.
    let content = [request.header("authorization").as_bytes(), b"\n", &ready].concat();
    let tag = format!("W/\"{}\"", hex::encode(Sha256::digest(&content)));
    let is_read = request.method == "GET" && answer.status == 200 && path != "/rate_limit";
    let known = request.header("if-none-match").split(',').any(|given| given.trim() == tag);
    if is_read && known {
        answer = Answer::empty(304);
    } else if path != "/rate_limit" && request.headers.contains_key("authorization") {
        access.used += 1;
    }
    if is_read {
        answer =
            answer.with_header("etag", tag).with_header("cache-control", "private, max-age=60, s-maxage=60");
    }
    let remaining = access.limit.saturating_sub(access.used);
    let limits = [
        ("x-ratelimit-limit", access.limit.to_string()),
        ("x-ratelimit-remaining", remaining.to_string()),
        ("x-ratelimit-used", access.used.to_string()),
        ("x-ratelimit-reset", access.reset.as_second().to_string()),
        ("x-ratelimit-resource", "core".to_owned()),
        ("x-github-media-type", "github.v3; format=json".to_owned()),
        ("x-github-request-id", format!("{:04X}:{:06X}", state.requests.len(), access.used)),
    ];
    for (name, value) in limits {
        if !answer.headers.iter().any(|(given, _)| given == name) {
            answer = answer.with_header(name, value);
        }
    }
    answer
}
