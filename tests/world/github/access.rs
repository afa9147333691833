//! Who calls: an App by its signed token, an installation of it, or a person.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::http::{Answer, Request};
use super::state::Author;

/// What an agent is configured with to act as the App.
#[derive(Clone)]
pub struct AppCredentials {
    pub app_id: u64,
    pub installation_id: u64,
    /// PKCS #8, made for this process alone.
    pub private_key_pem: String,
}

impl fmt::Debug for AppCredentials {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { app_id, installation_id, private_key_pem: _ } = self;
        write!(out, "AppCredentials {{ app_id: {app_id}, installation_id: {installation_id} }}")
    }
}

pub(super) const APP_ID: u64 = 424_242;
pub(super) const INSTALLATION_ID: u64 = 31_415_926;
pub(super) const APP_SLUG: &str = "pointsman";

/// One key for all stand-ins of a process: making it takes a noticeable moment.
static KEY: LazyLock<KeyPair> = LazyLock::new(|| KeyPair::generate(KeySize::Rsa2048).expect("an RSA key"));

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Actor {
    /// The App itself, by a token that it signed.
    App,
    /// The App on the repositories where it is installed.
    Installation,
    /// A person's own token.
    Person(String),
}

impl Actor {
    pub(super) fn author(&self) -> Author {
        match self {
            Self::App | Self::Installation => Author { login: format!("{APP_SLUG}[bot]"), is_bot: true },
            Self::Person(login) => Author::person(login),
        }
    }
}

/// What an installation token is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Scope {
    /// `checks`, `pull_requests`, … with `read` or `write`.
    pub(super) permissions: BTreeMap<String, String>,
    /// Names without owners; none for all.
    pub(super) repositories: Option<Vec<String>>,
}

/// Tokens and rights.
#[derive(Debug)]
pub(super) struct Access {
    tokens: BTreeMap<String, (Actor, Timestamp)>,
    /// Of installation tokens that were asked for with less than everything.
    scopes: BTreeMap<String, Scope>,
    /// What the installation may do: `checks`, `pull_requests`, … with `read` or `write`.
    pub(super) permissions: BTreeMap<String, String>,
    /// Requests that counted in the current hour.
    pub(super) used: u64,
    pub(super) limit: u64,
    pub(super) reset: Timestamp,
}

impl Access {
    pub(super) fn new() -> Self {
        let granted = ["checks", "contents", "deployments", "issues", "pull_requests", "statuses"];
        let mut permissions: BTreeMap<_, _> =
            granted.map(|name| (name.to_owned(), "write".to_owned())).into();
        permissions.insert("metadata".to_owned(), "read".to_owned());
        permissions.insert("contents".to_owned(), "read".to_owned());
        permissions.insert("members".to_owned(), "read".to_owned());
        let reset = Timestamp::now() + SignedDuration::from_hours(1);
        Self { tokens: BTreeMap::new(), scopes: BTreeMap::new(), permissions, used: 0, limit: 5000, reset }
    }

    /// Issues a token that lives an hour. Its length varies, as GitHub's does.
    pub(super) fn issue(&mut self, actor: Actor) -> (String, Timestamp) {
        let prefix = if actor == Actor::Installation { "ghs_" } else { "github_pat_" };
        let length = fastrand::usize(36..=120);
        let token: String = prefix.chars().chain((0..length).map(|_| fastrand::alphanumeric())).collect();
        let expires = Timestamp::now() + SignedDuration::from_hours(1);
        self.tokens.insert(token.clone(), (actor, expires));
        (token, expires)
    }

    /// Narrows a token.
    pub(super) fn narrow(&mut self, token: &str, scope: Scope) {
        self.scopes.insert(token.to_owned(), scope);
    }

    /// What the caller's token is for, when that is less than everything.
    pub(super) fn scope(&self, request: &Request) -> Option<&Scope> {
        let (_, token) = request.header("authorization").split_once(' ')?;
        self.scopes.get(token.trim())
    }

    /// Makes all tokens invalid at once.
    pub(super) fn expire(&mut self) {
        self.tokens.clear();
    }

    /// Who sent a request.
    pub(super) fn actor(&self, request: &Request) -> Result<Actor, Answer> {
        let header = request.header("authorization");
        let Some((scheme, credentials)) = header.split_once(' ') else {
            return Err(Answer::refusal(401, "Requires authentication"));
        };
        let token = match scheme.to_ascii_lowercase().as_str() {
            "bearer" | "token" => credentials.trim().to_owned(),
            "basic" => password(credentials).unwrap_or_default(),
            _ => String::new(),
        };
        if token.matches('.').count() == 2 && !token.starts_with("gh") {
            return verify(&token).map(|()| Actor::App);
        }
        match self.tokens.get(&token) {
            Some((actor, expires)) if *expires > Timestamp::now() => Ok(actor.clone()),
            Some(_) | None => Err(Answer::refusal(401, "Bad credentials")),
        }
    }
}

pub(super) fn credentials() -> AppCredentials {
    let der: Pkcs8V1Der<'_> = KEY.as_der().expect("the key as PKCS #8");
    let text = STANDARD.encode(der.as_ref());
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    let label = "PRIVATE KEY";
    let private_key_pem = format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"));
    AppCredentials { app_id: APP_ID, installation_id: INSTALLATION_ID, private_key_pem }
}

fn password(basic: &str) -> Option<String> {
    let text = String::from_utf8(STANDARD.decode(basic.trim()).ok()?).ok()?;
    let (user, password) = text.split_once(':')?;
    // A token is also accepted as the user of an empty password.
    Some(if password.is_empty() { user } else { password }.to_owned())
}

/// Checks an App's token as GitHub does, with GitHub's words.
fn verify(token: &str) -> Result<(), Answer> {
    let refuse = |message: &str| Err(Answer::refusal(401, message));
    let undecodable = "A JSON web token could not be decoded";
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = parts[..] else {
        return refuse(undecodable);
    };
    let (Some(head), Some(claim), Ok(signature)) =
        (json(header), json(claims), URL_SAFE_NO_PAD.decode(signature))
    else {
        return refuse(undecodable);
    };
    let signed = format!("{header}.{claims}");
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, KEY.public_key());
    if head["alg"] != "RS256" || key.verify(signed.as_bytes(), &signature).is_err() {
        return refuse(undecodable);
    }
    let issuer =
        claim["iss"].as_str().map(str::to_owned).or_else(|| claim["iss"].as_u64().map(|id| id.to_string()));
    if issuer != Some(APP_ID.to_string()) {
        return refuse("'Issuer' claim ('iss') must be the app's id or client id");
    }
    let now = Timestamp::now().as_second();
    match (claim["exp"].as_i64(), claim["iat"].as_i64()) {
        (Some(expires), _) if expires <= now => refuse(
            "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
        ),
        (Some(expires), _) if expires > now + 600 => {
            refuse("'Expiration time' claim ('exp') is too far in the future")
        }
        (Some(_), Some(issued)) if issued > now => refuse(
            "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
        ),
        (Some(_), Some(_)) => Ok(()),
        (None, _) | (_, None) => refuse(undecodable),
    }
}

fn json(part: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}
