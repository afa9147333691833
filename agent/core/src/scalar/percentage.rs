use std::{fmt, str::FromStr};

use super::{ScalarError, string_scalar};

/// A whole percentage from 0 to 100, written `25%`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percentage(u8);

string_scalar!(Percentage, "percentage", "^(100|[1-9]?[0-9])%$", "A whole percentage: 25%.");

impl Percentage {
    /// From 0 to 100.
    pub const fn value(self) -> u8 {
        self.0
    }
}

impl FromStr for Percentage {
    type Err = ScalarError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.strip_suffix('%')
            .filter(|number| number.bytes().all(|b| b.is_ascii_digit()))
            .filter(|number| *number == "0" || !number.starts_with('0'))
            .and_then(|number| number.parse().ok())
            .filter(|value| *value <= 100)
            .map(Self)
            .ok_or_else(|| {
                ScalarError::new(
                    format!("`{text}` is not a percentage"),
                    "write a whole number from 0 to 100 and `%`, such as `25%`",
                )
            })
    }
}

impl fmt::Display for Percentage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0)
    }
}
