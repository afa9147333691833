//! HTTP/1.1 as bytes on a connection: nothing is retried, nothing is hidden from who measures.

use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers, names in small letters.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
    pub(super) reusable: bool,
}

impl Answer {
    /// A header's first value, or nothing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The body's JSON; null when it is none.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// A connection on which one request follows the other.
#[derive(Debug)]
pub(super) struct Connection(pub(super) BufReader<TcpStream>);

impl Connection {
    pub(super) async fn open(to: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(to).await?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    pub(super) async fn ask(&mut self, request: &[u8]) -> Result<Answer> {
        self.0.write_all(request).await?;
        let mut answer = self.head().await?;
        if answer.status == 101 || answer.status == 204 {
            return Ok(answer);
        }
        if answer.header("transfer-encoding").eq_ignore_ascii_case("chunked") {
            answer.body = self.chunks().await?;
        } else if let Ok(length) = answer.header("content-length").parse() {
            answer.body = vec![0; length];
            self.0.read_exact(&mut answer.body).await?;
        } else {
            self.0.read_to_end(&mut answer.body).await?;
            answer.reusable = false;
        }
        Ok(answer)
    }

    async fn head(&mut self) -> Result<Answer> {
        let first = self.line().await?;
        let status = first.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status =
            status.ok_or_else(|| Error::new(ErrorKind::InvalidData, format!("no status: {first:?}")))?;
        let mut headers = Vec::new();
        loop {
            let line = self.line().await?;
            let Some((name, value)) = line.split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut answer = Answer { status, headers, body: Vec::new(), reusable: true };
        answer.reusable = !answer.header("connection").eq_ignore_ascii_case("close");
        Ok(answer)
    }

    async fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.0.read_line(&mut line).await? == 0 {
            return Err(Error::new(ErrorKind::UnexpectedEof, "the connection was closed without an answer"));
        }
        Ok(line.trim_end().to_owned())
    }

    async fn chunks(&mut self) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = self.line().await?;
            let length = usize::from_str_radix(line.split(';').next().unwrap_or("").trim(), 16)
                .map_err(|error| Error::new(ErrorKind::InvalidData, error))?;
            let start = body.len();
            body.resize(start + length, 0);
            self.0.read_exact(&mut body[start..]).await?;
            self.line().await?;
            if length == 0 {
                return Ok(body);
            }
        }
    }
}

/// The bytes of a request without a body.
pub(super) fn request(method: &str, path: &str, host: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    request_with(method, path, host, headers, "")
}

/// The bytes of a request; what is in it is JSON.
pub(super) fn request_with(
    method: &str,
    path: &str,
    host: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() {
        text.push_str("Content-Type: application/json\r\n");
    }
    if method == "POST" {
        text.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    text.push_str("\r\n");
    text.push_str(body);
    text.into_bytes()
}
