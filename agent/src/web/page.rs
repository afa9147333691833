//! The page: what the agent knows, as HTML; and word of every change.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Path, Query, State},
    middleware::from_fn_with_state,
    response::{
        Html, IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
    routing::get,
};
use futures::{Stream, stream};
use http::{HeaderMap, StatusCode, header};
use pointsman_core::{
    environment::EnvironmentName,
    render::page::{self, Frame, Markup, SCRIPT, STYLE},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::{
    guard::{Guard, guarded},
    hosts::Hosts,
};
use crate::{config::Server, daemon::Live};

/// So many browsers hear of changes at once.
const MOST_STREAMS: usize = 64;
/// Between two words of change lies at least this.
const SPACE: Duration = Duration::from_millis(500);
/// Whoever is between does not close what is silent for so long.
const ALIVE: Duration = Duration::from_secs(15);

/// What the page is made of.
#[derive(Debug)]
pub(super) struct Site {
    live: Live,
    hosts: Hosts,
    prefix: String,
    streams: Arc<Semaphore>,
}

impl Site {
    pub(super) fn new(live: Live, server: &Server, hosts: Hosts) -> Self {
        let public = server.public_url.as_ref();
        Self {
            live,
            hosts,
            prefix: public.map(|url| url.path().to_owned()).unwrap_or_default(),
            streams: Arc::new(Semaphore::new(MOST_STREAMS)),
        }
    }

    pub(super) fn routes(self) -> Router {
        let guard = Arc::new(Guard::new(self.hosts.clone(), "form-action 'none'"));
        let site = Arc::new(self);
        Router::new()
            .route("/", get(estate))
            .route("/environments/{*name}", get(environment))
            .route("/pulls/{number}", get(pull))
            .route("/events", get(events))
            .route("/page.css", get(async || ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE)))
            .route(
                "/page.js",
                get(async || ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], SCRIPT)),
            )
            .fallback(nowhere)
            .layer(from_fn_with_state(guard, guarded))
            .with_state(site)
    }

    fn page(&self, status: StatusCode, title: &str, version: u64, main: &Markup) -> Response {
        let html = self.frame(version).around(title, main);
        (status, Html(html)).into_response()
    }

    fn frame(&self, version: u64) -> Frame<'_> {
        Frame { prefix: &self.prefix, agent: self.live.name(), version }
    }

    fn version(&self) -> u64 {
        *self.live.versions().borrow()
    }

    fn not_found(&self) -> Response {
        self.page(StatusCode::NOT_FOUND, "Nothing here", self.version(), &page::not_found())
    }
}

async fn estate(State(site): State<Arc<Site>>) -> Response {
    // First the version, then what is shown: nothing new can be missed.
    let version = site.version();
    let estate = site.live.estate().await;
    let main = page::estate(&site.frame(version), &estate);
    site.page(StatusCode::OK, "Environments", version, &main)
}

async fn environment(State(site): State<Arc<Site>>, Path(name): Path<String>) -> Response {
    let version = site.version();
    let Some(name) = EnvironmentName::parse(&name) else { return site.not_found() };
    let Some(view) = site.live.environment(&name).await else { return site.not_found() };
    let main = page::environment(&site.frame(version), &view);
    site.page(StatusCode::OK, name.as_str(), version, &main)
}

async fn pull(State(site): State<Arc<Site>>, Path(number): Path<String>) -> Response {
    let version = site.version();
    let Ok(number) = number.parse::<u64>() else { return site.not_found() };
    let Some(report) = site.live.pull(number) else { return site.not_found() };
    let main = page::pull(&site.frame(version), number, &report);
    site.page(StatusCode::OK, &format!("Pull request #{number}"), version, &main)
}

async fn nowhere(State(site): State<Arc<Site>>) -> Response {
    site.not_found()
}

#[derive(serde::Deserialize)]
struct Since {
    since: Option<u64>,
}

/// Word of every change since the version that is shown, as server-sent events.
async fn events(
    State(site): State<Arc<Site>>,
    Query(Since { since }): Query<Since>,
    headers: HeaderMap,
) -> Response {
    let Ok(room) = Arc::clone(&site.streams).try_acquire_owned() else {
        let text =
            "So many browsers listen already that no more are told of changes; reload the page instead.\n";
        return (StatusCode::SERVICE_UNAVAILABLE, text).into_response();
    };
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let changes = changes(site.live.versions(), last.or(since), room);
    let stream = Sse::new(changes).keep_alive(KeepAlive::new().interval(ALIVE));
    // Some proxies keep answers back until they are long.
    ([("x-accel-buffering", "no")], stream).into_response()
}

fn changes(
    versions: watch::Receiver<u64>,
    shown: Option<u64>,
    room: OwnedSemaphorePermit,
) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold((versions, shown, room, false), async |(mut versions, shown, room, told)| {
        if told {
            tokio::time::sleep(SPACE).await;
        }
        loop {
            let version = *versions.borrow_and_update();
            if shown != Some(version) {
                let text = version.to_string();
                let event = Event::default().event("changed").id(&text).data(&text);
                return Some((Ok(event), (versions, Some(version), room, true)));
            }
            versions.changed().await.ok()?;
        }
    })
}
