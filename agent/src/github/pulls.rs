use serde::Deserialize;

use super::{Client, GithubError, GithubErrorKind};

/// A pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pull {
    /// Its number.
    pub number: u64,
    /// Its title. Written by others.
    pub title: String,
    /// Its author's login.
    pub author: String,
    /// The commit that it proposes.
    pub head: String,
    /// The branch that it comes from.
    pub head_branch: String,
    /// The branch that it goes to.
    pub base_branch: String,
    /// Whether it comes from another repository, or one that is gone.
    pub fork: bool,
    /// Whether it is a draft.
    pub draft: bool,
    /// Its labels' names.
    pub labels: Vec<String>,
    /// The commit on the base branch that it became, once merged.
    pub merged_as: Option<String>,
    /// Its page, for people.
    pub url: Option<String>,
}

/// A pull request, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullState {
    /// The pull request.
    pub pull: Pull,
    /// Whether it is open.
    pub open: bool,
    /// When it was merged.
    pub merged_at: Option<jiff::Timestamp>,
    /// Whether GitHub can merge it; none while it works that out.
    pub mergeable: Option<bool>,
}

/// GitHub's words; everything that may be absent is.
#[derive(Deserialize)]
struct Raw {
    number: u64,
    #[serde(default)]
    state: String,
    #[serde(default)]
    title: String,
    user: Option<User>,
    head: Side,
    base: Side,
    #[serde(default)]
    draft: bool,
    #[serde(default)]
    labels: Vec<Label>,
    merged_at: Option<String>,
    merge_commit_sha: Option<String>,
    html_url: Option<String>,
    /// Of one pull request alone, and not in lists.
    mergeable: Option<bool>,
}

#[derive(Deserialize)]
struct User {
    login: String,
}

#[derive(Deserialize)]
struct Label {
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct Side {
    #[serde(rename = "ref")]
    branch: String,
    sha: String,
    repo: Option<Repository>,
}

#[derive(Deserialize)]
struct Repository {
    full_name: String,
}

impl Client {
    /// The open pull requests that go to a branch.
    pub async fn open_pulls(&self, branch: &str) -> Result<Vec<Pull>, GithubError> {
        let raw: Vec<Raw> =
            self.list_unhurried(&format!("/pulls?state=open&base={}", escaped(branch))).await?;
        Ok(raw.into_iter().map(Pull::from).collect())
    }

    /// One pull request; none when that number is an issue, or nothing.
    pub async fn pull(&self, number: u64) -> Result<Option<PullState>, GithubError> {
        let raw: Raw = match self.get(&format!("/pulls/{number}")).await {
            Ok(raw) => raw,
            Err(error) if error.kind == GithubErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let open = raw.state == "open";
        let merged_at = raw.merged_at.as_deref().and_then(|at| at.parse().ok());
        let mergeable = raw.mergeable;
        Ok(Some(PullState { pull: Pull::from(raw), open, merged_at, mergeable }))
    }

    /// The merged pull request of the branch that a commit came with; none
    /// when it was pushed.
    pub async fn pull_of_commit(&self, commit: &str, branch: &str) -> Result<Option<Pull>, GithubError> {
        let raw: Vec<Raw> = self.list(&format!("/commits/{commit}/pulls"), None).await?;
        let merged = |pull: &Pull| pull.base_branch == branch && pull.merged_as.is_some();
        let mut pulls: Vec<Pull> = raw.into_iter().map(Pull::from).filter(merged).collect();
        // A commit can be in several: the one that became it comes first.
        pulls.sort_by_key(|pull| (pull.merged_as.as_deref() != Some(commit), pull.number));
        Ok(pulls.into_iter().next())
    }

    /// The number of the pull request that a commit came with, as
    /// [`Self::pull_of_commit`] knows it; asked for once.
    pub async fn number_of_pull(&self, commit: &str, branch: &str) -> Result<Option<u64>, GithubError> {
        if let Some(known) = self.known().pulls.get(commit) {
            return Ok(*known);
        }
        let number = self.pull_of_commit(commit, branch).await?.map(|pull| pull.number);
        self.known().pulls.insert(commit.to_owned(), number);
        Ok(number)
    }
}

impl From<Raw> for Pull {
    fn from(raw: Raw) -> Self {
        let Raw {
            number,
            state: _,
            title,
            user,
            head,
            base,
            draft,
            labels,
            merged_at,
            merge_commit_sha,
            html_url,
            mergeable: _,
        } = raw;
        let own = match (&head.repo, &base.repo) {
            (Some(head), Some(base)) => head.full_name == base.full_name,
            _ => false,
        };
        Self {
            number,
            title,
            author: user.map(|user| user.login).unwrap_or_default(),
            head: head.sha,
            head_branch: head.branch,
            base_branch: base.branch,
            fork: !own,
            draft,
            labels: labels.into_iter().map(|label| label.name).collect(),
            merged_as: merged_at.and(merge_commit_sha),
            url: html_url,
        }
    }
}

/// A value of a query, with everything but the plainest characters escaped.
pub(super) fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
