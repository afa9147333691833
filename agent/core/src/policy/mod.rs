//! Policies: Rego files in the config repo that allow or deny an environment
//! and its plan, with conftest's conventions.
//!
//! [`PolicySet::load`] reads all files, [`PolicySet::evaluate`] judges one
//! [`PolicyInput`]. Failure is denial: what cannot be loaded, evaluated or
//! understood never allows anything.
//!
//! Not everything can be bounded from within: the time limit does not interrupt
//! a builtin, and memory is not limited. So load and evaluate policies of others
//! in a child process with a deadline and a memory limit; files and input go in
//! as data, [`PolicyError`]s or a [`Verdict`] come out, and all of them are
//! serialisable.

mod data;
mod error;
mod evaluate;
mod input;
mod limits;
mod nesting;
mod outcome;
mod rule;
mod set;
pub mod test;
mod undefined;
mod verdict;

#[cfg(test)]
mod tests;

pub use error::PolicyError;
pub use input::{Actor, ActorKind, Approval, Intent, PolicyInput, PullRequest, StateSummary};
pub use set::PolicySet;
pub use verdict::{Cause, Effect, Excepted, Finding, JudgedRule, Verdict};
