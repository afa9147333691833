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
            None => self.standing_status(check).await?,
        };
        if standing.as_deref() != Some(&content) {
            let mut body = json!({ "state": state, "context": check.name, "description": description });
            if let Some(url) = &check.details_url {
                body["target_url"] = url.as_str().into();
            }
            self.write::<Value>(Method::POST, &format!("/statuses/{}", check.commit), &body).await?;
        }
        self.known().checks.insert(key, (0, content));
        Ok(())
    }

    async fn standing_status(&self, check: &CommitCheck) -> Result<Option<String>, GithubError> {
        let statuses: Vec<Status> = self.list(&format!("/commits/{}/statuses", check.commit), None).await?;
        let newest = statuses.into_iter().find(|status| status.context == check.name);
        Ok(newest.map(|status| format!("{} {}", status.state, status.description.unwrap_or_default())))
    }
}
