//! What people ask in comments on pull requests. Comments are polled, one list
//! for all pull requests; whether one was acted on is said by our own reaction
//! to it, so that neither a start nor another replica acts twice.

mod act;
mod answers;
mod back;
mod before_merge;
mod buttons;
mod place;
mod remembered;
mod rollouts;

use std::sync::Arc;

use jiff::Timestamp;
use pointsman_core::{
    command::{self, Asked, Command, Reading},
    report::command::{Answer, Ended, Reply, Right},
};

use self::place::Place;
use super::agent::Agent;
use crate::github::{Client, GithubError, IssueComment, Reacted, Reaction};

pub(super) use answers::Answers;
pub(super) use buttons::{Button, Pressed, press};
pub(super) use remembered::Remembered;

/// So many comments with commands are acted on in one look; the next goes on.
const MOST_COMMENTS: usize = 50;
/// So many comments of one person who may not are answered in one look.
const MOST_REFUSALS: usize = 3;

/// What became of a comment.
enum Heard {
    /// It was acted on.
    Acted,
    /// Whoever wrote it may not.
    Refused,
    /// It was dealt with before, or is not about a pull request of ours.
    Before,
}

/// Begins to look at the comments, unless a look is still under way.
pub(super) fn start(agent: &Arc<Agent>) {
    let Some(github) = agent.github.clone() else { return };
    if agent.stop.is_asked() || !agent.memory().heard.begin() {
        return;
    }
    let task = {
        let agent = Arc::clone(agent);
        async move {
            if let Err(error) = look(&agent, &github).await {
                tracing::warn!(%error, "comments are read again at the next poll; nothing that was asked is lost");
            }
        }
    };
    agent.spawn("the look at comments".to_owned(), task, |agent| agent.memory().heard.end());
}

async fn look(agent: &Arc<Agent>, github: &Arc<Client>) -> Result<(), GithubError> {
    let now = Timestamp::now();
    let since = agent.memory().heard.since(now);
    let comments = github.comments_since(since).await?;
    let mut acted = 0;
    let mut refused = Vec::new();
    for comment in &comments {
        if agent.stop.is_asked() || acted == MOST_COMMENTS {
            // What was not looked at is found by the next look.
            return Ok(());
        }
        if comment.by_person && agent.memory().heard.is_new(comment.id, comment.created_at, now) {
            let reading = reading(comment).await;
            // Whoever may not, and goes on, is not answered for ever.
            let refusals = refused.iter().filter(|login| **login == comment.author).count();
            if !reading.asked.is_empty() && refusals < MOST_REFUSALS {
                acted += 1;
                match hear(agent, github, comment, reading).await {
                    Ok(Heard::Refused) => refused.push(comment.author.clone()),
                    Ok(Heard::Acted | Heard::Before) => {}
                    Err(error) if error.is_temporary() => return Err(error),
                    Err(error) => {
                        tracing::error!(%error, comment = comment.id, "a command cannot be acted on");
                    }
                }
            }
            agent.memory().heard.done(comment.id, comment.created_at);
        }
        agent.memory().heard.reached(comment.updated_at);
    }
    Ok(())
}

/// Reads a comment. A fault in reading one is that comment's alone.
async fn reading(comment: &IssueComment) -> Reading {
    let body = comment.body.clone();
    match tokio::task::spawn_blocking(move || command::read(&body)).await {
        Ok(reading) => reading,
        Err(error) => {
            tracing::error!(%error, comment = comment.id, "a comment cannot be read; this is a fault of the agent, please report it");
            Reading::default()
        }
    }
}

