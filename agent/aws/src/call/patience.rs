use aws_smithy_runtime::client::retries::{RetryPartition, TokenBucket};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{Intercept, context::FinalizerInterceptorContextRef},
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::{config_bag::ConfigBag, retry::RetryConfig};

use crate::error::THROTTLED;

/// As often as anything is tried: long before that, the time of the call is over.
const MOST: u32 = 50;

/// How often a call is tried: so many times at what fails, and for as long as a
/// call may take where AWS says that it is asked too often. That passes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// Attempts, the first included, at what fails.
    pub(crate) attempts: u32,
}

impl Patience {
    /// What a client's calls may spend on retries together: as much as usual on
    /// failures, and nothing on waiting for their turn.
    pub(crate) fn partition() -> RetryPartition {
        let bucket = TokenBucket::builder().throttling_retry_cost(0).build();
        RetryPartition::custom("pointsman").token_bucket(bucket).build()
    }

    /// How often a call is tried that was answered so.
    fn attempts(self, answer: Option<&[u8]>) -> u32 {
        let answer = answer.map(String::from_utf8_lossy);
        let throttled = answer.is_some_and(|answer| THROTTLED.iter().any(|code| answer.contains(code)));
        if throttled { MOST } else { self.attempts }
    }
}

impl Intercept for Patience {
    fn name(&self) -> &'static str {
        "Patience"
    }

    /// It runs before it is decided whether there is another attempt.
    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        configuration: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let failed = context.output_or_error().is_some_and(|answer| answer.is_err());
        let retries = configuration.load::<RetryConfig>().cloned();
        // Whoever tries once looks before anything is sent again.
        if failed && let Some(retries) = retries.filter(|it| it.max_attempts() > 1) {
            let attempts = self.attempts(context.response().and_then(|response| response.body().bytes()));
            configuration.interceptor_state().store_put(retries.with_max_attempts(attempts));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST, Patience};

    #[test]
    fn only_what_is_throttled_is_tried_for_as_long_as_it_takes() {
        let patience = Patience { attempts: 5 };
        assert_eq!(patience.attempts(Some(b"<Error><Code>Throttling</Code></Error>")), MOST);
        assert_eq!(patience.attempts(Some(b"<Error><Code>InternalFailure</Code></Error>")), 5);
        assert_eq!(patience.attempts(None), 5);
    }
}
