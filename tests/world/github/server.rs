//! One server for the API, Git over HTTP, and the pages, on a thread of its own.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use axum::response::{IntoResponse as _, Response};
use tokio::sync::oneshot;

use super::http::{Answer, Body, Request};
use super::state::State;
use super::{api, page};
use crate::git::http::{GitRequest, serve};

/// What the server and the tests share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) root: String,
    state: Mutex<State>,
    changed: Condvar,
    latency: Mutex<Duration>,
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells everybody who waits that something may have changed.
    pub(super) fn notify(&self) {
        self.changed.notify_all();
    }

    /// Waits for the next change, at most so long. True when the time was up.
    pub(super) fn wait<'a>(
        &self,
        guard: MutexGuard<'a, State>,
        at_most: Duration,
    ) -> (MutexGuard<'a, State>, bool) {
        let (guard, result) =
            self.changed.wait_timeout(guard, at_most).unwrap_or_else(PoisonError::into_inner);
        (guard, result.timed_out())
    }

    pub(super) fn set_latency(&self, latency: Duration) {
        *self.latency.lock().unwrap_or_else(PoisonError::into_inner) = latency;
    }
}

/// Ends with its last handle.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens on loopback; port 0 is any free one.
    pub(super) fn start(port: u16, state: State) -> Self {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        let listener =
            listener.unwrap_or_else(|error| panic!("the GitHub stand-in cannot listen on {port}: {error}"));
        listener.set_nonblocking(true).expect("a listener for tokio");
        let port = listener.local_addr().expect("the address just bound").port();
        let shared = Arc::new(Shared {
            root: format!("http://127.0.0.1:{port}"),
            state: Mutex::new(state),
            changed: Condvar::new(),
            latency: Mutex::default(),
        });
        let (stop, stopped) = oneshot::channel();
        let router_state = Arc::clone(&shared);
        let run = move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
            let runtime = runtime.expect("a runtime for the GitHub stand-in");
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
                let router =
                    Router::new().fallback(move |request| respond(Arc::clone(&router_state), request));
                tokio::select! {
                    ended = axum::serve(listener, router) => ended.expect("the server runs"),
                    _ = stopped => {}
                }
            });
            runtime.shutdown_background();
        };
        let thread = std::thread::Builder::new().name("github".to_owned()).spawn(run).expect("a thread");
        Self { shared, stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A server that panicked has already said so.
            drop(thread.join());
        }
    }
}

async fn respond(shared: Arc<Shared>, request: axum::extract::Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let request = Request {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body,
    };
    let latency = *shared.latency.lock().unwrap_or_else(PoisonError::into_inner);
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    // Git and the state's lock block: keep them off the runtime's own threads.
    let answer = tokio::task::spawn_blocking(move || answer(&shared, &request)).await;
    into_response(
        answer
            .unwrap_or_else(|_| Answer::refusal(500, "the GitHub stand-in panicked; see its test's output")),
    )
}

fn answer(shared: &Shared, request: &Request) -> Answer {
    let answer = if request.path == api::BASE || request.path.starts_with(&format!("{}/", api::BASE)) {
        api::answer(&mut shared.lock(), request, &shared.root)
    } else if let Some(answer) = git(shared, request) {
        answer
    } else {
        return page::answer(&mut shared.lock(), request, &shared.root);
    };
    shared.notify();
    answer
}

/// Git's own requests end in one of three paths; everything else is a page.
fn git(shared: &Shared, request: &Request) -> Option<Answer> {
    let below = ["/info/refs", "/git-upload-pack", "/git-receive-pack"];
    let (repository, path) = below.iter().find_map(|end| Some((request.path.strip_suffix(end)?, *end)))?;
    let (owner, name) = repository.trim_start_matches('/').split_once('/')?;
    let (repo, user) = {
        let state = shared.lock();
        if state.git_outage {
            return Some(Answer::new(503, Body::Bytes(b"Service unavailable\n".to_vec())));
        }
        let user = state.access.actor(request).map(|actor| actor.author().login);
        if state.git_needs_token && user.is_err() {
            let challenge = "Basic realm=\"GitHub\"";
            return Some(Answer::empty(401).with_header("www-authenticate", challenge));
        }
        let Some(index) = state.repository_index(owner, name.trim_end_matches(".git")) else {
            return Some(Answer::new(404, Body::Bytes(b"Repository not found.\n".to_vec())));
        };
        (state.repositories[index].git.clone(), user.unwrap_or_else(|_| "robin".to_owned()))
    };
    let done = serve(
        &repo,
        GitRequest {
            method: &request.method,
            path,
            query: &request.query,
            content_type: request.header("content-type"),
            content_encoding: request.header("content-encoding"),
            protocol: request.header("git-protocol"),
            user: &user,
            body: &request.body,
        },
    );
    if path == "/git-receive-pack" {
        shared.lock().refresh();
    }
    Some(Answer { status: done.status, headers: done.headers, body: Body::Bytes(done.body) })
}

fn into_response(answer: Answer) -> Response {
    let is_json = matches!(answer.body, Body::One(_));
    let bytes = match answer.body {
        Body::One(value) => value.to_string().into_bytes(),
        Body::Bytes(bytes) => bytes,
        Body::Empty | Body::List(_) | Body::Keyed(..) => Vec::new(),
    };
    let status = http::StatusCode::from_u16(answer.status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, bytes).into_response();
    response.headers_mut().remove(http::header::CONTENT_TYPE);
    if is_json {
        let kind = http::HeaderValue::from_static("application/json; charset=utf-8");
        response.headers_mut().insert(http::header::CONTENT_TYPE, kind);
    }
    for (name, value) in answer.headers {
        let name = http::HeaderName::try_from(name).expect("a header's name");
        response.headers_mut().insert(name, http::HeaderValue::try_from(value).expect("a header's value"));
    }
    response
}
