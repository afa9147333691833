//! One pull request as a test looks at it.

use super::GitHub;
use super::state::{CheckRun, Comment, Deployment, Pull, Repository, Status};

/// A pull request by its number. Every call reads the present.
#[derive(Clone, Debug)]
pub struct PullView {
    pub(super) github: GitHub,
    pub(super) number: u64,
}

impl PullView {
    fn look<T>(&self, look: impl FnOnce(&Repository, &Pull) -> T) -> T {
        self.github.read(|repository| {
            let pull = repository.pulls.get(&self.number);
            look(repository, pull.unwrap_or_else(|| panic!("no pull request #{}", self.number)))
        })
    }

    /// The pull request itself.
    pub fn get(&self) -> Pull {
        self.look(|_, pull| pull.clone())
    }

    /// The commit that it asks to merge.
    pub fn head_sha(&self) -> String {
        self.look(|_, pull| pull.head_sha.clone())
    }

    /// All comments, oldest first.
    pub fn comments(&self) -> Vec<Comment> {
        self.look(|_, pull| pull.comments.clone())
    }

    /// The comments that the App or a token's bot wrote; people's are left out.
    pub fn bot_comments(&self) -> Vec<Comment> {
        self.look(|_, pull| pull.comments.iter().filter(|comment| comment.author.is_bot).cloned().collect())
    }

    /// The newest check run of each name on the head.
    pub fn checks(&self) -> Vec<CheckRun> {
        self.look(|repository, pull| repository.latest_checks(&pull.head_sha))
    }

    /// The newest check run of a name on the head.
    pub fn check(&self, name: &str) -> Option<CheckRun> {
        self.checks().into_iter().find(|check| check.name == name)
    }

    /// The newest status of each context on the head.
    pub fn statuses(&self) -> Vec<Status> {
        self.look(|repository, pull| repository.latest_statuses(&pull.head_sha))
    }

    /// The deployments of the head and of the merge commit, oldest first, with all their statuses.
    pub fn deployments(&self) -> Vec<Deployment> {
        self.look(Repository::deployments_of)
    }
}
