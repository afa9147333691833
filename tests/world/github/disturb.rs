//! What a test does to GitHub: outages, refusals, slowness.

use std::time::Duration;

use super::{Failure, GitHub};

impl GitHub {
    /// Makes all tokens invalid at once, as when an hour has passed.
    pub fn expire_tokens(&self) {
        self.server.shared.lock().access.expire();
    }

    /// Takes a permission such as `checks` from the App.
    pub fn revoke(&self, permission: &str) {
        self.server.shared.lock().access.permissions.remove(permission);
    }

    /// The hour of the rate limit is over: everything may be asked again.
    pub fn refill_rate_limit(&self) {
        self.server.shared.lock().access.used = 0;
    }

    /// Orders a failure.
    pub fn fail(&self, failure: Failure) {
        self.server.shared.lock().failures.push(failure);
    }

    /// Takes back all ordered failures.
    pub fn recover(&self) {
        self.server.shared.lock().failures.clear();
    }

    /// The API answers 503 to everything, or works again.
    pub fn set_api_outage(&self, down: bool) {
        self.recover();
        if down {
            self.fail(Failure::gateway(503).times(u32::MAX));
        }
    }

    /// Git over HTTP answers 503, or works again.
    pub fn set_git_outage(&self, down: bool) {
        self.server.shared.lock().git_outage = down;
    }

    /// Git over HTTP asks for a token, as of a private repository.
    pub fn require_git_token(&self) {
        self.server.shared.lock().git_needs_token = true;
    }

    /// Every answer waits this long first.
    pub fn set_latency(&self, latency: Duration) {
        self.server.shared.set_latency(latency);
    }

    /// The next answers about a pull request say that GitHub has not worked out yet whether it can be merged.
    pub fn set_mergeable_unknown(&self, answers: u32) {
        self.server.shared.lock().mergeable_unknown = answers;
    }
}
