//! The smallest HTTP client: one request, one connection.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::Value;

use super::super::GitHub;

pub(super) struct Client {
    address: String,
    pub(super) token: String,
}

#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    headers: Vec<(String, String)>,
    pub(super) text: String,
}

impl Reply {
    pub(super) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(given, _)| given.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value.as_str())
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {}", self.text))
    }
}

impl Client {
    pub(super) fn new(github: &GitHub, token: &str) -> Self {
        Self { address: github.url().trim_start_matches("http://").to_owned(), token: token.to_owned() }
    }

    /// Calls an operation of the API on `acme/config`.
    pub(super) fn call(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        self.send(method, &format!("/api/v3/repos/acme/config{path}"), &[], body)
    }

    pub(super) fn get(&self, path: &str) -> Reply {
        self.call("GET", path, None)
    }

    pub(super) fn post(&self, path: &str, body: Value) -> Reply {
        self.call("POST", path, Some(body))
    }

    pub(super) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Reply {
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let mut text = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n", self.address);
        text += &format!("user-agent: test\r\ncontent-length: {}\r\n", body.len());
        if !self.token.is_empty() {
            text += &format!("authorization: Bearer {}\r\n", self.token);
        }
        for (name, value) in headers {
            text += &format!("{name}: {value}\r\n");
        }
        let mut stream = TcpStream::connect(&self.address).expect("the stand-in listens");
        stream.write_all(format!("{text}\r\n{body}").as_bytes()).expect("a request");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer");
        let answer = String::from_utf8(answer).expect("text");
        let (head, text) = answer.split_once("\r\n\r\n").expect("a head and a body");
        let mut lines = head.lines();
        let status = lines
            .next()
            .and_then(|line| line.split(' ').nth(1))
            .expect("a status")
            .parse()
            .expect("a number");
        let pairs = lines.filter_map(|line| line.split_once(": "));
        let headers = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Reply { status, headers, text: text.to_owned() }
    }
}
