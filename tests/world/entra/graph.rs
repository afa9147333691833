//! Microsoft Graph: one application is got and updated.

use http::header;
use serde_json::{Map, Value, json};

use super::server::{Answer, Request};
use super::{APPLICATION, Fault, State};

/// What can be set beside the internal URL.
const OTHERS: [&str; 5] = [
    "externalAuthenticationType",
    "externalUrl",
    "isTranslateHostHeaderEnabled",
    "isTranslateLinksInBodyEnabled",
    "applicationServerTimeout",
];

pub(super) fn answer(state: &mut State, request: &Request) -> Answer {
    let Some(token) = request.header(header::AUTHORIZATION).strip_prefix("Bearer ") else {
        state.violations.push("no bearer token".to_owned());
        return refusal(401, "InvalidAuthenticationToken", "Access token is empty.");
    };
    if state.goes_wrong(|fault| fault == Fault::Expired).is_some() {
        state.tokens.retain(|known| known != token);
    }
    if !state.tokens.iter().any(|known| known == token) {
        return refusal(
            401,
            "InvalidAuthenticationToken",
            "Lifetime validation failed, the token is expired.",
        );
    }
    match state.goes_wrong(|fault| matches!(fault, Fault::Throttled(_) | Fault::Unavailable)) {
        Some(Fault::Throttled(silence)) => {
            let refused = refusal(429, "TooManyRequests", "Too many requests.");
            return Answer { retry_after: Some(silence.as_secs()), ..refused };
        }
        Some(_) => return refusal(503, "serviceNotAvailable", "The service is not available."),
        None => {}
    }
    let Some(id) = request.path.strip_prefix("/beta/applications/") else {
        state.violations.push(format!("{}: application proxy is on the beta endpoint alone", request.path));
        return refusal(400, "BadRequest", "Invalid property 'onPremisesPublishing'.");
    };
    if id != APPLICATION {
        let words = format!(
            "Resource '{id}' does not exist or one of its queried reference-property objects are not present."
        );
        return refusal(404, "Request_ResourceNotFound", &words);
    }
    match request.method.as_str() {
        "GET" => got(state, request),
        "PATCH" => updated(state, request),
        other => {
            state.violations.push(format!("{other} of an application"));
            refusal(405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")
        }
    }
}

fn got(state: &mut State, request: &Request) -> Answer {
    let mut application = Map::new();
    let context = "https://graph.microsoft.com/beta/$metadata#applications(onPremisesPublishing)/$entity";
    application.insert("@odata.context".to_owned(), context.into());
    application.insert("id".to_owned(), APPLICATION.into());
    // Not among what is answered by itself.
    if request.query == "$select=onPremisesPublishing" {
        application.insert("onPremisesPublishing".to_owned(), publishing(state));
    } else {
        state.violations.push(format!("GET ?{}", request.query));
    }
    Answer::of(200, Value::Object(application))
}

fn publishing(state: &State) -> Value {
    json!({
        "alternateUrl": null,
        "applicationServerTimeout": "Default",
        "applicationType": "enterpriseapp",
        "externalAuthenticationType": "aadPreAuthentication",
        "externalUrl": "https://shop-contoso.msappproxy.net/",
        "internalUrl": state.internal_url,
        "isHttpOnlyCookieEnabled": true,
        "isOnPremPublishingEnabled": true,
        "isTranslateHostHeaderEnabled": false,
        "isTranslateLinksInBodyEnabled": false,
        "verifiedCustomDomainCertificatesMetadata": null,
    })
}

fn updated(state: &mut State, request: &Request) -> Answer {
    if state.goes_wrong(|fault| fault == Fault::LostRequest).is_some() {
        return Answer { is_lost: true, ..Answer::of(0, Value::Null) };
    }
    if !state.may_write || state.goes_wrong(|fault| fault == Fault::Forbidden).is_some() {
        let words = "Insufficient privileges to complete the operation.";
        return refusal(403, "Authorization_RequestDenied", words);
    }
    let url = match wanted(request) {
        Ok(url) => url,
        Err(why) => {
            state.violations.push(why.clone());
            return refusal(400, "Request_BadRequest", &why);
        }
    };
    state.writes.push(url.clone());
    // Microsoft's examples of what is read end with a slash.
    let has_path = url.split_once("://").is_some_and(|(_, rest)| rest.contains('/'));
    state.lead(&if has_path { url } else { format!("{url}/") });
    let is_lost = state.goes_wrong(|fault| fault == Fault::LostReply).is_some();
    Answer { status: 204, body: None, retry_after: None, is_lost }
}

/// The internal URL that a PATCH sets.
fn wanted(request: &Request) -> Result<String, String> {
    if request.header(header::CONTENT_TYPE) != "application/json" {
        return Err("PATCH without Content-Type: application/json".to_owned());
    }
    let body: Value = serde_json::from_slice(&request.body).map_err(|error| format!("PATCH: {error}"))?;
    let body = body.as_object().ok_or("PATCH of what is no object")?;
    let inner = body.get("onPremisesPublishing").and_then(Value::as_object);
    let inner = inner.ok_or("PATCH of something else than onPremisesPublishing")?;
    if body.len() > 1 {
        return Err("onPremisesPublishing cannot be updated with other properties".to_owned());
    }
    if let Some(unknown) = inner.keys().find(|key| *key != "internalUrl" && !OTHERS.contains(&key.as_str())) {
        return Err(format!("Invalid property '{unknown}'."));
    }
    let url = inner.get("internalUrl").and_then(Value::as_str).ok_or("PATCH without internalUrl")?;
    let is_url =
        ["http://", "https://"].iter().any(|scheme| url.len() > scheme.len() && url.starts_with(scheme));
    if is_url { Ok(url.to_owned()) } else { Err(format!("internalUrl {url} is no URL")) }
}

fn refusal(status: u16, code: &str, words: &str) -> Answer {
    let error = json!({
        "error": {
            "code": code,
            "message": words,
            "innerError": {
                "date": "2026-01-09T02:02:12",
                "request-id": "b0b3c1f2-6ffc-4b5e-a4ad-2d4f1c1f9d0e",
                "client-request-id": "b0b3c1f2-6ffc-4b5e-a4ad-2d4f1c1f9d0e",
            },
        },
    });
    Answer::of(status, error)
}
