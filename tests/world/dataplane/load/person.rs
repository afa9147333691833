//! One person: a browser with cookies, signed in once, asking again and again.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval_at, timeout};

use super::super::door::Door;
use super::super::http::{Answer, Connection, request_with};
use super::log::{Log, Side};
use super::manners::{Ask, Manners};
use super::{LONGEST, Traffic};

/// Every so-manieth request writes a row.
const WRITES: u64 = 5;

/// A visitor begins anew after so many requests.
const VISIT: u64 = 4;

/// For how long somebody is signed in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stays {
    Always,
    Shortly,
}

pub(super) struct Person {
    pub(super) name: String,
    pub(super) to: Door,
    pub(super) host: String,
    pub(super) manners: Manners,
    pub(super) log: Arc<Log>,
    cookies: Vec<(String, String)>,
    /// To where it leads.
    connection: Option<(SocketAddr, Connection)>,
}

impl Person {
    pub(super) fn new(traffic: &Traffic, name: &str, log: Arc<Log>) -> Self {
        Self {
            name: name.to_owned(),
            to: traffic.to.clone(),
            host: traffic.host.clone(),
            manners: traffic.manners,
            log,
            cookies: Vec::new(),
            connection: None,
        }
    }

    /// What the browser sends along.
    pub(super) fn cookies(&self) -> String {
        let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    pub(super) fn keep_cookies(&mut self, answer: &Answer) {
        for (_, cookie) in answer.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let pair = cookie.split(';').next().and_then(|pair| pair.split_once('='));
            if let Some((name, value)) = pair {
                self.cookies.retain(|(known, _)| known != name);
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
    }

    /// Signs in; whether that worked.
    pub(super) async fn signs_in(&mut self) -> bool {
        self.cookies.retain(|(name, _)| name != self.manners.session());
        self.asks(&self.manners.sign_in(&self.name)).await.is_some_and(|answer| answer.status == 200)
    }

    /// The session that the browser has, or nothing.
    pub(super) fn session(&self) -> &str {
        let session = self.cookies.iter().find(|(name, _)| name == self.manners.session());
        session.map_or("", |(_, value)| value)
    }

    /// One request, recorded with who answered it. Any status but 200 and 401 is a failure.
    async fn asks(&mut self, ask: &Ask) -> Option<Answer> {
        let Ask { method, path, body: _ } = ask;
        let begun = Instant::now();
        let answer = match timeout(LONGEST, self.exchange(ask)).await {
            Ok(Ok(answer)) if answer.status >= 500 && !answer.header("x-image").is_empty() => {
                *self.log.events().errors.entry(side_of(&answer).group).or_default() += 1;
                Err(format!("{} of {}", answer.status, side_of(&answer)))
            }
            Ok(Ok(answer)) if matches!(answer.status, 200 | 401) => Ok(answer),
            Ok(Ok(answer)) => Err(format!("{} {}", answer.status, answer.header("x-balancer"))),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("no answer within {LONGEST:?}")),
        };
        let noted = answer.as_ref().map(side_of).map_err(|why| format!("{method} {path}: {why}"));
        self.log.asked(begun, noted);
        answer.ok()
    }

    async fn exchange(&mut self, ask: &Ask) -> std::io::Result<Answer> {
        let Ask { method, path, body } = ask;
        let to = self.to.now();
        let mut connection = match self.connection.take() {
            Some((where_to, connection)) if where_to == to => connection,
            Some(_) | None => Connection::open(to).await?,
        };
        let cookies = self.cookies();
        let answer =
            connection.ask(&request_with(method, path, &self.host, &[("Cookie", &cookies)], body)).await?;
        self.keep_cookies(&answer);
        if answer.reusable {
            self.connection = Some((to, connection));
        }
        Ok(answer)
    }

    async fn works_once(&mut self, turn: u64) {
        let writes = turn.is_multiple_of(WRITES);
        let ask = if writes { self.manners.write() } else { self.manners.who_am_i() };
        let answer = self.asks(&ask).await;
        let Some(answer) = answer else {
            if writes {
                self.log.events().rows_uncertain += 1;
            }
            return;
        };
        if !self.manners.knows(&answer, &self.name) {
            let said = String::from_utf8_lossy(&answer.body).chars().take(200).collect::<String>();
            let lost = format!("{} is {said:?} at {}", self.name, side_of(&answer));
            self.log.events().lost_sessions.push(lost);
            self.signs_in().await;
        } else if writes {
            self.log.events().rows_acknowledged += 1;
        }
    }
}

pub(super) fn side_of(answer: &Answer) -> Side {
    Side { group: answer.header("x-target-group").to_owned(), image: answer.header("x-image").to_owned() }
}

/// Asks every `pause` until it is stopped.
pub(super) async fn works(
    mut person: Person,
    stays: Stays,
    pause: Duration,
    mut stopped: watch::Receiver<bool>,
) {
    let begin = tokio::time::Instant::now() + pause.mul_f64(fastrand::f64());
    let mut ticks = interval_at(begin, pause);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut turn = fastrand::u64(..WRITES);
    let (mut was_here, mut is_here) = (false, false);
    loop {
        tokio::select! {
            _ = stopped.changed() => return,
            _ = ticks.tick() => {}
        }
        if !is_here {
            is_here = person.signs_in().await;
            if is_here && !was_here {
                was_here = true;
                person.log.events().arrive();
            }
            continue;
        }
        turn += 1;
        person.works_once(turn).await;
        if stays == Stays::Shortly && turn.is_multiple_of(VISIT) {
            person.cookies.clear();
            person.connection = None;
            is_here = false;
        }
    }
}
