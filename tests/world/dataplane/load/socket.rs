//! A person with an open WebSocket, who opens another when it ends, as browsers do.

use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};
use tokio::time::{interval, timeout};

use super::super::websocket::{Frame, Socket, Writer};
use super::LONGEST;
use super::log::Life;
use super::manners::Manners;
use super::person::{Person, side_of};

/// Before another try, when a WebSocket could not be opened.
const AGAIN: Duration = Duration::from_millis(500);

/// Keeps a WebSocket open until it is stopped.
pub(super) async fn stays(mut person: Person, ping: Duration, mut stopped: watch::Receiver<bool>) {
    let mut was_here = false;
    let mut has_session = false;
    while !*stopped.borrow() {
        has_session = has_session || person.signs_in().await;
        let begun = Instant::now();
        let opened = match timeout(
            LONGEST,
            Socket::open(person.to.now(), &person.host, person.manners.socket(), &person.cookies()),
        )
        .await
        {
            Ok(Ok(opened)) => Ok(opened),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("no WebSocket within {LONGEST:?}")),
        };
        let (socket, answer) = match opened {
            Ok(opened) => opened,
            Err(why) => {
                person.log.asked(begun, Err(format!("GET {}: {why}", person.manners.socket())));
                tokio::time::sleep(AGAIN).await;
                continue;
            }
        };
        person.keep_cookies(&answer);
        let side = side_of(&answer);
        person.log.asked(begun, Ok(side.clone()));
        let life =
            Life { server: answer.header("x-target").to_owned(), side, opened: Instant::now(), ended: None };
        let number = {
            let mut events = person.log.events();
            events.sockets.push(life);
            if !was_here {
                events.arrive();
            }
            events.sockets.len() - 1
        };
        was_here = true;
        let talk = Talk { manners: person.manners, session: person.session().to_owned(), sent: 0 };
        if let Some(why) = lives(socket, talk, ping, &mut stopped).await {
            person.log.events().sockets[number].ended = Some((Instant::now(), why));
        }
    }
}

/// What is said on a WebSocket.
struct Talk {
    manners: Manners,
    session: String,
    /// So many pings.
    sent: u64,
}

impl Talk {
    async fn ping(&mut self, writer: &mut Writer) -> std::io::Result<()> {
        self.sent += 1;
        match self.manners {
            Manners::Small => writer.send(self.sent.to_string().as_bytes()).await,
            Manners::OpenWebUi => writer.ping().await,
        }
    }

    /// Whether a frame is what the last ping waits for.
    async fn hears(&self, frame: Frame, writer: &mut Writer) -> Result<bool, String> {
        match (self.manners, frame) {
            (_, Frame::Close(code)) => Err(format!("closed with {code}")),
            // Who does not answer is taken for gone.
            (_, Frame::Ping(content)) => {
                writer.pong(&content).await.map_err(|error| error.to_string()).map(|()| false)
            }
            (Manners::Small, Frame::Text(text)) if text == self.sent.to_string().as_bytes() => Ok(true),
            (Manners::Small, Frame::Text(text)) => {
                Err(format!("{:?} came back for {}", String::from_utf8_lossy(&text), self.sent))
            }
            (Manners::OpenWebUi, Frame::Pong) => Ok(true),
            (Manners::OpenWebUi, Frame::Text(text)) => {
                // Socket.IO's: an opened connection is entered, a ping is answered.
                let answer = match text.first() {
                    Some(b'0') => Some(format!("40{}", serde_json::json!({ "token": self.session }))),
                    Some(b'2') => Some("3".to_owned()),
                    _ => None,
                };
                match answer {
                    Some(answer) => writer
                        .send(answer.as_bytes())
                        .await
                        .map_err(|error| error.to_string())
                        .map(|()| false),
                    None => Ok(false),
                }
            }
            (_, Frame::Pong | Frame::Other) => Ok(false),
        }
    }
}

/// Why it ended; nothing when we ended it.
async fn lives(
    socket: Socket,
    mut talk: Talk,
    ping: Duration,
    stopped: &mut watch::Receiver<bool>,
) -> Option<String> {
    let Socket { mut reader, mut writer } = socket;
    // Frames are read by a task of their own, so that none is torn when something else happens first.
    let (sender, mut frames) = mpsc::channel(4);
    let reading = tokio::spawn(async move {
        loop {
            let frame = reader.next().await;
            let ends = frame.is_err();
            if sender.send(frame).await.is_err() || ends {
                return;
            }
        }
    });
    let mut pings = interval(ping);
    let mut waits_since: Option<Instant> = None;
    let why = loop {
        tokio::select! {
            _ = stopped.changed() => {
                let _ = writer.close().await;
                break None;
            }
            frame = frames.recv() => match frame {
                Some(Ok(frame)) => match talk.hears(frame, &mut writer).await {
                    Ok(true) => waits_since = None,
                    Ok(false) => {}
                    Err(why) => break Some(why),
                },
                Some(Err(error)) => break Some(error.to_string()),
                None => break Some("nobody reads any more".to_owned()),
            },
            _ = pings.tick() => {
                if waits_since.is_some_and(|since| since.elapsed() > LONGEST) {
                    break Some(format!("no pong within {LONGEST:?}"));
                }
                if waits_since.is_none() {
                    waits_since = Some(Instant::now());
                    if let Err(error) = talk.ping(&mut writer).await {
                        break Some(error.to_string());
                    }
                }
            }
        }
    };
    reading.abort();
    why
}
