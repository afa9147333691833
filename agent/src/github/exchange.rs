//! One question and its answer: signed, within GitHub's limits, asked
//! conditionally where the answer is known, never repeated but after a token
//! was renewed.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header, request::Builder, response::Parts};
use http_body_util::{BodyExt, Limited};
use octocrab::Octocrab;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::Instant;

use super::{
    GithubError, GithubErrorKind,
    budget::Budget,
    cache::{Answer, Asker, Cache},
    credentials::{self, Credentials},
    pages,
};
use crate::metrics::Counter;

/// How long a call may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// No answer that is used is longer.
const LONGEST_ANSWER: usize = 32 * 1024 * 1024;

/// The way to GitHub.
pub(super) struct Exchange {
    /// Signs nothing by itself.
    crab: Octocrab,
    credentials: Credentials,
    /// What every page of a list must lie below.
    base: http::Uri,
    budget: Mutex<Budget>,
    cache: Mutex<Cache>,
    /// Answers, by their status.
    pub(super) answers: Counter<u16>,
}

impl Exchange {
    pub(super) fn new(crab: Octocrab, credentials: Credentials, base: http::Uri, budget: Budget) -> Self {
        Self {
            crab,
            credentials,
            base,
            budget: Mutex::new(budget),
            cache: Mutex::default(),
            answers: Counter::default(),
        }
    }

    pub(super) fn budget(&self) -> MutexGuard<'_, Budget> {
        self.budget.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the agent is an App there.
    pub(super) fn is_app(&self) -> bool {
        self.credentials.app().is_some()
    }

    /// The token in use.
    pub(super) async fn token(&self) -> Result<SecretString, GithubError> {
        self.credentials.token().await
    }

    /// Asks for something; what was answered before is asked for only if it
    /// has changed.
    pub(super) async fn get(&self, asker: Asker, path: &str) -> Result<Answer, GithubError> {
        let known = self.cache().get(asker, path);
        let operation = operation(&Method::GET, path);
        let tag = known.as_ref().map(|(tag, _)| tag);
        let (parts, body) = self.ask(asker, &Method::GET, path, None, tag).await?;
        match known {
            Some((_, answer)) if parts.status == StatusCode::NOT_MODIFIED => return Ok(answer),
            _ => self.accept(asker, &operation, &parts, &body)?,
        }
        let answer = Answer { next: pages::next(&parts.headers, &self.base), body };
        self.cache().put(asker, path, parts.headers.get(header::ETAG), &answer);
        Ok(answer)
    }

    /// Creates or changes something.
    pub(super) async fn write(
        &self,
        method: &Method,
        path: &str,
        body: &Value,
    ) -> Result<(StatusCode, Bytes), GithubError> {
        let (parts, answer) = self.ask(Asker::Repository, method, path, Some(body), None).await?;
        self.accept(Asker::Repository, &operation(method, path), &parts, &answer)?;
        Ok((parts.status, answer))
    }

    async fn ask(
        &self,
        asker: Asker,
        method: &Method,
        path: &str,
        body: Option<&Value>,
        tag: Option<&HeaderValue>,
    ) -> Result<(Parts, Bytes), GithubError> {
        let operation = operation(method, path);
        self.open(&operation)?;
        let request = || {
            let request = http::Request::builder().method(method.clone()).uri(path);
            match tag {
                Some(tag) => request.header(header::IF_NONE_MATCH, tag),
                None => request,
            }
        };
        if let (Asker::App, Some(app)) = (asker, self.credentials.app()) {
            return send(app, &operation, request(), body).await;
        }
        let token = self.token().await?;
        let signed = request().header(header::AUTHORIZATION, credentials::header(&token)?);
        let (parts, answer) = send(&self.crab, &operation, signed, body).await?;
        self.answers.add(parts.status.as_u16());
        self.budget().saw(&parts.headers, Instant::now());
        if parts.status != StatusCode::UNAUTHORIZED {
            return Ok((parts, answer));
        }
        // It ended early, or was revoked: nothing was done with it.
        self.credentials.refused(&token).await;
        let renewed = self.token().await?;
        if renewed.expose_secret() == token.expose_secret() {
            return Ok((parts, answer));
        }
        let signed = request().header(header::AUTHORIZATION, credentials::header(&renewed)?);
        let (parts, answer) = send(&self.crab, &operation, signed, body).await?;
        self.answers.add(parts.status.as_u16());
        self.budget().saw(&parts.headers, Instant::now());
        Ok((parts, answer))
    }

    /// Refusals become errors.
    fn accept(&self, asker: Asker, operation: &str, parts: &Parts, body: &Bytes) -> Result<(), GithubError> {
        if parts.status.is_success() {
            self.budget().answered();
            return Ok(());
        }
        let mut error = GithubError::of_answer(operation, parts.status, &parts.headers, body);
        if asker == Asker::Repository {
            self.budget().refused(&mut error, Instant::now());
        }
        Err(error)
    }

    /// Whether GitHub may be asked.
    fn open(&self, operation: &str) -> Result<(), GithubError> {
        let Some(wait) = self.budget().silence(Instant::now()) else { return Ok(()) };
        let message = format!("not asked: GitHub wants {} s of silence", wait.as_secs() + 1);
        Err(GithubError::limited(operation, message, wait))
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends a request and reads its answer whole, whatever it says.
pub(super) async fn send(
    crab: &Octocrab,
    operation: &str,
    request: Builder,
    body: Option<&Value>,
) -> Result<(Parts, Bytes), GithubError> {
    let exchange = async {
        let request =
            crab.build_request(request, body).map_err(|error| GithubError::of_client(operation, &error))?;
        let answer =
            crab.execute(request).await.map_err(|error| GithubError::of_client(operation, &error))?;
        let (parts, body) = answer.into_parts();
        let body = Limited::new(body, LONGEST_ANSWER).collect().await.map_err(|error| {
            let why = format!("the answer broke off: {error}");
            GithubError::new(GithubErrorKind::Unreachable, operation, why)
        })?;
        Ok::<_, GithubError>((parts, body.to_bytes()))
    };
    tokio::time::timeout(TIMEOUT, exchange).await.map_err(|_| {
        let why = format!("no answer within {} s", TIMEOUT.as_secs());
        GithubError::new(GithubErrorKind::Unreachable, operation, why)
    })?
}

/// Understands an answer.
pub(super) fn read<T: DeserializeOwned>(operation: &str, body: &[u8]) -> Result<T, GithubError> {
    serde_json::from_slice(body).map_err(|error| {
        let why = format!("the answer is not understood: {error}");
        GithubError::new(GithubErrorKind::Unreadable, operation, why)
    })
}

/// A call as errors name it.
pub(super) fn operation(method: &Method, path: &str) -> String {
    format!("{method} {}", path.split('?').next().unwrap_or(path))
}
