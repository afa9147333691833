//! GitHub's webhooks. Whatever one says, it only ever means "look now": what
//! is done follows from what is found then.

mod payload;
mod processed;
mod refusal;
mod signature;
#[cfg(test)]
mod tests;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    extract::{Request, State},
    response::{IntoResponse, Response},
    routing::post,
};
use http::{HeaderMap, StatusCode, header::CONTENT_LENGTH};
use http_body_util::{BodyExt, Limited};
use tokio::sync::Semaphore;

use self::{payload::Meaning, processed::Processed, refusal::Refusal, signature::Secret};
use super::bucket::Bucket;
use crate::{
    config::{Github, SecretError},
    daemon::Wake,
    metrics::Metrics,
};

/// Longer bodies are refused. GitHub sends up to 25 MB, but what it sends of
/// one pull request stays under 1 MB; only pushes of thousands of commits are
/// larger, and the next poll finds those.
const MOST_BYTES: usize = 2 * 1024 * 1024;

/// So many bodies are read at once: with [`MOST_BYTES`], the most memory that
/// strangers can take.
const MOST_BODIES: usize = 16;

/// How long a body may take to arrive. GitHub itself waits 10 s for the answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many deliveries are answered: so many at once, then one in this time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    pub(super) burst: u32,
    pub(super) every: Duration,
}

/// A large organisation's busiest minute passes; a flood does not.
pub(super) const RATE: Rate = Rate { burst: 600, every: Duration::from_millis(20) };

/// Lines in the log about requests that were refused.
const COMPLAINTS: Rate = Rate { burst: 5, every: Duration::from_secs(60) };

/// The endpoint `POST /webhooks/github`.
#[derive(Debug)]
pub(super) struct Webhooks {
    secret: Secret,
    /// `owner/name`, in small letters.
    repository: String,
    wake: Arc<Wake>,
    metrics: Arc<Metrics>,
    rate: Bucket,
    complaints: Bucket,
    bodies: Semaphore,
    processed: Mutex<Processed>,
}

/// What was made of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Accepted {
    Pong,
    Woke,
    Ignored,
    Replayed,
}

impl Webhooks {
    /// The endpoint of a repository; none when there is no secret.
    ///
    /// # Errors
    ///
    /// When the secret cannot be read.
    pub(super) fn of(
        github: &Github,
        wake: Arc<Wake>,
        metrics: Arc<Metrics>,
        rate: Rate,
    ) -> Result<Option<Self>, SecretError> {
        let Some(source) = github.webhook_secret.clone() else { return Ok(None) };
        Ok(Some(Self {
            secret: Secret::read(source)?,
            repository: format!("{}/{}", github.owner, github.name).to_ascii_lowercase(),
            wake,
            metrics,
            rate: Bucket::new(rate.burst, rate.every),
            complaints: Bucket::new(COMPLAINTS.burst, COMPLAINTS.every),
            bodies: Semaphore::new(MOST_BODIES),
            processed: Mutex::default(),
        }))
    }

    pub(super) fn routes(self: Arc<Self>) -> Router {
        Router::new().route("/webhooks/github", post(receive)).with_state(self)
    }

    async fn judge(&self, request: Request) -> Result<Accepted, Refusal> {
        let (parts, body) = request.into_parts();
        // Cheapest first; nothing of the body is read for what is refused anyway.
        let signature = signature::of(&parts.headers)?;
        if !is_json(&parts.headers) {
            return Err(Refusal::NotJson);
        }
        if length(&parts.headers).is_some_and(|length| length > MOST_BYTES) {
            return Err(Refusal::TooLarge);
        }
        if !self.rate.take() {
            return Err(Refusal::TooMany);
        }
        let _room = self.bodies.try_acquire().map_err(|_| Refusal::TooMany)?;
        let arrived = tokio::time::timeout(PATIENCE, Limited::new(body, MOST_BYTES).collect()).await;
        let body = match arrived {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
                return Err(Refusal::TooLarge);
            }
            Ok(Err(_)) | Err(_) => return Err(Refusal::Incomplete),
        };
        if !self.secret.has_signed(&body, &signature) {
            return Err(Refusal::BadSignature);
        }
        self.act(&parts.headers, &body, &signature)
    }

    /// What GitHub has signed. Who sends the same again cannot have it acted on
    /// twice: neither under its id, nor, since the id is not signed, a request
    /// under another.
    fn act(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        signature: &signature::Signature,
    ) -> Result<Accepted, Refusal> {
        let event = name(headers, "x-github-event").ok_or(Refusal::NoEvent)?;
        let id = name(headers, "x-github-delivery").ok_or(Refusal::NoEvent)?;
        let signed = hex::encode(signature);
        let mut processed = self.processed.lock().unwrap_or_else(PoisonError::into_inner);
        if processed.contains(id) {
            return Ok(Accepted::Replayed);
        }
        let delivery =
            payload::read(event, body).map_err(|why| Refusal::Unreadable(event.to_owned(), why))?;
        let is_ours = delivery.repository.is_none_or(|name| name.eq_ignore_ascii_case(&self.repository));
        let accepted = match delivery.meaning {
            Meaning::Ping => Accepted::Pong,
            _ if !is_ours => Accepted::Ignored,
            Meaning::Nothing => Accepted::Ignored,
            Meaning::Look(woken) => {
                self.wake.wake(woken);
                Accepted::Woke
            }
            Meaning::Ask(_) if processed.contains(&signed) => Accepted::Replayed,
            Meaning::Ask(asked) => {
                // Refused, it is not remembered: GitHub can send it again.
                self.wake.ask(asked).map_err(|_| Refusal::Full)?;
                processed.insert(signed);
                Accepted::Woke
            }
        };
        processed.insert(id.to_owned());
        Ok(accepted)
    }
}

async fn receive(State(webhooks): State<Arc<Webhooks>>, request: Request) -> Response {
    match webhooks.judge(request).await {
        Ok(accepted) => {
            let (word, answer) = match accepted {
                Accepted::Pong => ("ping", (StatusCode::OK, "pong\n")),
                Accepted::Woke => ("woke", (StatusCode::ACCEPTED, "looking\n")),
                Accepted::Ignored => ("ignored", (StatusCode::ACCEPTED, "nothing to do\n")),
                Accepted::Replayed => ("replayed", (StatusCode::OK, "done before\n")),
            };
            webhooks.metrics.webhooks.add(word);
            answer.into_response()
        }
        Err(refusal) => {
            webhooks.metrics.webhooks.add(refusal.word());
            if webhooks.complaints.take() {
                tracing::warn!(why = %refusal, "a webhook was refused; more than a few are not logged one by one");
            }
            refusal.into_response()
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = value.map(|value| value.split(';').next().unwrap_or(value).trim());
    kind.is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"))
}

fn length(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// An event's name, or a delivery's id: short, and of plain characters.
fn name<'h>(headers: &'h HeaderMap, header: &str) -> Option<&'h str> {
    let name = headers.get(header)?.to_str().ok()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    ((1..=100).contains(&name.len()) && name.bytes().all(plain)).then_some(name)
}
