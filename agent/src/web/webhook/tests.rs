#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests; what they count is printed"
)]

mod fuzz;
mod hostile;
mod meaning;

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use super::{Rate, Webhooks};
use crate::{daemon::Wake, metrics::Metrics, web::serve::serve};

const SECRET: &str = "It's a Secret to Everybody";

/// The endpoint on loopback, as it is served.
struct Endpoint {
    at: SocketAddr,
    wake: Arc<Wake>,
    metrics: Arc<Metrics>,
    _folder: TempDir,
}

impl Endpoint {
    async fn start(rate: Rate) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, SECRET).unwrap();
        let (wake, metrics) = (Arc::new(Wake::default()), Arc::new(Metrics::default()));
        let text = format!(
            "[repo]\nurl = \"/srv/x\"\n[github]\nrepository = \"Acme/config\"\ntoken_env = \"T\"\nwebhook_secret_file = \"{}\"\n",
            path.display()
        );
        let config = crate::config::read(Path::new("pointsman.toml"), &text).unwrap();
        let webhooks = Webhooks::of(&config.github.unwrap(), Arc::clone(&wake), Arc::clone(&metrics), rate);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        tokio::spawn(serve(listener, Arc::new(webhooks.unwrap().unwrap()).routes()));
        Self { at, wake, metrics, _folder: folder }
    }

    async fn connect(&self) -> Connection {
        Connection { at: self.at, stream: None }
    }

    fn counted(&self, word: &str) -> u64 {
        self.metrics.webhooks.counts().get(word).copied().unwrap_or_default()
    }

    /// Whether nobody was woken, and nothing asked for.
    async fn sleeps(&self) -> bool {
        self.wake.asked.take().is_empty()
            && tokio::time::timeout(Duration::from_millis(50), self.wake.heard()).await.is_err()
    }
}

/// No limit that a test reaches.
const FREE: Rate = Rate { burst: 1_000_000, every: Duration::from_nanos(1) };

/// One connection, opened anew whenever the other end closed it.
struct Connection {
    at: SocketAddr,
    stream: Option<BufReader<TcpStream>>,
}

impl Connection {
    /// Sends a request as it is, and reads its status and text.
    async fn send(&mut self, head: &str, body: &[u8]) -> (u16, String) {
        for _ in 0..3 {
            if let Some(answer) = self.exchange(head, body).await {
                return answer;
            }
            self.stream = None;
        }
        panic!("the endpoint does not answer {head}");
    }

    async fn exchange(&mut self, head: &str, body: &[u8]) -> Option<(u16, String)> {
        if self.stream.is_none() {
            let stream = TcpStream::connect(self.at).await.unwrap();
            stream.set_nodelay(true).unwrap();
            self.stream = Some(BufReader::new(stream));
        }
        let stream = self.stream.as_mut()?;
        // Who refuses early may close while the rest is still on its way.
        let _ = stream
            .write_all(format!("POST /webhooks/github HTTP/1.1\r\nHost: a\r\n{head}\r\n").as_bytes())
            .await;
        let _ = stream.write_all(body).await;
        let mut status = String::new();
        if stream.read_line(&mut status).await.ok()? == 0 {
            return None;
        }
        let (mut length, mut closes) = (0, false);
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await.ok()?;
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(written) = line.strip_prefix("content-length: ") {
                length = written.parse().ok()?;
            }
            closes |= line == "connection: close";
        }
        let mut text = vec![0; length];
        stream.read_exact(&mut text).await.ok()?;
        if closes {
            self.stream = None;
        }
        Some((status.split(' ').nth(1)?.parse().ok()?, String::from_utf8(text).ok()?))
    }

    /// Sends what GitHub would.
    async fn deliver(&mut self, event: &str, id: &str, body: &[u8]) -> (u16, String) {
        self.send(&head(event, id, &signed(SECRET, body), body), body).await
    }
}

fn signed(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

fn head(event: &str, id: &str, signature: &str, body: &[u8]) -> String {
    format!(
        "Content-Type: application/json\r\nContent-Length: {}\r\nX-GitHub-Event: {event}\r\nX-GitHub-Delivery: {id}\r\nX-Hub-Signature-256: {signature}\r\n",
        body.len()
    )
}
