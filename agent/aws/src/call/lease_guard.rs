use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{Intercept, context::BeforeTransmitInterceptorContextRef},
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::ConfigBag;
use pointsman_engine::lease::LeaseProof;

/// Lets an attempt leave only while the lease is fresh. It runs last before
/// the wire, and again for every retry: a call that waited is judged when it
/// leaves, not when it was written.
#[derive(Clone, Debug)]
pub(crate) struct LeaseGuard(pub(crate) LeaseProof);

impl Intercept for LeaseGuard {
    fn name(&self) -> &'static str {
        "LeaseGuard"
    }

    fn read_before_transmit(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _configuration: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.check().map_err(BoxError::from)
    }
}
