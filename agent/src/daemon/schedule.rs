use std::time::Duration;

use pointsman_core::scalar::Cron;

use crate::config::DriftSchedule;

/// A pause made up to a tenth shorter or longer, so that many agents do not
/// ask at the same moment.
pub(super) fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(0.9 + 0.2 * fastrand::f64())
}

/// How long until the next look for drift; none when the schedule never comes.
pub(super) fn until_next(schedule: &DriftSchedule, now: jiff::Timestamp) -> Option<Duration> {
    match schedule {
        DriftSchedule::Every(pause) => Some(*pause),
        DriftSchedule::Cron(cron) => {
            let now = chrono::DateTime::from_timestamp(now.as_second(), 0)?;
            let next = croner_of(cron)?.find_next_occurrence(&now, false).ok()?;
            (next - now).to_std().ok()
        }
    }
}

/// Five fields, also of AWS's six.
fn croner_of(cron: &Cron) -> Option<croner::Cron> {
    let fields: Vec<&str> = cron.as_str().split_whitespace().take(5).collect();
    let fields: Vec<&str> = fields.into_iter().map(|field| if field == "?" { "*" } else { field }).collect();
    fields.join(" ").parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use std::time::Duration;

    use super::{jittered, until_next};
    use crate::config::DriftSchedule;

    #[test]
    fn the_next_look_is_when_the_calendar_says() {
        let now: jiff::Timestamp = "2031-02-03T05:30:00Z".parse().unwrap();
        let at = |cron: &str| until_next(&DriftSchedule::Cron(cron.parse().unwrap()), now).unwrap();
        assert_eq!(at("0 6 * * *"), Duration::from_secs(1_800));
        assert_eq!(at("0 6 * * ? *"), Duration::from_secs(1_800));
        assert_eq!(at("30 5 * * *"), Duration::from_secs(86_400));
        let every = DriftSchedule::Every(Duration::from_secs(5));
        assert_eq!(until_next(&every, now), Some(Duration::from_secs(5)));
    }

    #[test]
    fn jitter_stays_within_a_tenth() {
        for _ in 0..1_000 {
            let pause = jittered(Duration::from_secs(60));
            assert!((Duration::from_secs(54)..=Duration::from_secs(66)).contains(&pause), "{pause:?}");
        }
    }
}
