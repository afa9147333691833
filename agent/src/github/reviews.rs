use serde::Deserialize;

use super::{Client, GithubError, GithubErrorKind};

/// A review of a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// Who wrote it; GitHub's `ghost` when the account is gone.
    pub login: String,
    /// `APPROVED`, `CHANGES_REQUESTED`, `COMMENTED`, `DISMISSED` or `PENDING`.
    pub state: String,
    /// The commit that was reviewed; empty when GitHub knows none.
    pub commit: String,
    /// When it was submitted, RFC 3339; empty when it was not.
    pub submitted_at: String,
}

/// GitHub's words; everything that may be absent is.
#[derive(Deserialize)]
struct Raw {
    user: Option<Account>,
    state: String,
    commit_id: Option<String>,
    submitted_at: Option<String>,
}

#[derive(Deserialize)]
struct Account {
    login: Option<String>,
}

#[derive(Deserialize)]
struct Commit {
    author: Option<Account>,
    committer: Option<Account>,
}

#[derive(Deserialize)]
struct Membership {
    state: String,
}

/// GitHub itself, as the committer of what was done on its pages.
const ITSELF: &str = "web-flow";

impl Client {
    /// The reviews of a pull request, the oldest first. One that was taken back
    /// stays in its place, with another state.
    pub async fn reviews(&self, number: u64) -> Result<Vec<Review>, GithubError> {
        let raw: Vec<Raw> = self.list(&format!("/pulls/{number}/reviews"), None).await?;
        let review = |raw: Raw| Review {
            login: raw.user.and_then(|user| user.login).unwrap_or_else(|| "ghost".to_owned()),
            state: raw.state,
            commit: raw.commit_id.unwrap_or_default(),
            submitted_at: raw.submitted_at.unwrap_or_default(),
        };
        Ok(raw.into_iter().map(review).collect())
    }

    /// The logins that made a commit, as far as GitHub knows them by their
    /// addresses: what a commit says of itself, not who pushed it.
    pub async fn makers_of(&self, commit: &str) -> Result<Vec<String>, GithubError> {
        let commit: Commit = self.get(&format!("/commits/{commit}")).await?;
        let login = |account: Option<Account>| account?.login.filter(|login| login != ITSELF);
        Ok([commit.author, commit.committer].into_iter().filter_map(login).collect())
    }

    /// Whether somebody is in a team of an organisation, now.
    pub async fn is_member(&self, organisation: &str, team: &str, login: &str) -> Result<bool, GithubError> {
        let (Some(organisation), Some(team), Some(login)) =
            (in_path(organisation), in_path(team), in_path(login))
        else {
            return Ok(false);
        };
        let path = format!("/orgs/{organisation}/teams/{team}/memberships/{login}");
        // Who is invited is not in it yet.
        Ok(absent(self.get_as_installed::<Membership>(&path).await)?
            .is_some_and(|found| found.state == "active"))
    }
}

/// What does not exist, or is hidden from us, is none.
fn absent<T>(answer: Result<T, GithubError>) -> Result<Option<T>, GithubError> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind == GithubErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// A name as a part of a path; none when it would be more.
fn in_path(name: &str) -> Option<&str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    (!name.is_empty() && name.chars().all(plain)).then_some(name)
}
