//! Git's smart HTTP protocol: Git's own `http-backend`, called as a CGI program.

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

use super::{ConfigRepo, isolate};

/// What Git's program needs to know of an HTTP request.
#[derive(Clone, Copy, Debug)]
pub struct GitRequest<'a> {
    pub method: &'a str,
    /// Below the repository, with its slash: `/info/refs`.
    pub path: &'a str,
    pub query: &'a str,
    pub content_type: &'a str,
    pub content_encoding: &'a str,
    /// The `Git-Protocol` header.
    pub protocol: &'a str,
    pub user: &'a str,
    pub body: &'a [u8],
}

/// What Git's program answered.
#[derive(Clone, Debug)]
pub struct GitAnswer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// Answers one request on a repository.
pub fn serve(repo: &ConfigRepo, request: GitRequest<'_>) -> GitAnswer {
    let path = repo.path();
    let mut command = Command::new("git");
    isolate(&mut command)
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", path.parent().expect("a bare repository lies in a folder"))
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("PATH_INFO", format!("/{}.git{}", repo.name(), request.path))
        .env("REQUEST_METHOD", request.method)
        .env("QUERY_STRING", request.query)
        .env("CONTENT_TYPE", request.content_type)
        .env("CONTENT_LENGTH", request.body.len().to_string())
        .env("HTTP_CONTENT_ENCODING", request.content_encoding)
        .env("GIT_PROTOCOL", request.protocol)
        .env("REMOTE_USER", request.user)
        .env("REMOTE_ADDR", "127.0.0.1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = command.spawn().expect("git http-backend");
    let mut input = child.stdin.take().expect("piped");
    let mut output = Vec::new();
    std::thread::scope(|scope| {
        // Git may end before it has read everything (a refused push): that is its right.
        scope.spawn(move || drop(input.write_all(request.body)));
        child.stdout.take().expect("piped").read_to_end(&mut output).expect("git's answer");
    });
    child.wait().expect("git http-backend ends");
    parse(&output)
}

fn parse(output: &[u8]) -> GitAnswer {
    let end = output.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or(output.len());
    let mut answer = GitAnswer { status: 200, headers: Vec::new(), body: Vec::new() };
    for line in String::from_utf8_lossy(&output[..end]).lines() {
        let Some((name, value)) = line.split_once(": ") else {
            continue;
        };
        if name.eq_ignore_ascii_case("status") {
            answer.status = value.split(' ').next().and_then(|code| code.parse().ok()).unwrap_or(500);
        } else {
            answer.headers.push((name.to_owned(), value.to_owned()));
        }
    }
    if output.is_empty() {
        answer.status = 500;
    }
    answer.body = output.get(end + 4..).unwrap_or_default().to_vec();
    answer
}
