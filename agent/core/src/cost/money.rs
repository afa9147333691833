use std::{fmt, iter::Sum, ops};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// An amount of US dollars, exact to a millionth; never a floating-point number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dollars(i64);

const MILLION: i64 = 1_000_000;
const CENT: i64 = 10_000;

impl Dollars {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Reads `0.04048`: at most six digits behind the point.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let well_formed = !whole.is_empty()
            && fraction.len() <= 6
            && whole.chars().chain(fraction.chars()).all(|digit| digit.is_ascii_digit());
        if !well_formed {
            return None;
        }
        let whole: i64 = whole.parse().ok()?;
        let fraction: i64 = format!("{fraction:0<6}").parse().ok()?;
        let amount = whole.checked_mul(MILLION)?.checked_add(fraction)?;
        Some(Self(if negative { -amount } else { amount }))
    }

    /// So many times this, in thousandths, to the next cent: half a cent is one.
    pub fn for_thousandths(self, thousandths: u64) -> Self {
        let exact = i128::from(self.0) * i128::from(thousandths);
        let cents = (exact + i128::from(CENT) * 500).div_euclid(i128::from(CENT) * 1_000);
        Self(i64::try_from(cents).unwrap_or(i64::MAX / CENT).saturating_mul(CENT))
    }

    /// As people write a price: no digit more than it has, two at least.
    pub fn price(self) -> String {
        let text = self.to_decimal();
        let digits = text.trim_end_matches('0');
        let behind = digits.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        format!("${digits}{}", "0".repeat(2_usize.saturating_sub(behind)))
    }

    /// As people write a difference: `+$17.38`, `-$3.00`.
    pub fn difference(self) -> String {
        if self.0 < 0 { format!("-{}", Self(-self.0)) } else { format!("+{self}") }
    }

    fn to_decimal(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let amount = self.0.unsigned_abs();
        let million = MILLION.unsigned_abs();
        format!("{sign}{}.{:06}", amount / million, amount % million)
    }
}

/// `$255.18`, with a comma between thousands.
impl fmt::Display for Dollars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cents = (self.0.unsigned_abs() + CENT.unsigned_abs() / 2) / CENT.unsigned_abs();
        let digits = (cents / 100).to_string();
        let mut whole = String::new();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                whole.push(',');
            }
            whole.push(digit);
        }
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}${whole}.{:02}", cents % 100)
    }
}

impl ops::Add for Dollars {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl ops::Sub for Dollars {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Sum for Dollars {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, ops::Add::add)
    }
}

/// As a decimal text: machines that read floating-point numbers keep it exact.
impl Serialize for Dollars {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.price().trim_start_matches('$'))
    }
}

impl<'de> Deserialize<'de> for Dollars {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom(format!("`{text}` is no amount of dollars")))
    }
}

#[cfg(test)]
mod tests {
    use super::Dollars;

    #[test]
    fn amounts_are_exact() {
        let price = Dollars::parse("0.04048").unwrap();
        assert_eq!(price.price(), "$0.04048");
        assert_eq!(price.for_thousandths(6 * 730 * 1_000).to_string(), "$177.30");
        assert_eq!(Dollars::parse("0.0225").unwrap().for_thousandths(730_000).to_string(), "$16.43");
        assert_eq!(Dollars::parse("3").unwrap().price(), "$3.00");
        assert_eq!(Dollars::parse("-1234567.5").unwrap().to_string(), "-$1,234,567.50");
        assert_eq!((Dollars::parse("1").unwrap() - Dollars::parse("2.5").unwrap()).difference(), "-$1.50");
        for wrong in ["", ".5", "1.0000001", "1e3", "$1", "1,5", "--1"] {
            assert_eq!(Dollars::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn they_are_written_as_text_and_read_back() {
        for text in ["255.18", "0.004445", "-3.00", "0.00"] {
            let amount: Dollars = serde_json::from_str(&format!("\"{text}\"")).unwrap();
            assert_eq!(serde_json::to_string(&amount).unwrap(), format!("\"{text}\""));
        }
    }
}
