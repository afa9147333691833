//! How often a service lets itself be asked: a bucket of tokens, as AWS describes its own.

use std::time::Instant;

/// A service's tokens: each call takes one, and so many come back a second.
#[derive(Debug)]
pub(crate) struct Bucket {
    service: String,
    tokens: f64,
    burst: f64,
    per_second: f64,
    filled: Instant,
}

impl Bucket {
    pub(crate) fn new(service: &str, burst: u32, per_second: f64) -> Self {
        let burst = f64::from(burst);
        Self { service: service.to_owned(), tokens: burst, burst, per_second, filled: Instant::now() }
    }

    pub(crate) fn service(&self) -> &str {
        &self.service
    }

    /// Whether there is a token for a call; it is taken.
    pub(crate) fn takes(&mut self, now: Instant) -> bool {
        let came = now.duration_since(self.filled).as_secs_f64() * self.per_second;
        self.tokens = (self.tokens + came).min(self.burst);
        self.filled = now;
        let enough = self.tokens >= 1.0;
        if enough {
            self.tokens -= 1.0;
        }
        enough
    }
}
