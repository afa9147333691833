//! One question and its answer by HTTP/1.1: over TLS that is verified, within a
//! time and a size. Redirects are not followed: what is sent holds a secret.

use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use pointsman_engine::lease::{LeaseLost, LeaseProof};
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time,
};
use tokio_rustls::TlsConnector;

use super::settings::Base;
use crate::prober::tls;

/// How long one try may take.
const WITHIN: Duration = Duration::from_secs(20);
/// No answer that is used is longer.
const LONGEST_ANSWER: usize = 256 * 1024;

/// What is asked.
pub(super) struct Question {
    pub(super) base: Base,
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) body: Bytes,
}

/// What was answered.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Bytes,
}

/// Why there is no answer.
pub(super) enum Unsent {
    /// The lease was not fresh: nothing was sent.
    Lease(LeaseLost),
    /// It did not come; whether it was sent is not known.
    Broken(String),
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Sends it once; what needs a lease right after a look at it.
pub(super) async fn send(question: &Question, proof: Option<&LeaseProof>) -> Result<Answer, Unsent> {
    let late = |_| Unsent::Broken(format!("no answer within {} s", WITHIN.as_secs()));
    time::timeout(WITHIN, exchanged(question, proof)).await.map_err(late)?
}

async fn exchanged(question: &Question, proof: Option<&LeaseProof>) -> Result<Answer, Unsent> {
    let Question { base, method, path, headers, body } = question;
    let broken = |error: &dyn std::fmt::Display| Unsent::Broken(format!("{}: {error}", base.host));
    let stream = connected(base).await.map_err(|why| broken(&why))?;
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|error| broken(&error))?;
    let driver = tokio::spawn(connection);
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, host(base))
        .header(header::USER_AGENT, "pointsman")
        .header(header::ACCEPT, "application/json")
        .header(header::CONNECTION, "close");
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let request = request.body(Full::new(body.clone())).map_err(|error| broken(&error))?;
    if let Some(proof) = proof {
        proof.check().map_err(Unsent::Lease)?;
    }
    let answer = sender.send_request(request).await.map_err(|error| broken(&error))?;
    let (parts, body) = answer.into_parts();
    let body = Limited::new(body, LONGEST_ANSWER).collect().await.map_err(|error| broken(&error))?;
    driver.abort();
    let seconds = parts.headers.get(header::RETRY_AFTER).and_then(|it| it.to_str().ok()?.trim().parse().ok());
    Ok(Answer { status: parts.status, retry_after: seconds.map(Duration::from_secs), body: body.to_bytes() })
}

async fn connected(base: &Base) -> Result<Box<dyn Stream>, String> {
    let stream = TcpStream::connect((base.host.as_str(), base.port)).await.map_err(|it| it.to_string())?;
    if !base.is_tls {
        return Ok(Box::new(stream));
    }
    let config = tls::trusted().map_err(|error| error.to_string())?;
    let name = ServerName::try_from(base.host.clone()).map_err(|error| error.to_string())?;
    let stream = TlsConnector::from(config).connect(name, stream).await.map_err(|error| error.to_string())?;
    Ok(Box::new(stream))
}

/// The Host header: the port where it is not the usual one.
fn host(base: &Base) -> String {
    let Base { host, port, is_tls } = base;
    let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
    if *port == if *is_tls { 443 } else { 80 } { host } else { format!("{host}:{port}") }
}
