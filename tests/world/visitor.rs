//! What comes to the agent's own web server: browsers, scrapers, and whoever pretends to be one.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use crate::agent::Running;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers, names in small letters.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub text: String,
}

impl Answer {
    /// A header's first value, or nothing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}

/// Where an agent's server listens, as it said.
///
/// # Panics
///
/// When it does not say so in time.
#[track_caller]
pub fn server_of(agent: &Running, patience: Duration) -> SocketAddr {
    const SAYS: &str = "the page is at http://";
    agent.wait_until_said(SAYS, patience);
    let said = agent.said();
    let address = said.split(SAYS).nth(1).and_then(|rest| rest.split('/').next());
    address.and_then(|address| address.parse().ok()).expect("an address")
}

/// Asks for a page as a browser on this machine does.
pub fn get(server: SocketAddr, path: &str) -> Answer {
    request(server, "GET", path, &[("Host", &server.to_string())], b"")
}

/// Sends a request with exactly these headers, beside its length, on a connection of its own.
///
/// # Panics
///
/// When there is no answer.
pub fn request(
    server: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Answer {
    let mut stream = BufReader::new(connect(server));
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!(
        "{method} {path} HTTP/1.1\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    // Who refuses early may close while the rest is still on its way.
    let _ = stream.get_mut().write_all(&[head.as_bytes(), body].concat());
    let (status, headers) = read_head(&mut stream);
    let mut text = Vec::new();
    let _ = stream.read_to_end(&mut text);
    Answer { status, headers, text: String::from_utf8_lossy(&text).into_owned() }
}

/// Listens to server-sent events until `enough` of them came; answers their lines.
///
/// # Panics
///
/// When they do not come in time.
pub fn listen(server: SocketAddr, path: &str, enough: usize) -> Vec<String> {
    let mut stream = BufReader::new(connect(server));
    let head = format!("GET {path} HTTP/1.1\r\nHost: {server}\r\nAccept: text/event-stream\r\n\r\n");
    stream.get_mut().write_all(head.as_bytes()).expect("it can be sent");
    let (status, headers) = read_head(&mut stream);
    assert_eq!(status, 200, "{headers:?}");
    let mut lines = Vec::new();
    while lines.iter().filter(|line: &&String| line.starts_with("event:")).count() < enough
        || lines.last().is_none_or(|last| !last.is_empty())
    {
        let mut line = String::new();
        assert!(stream.read_line(&mut line).expect("an event comes in time") > 0, "the stream ended");
        lines.push(line.trim_end().to_owned());
    }
    lines
}

fn connect(server: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(server).expect("the server accepts");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time can be set");
    stream
}

fn read_head(stream: &mut BufReader<TcpStream>) -> (u16, Vec<(String, String)>) {
    let mut line = String::new();
    stream.read_line(&mut line).expect("an answer");
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.unwrap_or_else(|| panic!("no status: {line:?}"));
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).expect("a header");
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    (status, headers)
}
