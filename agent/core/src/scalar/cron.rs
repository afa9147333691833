use std::{fmt, str::FromStr};

use super::{Moment, ScalarError, string_scalar};

/// A schedule: five fields (minute hour day month weekday) as in crontab, or
/// the six of AWS with a year at the end, `0 20 * * ? *`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron(String);

string_scalar!(
    Cron,
    "cron",
    "^\\S+(\\s+\\S+){4,5}$",
    "Five fields (minute hour day month weekday), or AWS's six with a year at the end."
);

impl Cron {
    /// As written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it comes in every year, or no year is said.
    pub fn in_every_year(&self) -> bool {
        self.0.split_whitespace().nth(5).is_none_or(|year| year == "*")
    }

    /// The last time it came, this moment included, in UTC and Unix
    /// milliseconds; none when it never did.
    pub fn last_at(&self, now_ms: u64) -> Option<u64> {
        let fields: Vec<&str> = self.0.split_whitespace().collect();
        let cron = croner::Cron::from_str(&five(&fields)).ok()?;
        cron.find_previous_occurrence(&Moment::of_milliseconds(now_ms), true).ok()?.milliseconds()
    }

    /// In AWS's six fields: minute, hour, day, month, weekday, year, with `?` in
    /// one of day and weekday. None where both are given: crontab means either
    /// of them by that, which AWS cannot say.
    pub fn for_aws(&self) -> Option<String> {
        let fields: Vec<&str> = self.0.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields.as_slice() else {
            return Some(fields.join(" "));
        };
        let (day, weekday) = match (*day, *weekday) {
            (day, "*" | "?") => (if day == "?" { "*" } else { day }, "?".to_owned()),
            ("*" | "?", weekday) => ("?", counted_from_one(weekday)?),
            _ => return None,
        };
        Some(format!("{minute} {hour} {day} {month} {weekday} *"))
    }
}

/// The first five fields as crontab has them.
fn five(fields: &[&str]) -> String {
    let is_awss = fields.len() == 6;
    let any = |field| if is_awss && field == "?" { "*" } else { field };
    fields.iter().take(5).copied().map(any).collect::<Vec<_>>().join(" ")
}

/// Weekdays as AWS counts them, 1 for Sunday, where crontab says 0 or 7.
fn counted_from_one(weekday: &str) -> Option<String> {
    let mut counted = String::with_capacity(weekday.len());
    let mut rest = weekday;
    let mut is_step = false;
    while let Some(first) = rest.chars().next() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if digits == 0 {
            is_step = first == '/' || first == '#';
            counted.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            let number: u32 = rest[..digits].parse().ok()?;
            counted.push_str(&if is_step { number } else { number % 7 + 1 }.to_string());
            rest = &rest[digits..];
        }
    }
    Some(counted)
}

impl FromStr for Cron {
    type Err = ScalarError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let wrong = |why: &str| {
            ScalarError::new(
                format!("`{text}` is not a schedule: {why}"),
                "write five fields (minute hour day month weekday) such as `0 17 * * FRI`, or AWS's six with a year at the end such as `0 20 * * ? *`",
            )
        };
        let five = match fields.as_slice() {
            [_, _, _, _, _] | [_, _, _, _, _, "*"] => five(&fields),
            [_, _, _, _, _, year] => {
                if !year.bytes().all(|b| b.is_ascii_digit() || b"-,/*".contains(&b)) {
                    return Err(wrong("its year is neither `*` nor years"));
                }
                five(&fields)
            }
            _ => return Err(wrong("it has neither five nor six fields")),
        };
        croner::Cron::from_str(&five).map_err(|error| {
            wrong(error.to_string().trim_start_matches("Component error: ").trim_end_matches('.'))
        })?;
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Cron;

    #[test]
    fn the_last_time_includes_this_moment() {
        let cron: Cron = "0 17 * * FRI".parse().unwrap();
        // 2031-02-07T17:00:00Z, a Friday.
        let friday = 1_928_250_000_000;
        assert_eq!(cron.last_at(friday), Some(friday));
        assert_eq!(cron.last_at(friday + 86_400_000), Some(friday));
        assert_eq!(cron.last_at(friday - 1), Some(friday - 7 * 86_400_000));
        assert_eq!("0 0 30 2 *".parse::<Cron>().ok().and_then(|never| never.last_at(friday)), None);
        assert!(cron.in_every_year() && "0 20 * * ? *".parse::<Cron>().unwrap().in_every_year());
        assert!(!"0 20 * * ? 2031".parse::<Cron>().unwrap().in_every_year());
    }

    #[test]
    fn crontabs_fields_become_awss() {
        let aws = |text: &str| text.parse::<Cron>().unwrap().for_aws();
        assert_eq!(aws("0 20 * * *").as_deref(), Some("0 20 * * ? *"));
        assert_eq!(aws("30 7 1 * *").as_deref(), Some("30 7 1 * ? *"));
        assert_eq!(aws("0 17 * * FRI").as_deref(), Some("0 17 ? * FRI *"));
        assert_eq!(aws("0 8 * * 1-5").as_deref(), Some("0 8 ? * 2-6 *"));
        assert_eq!(aws("0 8 * * 0").as_deref(), Some("0 8 ? * 1 *"));
        assert_eq!(aws("0 20 * * ? *").as_deref(), Some("0 20 * * ? *"));
        assert_eq!(aws("0 8 1 * 1"), None, "the first of the month, or a Monday");
    }
}
