//! What happens to pull requests: opened, merged, looked at.

use super::http::Answer;
use super::state::{CheckRun, Deployment, Merged, Pull, Repository, State, Status, now};

impl State {
    /// Opens a pull request and returns its number.
    pub(super) fn open(
        &mut self,
        repository: usize,
        head: &str,
        base: &str,
        title: &str,
        body: &str,
        author: &str,
    ) -> Result<u64, Answer> {
        let id = self.next_id();
        let repository = &mut self.repositories[repository];
        repository.refresh();
        let invalid = |field: &str, message: &str| Err(Answer::invalid("PullRequest", field, message));
        let Some(base_sha) = repository.branches.get(base).cloned() else {
            return invalid("base", "invalid");
        };
        let Some(head_sha) = repository.branches.get(head).cloned() else {
            return invalid("head", "invalid");
        };
        if repository
            .pulls
            .values()
            .any(|pull| pull.open && pull.head_branch == head && pull.base_branch == base)
        {
            let owner = repository.git.owner();
            return invalid("head", &format!("A pull request already exists for {owner}:{head}."));
        }
        if repository.git.is_ancestor(&head_sha, &base_sha) {
            return invalid("head", &format!("No commits between {base} and {head}"));
        }
        let number = repository.pulls.keys().last().copied().unwrap_or(0) + 1;
        let pull = Pull {
            id,
            number,
            title: title.to_owned(),
            body: body.to_owned(),
            author: author.to_owned(),
            draft: false,
            open: true,
            head_branch: head.to_owned(),
            fork: None,
            head_sha: String::new(),
            base_branch: base.to_owned(),
            base_sha: String::new(),
            mergeable: None,
            merge_commit_sha: None,
            merged: None,
            labels: Vec::new(),
            comments: Vec::new(),
            reviews: Vec::new(),
            created_at: now(),
            updated_at: now(),
            closed_at: None,
        };
        repository.pulls.insert(number, pull);
        repository.follow(number);
        Ok(number)
    }
}

impl Repository {
    /// Merges a pull request by `merge` or `squash` and returns the id of the commit on the base branch.
    pub(super) fn merge(
        &mut self,
        number: u64,
        by: &str,
        method: &str,
        sha: Option<&str>,
    ) -> Result<String, Answer> {
        self.refresh();
        let pull = self.pulls.get(&number).ok_or_else(Answer::not_found)?;
        if !pull.open || pull.mergeable == Some(false) {
            return Err(Answer::refusal(405, "Pull Request is not mergeable"));
        }
        if sha.is_some_and(|sha| sha != pull.head_sha) {
            return Err(Answer::refusal(409, "Head branch was modified. Review and try the merge again."));
        }
        let (base, head) = (pull.base_sha.clone(), pull.head_sha.clone());
        let message = match method {
            "merge" => format!(
                "Merge pull request #{number} from {}/{}\n\n{}",
                self.git.owner(),
                pull.head_branch,
                pull.title
            ),
            _ => format!("{} (#{number})", pull.title),
        };
        let written = match method {
            "merge" => self.git.merge_commit(&base, &head, &message),
            _ => self.git.squash_commit(&base, &head, &message),
        };
        let commit = written.map_err(|_| Answer::refusal(405, "Pull Request is not mergeable"))?;
        let branch = pull.base_branch.clone();
        if let Some(pull) = self.pulls.get_mut(&number) {
            pull.merge_commit_sha = Some(commit.clone());
            pull.merged = Some(Merged { by: by.to_owned(), at: now() });
            pull.close();
        }
        self.git.update_ref(&format!("refs/heads/{branch}"), &commit);
        self.refresh();
        Ok(commit)
    }

    /// Opens a closed pull request again; one that is merged stays as it is.
    pub(super) fn reopen(&mut self, number: u64) {
        let Some(pull) = self.pulls.get_mut(&number).filter(|pull| !pull.open && pull.merged.is_none())
        else {
            return;
        };
        pull.open = true;
        pull.closed_at = None;
        pull.updated_at = now();
        self.follow(number);
    }

    /// The newest status of every context of a commit, in the order of their first appearance.
    pub fn latest_statuses(&self, sha: &str) -> Vec<Status> {
        let mut latest: Vec<Status> = Vec::new();
        for status in self.statuses.iter().filter(|status| status.sha == sha) {
            match latest.iter_mut().find(|known| known.context == status.context) {
                Some(known) => *known = status.clone(),
                None => latest.push(status.clone()),
            }
        }
        latest
    }

    /// The newest check run of every name of a commit, in the order of their first appearance.
    pub fn latest_checks(&self, sha: &str) -> Vec<CheckRun> {
        let mut latest: Vec<CheckRun> = Vec::new();
        for check in self.checks.iter().filter(|check| check.head_sha == sha) {
            match latest.iter_mut().find(|known| known.name == check.name) {
                Some(known) => *known = check.clone(),
                None => latest.push(check.clone()),
            }
        }
        latest
    }

    /// The deployments of a pull request's head or of its merge commit, oldest first.
    pub fn deployments_of(&self, pull: &Pull) -> Vec<Deployment> {
        let merge = pull.merged.as_ref().and(pull.merge_commit_sha.as_ref());
        let wanted =
            |deployment: &&Deployment| deployment.sha == pull.head_sha || Some(&deployment.sha) == merge;
        self.deployments.iter().filter(wanted).cloned().collect()
    }
}
