//! One server on loopback, on a thread of its own.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use axum::Router;
use axum::body::Bytes;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode, header};
use serde_json::Value;
use tokio::sync::oneshot;

use super::{State, graph, sign_in};

/// A request, read whole.
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Request {
    pub(super) fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// An answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Option<Value>,
    pub(super) retry_after: Option<u64>,
    /// It never arrives.
    pub(super) is_lost: bool,
}

impl Answer {
    pub(super) fn of(status: u16, body: Value) -> Self {
        Self { status, body: Some(body), retry_after: None, is_lost: false }
    }
}

/// Ends with it.
pub(super) struct Server {
    pub(super) root: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(super) fn start(state: Arc<Mutex<State>>) -> Self {
        let listener =
            TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("a port on loopback");
        listener.set_nonblocking(true).expect("a listener for tokio");
        let root = format!("http://{}", listener.local_addr().expect("the address just bound"));
        let (stop, stopped) = oneshot::channel();
        let run = move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
            let runtime = runtime.expect("a runtime for the stand-in of Microsoft Entra");
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
                let router = Router::new().fallback(move |request| respond(Arc::clone(&state), request));
                tokio::select! {
                    ended = axum::serve(listener, router) => ended.expect("the server runs"),
                    _ = stopped => {}
                }
            });
            runtime.shutdown_background();
        };
        let thread = std::thread::Builder::new().name("entra".to_owned()).spawn(run).expect("a thread");
        Self { root, stop: Some(stop), thread: Some(thread) }
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

async fn respond(state: Arc<Mutex<State>>, request: axum::extract::Request) -> Response {
    let (parts, body) = request.into_parts();
    let request = Request {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body: axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default(),
    };
    let Answer { status, body, retry_after, is_lost } = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = if request.path.starts_with("/beta/") || request.path.starts_with("/v1.0/") {
            graph::answer(&mut state, &request)
        } else {
            sign_in::answer(&mut state, &request)
        };
        let status = if answer.is_lost { "lost".to_owned() } else { answer.status.to_string() };
        state.requests.push(format!("{} {status}", request.method));
        answer
    };
    if is_lost {
        // Whoever serves this connection ends without a word, and the connection with it.
        std::panic::resume_unwind(Box::new("lost"));
    }
    let status = StatusCode::from_u16(status).expect("a status");
    let mut response = match body {
        Some(body) => {
            (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
        }
        None => status.into_response(),
    };
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}
