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
    /// The applications that may be asked about; none: whatever its credentials reach.
    only: Option<Vec<String>>,
}

impl Entra {
    /// As the environment says. What lacks is said when it is needed.
    pub fn from_environment() -> Self {
        Self::of(Settings::read(|name| std::env::var(name).ok()), PATIENCE)
    }

    fn of(settings: Result<Settings, Obstacle>, patience: Duration) -> Self {
        Self { settings, token: Mutex::default(), patience, only: None }
    }

    /// For these applications alone, by their Object IDs.
    pub fn only(self, applications: Vec<String>) -> Self {
        Self { only: Some(applications), ..self }
    }

    /// The settings, where the application may be asked about.
    fn settings_for(&self, application: &str) -> Result<&Settings, Obstacle> {
        let is_listed = |only: &Vec<String>| only.iter().any(|it| it.eq_ignore_ascii_case(application));
        if self.only.as_ref().is_none_or(is_listed) { self.settings() } else { Err(Obstacle::Unlisted) }
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
        let answer = self.tried(&question).await?;
        let token = token::of(&answer)?;
        let header = token.header();
        *kept = Some(token);
        header
    }

    /// Asks Microsoft Graph about an application; anew with another token where
    /// this one is not taken.
    async fn ask(&self, application: &str) -> Result<Answer, Obstacle> {
        let settings = self.settings_for(application)?;
        let mut answer = None;
        for _ in 0..2 {
            let headers = vec![(header::AUTHORIZATION, self.token().await?)];
            let question = Question {
                base: settings.graph.clone(),
                method: Method::GET,
                path: format!("{}?$select=onPremisesPublishing", path(application)),
                headers,
                body: Bytes::new(),
            };
            let one = self.tried(&question).await?;
            if one.status != StatusCode::UNAUTHORIZED {
                return Ok(one);
            }
            *self.token.lock().await = None;
            answer = Some(one);
        }
        answer.ok_or_else(|| unanswered("no answer"))
    }

    /// Sets it with the token that it was asked with: what comes between asking
    /// and setting is as short as can be, and nothing is sent a second time.
    async fn set(&self, proof: Option<&LeaseProof>, application: &str, url: &str) -> Result<(), NotLed> {
        let settings = self.settings_for(application).map_err(NotLed::Obstacle)?;
        let token = self.token.lock().await.as_ref().map(Token::header).transpose();
        let Some(token) = token.map_err(NotLed::Obstacle)? else {
            return Err(again(unanswered("it was not asked first"), None));
        };
        let json = HeaderValue::from_static("application/json");
        let body = json!({ "onPremisesPublishing": { "internalUrl": url } });
        let question = Question {
            base: settings.graph.clone(),
            method: Method::PATCH,
            path: path(application),
            headers: vec![(header::AUTHORIZATION, token), (header::CONTENT_TYPE, json)],
            body: Bytes::from(body.to_string()),
        };
        let Answer { status, retry_after, body } = match exchange::send(&question, proof).await {
            Ok(answer) => answer,
            Err(Unsent::Lease(lost)) => return Err(NotLed::LeaseLost(lost)),
            Err(Unsent::Broken(why)) => return Err(again(unanswered(&why), None)),
        };
        if status.is_success() {
            return Ok(());
        }
        if status == StatusCode::UNAUTHORIZED {
            *self.token.lock().await = None;
            return Err(again(refused(status, &body), None));
        }
        if is_passing(status) {
            return Err(again(unanswered(&format!("it answered {}", status.as_u16())), retry_after));
        }
        Err(NotLed::Obstacle(refused(status, &body)))
    }

    /// Sends what changes nothing until there is an answer, for as long as there is patience.
    async fn tried(&self, question: &Question) -> Result<Answer, Obstacle> {
        let until = time::Instant::now() + self.patience;
        let mut wait = FIRST_WAIT;
        loop {
            let (why, asked) = match exchange::send(question, None).await {
                Ok(answer) if !is_passing(answer.status) => return Ok(answer),
                Ok(answer) => (format!("it answered {}", answer.status.as_u16()), answer.retry_after),
                Err(Unsent::Lease(lost)) => (lost.to_string(), None),
                Err(Unsent::Broken(why)) => (why, None),
            };
            let pause = asked.map_or(wait, |asked| asked.max(wait));
            // What is asked for may be longer than a clock can tell.
            if time::Instant::now().checked_add(pause).is_none_or(|at| at >= until) {
                let silence = asked.map(|it| format!(", and wants {} s of silence", it.as_secs()));
                return Err(unanswered(&format!("{why}{}", silence.unwrap_or_default())));
            }
            time::sleep(pause).await;
            wait *= 2;
        }
    }
}

#[async_trait]
impl Proxy for Entra {
    async fn internal_url(&self, application: &str) -> Result<String, Obstacle> {
        let answer = self.ask(application).await?;
        match answer.status {
            StatusCode::OK => internal_url(&answer.body),
            status => Err(refused(status, &answer.body)),
        }
    }

    async fn set_internal_url(&self, proof: &LeaseProof, application: &str, url: &str) -> Result<(), NotLed> {
        self.set(Some(proof), application, url).await
    }
}

/// Where Microsoft Graph has an application.
fn path(application: &str) -> String {
    format!("/beta/applications/{application}")
}

/// Whether another try may be answered otherwise.
fn is_passing(status: StatusCode) -> bool {
    status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS
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

fn again(why: Obstacle, after: Option<Duration>) -> NotLed {
    NotLed::Again { why, after }
}
