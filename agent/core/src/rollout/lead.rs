//! Leading people elsewhere by the application in Microsoft Entra: from what it
//! answers to what is written. Somebody else's value is never written over.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Leads, Old};

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
    /// It took the change, and goes on answering something else.
    NotKept {
        /// What it answers.
        found: String,
    },
    /// It was never recorded where it led before.
    Unrecorded,
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
