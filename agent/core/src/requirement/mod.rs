//! What must be given before a plan is applied: approvals of that very plan,
//! and a time that is not frozen. All of it is functions of facts and `now`;
//! what asks GitHub and keeps approvals calls them from outside.

mod approval;
mod facts;
mod file;
mod freeze;
mod person;
mod read;
mod unmet;

use std::collections::BTreeMap;

pub use approval::{Approved, How, SETTLED_MS, Shown, plan_of_review};
pub use facts::{Facts, Merge, Opinion, PullFacts, Review};
pub use file::{FILE, File, read, stages_without_environment};
pub use freeze::{Freeze, Window};
pub use person::{Login, Team, Who};
pub use read::{Fault, section};
pub use unmet::{Discounted, Unmet, approvers_of, ineligible, names, passed, unmet, unmet_of_all};

/// What is required before an apply, by stage: the first segment of an
/// environment's name.
pub type Stages = BTreeMap<String, Requirements>;

/// The most approvals that can be required, as on GitHub.
pub const MOST_APPROVALS: u8 = 6;

/// What must be given before anything is applied to the environments of one
/// stage. By default nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requirements {
    /// So many people must have approved the plan: 0 to [`MOST_APPROVALS`].
    pub approvals: u8,
    /// Only their approvals count; everybody's who may write, when empty.
    pub approvers: Vec<Who>,
    /// GitHub can merge the pull request. A merged one could be.
    pub mergeable: bool,
    /// The pull request has everything that its base has. A merged one has.
    pub up_to_date: bool,
    /// When a pull request is applied; as GitHub's merge says, when none is said.
    pub apply: Option<Applies>,
    /// When nothing is applied.
    pub freeze: Vec<Freeze>,
    /// Who may pass a freeze, with a reason; nobody when empty.
    pub break_glass: Vec<Who>,
}

/// When a pull request is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applies {
    /// By its merge alone.
    AfterMerge,
    /// Before it too, when a person asks.
    BeforeMerge,
}

/// Whether a pull request may be applied before its merge: where one of these
/// lets it, and none says otherwise.
pub fn before_merge<'r>(requirements: impl IntoIterator<Item = &'r Requirements>) -> bool {
    let mut said = requirements.into_iter().filter_map(|one| one.apply).peekable();
    said.peek().is_some() && said.all(|applies| applies == Applies::BeforeMerge)
}

impl Requirements {
    /// Whether nothing is required.
    pub fn is_empty(&self) -> bool {
        let Self { approvals, approvers: _, mergeable, up_to_date, apply: _, freeze, break_glass: _ } = self;
        *approvals == 0 && !mergeable && !up_to_date && freeze.is_empty()
    }
}

/// The stage that an environment of this name belongs to.
pub fn stage(environment: &str) -> &str {
    environment.split('/').next().unwrap_or(environment)
}
