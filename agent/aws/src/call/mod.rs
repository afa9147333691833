//! What happens around every call, whichever service it goes to.

mod lease_guard;
mod log;
mod patience;

pub(crate) use lease_guard::LeaseGuard;
pub(crate) use log::CallLog;
pub(crate) use patience::Patience;
