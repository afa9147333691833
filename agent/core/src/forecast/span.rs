use std::ops::Add;

use serde::{Deserialize, Serialize};

/// A time that is not known exactly: seconds, from about the least to about
/// the most.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct Span {
    /// Seconds, when all goes well.
    pub low: u64,
    /// Seconds, when it goes slowly.
    pub high: u64,
}

impl Span {
    /// No time at all.
    pub const NONE: Self = Self::between(0, 0);

    /// Seconds from the least to the most.
    pub const fn between(low: u64, high: u64) -> Self {
        Self { low, high }
    }

    /// Exactly as many seconds.
    pub const fn exactly(seconds: u64) -> Self {
        Self::between(seconds, seconds)
    }

    /// At most as many seconds; perhaps none.
    pub const fn up_to(seconds: u64) -> Self {
        Self::between(0, seconds)
    }

    /// As often, one after another.
    pub fn times(self, number: u64) -> Self {
        Self::between(self.low.saturating_mul(number), self.high.saturating_mul(number))
    }

    /// Both side by side: whichever takes longer.
    pub fn beside(self, other: Self) -> Self {
        Self::between(self.low.max(other.low), self.high.max(other.high))
    }

    /// Whether it is no time at all.
    pub fn is_none(self) -> bool {
        self == Self::NONE
    }
}

impl Add for Span {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self::between(self.low.saturating_add(other.low), self.high.saturating_add(other.high))
    }
}
