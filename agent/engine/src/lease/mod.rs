//! The lease: taken, kept by heartbeats, proven to every write, given back.

mod abandon;
mod acquire;
mod file;
mod hold;
mod proof;
mod standing;

pub use acquire::{Acquire, LeaseError, Taken, acquire};
pub use hold::Lease;
pub(crate) use hold::lease_error;
pub use proof::{LeaseLost, LeaseProof};
pub(crate) use standing::lock_file;
pub use standing::{Standing, standing};
