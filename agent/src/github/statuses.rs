use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{CheckState, Client, CommitCheck, GithubError, limits};

#[derive(Deserialize)]
struct Status {
    context: String,
    state: String,
    #[serde(default)]
    description: Option<String>,
}

impl Client {
    /// A commit status instead of a check run: what a token may write. Only
    /// the newest of a context counts; one that says the same is not repeated.
    pub(super) async fn put_status(&self, check: &CommitCheck) -> Result<(), GithubError> {
        let state = match check.state {
            CheckState::Queued | CheckState::InProgress => "pending",
            CheckState::Success | CheckState::Neutral => "success",
            CheckState::Failure => "failure",
        };
        let description = limits::characters(&check.title, limits::DESCRIPTION);
        let key = (check.commit.clone(), check.name.clone());
        let content = format!("{state} {description}");
        let known = self.known().checks.get(&key).cloned();
        let standing = match known {
            Some((_, standing)) => Some(standing),
            None => self.standing_status(&check.commit, &check.name).await?.map(|status| status.content()),
        };
        if standing.as_deref() != Some(&content) {
            let mut body =
                json!({ "state": state, "context": limits::name(&check.name), "description": description });
            if let Some(url) = &check.details_url {
                body["target_url"] = url.as_str().into();
            }
            self.write::<Value>(Method::POST, &format!("/statuses/{}", check.commit), &body).await?;
        }
        self.known().checks.insert(key, (0, content));
        Ok(())
    }

    /// Whether a commit's status of this name says more than that it goes on.
    pub(super) async fn has_ended_status(&self, commit: &str, name: &str) -> Result<bool, GithubError> {
        Ok(self.standing_status(commit, name).await?.is_some_and(|status| status.state != "pending"))
    }

    async fn standing_status(&self, commit: &str, name: &str) -> Result<Option<Status>, GithubError> {
        let context = limits::name(name);
        // Newest first.
        let statuses: Vec<Status> = self.list(&format!("/commits/{commit}/statuses"), None).await?;
        Ok(statuses.into_iter().find(|status| status.context == context))
    }
}

impl Status {
    fn content(self) -> String {
        format!("{} {}", self.state, self.description.unwrap_or_default())
    }
}
