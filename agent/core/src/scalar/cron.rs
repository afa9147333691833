use std::{fmt, str::FromStr};

use super::{ScalarError, string_scalar};

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
            [_, _, _, _, _] => fields.join(" "),
            [minute, hour, day, month, weekday, year] => {
                let year_ok =
                    *year == "*" || year.bytes().all(|b| b.is_ascii_digit() || b"-,/*".contains(&b));
                if !year_ok {
                    return Err(wrong("its year is neither `*` nor years"));
                }
                let any = |field: &&str| {
                    if *field == "?" { "*".to_owned() } else { (*field).to_owned() }
                };
                [minute, hour, day, month, weekday].map(any).join(" ")
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
