use std::time::Instant;

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{
            Intercept,
            context::{BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef},
        },
        orchestrator::Metadata,
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};

/// Writes every attempt to the log: when it leaves (at the level `trace`, which
/// a terminal shows to whoever waits), and at the level `debug` which call it
/// was, how long it took, how it was answered. Never what was said.
#[derive(Debug)]
pub(crate) struct CallLog;

#[derive(Debug)]
struct LeftAt(Instant);

impl Storable for LeftAt {
    type Storer = StoreReplace<Self>;
}

impl Intercept for CallLog {
    fn name(&self) -> &'static str {
        "CallLog"
    }

    fn read_before_transmit(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        configuration: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(call) = configuration.load::<Metadata>() {
            tracing::trace!(service = call.service(), operation = call.name(), "asks");
        }
        configuration.interceptor_state().store_put(LeftAt(Instant::now()));
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        configuration: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let (Some(LeftAt(left_at)), Some(call)) =
            (configuration.load::<LeftAt>(), configuration.load::<Metadata>())
        else {
            return Ok(());
        };
        let header = |name| context.response().and_then(|response| response.headers().get(name));
        tracing::debug!(
            service = call.service(),
            operation = call.name(),
            milliseconds = left_at.elapsed().as_millis(),
            status = context.response().map(|response| response.status().as_u16()),
            request_id = header("x-amzn-requestid").or_else(|| header("x-amz-request-id")),
            "call"
        );
        Ok(())
    }
}
