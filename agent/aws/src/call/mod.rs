//! What happens around every call, whichever service it goes to.

mod lease_guard;
mod log;

pub(crate) use lease_guard::LeaseGuard;
pub(crate) use log::CallLog;
