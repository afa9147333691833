//! The way on from the proxy to AWS.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use axum::body::Body;
use axum::extract::Request;
use http::{Response, Uri, header};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;

/// Where calls go that the proxy lets pass.
#[derive(Debug, Clone)]
pub(crate) struct Upstream {
    address: String,
    client: Client<HttpConnector, Body>,
    under_way: Arc<UnderWay>,
}

/// How many calls are with AWS, also of callers that went away.
#[derive(Debug, Default)]
struct UnderWay {
    count: Mutex<usize>,
    came_back: Condvar,
}

/// One of them.
struct Call(Arc<UnderWay>);

impl Upstream {
    /// At an address with a port.
    pub(crate) fn at(address: &str) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Self { address: address.to_owned(), client, under_way: Arc::default() }
    }

    /// Asks AWS, which does what it is asked also when the caller goes away meanwhile.
    pub(crate) async fn ask(&self, request: Request) -> Result<Response<Body>> {
        let (mut parts, body) = request.into_parts();
        for name in [header::CONNECTION, header::TRANSFER_ENCODING, header::EXPECT, header::TE] {
            parts.headers.remove(name);
        }
        // Only the connection leads elsewhere: the Host header stays the caller's.
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        parts.uri = format!("http://{}{path}", self.address).parse::<Uri>()?;
        let asked = self.client.request(Request::from_parts(parts, body));
        let call = Call::begin(&self.under_way);
        let answered = tokio::spawn(async move {
            let answer = asked.await;
            drop(call);
            answer
        });
        Ok(answered.await?.context("the emulator does not answer")?.map(Body::new))
    }

    /// Waits until no call is with AWS; false when `patience` ran out first.
    pub(crate) fn wait_done(&self, patience: Duration) -> bool {
        let until = |count: &mut usize| *count > 0;
        let count = self.under_way.count();
        let waited = self.under_way.came_back.wait_timeout_while(count, patience, until);
        let (count, _) = waited.unwrap_or_else(PoisonError::into_inner);
        *count == 0
    }
}

impl UnderWay {
    fn count(&self) -> MutexGuard<'_, usize> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Call {
    fn begin(under_way: &Arc<UnderWay>) -> Self {
        *under_way.count() += 1;
        Self(Arc::clone(under_way))
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        *self.0.count() -= 1;
        self.0.came_back.notify_all();
    }
}
