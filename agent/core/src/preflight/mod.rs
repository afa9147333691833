//! Preflight: what would fail half-way, found before the first write, all at
//! once. Facts go in, findings come out; a table of checks, a file per family.
//! What can be told from the files alone belongs to `environment::meaning`.

mod answers;
mod backend;
mod capacity;
mod facts;
mod finding;
mod identity;
mod permissions;
mod places;
mod questions;
mod surroundings;

pub use answers::{Allowed, Answers, Denied, Image, Limit, ListenerRule, MountTarget, Quota};
pub use backend::{Initialised, Work, backend, lock_key, run_expiry, run_key, work};
pub use facts::{
    Access, Answer, Backend, Bucket, BucketTraits, Facts, Identity, Key, KeyRole, Ownership, Table,
    TableTraits,
};
pub use finding::{Finding, Problem, Weight};
pub use identity::identity;
pub use questions::{Permission, Questions, questions};

use std::collections::BTreeMap;

use crate::{Address, desired::Wanted, environment::Environment, plan::Plan, resource::Observed};

/// The agent's own table, beside the lock table.
pub const RUN_TABLE: &str = "pointsman-runs";

/// What is checked: an environment, what was found, and what would be done.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// As it is written.
    pub environment: &'a Environment,
    /// What AWS answered.
    pub facts: &'a Facts,
    /// What follows; none when what the environment stands in was not found.
    pub prospect: Option<Prospect<'a>>,
}

/// What would be done, and what stands.
#[derive(Clone, Copy, Debug)]
pub struct Prospect<'a> {
    /// What should be.
    pub wanted: &'a Wanted,
    /// What stands.
    pub observed: &'a BTreeMap<Address, Observed>,
    /// What would be done; none when there can be no plan.
    pub plan: Option<&'a Plan>,
}

/// A check: looks at one thing, reports all that is wrong with it.
type Check = fn(&Subject<'_>, &mut Vec<Finding>);

/// Every check.
const CHECKS: &[Check] = &[
    identity::account,
    backend::stands,
    surroundings::network,
    surroundings::externals,
    surroundings::conflicts,
    places::clusters,
    places::images,
    places::files,
    places::priorities,
    permissions::roles,
    permissions::own,
    capacity::zones,
    capacity::addresses,
    capacity::quotas,
];

/// Everything that would fail, or deserves a look: errors first, then in the
/// order of the file.
pub fn judge(subject: &Subject<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for check in CHECKS {
        check(subject, &mut found);
    }
    found.sort_by(|a, b| a.order().cmp(&b.order()));
    found.dedup();
    found
}

impl Subject<'_> {
    /// What stops everything.
    fn error(&self, about: impl Into<String>, problem: Problem) -> Finding {
        self.finding(about.into(), Weight::Error, problem)
    }

    /// What deserves a look.
    fn warning(&self, about: impl Into<String>, problem: Problem) -> Finding {
        self.finding(about.into(), Weight::Warning, problem)
    }

    /// What could not be looked at.
    fn note(&self, about: impl Into<String>, problem: Problem) -> Finding {
        self.finding(about.into(), Weight::Note, problem)
    }

    fn finding(&self, about: String, weight: Weight, problem: Problem) -> Finding {
        let place = self.environment.place_of(&about).cloned();
        Finding { about, weight, place, problem }
    }
}
