use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// A token bucket: so many at once, then so many per second.
#[derive(Debug)]
pub(super) struct Bucket {
    burst: f64,
    per_second: f64,
    level: Mutex<(f64, Instant)>,
}

impl Bucket {
    /// Full at first. `every` is the time in which one more is allowed.
    pub(super) fn new(burst: u32, every: Duration) -> Self {
        let burst = f64::from(burst);
        let per_second = 1.0 / every.as_secs_f64().max(1e-9);
        Self { burst, per_second, level: Mutex::new((burst, Instant::now())) }
    }

    /// Whether one more is allowed now; then it counts.
    pub(super) fn take(&self) -> bool {
        self.take_at(Instant::now())
    }

    fn take_at(&self, now: Instant) -> bool {
        let mut level = self.level.lock().unwrap_or_else(PoisonError::into_inner);
        let (tokens, at) = *level;
        let gained = now.saturating_duration_since(at).as_secs_f64() * self.per_second;
        let tokens = (tokens + gained).min(self.burst);
        let allowed = tokens >= 1.0;
        *level = (if allowed { tokens - 1.0 } else { tokens }, now.max(at));
        allowed
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::Bucket;

    #[test]
    fn so_many_at_once_and_then_one_by_one() {
        let bucket = Bucket::new(3, Duration::from_millis(500));
        let start = Instant::now();
        let taken = |at: Duration| (0..10).filter(|_| bucket.take_at(start + at)).count();
        assert_eq!(taken(Duration::ZERO), 3);
        assert_eq!(taken(Duration::from_millis(1_100)), 2);
        assert_eq!(taken(Duration::from_secs(3_600)), 3, "never more than the burst");
        assert_eq!(taken(Duration::ZERO), 0, "a clock that stands still gains nothing");
    }
}
