//! The lease: taken, kept by heartbeats, proven to every write, given back.

mod acquire;
mod hold;
mod proof;

pub use acquire::{Acquire, LeaseError, acquire};
pub use hold::Lease;
pub use proof::{LeaseLost, LeaseProof};
