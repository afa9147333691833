use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};

use super::hosts::Hosts;

/// Nothing but our own style and script, nothing sent elsewhere, in nobody's frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Who is answered, and what a browser may do with the answer.
#[derive(Debug)]
pub(super) struct Guard {
    hosts: Hosts,
    policy: HeaderValue,
}

impl Guard {
    /// With one directive more of the content security policy: where forms may lead.
    pub(super) fn new(hosts: Hosts, forms: &str) -> Self {
        let policy = HeaderValue::try_from(format!("{POLICY}; {forms}"));
        Self { hosts, policy: policy.unwrap_or(HeaderValue::from_static(POLICY)) }
    }
}

/// Only names of ours are answered; the rest is said with each answer.
pub(super) async fn guarded(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    let mut response = if guard.hosts.allow(request.headers()) {
        next.run(request).await
    } else {
        let text = "This page does not answer to that name. Open it by this machine's name or address, or write the name as `public_url` in [server].\n";
        (StatusCode::MISDIRECTED_REQUEST, text).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, guard.policy.clone());
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
