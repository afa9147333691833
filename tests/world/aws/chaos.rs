//! Random harm on the way to AWS: bounded, seeded, and of every kind that a network and a busy
//! service do.

use std::{collections::BTreeSet, time::Duration};

use axum::body::{Body, to_bytes};
use http::Response;

use super::{
    call::{Asked, Mark},
    operation::Operation,
};

/// The largest answer that is torn.
const LARGEST_ANSWER: usize = 16 * 1024 * 1024;

/// What happens to one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Harm {
    /// AWS asks to be asked less often; nothing is done.
    Throttled,
    /// AWS fails; nothing is done.
    Failed,
    /// The connection ends before AWS sees the call.
    Reset,
    /// AWS does it, and the connection ends before the answer.
    LostReply,
    /// AWS does it, and half of the answer arrives.
    Torn,
    /// AWS does it, and says that it failed.
    Disowned,
    /// AWS does not allow it: nothing is done, and asking again at once is of no use.
    Refused,
    /// AWS does it, and the answer takes longer than anybody waits.
    TooLate,
}

const HARMS: [Harm; 6] =
    [Harm::Throttled, Harm::Failed, Harm::Reset, Harm::LostReply, Harm::Torn, Harm::TooLate];

/// How much harm is done.
#[derive(Debug, Clone)]
pub struct Weather {
    /// The same seed gives the same sequence of harms.
    pub seed: u64,
    /// Of a hundred calls, how many are harmed.
    pub percent: u8,
    /// Which harms there are; each is as likely as the others.
    pub harms: Vec<Harm>,
    /// Which calls it falls on.
    pub on: On,
}

/// Which calls the weather falls on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// All.
    Every,
    /// Each that may change something, when it is sent first: the same once more passes.
    EachMutation,
    /// The same of the calls of a plan's steps alone. Lock, journal (DynamoDB) and state (objects in S3) say
    /// something else in each run: they would never pass.
    EachOfSteps,
}

impl Weather {
    /// Every kind of harm to so many calls of a hundred.
    #[must_use]
    pub fn rough(seed: u64, percent: u8) -> Self {
        Self { seed, percent, harms: HARMS.to_vec(), on: On::Every }
    }

    /// Each call that changes something is done, and answered as failed: it is sent again.
    #[must_use]
    pub fn twice() -> Self {
        Self { seed: 0, percent: 100, harms: vec![Harm::Disowned], on: On::EachMutation }
    }

    /// Each call of a plan's steps is refused once.
    #[must_use]
    pub fn refusing() -> Self {
        Self { seed: 0, percent: 100, harms: vec![Harm::Refused], on: On::EachOfSteps }
    }

    /// Answers are lost after AWS acted, and nothing else.
    #[must_use]
    pub fn lossy(seed: u64, percent: u8) -> Self {
        Self { seed, percent, harms: vec![Harm::LostReply], on: On::Every }
    }
}

/// The weather, and what comes next of it.
#[derive(Debug)]
pub(crate) struct Chaos {
    weather: Weather,
    random: fastrand::Rng,
    /// What was sent before.
    sent: BTreeSet<Mark>,
}

impl Chaos {
    pub(crate) fn new(weather: Weather) -> Self {
        Self { random: fastrand::Rng::with_seed(weather.seed), weather, sent: BTreeSet::new() }
    }

    /// What happens to the next call.
    pub(crate) fn next(&mut self, operation: &Operation, asked: &Asked) -> Option<Harm> {
        let falls_on = match self.weather.on {
            On::Every => true,
            On::EachMutation => operation.is_mutating() && self.sent.insert(Mark::of(operation, asked)),
            On::EachOfSteps => {
                operation.is_of_a_step() && self.sent.insert(Mark::by_meaning(operation, asked))
            }
        };
        if !falls_on {
            return None;
        }
        let harmed = self.random.u8(..100) < self.weather.percent;
        if harmed { self.random.choice(&self.weather.harms).copied() } else { None }
    }
}

impl Harm {
    /// The status and code of an answer that AWS gives instead.
    pub(crate) fn answer(self) -> Option<(u16, &'static str, &'static str)> {
        match self {
            Self::Throttled => Some((400, "ThrottlingException", "Rate exceeded")),
            Self::Failed => Some((503, "ServiceUnavailable", "The service is not available")),
            Self::Refused => Some((403, "AccessDenied", "You are not authorized to do this now")),
            Self::Reset | Self::LostReply | Self::Torn | Self::TooLate | Self::Disowned => None,
        }
    }
}

/// Longer than one attempt waits.
pub(crate) const TOO_LATE: Duration = Duration::from_secs(25);

/// Ends the connection without an answer: what serves it is unwound, silently.
pub(crate) fn hang_up() -> ! {
    std::panic::resume_unwind(Box::new("the proxy hangs up"))
}

/// The first half of an answer, then the connection ends.
pub(crate) async fn torn(answer: Response<Body>) -> Response<Body> {
    let (parts, body) = answer.into_parts();
    let bytes = to_bytes(body, LARGEST_ANSWER).await.unwrap_or_default();
    if bytes.is_empty() {
        hang_up();
    }
    let half = bytes.slice(..bytes.len() / 2);
    let pieces = [Ok(half), Err(std::io::Error::other("torn"))];
    Response::from_parts(parts, Body::from_stream(futures::stream::iter(pieces)))
}
