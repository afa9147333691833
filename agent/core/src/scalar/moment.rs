use std::{cmp::Ordering, fmt};

use croner::{CivilDate, CivilDateTime, CivilTime, CronDateTime, Resolution, Weekday, errors::CronError};
use toml::value::{Datetime, Offset};

const DAY: i64 = 86_400;
/// Days from the first of March of the year 0 to 1970 began, in the calendar that goes on for ever.
const BEFORE_1970: i64 = 719_468;
/// Four hundred years, after which the calendar repeats itself; a hundred; four; one. Days.
const ERA: i64 = 146_097;
const CENTURY: i64 = 36_524;
const FOUR_YEARS: i64 = 1_461;
const YEAR: i64 = 365;

/// A second of UTC, since 1970 began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(i64);

impl Moment {
    /// The second that holds this millisecond of Unix time.
    pub fn of_milliseconds(at_ms: u64) -> Self {
        Self(i64::try_from(at_ms / 1_000).unwrap_or(i64::MAX / 1_000))
    }

    /// In Unix milliseconds; none before 1970.
    pub fn milliseconds(self) -> Option<u64> {
        u64::try_from(self.0).ok()?.checked_mul(1_000)
    }

    /// A time of a TOML file, its parts of seconds left out; none without date, time and offset.
    pub fn of_toml(time: &Datetime) -> Option<Self> {
        let (date, of_day) = (time.date?, time.time?);
        let offset = match time.offset? {
            Offset::Z => 0,
            Offset::Custom { minutes } => i64::from(minutes) * 60,
        };
        let seconds = i64::from(of_day.hour) * 3_600
            + i64::from(of_day.minute) * 60
            + i64::from(of_day.second.unwrap_or_default());
        let days = days(i64::from(date.year), i64::from(date.month), i64::from(date.day));
        Some(Self(days * DAY + seconds - offset))
    }

    /// Year, month and day.
    fn date(self) -> (i64, i64, i64) {
        let since = self.0.div_euclid(DAY) + BEFORE_1970;
        let (era, of_era) = (since.div_euclid(ERA), since.rem_euclid(ERA));
        let year_of_era = (of_era - of_era / (FOUR_YEARS - 1) + of_era / CENTURY - of_era / (ERA - 1)) / YEAR;
        let of_year = of_era - (YEAR * year_of_era + year_of_era / 4 - year_of_era / 100);
        // Months counted from March, which are five to 153 days.
        let from_march = (5 * of_year + 2) / 153;
        let day = of_year - (153 * from_march + 2) / 5 + 1;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        (year_of_era + era * 400 + i64::from(month <= 2), month, day)
    }

    /// Hour, minute and second.
    fn time(self) -> (i64, i64, i64) {
        let of_day = self.0.rem_euclid(DAY);
        (of_day / 3_600, of_day / 60 % 60, of_day % 60)
    }
}

/// Days from 1970 on to a date: the year begins in March here, so that the leap day is its last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let from_march = (month + 9) % 12;
    let of_year = (153 * from_march + 2) / 5 + day - 1;
    era * ERA + year_of_era * YEAR + year_of_era / 4 - year_of_era / 100 + of_year - BEFORE_1970
}

impl fmt::Display for Moment {
    /// RFC 3339.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ((year, month, day), (hour, minute, second)) = (self.date(), self.time());
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

/// Schedules are looked through in UTC.
impl CronDateTime for Moment {
    fn to_civil(&self) -> CivilDateTime {
        let part = |number: i64| u32::try_from(number).unwrap_or_default();
        let ((year, month, day), (hour, minute, second)) = (self.date(), self.time());
        let year = i32::try_from(year).unwrap_or(i32::MAX);
        CivilDateTime::new(
            CivilDate::from_parts_unchecked(year, part(month), part(day)),
            CivilTime::from_parts_unchecked(part(hour), part(minute), part(second)),
        )
    }

    fn civil_weekday(&self) -> Weekday {
        // 1970 began on a Thursday.
        let since_sunday = (self.0.div_euclid(DAY) + 4).rem_euclid(7);
        Weekday::from_days_from_sunday(u32::try_from(since_sunday).unwrap_or_default())
    }

    fn resolve_civil(&self, civil: CivilDateTime) -> Result<Resolution<Self>, CronError> {
        let date = days(i64::from(civil.year()), i64::from(civil.month()), i64::from(civil.day()));
        let of_day =
            i64::from(civil.hour()) * 3_600 + i64::from(civil.minute()) * 60 + i64::from(civil.second());
        Ok(Resolution::Single(Self(date * DAY + of_day)))
    }

    fn checked_add_seconds(&self, seconds: i64) -> Option<Self> {
        self.0.checked_add(seconds).map(Self)
    }

    fn cmp_instant(&self, other: &Self) -> Ordering {
        self.cmp(other)
    }
}

#[cfg(test)]
mod tests {
    use super::{CronDateTime, DAY, Moment, Resolution, Weekday, days};

    #[test]
    fn every_day_of_five_hundred_years_has_its_date() {
        let mut weekday = Weekday::Thursday;
        let (mut year, mut month, mut day) = (1970, 1, 1);
        for number in 0..183_000 {
            let moment = Moment(number * DAY + 45_296);
            assert_eq!(moment.to_string(), format!("{year:04}-{month:02}-{day:02}T12:34:56Z"));
            assert_eq!(moment.civil_weekday(), weekday);
            assert_eq!(days(year, month, day), number);
            assert!(
                matches!(moment.resolve_civil(moment.to_civil()), Ok(Resolution::Single(same)) if same == moment)
            );
            weekday = weekday.shift(1);
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let last = match month {
                2 => 28 + i64::from(leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            day += 1;
            if day > last {
                (day, month) = (1, month + 1);
            }
            if month > 12 {
                (month, year) = (1, year + 1);
            }
        }
    }

    #[test]
    fn times_of_files_are_of_their_offset() {
        let of = |text: &str| Moment::of_toml(&text.parse().unwrap()).map(|moment| moment.to_string());
        assert_eq!(of("2031-12-20T00:00:00Z").as_deref(), Some("2031-12-20T00:00:00Z"));
        assert_eq!(of("2032-01-01T00:30:00+01:00").as_deref(), Some("2031-12-31T23:30:00Z"));
        assert_eq!(of("2031-12-31T23:30:00.5-01:30").as_deref(), Some("2032-01-01T01:00:00Z"));
        for partly in ["2031-12-20", "2031-12-20T00:00:00", "00:00:00"] {
            assert_eq!(of(partly), None, "{partly}");
        }
        assert_eq!(Moment::of_milliseconds(1_999).milliseconds(), Some(1_000));
        assert_eq!(Moment(-1).milliseconds(), None);
        assert_eq!(Moment(-1).to_string(), "1969-12-31T23:59:59Z");
    }
}
