use std::{fmt, str::FromStr};

use super::{ScalarError, string_scalar};

/// A length of time in whole seconds, written `45s`, `5m`, `60h` or `30d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration {
    seconds: u64,
}

string_scalar!(
    Duration,
    "duration",
    "^[0-9]{1,9}(s|m|h|d)$",
    "A whole number and a unit: 45s, 5m, 60h or 30d."
);

impl Duration {
    /// A duration of this many seconds.
    pub const fn from_seconds(seconds: u64) -> Self {
        Self { seconds }
    }

    /// In seconds.
    pub const fn seconds(self) -> u64 {
        self.seconds
    }

    /// In whole days, when it is a whole number of days.
    pub fn whole_days(self) -> Option<u64> {
        self.seconds.is_multiple_of(86_400).then_some(self.seconds / 86_400)
    }
}

impl FromStr for Duration {
    type Err = ScalarError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || {
            ScalarError::new(
                format!("`{text}` is not a duration"),
                "write a whole number and a unit, such as `45s`, `5m`, `60h` or `30d`",
            )
        };
        let split = text.len().checked_sub(1).ok_or_else(wrong)?;
        let (number, unit) = text.split_at_checked(split).ok_or_else(wrong)?;
        let factor = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return Err(wrong()),
        };
        if number.is_empty() || number.len() > 9 || !number.bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong());
        }
        let number: u64 = number.parse().map_err(|_| wrong())?;
        Ok(Self { seconds: number * factor })
    }
}

impl fmt::Display for Duration {
    /// In the largest unit that says it exactly.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.seconds {
            0 => f.write_str("0s"),
            s if s.is_multiple_of(86_400) => write!(f, "{}d", s / 86_400),
            s if s.is_multiple_of(3_600) => write!(f, "{}h", s / 3_600),
            s if s.is_multiple_of(60) => write!(f, "{}m", s / 60),
            s => write!(f, "{s}s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Duration;

    #[test]
    fn durations_are_read_and_written() {
        for (text, seconds, shown) in
            [("300s", 300, "5m"), ("30d", 2_592_000, "30d"), ("90m", 5_400, "90m"), ("0s", 0, "0s")]
        {
            let duration: Duration = text.parse().unwrap();
            assert_eq!((duration.seconds(), duration.to_string().as_str()), (seconds, shown));
        }
        for wrong in ["", "s", "5", "5 m", "-5m", "5.5m", "5ms", "1234567890s", "5µ"] {
            assert!(wrong.parse::<Duration>().is_err(), "{wrong:?}");
        }
    }
}
