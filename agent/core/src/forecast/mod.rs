//! What a plan disrupts, and how long it takes: read from one table whose rows
//! name their basis, and from the fields of what changes.

mod impact;
mod span;
mod table;
mod takes;
mod total;

use serde::{Deserialize, Serialize};

pub use impact::Impact;
pub(crate) use impact::{Neighbourhood, impact};
pub use span::Span;
pub use table::{Basis, Consequence, Work};
pub(crate) use total::forecast;

use crate::resource::Disruption;

/// What a whole plan disrupts, and how long it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Forecast {
    /// The worst that any change does.
    pub disruption: Disruption,
    /// How long the longest of the worst lasts; none when it does not end by
    /// itself.
    pub lasts: Option<Span>,
    /// From the first step to the last, along the longest way through them.
    pub takes: Span,
}
