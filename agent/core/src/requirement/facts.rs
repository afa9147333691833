use std::collections::BTreeSet;

use super::{Approved, Login, Team};

/// Everything that requirements are held against. What could not be asked is
/// no fact: then nothing is applied, and it is asked again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The environment that would be changed.
    pub environment: String,
    /// The pull request that the commit came with; none when it was pushed.
    pub pull: Option<PullFacts>,
    /// The approval hash of the plan that would be applied now.
    pub plan: String,
    /// The plan changes nothing: nothing has to be approved.
    pub changes_nothing: bool,
    /// The policies allow the plan.
    pub allowed: bool,
    /// What people said of plans of this environment.
    pub approved: Vec<Approved>,
    /// Who may write to the repository, of those that said something.
    pub writers: BTreeSet<Login>,
    /// Who of them is in which of the teams that are asked for.
    pub members: BTreeSet<(Team, Login)>,
}

/// What is known of a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullFacts {
    /// Its number.
    pub number: u64,
    /// Who opened it.
    pub author: Login,
    /// Who made its last commit, as far as GitHub knows them.
    pub pushers: BTreeSet<Login>,
    /// The commit that it proposes, or proposed when it was merged.
    pub head: String,
    /// Its reviews, the oldest first.
    pub reviews: Vec<Review>,
    /// How far it is.
    pub merge: Merge,
}

/// Whether a pull request is merged, or could be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merge {
    /// It is.
    Merged,
    /// It is open.
    Open {
        /// Whether GitHub can merge it; none while it has not worked that out.
        mergeable: Option<bool>,
        /// The base has commits that it lacks.
        behind: bool,
    },
}

/// One review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// Who wrote it.
    pub login: Login,
    /// What it says.
    pub opinion: Opinion,
    /// Which commit was reviewed.
    pub commit: String,
    /// When, Unix milliseconds; GitHub says whole seconds.
    pub at_ms: u64,
    /// The plan that was shown then; none when that is not certain.
    pub plan: Option<String>,
}

/// What a review says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Opinion {
    /// It approves.
    Approved,
    /// It wants something changed first.
    ChangesRequested,
    /// It was taken back, by whoever may.
    Dismissed,
    /// It says something, and leaves the opinion before as it was.
    Commented,
}

impl PullFacts {
    /// What everybody said last, by when and then by its place in the list;
    /// remarks left out.
    pub(super) fn opinions(&self) -> Vec<&Review> {
        let mut last: Vec<&Review> = Vec::new();
        for review in self.reviews.iter().filter(|review| review.opinion != Opinion::Commented) {
            match last.iter_mut().find(|known| known.login == review.login) {
                Some(known) if known.at_ms <= review.at_ms => *known = review,
                Some(_) => {}
                None => last.push(review),
            }
        }
        last
    }
}