/// Acts on one comment, if nobody did before.
///
/// # Errors
///
/// As long as nothing was done: GitHub's.
async fn hear(
    agent: &Arc<Agent>,
    github: &Arc<Client>,
    comment: &IssueComment,
    reading: Reading,
) -> Result<Heard, GithubError> {
    let Some(place) = place::of(agent, github, comment.number).await? else { return Ok(Heard::Before) };
    let before = github.our_reactions(comment.id).await?;
    if !before.is_empty() {
        if !before.contains(&Reaction::ThumbsDown) {
            allow_again(agent, github, comment, &place, &reading).await?;
        }
        return Ok(Heard::Before);
    }
    let right = github.right_of(&comment.author).await?;
    let mut ask = Ask {
        agent: Arc::clone(agent),
        github: Arc::clone(github),
        place,
        who: comment.author.clone(),
        at: comment.created_at,
        right,
        of: (comment.id, 0),
        asked: reading.asked.first().map(|asked| asked.line.clone()).unwrap_or_default(),
    };
    if right < Right::Write {
        ask.answer(Reply::NotAllowed { needs: Right::Write });
        ask.end(comment.id, Ended::NotAllowed).await;
        return Ok(Heard::Refused);
    }
    if !comment.is_as_written() {
        ask.answer(Reply::Edited);
        ask.end(comment.id, Ended::NotDone).await;
        return Ok(Heard::Acted);
    }
    // Whoever puts it there first acts: GitHub keeps one.
    match github.react(comment.id, Reaction::Eyes).await {
        Ok(Reacted::Before) => return Ok(Heard::Before),
        Ok(Reacted::New) => {}
        Err(error) => {
            tracing::warn!(%error, comment = comment.id, "a command is acted on, and no reaction says so");
        }
    }
    let Reading { asked, more } = reading;
    let (mut ended, commands) = (Ended::Done, asked.len());
    for (at, Asked { line, command }) in asked.into_iter().enumerate() {
        (ask.of, ask.asked) = ((comment.id, at), line);
        let reply = match command {
            Ok(command) => Box::pin(act::act(&ask, command)).await,
            Err(mistake) => Reply::Mistaken(mistake),
        };
        ended = ended.max(reply.ended());
        ask.answer(reply);
    }
    if more > 0 {
        ask.of = (comment.id, commands);
        ask.answer(Reply::TooMany(more));
    }
    ask.end(comment.id, ended).await;
    Ok(Heard::Acted)
}

fn reaction(ended: Ended) -> Reaction {
    match ended {
        Ended::Done => Reaction::Rocket,
        Ended::NotDone => Reaction::Confused,
        Ended::NotAllowed => Reaction::ThumbsDown,
    }
}

/// What was allowed for a fork's commit is remembered nowhere else: a comment
/// that was acted on before a start says it still, as long as it is as it was
/// written and whoever wrote it may still say so.
async fn allow_again(
    agent: &Agent,
    github: &Client,
    comment: &IssueComment,
    place: &Place,
    reading: &Reading,
) -> Result<(), GithubError> {
    let Place::Open { pull, head } = place else { return Ok(()) };
    let names_head = reading.asked.iter().any(
        |asked| matches!(&asked.command, Ok(Command::Plan { commit: Some(commit), .. }) if commit == head),
    );
    if pull.fork
        && names_head
        && comment.is_as_written()
        && github.right_of(&comment.author).await? >= Right::Write
        && agent.memory().heard.allow(pull.number, head)
    {
        agent.memory().heard.again(pull.number);
        agent.look_soon();
    }
    Ok(())
}

/// Who asks, where, and when.
#[derive(Clone)]
struct Ask {
    agent: Arc<Agent>,
    github: Arc<Client>,
    place: Place,
    who: String,
    at: Timestamp,
    /// What they may do; looked up a moment ago.
    right: Right,
    of: (u64, usize),
    asked: String,
}

impl Ask {
    /// When it was asked, Unix milliseconds: the end of the second that GitHub says.
    fn at_ms(&self) -> u64 {
        u64::try_from(self.at.as_second()).unwrap_or_default() * 1_000 + 999
    }

    /// Keeps what came of it for the comment, in place of what was said of it before.
    fn answer(&self, reply: Reply) {
        let ended = reply.ended();
        tracing::info!(pull = self.place.number(), who = self.who, asked = ?self.asked, ?ended, ?reply, "a command was answered");
        let answer = Answer {
            of: self.of,
            who: self.who.clone(),
            at: self.at.to_string(),
            asked: self.asked.clone(),
            reply,
        };
        self.agent.reporter.mailbox().answer(self.place.number(), answer);
    }

    /// Where no report of the pull request is in memory, its comment is told apart from the rest.
    async fn show(&self) {
        let number = self.place.number();
        let Some(answers) = self.agent.reporter.mailbox().untold(number) else { return };
        let onto = move |text: &str| pointsman_core::render::pull_request::commands::onto(text, &answers);
        if let Err(error) = self.github.edit_comment(number, onto).await {
            tracing::warn!(%error, pull = number, "what came of a command is in the log alone");
        }
    }

    /// Says under the comment how it ended. A reaction that fails stops nothing.
    async fn end(&self, comment: u64, ended: Ended) {
        let reaction = reaction(ended);
        if let Err(error) = self.github.react(comment, reaction).await {
            tracing::warn!(%error, comment, ?reaction, "no reaction says what came of a command");
        }
        self.show().await;
    }
}
