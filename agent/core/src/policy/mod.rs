//! Policies: Rego files in the config repo that allow or deny an environment
//! and its plan, with conftest's conventions.
//!
//! [`PolicySet::load`] reads all files, [`PolicySet::evaluate`] judges one
//! [`PolicyInput`]. Failure is denial: what cannot be loaded, evaluated or
//! understood never allows anything.
//!
//! Not everything can be bounded from within: the time limit does not interrupt
//! a builtin, and memory is not limited. So both happen in a child process with
//! the [`Bounds`] of its own: [`Question`]s go in, an [`Evaluator`] answers, and
//! when no [`Answer`] comes, [`GaveUp`] says why.

mod bounds;
mod data;
mod dialogue;
mod error;
mod evaluate;
mod gave_up;
mod input;
mod limits;
mod nesting;
mod outcome;
mod overrides;
mod phrases;
mod rule;
mod schema;
mod set;
pub mod test;
mod undefined;
mod verdict;

#[cfg(test)]
mod tests;

pub use bounds::{BOUNDS, Bounds};
pub use dialogue::{Answer, Asked, Evaluator, Question};
pub use error::PolicyError;
pub use gave_up::{Doing, GaveUp};
pub use input::{Actor, ActorKind, Approval, Intent, OpenFreeze, PolicyInput, PullRequest, StateSummary};
pub use limits::on_large_stack;
pub use schema::json_schema;
pub use set::PolicySet;
pub use verdict::{Cause, Effect, Excepted, Finding, Heard, JudgedRule, Overridden, Verdict};
