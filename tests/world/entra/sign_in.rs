//! The token endpoint: client credentials by a secret, or by an assertion of another identity provider.

use http::header;
use serde_json::{Value, json};

use super::server::{Answer, Request};
use super::{CLIENT, Fault, State, TENANT};
use crate::github::decode;

/// What an assertion of the identity provider that is trusted begins with.
pub(super) const ASSERTION: &str = "eyJhbGciOiJSUzI1NiJ9.";
const KIND: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const SCOPE: &str = "https://graph.microsoft.com/.default";

pub(super) fn answer(state: &mut State, request: &Request) -> Answer {
    if request.path != format!("/{TENANT}/oauth2/v2.0/token") || request.method != "POST" {
        state.violations.push(format!("{} {}", request.method, request.path));
        return Answer::of(404, json!({}));
    }
    let violation = match checked(state, request) {
        Ok(token) => return token,
        Err((error, number, words)) => (error, number, words),
    };
    let (error, number, words) = violation;
    if !matches!(number, 7_000_215 | 700_016) {
        state.violations.push(format!("AADSTS{number}: {words}"));
    }
    Answer::of(if error == "invalid_client" { 401 } else { 400 }, refusal(error, number, &words))
}

type Refusal = (&'static str, u64, String);

fn checked(state: &mut State, request: &Request) -> Result<Answer, Refusal> {
    if request.header(header::CONTENT_TYPE) != "application/x-www-form-urlencoded" {
        return Err(("invalid_request", 900_144, "The request body is no form.".to_owned()));
    }
    let form = String::from_utf8_lossy(&request.body).into_owned();
    let pairs: Vec<(&str, String)> = form
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name, decode(&value.replace('+', " "))))
        .collect();
    let field = |name: &str| {
        let value = pairs.iter().find(|(at, _)| *at == name).map(|(_, value)| value.clone());
        value.filter(|value| !value.is_empty()).ok_or_else(|| {
            let words = format!("The request body must contain the following parameter: '{name}'.");
            ("invalid_request", 900_144, words)
        })
    };
    if field("grant_type")? != "client_credentials" {
        return Err(("unsupported_grant_type", 70_003, "The grant type is not supported.".to_owned()));
    }
    if field("scope")? != SCOPE {
        return Err(("invalid_scope", 70_011, "The provided value for scope is not valid.".to_owned()));
    }
    if field("client_id")? != CLIENT {
        let words = format!("Application with identifier '{}' was not found.", field("client_id")?);
        return Err(("unauthorized_client", 700_016, words));
    }
    let is_assertion = pairs.iter().any(|(name, _)| *name == "client_assertion");
    let is_good = if is_assertion {
        field("client_assertion_type")? == KIND && field("client_assertion")?.starts_with(ASSERTION)
    } else {
        field("client_secret")? == state.secret
    };
    if !is_good || state.goes_wrong(|fault| fault == Fault::SignIn).is_some() {
        // A sentence that quotes what was sent: nobody is to print it.
        let words = format!("Invalid client secret provided: {form}");
        return Err(("invalid_client", 7_000_215, words));
    }
    let token = format!("eyJ0eXAiOiJKV1Qi.canary-token-{}.{}", state.tokens.len(), fastrand::u64(..));
    state.tokens.push(token.clone());
    let granted =
        json!({ "token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": token });
    Ok(Answer::of(200, granted))
}

fn refusal(error: &str, number: u64, words: &str) -> Value {
    json!({
        "error": error,
        "error_description": format!("AADSTS{number}: {words} Trace ID: 255d1aef-8c98-452f-ac51-23d051240864"),
        "error_codes": [number],
        "timestamp": "2026-01-09 02:02:12Z",
        "trace_id": "255d1aef-8c98-452f-ac51-23d051240864",
        "correlation_id": "fb3d2015-bc17-4bb9-bb85-30c5cf1aaaa7",
    })
}
