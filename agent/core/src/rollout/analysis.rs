use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Fewer requests than these say nothing.
const LEAST_REQUESTS: u64 = 50;
/// How many standard deviations a bound is away: one-sided, 99.9 %.
const Z: f64 = 3.09;
/// A side that surely fails more often than this is not well, whatever it is
/// compared with.
const HOPELESS: f64 = 0.10;

/// Requests that a side answered, and those among them that it answered with a
/// server error (5xx).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Sample {
    /// All requests.
    pub requests: u64,
    /// Those that failed; never more than all.
    pub errors: u64,
}

impl Sample {
    /// Whether there are enough requests to say anything: 50.
    pub fn is_enough(&self) -> bool {
        self.requests >= LEAST_REQUESTS
    }
}

/// What a comparison came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Too few requests to tell.
    TooFew,
    /// Green does not surely fail more often.
    Same,
    /// Green surely fails more often.
    Worse,
}

/// Whether green fails more often than blue.
///
/// Each rate stands between the bounds of Wilson's score interval at `z` 3.09
/// (one-sided 99.9 %). Green is worse when the least that its rate can be is
/// above the most that blue's can be: both bounds must be wrong for a green that
/// is as good to be turned back, at most one time in 500 for one look and,
/// as the intervals must not even touch, less than one in 100,000 where both sides
/// have as many requests. It is looked at again and again, so it is meant to be
/// this strict. Wilson's interval holds for few errors and for none, where the
/// usual test of two proportions does not. Without enough of blue, green is
/// worse when it surely fails more than one time in ten.
///
/// What it does not see: answers that are wrong or slow and not 5xx; errors
/// that the load balancer makes itself (502, 504), which it counts for no target
/// group; what happens on a WebSocket after its handshake; requests of the last
/// minute or two, which CloudWatch does not have yet; and that who comes first
/// to green, by a cookie's absence, may differ from who stays with blue.
pub fn compare(green: Option<Sample>, blue: Option<Sample>) -> Verdict {
    let Some(green) = green.filter(Sample::is_enough) else {
        return Verdict::TooFew;
    };
    let (least, _) = bounds(green);
    let most = match blue.filter(Sample::is_enough) {
        Some(blue) => bounds(blue).1,
        None => HOPELESS,
    };
    if least > most { Verdict::Worse } else { Verdict::Same }
}

/// Wilson's bounds of a rate, 0 to 1.
#[allow(clippy::cast_precision_loss, reason = "counts of requests are far below 2^53")]
fn bounds(sample: Sample) -> (f64, f64) {
    let Sample { requests, errors } = sample;
    let n = requests.max(1) as f64;
    let rate = errors.min(requests) as f64 / n;
    let square = Z * Z;
    let middle = rate + square / (2.0 * n);
    let spread = Z * (rate * (1.0 - rate) / n + square / (4.0 * n * n)).sqrt();
    let whole = 1.0 + square / n;
    (((middle - spread) / whole).max(0.0), ((middle + spread) / whole).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::{Sample, Verdict, bounds, compare};

    fn sample(errors: u64, requests: u64) -> Sample {
        Sample { requests, errors }
    }

    /// By hand for 10 of 100, with z² = 9.5481: the middle is 0.1 + 9.5481 / 200 =
    /// 0.147741, the spread 3.09 · √(0.1 · 0.9 / 100 + 9.5481 / 40000) = 0.104271,
    /// both over 1 + 9.5481 / 100 = 1.095481. For none of 1000, middle and spread
    /// are 9.5481 / 2000 both, so that the most is 9.5481 / 1009.5481.
    #[test]
    fn bounds_are_those_worked_out_by_hand() {
        for (errors, requests, least, most) in [
            (10, 100, 0.03968, 0.23004),
            (0, 1_000, 0.0, 0.009458),
            (3, 100, 0.00605, 0.13588),
            (4, 100, 0.00970, 0.15048),
            (100, 10_000, 0.007359, 0.013575),
            (150, 10_000, 0.011680, 0.019245),
            (200, 10_000, 0.016110, 0.024805),
        ] {
            let (low, high) = bounds(sample(errors, requests));
            assert!(
                (low - least).abs() < 2e-5 && (high - most).abs() < 2e-5,
                "{errors} of {requests}: {low} {high}"
            );
        }
    }

    #[test]
    fn green_is_worse_only_when_it_surely_is() {
        let clean = Some(sample(0, 1_000));
        for (green, blue, verdict) in [
            (Some(sample(4, 100)), clean, Verdict::Worse),
            (Some(sample(3, 100)), clean, Verdict::Same),
            (Some(sample(0, 100)), clean, Verdict::Same),
            (Some(sample(200, 10_000)), Some(sample(100, 10_000)), Verdict::Worse),
            (Some(sample(150, 10_000)), Some(sample(100, 10_000)), Verdict::Same),
            (Some(sample(49, 49)), clean, Verdict::TooFew),
            (None, clean, Verdict::TooFew),
            // Nothing to compare with: more than one in ten, surely.
            (Some(sample(20, 100)), None, Verdict::Worse),
            (Some(sample(19, 100)), None, Verdict::Same),
            (Some(sample(20, 100)), Some(sample(0, 49)), Verdict::Worse),
            // Both fail alike.
            (Some(sample(50, 100)), Some(sample(500, 1_000)), Verdict::Same),
            // More errors than requests are as many.
            (Some(sample(90, 60)), clean, Verdict::Worse),
        ] {
            assert_eq!(compare(green, blue), verdict, "{green:?} {blue:?}");
        }
    }
}
