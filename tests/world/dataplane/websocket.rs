//! A client's WebSocket: the handshake, and frames; those that it sends are shorter than 126 bytes, or 64 KiB.

use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::STANDARD};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader, ReadHalf, WriteHalf, split};
use tokio::net::TcpStream;

use super::http::{Answer, Connection, request};

/// What the other side sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame {
    Text(Vec<u8>),
    /// To be answered by a pong with the same content.
    Ping(Vec<u8>),
    Pong,
    Close(u16),
    Other,
}

pub(super) struct Socket {
    pub(super) reader: Reader,
    pub(super) writer: Writer,
}

pub(super) struct Reader(ReadHalf<BufReader<TcpStream>>);

pub(super) struct Writer(WriteHalf<BufReader<TcpStream>>);

impl Socket {
    /// Asks for one; an answer other than 101 is the error.
    pub(super) async fn open(
        to: SocketAddr,
        host: &str,
        path: &str,
        cookies: &str,
    ) -> Result<(Self, Answer)> {
        let mut connection = Connection::open(to).await?;
        let key = STANDARD.encode(fastrand::u128(..).to_be_bytes());
        let headers = [
            ("Connection", "Upgrade"),
            ("Upgrade", "websocket"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", &key),
            ("Cookie", cookies),
        ];
        let answer = connection.ask(&request("GET", path, host, &headers)).await?;
        let expected = digest::digest(
            &digest::SHA1_FOR_LEGACY_USE_ONLY,
            format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11").as_bytes(),
        );
        if answer.status != 101 || answer.header("sec-websocket-accept") != STANDARD.encode(expected) {
            return Err(Error::other(format!(
                "a WebSocket was answered with {} {}",
                answer.status,
                answer.header("x-balancer")
            )));
        }
        let (reader, writer) = split(connection.0);
        Ok((Self { reader: Reader(reader), writer: Writer(writer) }, answer))
    }
}

impl Writer {
    pub(super) async fn send(&mut self, text: &[u8]) -> Result<()> {
        self.frame(1, text).await
    }

    pub(super) async fn ping(&mut self) -> Result<()> {
        self.frame(9, b"still there?").await
    }

    pub(super) async fn pong(&mut self, content: &[u8]) -> Result<()> {
        self.frame(10, content).await
    }

    pub(super) async fn close(&mut self) -> Result<()> {
        self.frame(8, &1000_u16.to_be_bytes()).await
    }

    async fn frame(&mut self, kind: u8, content: &[u8]) -> Result<()> {
        let length = u16::try_from(content.len()).map_err(|_| Error::other("frames here are short"))?;
        let mask = fastrand::u32(..).to_be_bytes();
        let mut bytes = vec![0x80 | kind];
        match u8::try_from(length) {
            Ok(length) if length < 126 => bytes.push(0x80 | length),
            Ok(_) | Err(_) => {
                bytes.push(0x80 | 126);
                bytes.extend(length.to_be_bytes());
            }
        }
        bytes.extend(mask);
        bytes.extend(content.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        self.0.write_all(&bytes).await?;
        self.0.flush().await
    }
}

impl Reader {
    /// The next frame. Not safe to cancel: half of a frame would be lost.
    pub(super) async fn next(&mut self) -> Result<Frame> {
        let mut head = [0; 2];
        self.0.read_exact(&mut head).await?;
        let length = match head[1] {
            length @ 0..=125 => usize::from(length),
            126 => usize::from(self.0.read_u16().await?),
            _ => return Err(Error::new(ErrorKind::InvalidData, "frames here are short and not masked")),
        };
        let mut content = vec![0; length];
        self.0.read_exact(&mut content).await?;
        Ok(match head[0] & 0x0f {
            1 => Frame::Text(content),
            9 => Frame::Ping(content),
            10 => Frame::Pong,
            8 => Frame::Close(content.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code))),
            _ => Frame::Other,
        })
    }
}
