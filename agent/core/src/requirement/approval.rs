use serde::{Deserialize, Serialize};

use super::Login;

/// A person's word for one plan, as it is kept: whatever the pull request
/// becomes, it counts for that plan and for no other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approved {
    /// The environment that would be changed.
    pub environment: String,
    /// The pull request that it was said on.
    pub pull: u64,
    /// The commit that the plan was made of.
    pub commit: String,
    /// The plan's approval hash.
    pub plan: String,
    /// Who said it.
    pub who: Login,
    /// When, Unix milliseconds.
    pub at_ms: u64,
    /// What it is.
    pub how: How,
    /// Why. Written by others.
    pub why: Option<String>,
}

/// What a person's word does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// It approves the plan.
    Command,
    /// It lets the plan pass a freeze, and approves nothing.
    BreakGlass,
}

/// A plan that people were shown: from then on they saw this, until the next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// The environment that it changes.
    pub environment: String,
    /// The pull request that it was shown on.
    pub pull: u64,
    /// The commit that it was made of.
    pub commit: String,
    /// The plan's approval hash.
    pub plan: String,
    /// When the report had been delivered, Unix milliseconds.
    pub at_ms: u64,
}

/// Around a review no other plan may have been shown for so long: two clocks
/// differ, and who reads takes a while. Milliseconds.
pub const SETTLED_MS: u64 = 60_000;

/// GitHub says the second of a review, not more.
const SECOND_MS: u64 = 1_000;

/// The plan that stood on the pull request when it was reviewed. `shown` is
/// what was shown of one environment on that pull request, in any order;
/// `commits` are those whose plan a review can mean: the one that it was given
/// for, and what that became on the base branch.
///
/// None when that is not certain: then it has to be asked for again.
pub fn plan_of_review<'s>(shown: &'s [Shown], commits: &[&str], at_ms: u64) -> Option<&'s str> {
    let standing = shown.iter().filter(|one| one.at_ms <= at_ms).max_by_key(|one| one.at_ms)?;
    let from = at_ms.saturating_sub(SETTLED_MS);
    let until = at_ms.saturating_add(SECOND_MS + SETTLED_MS);
    // What was replaced within that time stood in it, too.
    let stood_before = shown.iter().filter(|one| one.at_ms < from).max_by_key(|one| one.at_ms);
    let meanwhile = shown.iter().filter(|one| (from..=until).contains(&one.at_ms)).chain(stood_before);
    let is_certain = meanwhile.into_iter().all(|one| one.plan == standing.plan);
    (is_certain && commits.contains(&standing.commit.as_str())).then_some(standing.plan.as_str())
}
