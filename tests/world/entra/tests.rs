//! The stand-in refuses what Microsoft's documentation does not have.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use super::{APPLICATION, CLIENT, Entra, SECRET, TENANT};

/// One request as it is written; the status and the body of its answer.
fn ask(entra: &Entra, method: &str, path: &str, headers: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(entra.address().trim_start_matches("http://")).unwrap();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: entra\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    )
    .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let status = text.split(' ').nth(1).unwrap().parse().unwrap();
    (status, text.split_once("\r\n\r\n").unwrap().1.to_owned())
}

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";

fn sign_in(entra: &Entra, form: &str) -> (u16, serde_json::Value) {
    let (status, body) = ask(entra, "POST", &format!("/{TENANT}/oauth2/v2.0/token"), FORM, form);
    (status, serde_json::from_str(&body).unwrap())
}

fn form(scope: &str, secret: &str) -> String {
    format!("client_id={CLIENT}&scope={scope}&client_secret={secret}&grant_type=client_credentials")
}

const SCOPE: &str = "https%3A%2F%2Fgraph.microsoft.com%2F.default";

fn token(entra: &Entra) -> String {
    let secret: String = SECRET.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let (status, granted) = sign_in(entra, &form(SCOPE, &secret));
    assert_eq!((status, &granted["token_type"]), (200, &"Bearer".into()));
    format!("Authorization: Bearer {}\r\n", granted["access_token"].as_str().unwrap())
}

#[test]
fn sign_ins_are_refused_as_documented() {
    let entra = Entra::publishing("http://old/");
    for (form, status, error, number) in [
        (form(SCOPE, "wrong"), 401, "invalid_client", 7_000_215),
        (form("https%3A%2F%2Fgraph.microsoft.com", "x"), 400, "invalid_scope", 70_011),
        (form(SCOPE, ""), 400, "invalid_request", 900_144),
        ("grant_type=password".to_owned(), 400, "unsupported_grant_type", 70_003),
    ] {
        let (answered, refusal) = sign_in(&entra, &form);
        assert_eq!((answered, &refusal["error"]), (status, &error.into()), "{form}");
        assert_eq!(refusal["error_codes"], serde_json::json!([number]));
    }
    assert_eq!(entra.violations().len(), 3, "a wrong secret is nobody's fault: {:?}", entra.violations());
}

#[test]
fn only_what_is_documented_is_done() {
    let entra = Entra::publishing("http://old/");
    let token = token(&entra);
    let path = format!("/beta/applications/{APPLICATION}");
    let patch = |body: &str| {
        ask(&entra, "PATCH", &path, &format!("{token}Content-Type: application/json\r\n"), body).0
    };
    assert_eq!(ask(&entra, "GET", &path, "", "").0, 401);
    let whole = ask(&entra, "GET", &path, &token, "").1;
    assert!(!whole.contains("internalUrl"), "{whole}");
    let selected = ask(&entra, "GET", &format!("{path}?$select=onPremisesPublishing"), &token, "").1;
    assert!(selected.contains("\"internalUrl\":\"http://old/\""), "{selected}");
    let v1 = format!("/v1.0/applications/{APPLICATION}?$select=onPremisesPublishing");
    assert_eq!(ask(&entra, "GET", &v1, &token, "").0, 400);
    for wrong in [
        r#"{"onPremisesPublishing":{"internalUrl":"http://new"},"displayName":"shop"}"#,
        r#"{"onPremisesPublishing":{"internalURL":"http://new"}}"#,
        r#"{"internalUrl":"http://new"}"#,
        r#"{"onPremisesPublishing":{"internalUrl":"new"}}"#,
    ] {
        assert_eq!(patch(wrong), 400, "{wrong}");
    }
    assert_eq!(entra.internal_url(), "http://old/");
    assert_eq!(patch(r#"{"onPremisesPublishing":{"internalUrl":"http://new"}}"#), 204);
    assert_eq!(entra.internal_url(), "http://new/");
}
