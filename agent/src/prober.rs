//! Asks a service for its health the way that people come: through the load
//! balancer.

use std::time::Duration;

use async_trait::async_trait;
use http_body_util::Empty;
use hyper::{Request, body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use pointsman_engine::ports::{Probe, Prober};
use tokio::{net::TcpStream, time};

/// So often it must answer well, in a row.
const TIMES: u32 = 3;
/// A request may take so long.
const WITHIN: Duration = Duration::from_secs(10);
/// Between two requests.
const PAUSE: Duration = Duration::from_millis(500);
/// What was just changed on a load balancer is there everywhere within this time.
const SPREAD: Duration = Duration::from_secs(30);

/// Asks by HTTP/1.1; through the proxy that `http_proxy` names, where it does.
#[derive(Clone, Debug, Default)]
pub struct HttpProber {
    proxy: Option<String>,
}

impl HttpProber {
    /// As the environment says.
    pub fn from_environment() -> Self {
        let proxy = ["http_proxy", "HTTP_PROXY"].iter().find_map(|name| std::env::var(name).ok());
        let proxy = proxy.map(|url| url.trim_start_matches("http://").trim_end_matches('/').to_owned());
        Self { proxy: proxy.filter(|proxy| !proxy.is_empty()) }
    }

    async fn once(&self, probe: &Probe) -> Result<(), String> {
        let own = format!("{}:{}", probe.name, probe.port);
        let address = self.proxy.as_ref().unwrap_or(&own);
        let connected = time::timeout(WITHIN, TcpStream::connect(address)).await;
        let stream = match connected {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(format!("{address} cannot be reached from here: {error}")),
            Err(_) => return Err(format!("{address} cannot be reached from here within {WITHIN:?}")),
        };
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| format!("{address}: {error}"))?;
        let driver = tokio::spawn(connection);
        let uri = match &self.proxy {
            Some(_) => format!("http://{}{}", probe.host, probe.path),
            None => probe.path.clone(),
        };
        let (name, value) = &probe.header;
        let request = Request::get(uri)
            .header(hyper::header::HOST, &probe.host)
            .header(hyper::header::USER_AGENT, "pointsman")
            .header(hyper::header::CONNECTION, "close")
            .header(name, value)
            .body(Empty::<Bytes>::new())
            .map_err(|error| error.to_string())?;
        let answered = time::timeout(WITHIN, sender.send_request(request)).await;
        driver.abort();
        let status = match answered {
            Ok(Ok(answer)) => answer.status().as_u16(),
            Ok(Err(error)) => {
                return Err(format!("GET {} on {} was not answered: {error}", probe.path, probe.host));
            }
            Err(_) => {
                return Err(format!("GET {} on {} took longer than {WITHIN:?}", probe.path, probe.host));
            }
        };
        if is_good(&probe.codes, status) {
            Ok(())
        } else {
            Err(format!(
                "GET {} on {} was answered {status}, and {} is wanted",
                probe.path, probe.host, probe.codes
            ))
        }
    }
}

#[async_trait]
impl Prober for HttpProber {
    async fn ask(&self, probe: &Probe) -> Result<(), String> {
        let until = time::Instant::now() + SPREAD;
        let mut well = 0;
        while well < TIMES {
            match self.once(probe).await {
                Ok(()) => well += 1,
                Err(why) if time::Instant::now() >= until => return Err(why),
                Err(_) => well = 0,
            }
            time::sleep(PAUSE).await;
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

#[cfg(test)]
mod tests {
    use super::is_good;

    #[test]
    fn codes_are_read_as_a_target_group_reads_them() {
        for (codes, status, expected) in [
            ("200", 200, true),
            ("200", 204, false),
            ("200-299", 204, true),
            ("200, 302", 302, true),
            ("200,302", 301, false),
            ("", 200, false),
        ] {
            assert_eq!(is_good(codes, status), expected, "{codes} {status}");
        }
    }
}
