//! Leads people elsewhere through Microsoft Graph: the internal URL of an
//! application that Microsoft Entra's application proxy publishes.
//!
//! Microsoft Graph has it on its beta endpoint alone. No text of an answer is
//! passed on but codes and the URL itself: others write it, and it may quote
//! what was sent.

mod answer;
mod exchange;
mod settings;
#[cfg(test)]
mod tests;
mod token;

use std::time::Duration;

use async_trait::async_trait;
use http::{HeaderValue, Method, StatusCode, header};
use hyper::body::Bytes;
use pointsman_core::rollout::Obstacle;
use pointsman_engine::{
    lease::LeaseProof,
    ports::{NotLed, Proxy},
};
use serde_json::json;
use tokio::{sync::Mutex, time};

use self::{
    answer::{code, internal_url},
    exchange::{Answer, Question, Unsent},
    settings::Settings,
    token::Token,
};

/// All tries of one call together, with their waits.
const PATIENCE: Duration = Duration::from_secs(60);
/// Before the second try; twice that before each further one.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// Microsoft Graph, as the environment variables say.
#[derive(Debug)]
pub struct Entra {
    settings: Result<Settings, Obstacle>,
    token: Mutex<Option<Token>>,
    patience: Duration,
}

/// Which calls may be sent again when it is not known whether they arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sending {
    /// Asking changes nothing.
    Again,
    /// Not before somebody has looked.
    Once,
}

impl Entra {
    /// As the environment says. What lacks is said when it is needed.
    pub fn from_environment() -> Self {
        Self::of(Settings::read(|name| std::env::var(name).ok()), PATIENCE)
    }

    fn of(settings: Result<Settings, Obstacle>, patience: Duration) -> Self {
        Self { settings, token: Mutex::default(), patience }
    }

    fn settings(&self) -> Result<&Settings, Obstacle> {
        self.settings.as_ref().map_err(Clone::clone)
    }

    /// The token in use, or a new one.
    async fn token(&self) -> Result<HeaderValue, Obstacle> {
        let mut kept = self.token.lock().await;
        if let Some(token) = kept.as_ref().filter(|token| token.is_good()) {
            return token.header();
        }
        let settings = self.settings()?;
        let question = token::question(settings)?;
        let answer = self.tried(Sending::Again, None, &question).await.map_err(unsent)?;
        let token = token::of(&answer)?;
        let header = token.header();
        *kept = Some(token);
        header
    }

    /// Asks Microsoft Graph about an application; anew with another token where
    /// this one is not taken.
    async fn ask(
        &self,
        proof: Option<&LeaseProof>,
        method: Method,
        application: &str,
        body: Option<&serde_json::Value>,
    ) -> Result<Answer, NotLed> {
        let settings = self.settings().map_err(NotLed::Obstacle)?;
        let select = if body.is_none() { "?$select=onPremisesPublishing" } else { "" };
        let path = format!("/beta/applications/{application}{select}");
        let sending = if body.is_none() { Sending::Again } else { Sending::Once };
        let mut answer = None;
        for _ in 0..2 {
            let token = self.token().await.map_err(NotLed::Obstacle)?;
            let mut headers = vec![(header::AUTHORIZATION, token)];
            if body.is_some() {
                headers.push((header::CONTENT_TYPE, HeaderValue::from_static("application/json")));
            }
            let body = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
            let question = Question {
                base: settings.graph.clone(),
                method: method.clone(),
                path: path.clone(),
                headers,
                body,
            };
            let one = self.tried(sending, proof, &question).await?;
            if one.status != StatusCode::UNAUTHORIZED {
                return Ok(one);
            }
            *self.token.lock().await = None;
            answer = Some(one);
        }
        answer.ok_or_else(|| NotLed::Obstacle(unanswered("no answer")))
    }

    async fn set(&self, proof: Option<&LeaseProof>, application: &str, url: &str) -> Result<(), NotLed> {
        let body = json!({ "onPremisesPublishing": { "internalUrl": url } });
        let answer = self.ask(proof, Method::PATCH, application, Some(&body)).await?;
        if answer.status.is_success() {
            return Ok(());
        }
        Err(NotLed::Obstacle(refused(answer.status, &answer.body)))
    }

    /// Sends until there is an answer, for as long as there is patience.
    async fn tried(
        &self,
        sending: Sending,
        proof: Option<&LeaseProof>,
        question: &Question,
    ) -> Result<Answer, NotLed> {
        let until = time::Instant::now() + self.patience;
        let mut wait = FIRST_WAIT;
        loop {
            let (why, asked) = match exchange::send(question, proof).await {
                Ok(answer) if !is_passing(answer.status) => return Ok(answer),
                // Whether it was done is not known.
                Ok(answer) if sending == Sending::Once && !was_turned_away(answer.status) => {
                    return Err(NotLed::Obstacle(unanswered(&format!(
                        "it answered {}",
                        answer.status.as_u16()
                    ))));
                }
                Ok(answer) => (format!("it answered {}", answer.status.as_u16()), answer.retry_after),
                Err(Unsent::Lease(lost)) => return Err(NotLed::LeaseLost(lost)),
                Err(Unsent::Broken(why)) if sending == Sending::Once => {
                    return Err(NotLed::Obstacle(unanswered(&why)));
                }
                Err(Unsent::Broken(why)) => (why, None),
            };
            let pause = asked.unwrap_or(wait);
            if time::Instant::now() + pause >= until {
                let silence = asked.map(|it| format!(", and wants {} s of silence", it.as_secs()));
                return Err(NotLed::Obstacle(unanswered(&format!("{why}{}", silence.unwrap_or_default()))));
            }
            time::sleep(pause).await;
            wait *= 2;
        }
    }
}

#[async_trait]
impl Proxy for Entra {
    async fn internal_url(&self, application: &str) -> Result<String, Obstacle> {
        let answer = self.ask(None, Method::GET, application, None).await.map_err(unsent)?;
        match answer.status {
            StatusCode::OK => internal_url(&answer.body),
            status => Err(refused(status, &answer.body)),
        }
    }

    async fn set_internal_url(&self, proof: &LeaseProof, application: &str, url: &str) -> Result<(), NotLed> {
        self.set(Some(proof), application, url).await
    }
}

/// Whether another try may be answered otherwise.
fn is_passing(status: StatusCode) -> bool {
    status.is_server_error() || was_turned_away(status)
}

/// Whether nothing was done with it.
fn was_turned_away(status: StatusCode) -> bool {
    matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
}

fn refused(status: StatusCode, body: &[u8]) -> Obstacle {
    match status {
        StatusCode::NOT_FOUND => Obstacle::NotFound,
        _ => Obstacle::Refused { status: status.as_u16(), code: code(body) },
    }
}

fn unanswered(why: &str) -> Obstacle {
    Obstacle::Unanswered { why: why.to_owned() }
}

/// Of a call that needs no lease.
fn unsent(not_led: NotLed) -> Obstacle {
    match not_led {
        NotLed::Obstacle(why) => why,
        NotLed::LeaseLost(lost) => unanswered(&lost.to_string()),
    }
}
