//! Leading people elsewhere by the application in Microsoft Entra: from what it
//! answers to what is written. Somebody else's value is never written over.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Leads, Old, Phase, Rollout, Track};

/// What came of leading people elsewhere through Microsoft Graph.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Led {
    /// Before anybody agreed: it answers, and leads where the file says.
    Ready,
    /// It leads where the phase wants, as it answers itself.
    There,
    /// A person is asked to do it. The agent does not try again in this phase:
    /// two who write would correct each other.
    ByHand(Obstacle),
}

/// Why the agent cannot lead people elsewhere. Holds no text of an answer but
/// codes and the URL that was found.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Obstacle {
    /// The agent has no credentials for Microsoft Entra, or none that can be used.
    Unconfigured {
        /// What lacks, in a sentence without its end.
        what: String,
    },
    /// The agent's own configuration does not let this environment name it.
    Unlisted,
    /// Microsoft Entra refused the agent's sign-in.
    SignIn {
        /// The answer's status.
        status: u16,
        /// Its codes: `invalid_client AADSTS7000215`.
        code: String,
    },
    /// Microsoft Graph refused to read or to write.
    Refused {
        /// The answer's status.
        status: u16,
        /// Its code: `Authorization_RequestDenied`.
        code: String,
    },
    /// There is no such application.
    NotFound,
    /// The application is not published by the application proxy.
    Unpublished,
    /// No answer that can be used came in time.
    Unanswered {
        /// What came instead, in a sentence without its end.
        why: String,
    },
    /// It leads neither to where people entered nor to the load balancer.
    Elsewhere {
        /// Where it leads.
        found: String,
    },
    /// It took the change, or led there, and answers something else.
    NotKept {
        /// What it answers.
        found: String,
    },
    /// It was never recorded where it led before.
    Unrecorded,
    /// No approval of the plan is good: nobody agreed, or too long ago.
    Unapproved,
}

/// Where the application was seen to lead people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// To the old service.
    Old,
    /// To the load balancer.
    Balancer,
    /// To neither.
    Elsewhere,
}

/// What is to be done about where the application leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Move {
    /// Nothing: it leads there.
    Nothing,
    /// Write this URL.
    Write(String),
    /// Nothing is written, and a person is asked to.
    Leave(Obstacle),
}

/// What follows from where the application leads. It is written only from one
/// of the two URLs that the cut-over is about to the other one; on the way back
/// to exactly what was recorded.
pub fn moves(old: &Old, wanted: Leads, found: &str) -> Move {
    let (Some(from), Some(to)) = (&old.from, &old.to) else {
        return Move::Leave(Obstacle::Unrecorded);
    };
    let is_at = |url: &str| same_url(found, url);
    match (wanted, &old.internal_url) {
        (Leads::ToBalancer, _) if is_at(to) => Move::Nothing,
        (Leads::ToBalancer, _) if is_at(from) => Move::Write(to.clone()),
        (Leads::ToOld, Some(before)) if is_at(before) => Move::Nothing,
        (Leads::ToOld, Some(before)) if is_at(to) => Move::Write(before.clone()),
        (Leads::ToOld, None) if is_at(from) => Move::Nothing,
        (Leads::ToOld, None) if is_at(to) => Move::Leave(Obstacle::Unrecorded),
        (Leads::ToBalancer | Leads::ToOld, _) => Move::Leave(Obstacle::Elsewhere { found: found.to_owned() }),
    }
}

/// Where a URL leads people.
pub fn entry(old: &Old, found: &str) -> Entry {
    let is_at = |url: &Option<String>| url.as_ref().is_some_and(|url| same_url(found, url));
    if is_at(&old.to) {
        Entry::Balancer
    } else if is_at(&old.from) || is_at(&old.internal_url) {
        Entry::Old
    } else {
        Entry::Elsewhere
    }
}

impl Rollout {
    /// Whether it is looked at where the application leads: once it was tried in
    /// a phase that waits for a person, or for people to come or to leave.
    pub fn watches_entry(&self) -> bool {
        matches!(self.phase, Phase::Gate | Phase::Switch | Phase::SwitchBack) && self.led.is_some()
    }

    /// Whether the agent may lead people there now. Forward only while an
    /// approval is good; back whenever there was one.
    pub fn may_lead(&self, wanted: Leads, now_ms: u64) -> bool {
        match wanted {
            Leads::ToBalancer => self.approval(now_ms).is_some(),
            Leads::ToOld => self.may_write_old(),
        }
    }
}

impl Track {
    /// Records where the application was seen to lead while that is watched:
    /// what was recorded may not be so any more, or be so by somebody else's hand.
    pub fn saw_entry(&mut self, seen: Entry, found: &str) {
        let Some(rollout) = self.open.as_mut().filter(|rollout| rollout.watches_entry()) else {
            return;
        };
        let is_there = rollout.led == Some(Led::There);
        match (rollout.phase, seen) {
            (Phase::Gate, Entry::Balancer) => {
                rollout.moved = true;
                rollout.led = Some(Led::There);
            }
            (Phase::Gate, Entry::Old) if is_there => rollout.led = Some(Led::Ready),
            (Phase::Gate, Entry::Elsewhere) => {
                rollout.led = Some(Led::ByHand(Obstacle::Elsewhere { found: found.to_owned() }));
            }
            (Phase::Switch, Entry::Balancer) | (Phase::SwitchBack, Entry::Old) => {
                rollout.led = Some(Led::There);
            }
            (Phase::Switch | Phase::SwitchBack, _) if is_there => {
                rollout.led = Some(Led::ByHand(Obstacle::NotKept { found: found.to_owned() }));
            }
            _ => {}
        }
    }
}

/// Whether two URLs lead to one place: schemes and hosts in any case, the usual
/// port written or not, a path of `/` or none.
fn same_url(one: &str, other: &str) -> bool {
    parts(one).is_some_and(|one| parts(other) == Some(one))
}

/// Scheme, host, port and path of a URL; none where it is not one.
fn parts(url: &str) -> Option<(String, String, String, &str)> {
    let (scheme, rest) = url.trim().split_once("://")?;
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let scheme = scheme.to_ascii_lowercase();
    let usual = if scheme == "https" { "443" } else { "80" };
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, usual));
    let port = if port.is_empty() { usual } else { port };
    Some((scheme, host.to_ascii_lowercase(), port.to_owned(), path.trim_end_matches('/')))
}
