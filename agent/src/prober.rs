//! Checks a new side of a service the way that people come: through the load
//! balancer, with the host that they use.

#[cfg(test)]
mod tests;
pub(crate) mod tls;

use std::time::Duration;

use async_trait::async_trait;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::{
    Request, Response, StatusCode,
    body::{Bytes, Incoming},
    client::conn::http1,
    header,
};
use hyper_util::rt::TokioIo;
use pointsman_core::rollout::Unproven;
use pointsman_engine::ports::{Expects, Probe, Prober, Speaks};
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time,
};
use tokio_rustls::TlsConnector;

/// So often it must answer well, in a row.
const TIMES: u32 = 3;
/// A connection, a handshake or a request may take so long.
const WITHIN: Duration = Duration::from_secs(10);
/// Between two requests.
const PAUSE: Duration = Duration::from_millis(500);
/// What was just changed on a load balancer is there everywhere within this time.
const SPREAD: Duration = Duration::from_secs(30);
/// A text is looked for in so much of an answer.
const LONGEST_ANSWER: usize = 256 * 1024;

/// The key of RFC 6455's own example, and the answer that opens a WebSocket with it.
const KEY: (&str, &str) = ("dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");

/// Asks by HTTP/1.1. Without TLS, through the proxy that `http_proxy` names,
/// where it does.
#[derive(Clone, Debug, Default)]
pub struct HttpProber {
    proxy: Option<String>,
}

/// A connection, encrypted or not.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl HttpProber {
    /// As the environment says.
    pub fn from_environment() -> Self {
        let proxy = ["http_proxy", "HTTP_PROXY"].iter().find_map(|name| std::env::var(name).ok());
        let proxy = proxy.map(|url| url.trim_start_matches("http://").trim_end_matches('/').to_owned());
        Self { proxy: proxy.filter(|proxy| !proxy.is_empty()) }
    }

    /// The proxy that a probe goes through.
    fn proxy_of(&self, probe: &Probe) -> Option<&String> {
        self.proxy.as_ref().filter(|_| probe.speaks == Speaks::Plain)
    }

    async fn once(&self, probe: &Probe) -> Result<(), Unproven> {
        let what = what(probe);
        let broken = |why: String| Unproven::Unanswered { what: what.clone(), host: probe.host.clone(), why };
        let stream = self.connected(probe).await?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| broken(error.to_string()))?;
        let driver = tokio::spawn(connection.with_upgrades());
        let request = self.request(probe).map_err(|error| broken(error.to_string()))?;
        let answer = async {
            let answer = sender.send_request(request).await.map_err(|error| broken(error.to_string()))?;
            judged(probe, &what, answer).await
        };
        let answered = within(&what, answer).await;
        driver.abort();
        answered?
    }

    async fn connected(&self, probe: &Probe) -> Result<Box<dyn Stream>, Unproven> {
        let own = format!("{}:{}", probe.name, probe.port);
        let address = self.proxy_of(probe).unwrap_or(&own);
        let stream = within(address, TcpStream::connect(address)).await?;
        let stream = stream
            .map_err(|error| Unproven::Unreachable { address: address.clone(), why: error.to_string() })?;
        let untrusted = |why: String| Unproven::Untrusted { host: probe.host.clone(), why };
        let Some(config) = tls::config(probe.speaks).map_err(|error| untrusted(error.to_string()))? else {
            return Ok(Box::new(stream));
        };
        let name = ServerName::try_from(probe.host.clone()).map_err(|error| untrusted(error.to_string()))?;
        let handshake = within(address, TlsConnector::from(config).connect(name, stream)).await?;
        Ok(Box::new(handshake.map_err(|error| untrusted(error.to_string()))?))
    }

    fn request(&self, probe: &Probe) -> Result<Request<Empty<Bytes>>, http::Error> {
        let uri = match self.proxy_of(probe) {
            Some(_) => format!("http://{}{}", probe.host, probe.path),
            None => probe.path.clone(),
        };
        let (name, value) = &probe.header;
        let request = Request::get(uri)
            .header(header::HOST, &probe.host)
            .header(header::USER_AGENT, "pointsman")
            .header(name, value);
        let request = match probe.expects {
            Expects::Answer { .. } => request.header(header::CONNECTION, "close"),
            Expects::WebSocket => request
                .header(header::CONNECTION, "Upgrade")
                .header(header::UPGRADE, "websocket")
                .header(header::SEC_WEBSOCKET_VERSION, "13")
                .header(header::SEC_WEBSOCKET_KEY, KEY.0),
        };
        request.body(Empty::new())
    }
}

/// A request as people write it.
fn what(probe: &Probe) -> String {
    match probe.expects {
        Expects::Answer { .. } => format!("GET {}", probe.path),
        Expects::WebSocket => format!("WebSocket {}", probe.path),
    }
}

async fn within<T>(what: &str, asked: impl Future<Output = T>) -> Result<T, Unproven> {
    let late = |_| Unproven::TooSlow { what: what.to_owned(), seconds: WITHIN.as_secs() };
    time::timeout(WITHIN, asked).await.map_err(late)
}

/// Whether an answer is a good one.
async fn judged(probe: &Probe, what: &str, answer: Response<Incoming>) -> Result<(), Unproven> {
    let (what, host) = (what.to_owned(), probe.host.clone());
    let status = answer.status();
    match &probe.expects {
        Expects::Answer { codes, .. } if !is_good(codes, status.as_u16()) => {
            Err(Unproven::Answered { what, host, status: status.as_u16(), wanted: codes.clone() })
        }
        Expects::Answer { contains: None, .. } => Ok(()),
        Expects::Answer { contains: Some(text), .. } => {
            let body = Limited::new(answer.into_body(), LONGEST_ANSWER).collect().await;
            let body = body.map(|body| body.to_bytes()).unwrap_or_default();
            let holds = String::from_utf8_lossy(&body).contains(text.as_str());
            if holds { Ok(()) } else { Err(Unproven::Lacks { what, host, text: text.clone() }) }
        }
        Expects::WebSocket if status != StatusCode::SWITCHING_PROTOCOLS => {
            Err(Unproven::Answered { what, host, status: status.as_u16(), wanted: "101".to_owned() })
        }
        Expects::WebSocket => {
            let accepted = answer.headers().get(header::SEC_WEBSOCKET_ACCEPT);
            let is_open = accepted.is_some_and(|accepted| accepted.as_bytes() == KEY.1.as_bytes());
            if is_open { Ok(()) } else { Err(Unproven::NoWebSocket { what, host }) }
        }
    }
}

#[async_trait]
impl Prober for HttpProber {
    async fn ask(&self, probe: &Probe) -> Result<(), Unproven> {
        let until = time::Instant::now() + SPREAD;
        let mut well = 0;
        while well < TIMES {
            match self.once(probe).await {
                Ok(()) => well += 1,
                Err(why) if time::Instant::now() >= until => return Err(why),
                Err(_) => well = 0,
            }
            if well < TIMES {
                time::sleep(PAUSE).await;
            }
        }
        Ok(())
    }
}

/// Whether a status is among those of a target group's matcher.
fn is_good(codes: &str, status: u16) -> bool {
    codes.split(',').map(str::trim).any(|part| {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        matches!((from.parse::<u16>(), to.parse::<u16>()), (Ok(from), Ok(to)) if (from..=to).contains(&status))
    })
}
