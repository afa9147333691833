use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Client, GithubError, limits, pulls::escaped};

/// A commit on its way into an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentDeployment {
    /// The commit.
    pub commit: String,
    /// The environment's name.
    pub environment: String,
    /// How far it is.
    pub state: DeploymentState,
    /// In one line.
    pub description: String,
    /// Where it can be seen once it stands.
    pub url: Option<String>,
    /// Where it is told how it goes.
    pub log_url: Option<String>,
    /// Whether people use it.
    pub production: bool,
}

/// How far a deployment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeploymentState {
    /// It waits.
    Queued,
    /// It goes on.
    InProgress,
    /// It stands.
    Success,
    /// It failed.
    Failure,
}

impl DeploymentState {
    const fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::InProgress => "in_progress",
            Self::Success => "success",
            Self::Failure => "failure",
        }
    }

    fn of_word(word: &str) -> Option<Self> {
        [Self::Queued, Self::InProgress, Self::Success, Self::Failure]
            .into_iter()
            .find(|state| state.word() == word)
    }

    /// What is still to be said, in order: what was not seen in between is
    /// said too, so that a deployment always reads as a story.
    fn from(self, last: Option<Self>) -> Vec<Self> {
        let path: &[Self] = match self {
            Self::Queued => &[Self::Queued],
            Self::InProgress => &[Self::Queued, Self::InProgress],
            Self::Success => &[Self::Queued, Self::InProgress, Self::Success],
            Self::Failure => &[Self::Queued, Self::InProgress, Self::Failure],
        };
        match last {
            Some(last) if last == self => Vec::new(),
            // It is tried again.
            Some(Self::Success | Self::Failure) => {
                path.iter().copied().filter(|state| *state != Self::Queued || self == Self::Queued).collect()
            }
            Some(last) if last > self => vec![self],
            Some(last) => path.iter().copied().filter(|state| *state > last).collect(),
            None => path.to_vec(),
        }
    }
}

#[derive(Deserialize)]
struct Deployment {
    id: u64,
    #[serde(default)]
    payload: Value,
}

#[derive(Deserialize)]
struct Status {
    state: String,
}

/// How ours are told from other tools' deployments of the same commit.
const PAYLOAD: &str = "pointsman";

impl Client {
    /// Brings the one deployment of a commit to an environment to this state.
    pub async fn put_deployment(&self, deployment: &EnvironmentDeployment) -> Result<(), GithubError> {
        let key = (deployment.commit.clone(), deployment.environment.clone());
        let known = self.known().deployments.get(&key).copied();
        let (id, mut last) = match known {
            Some(known) => known,
            None => self.standing_deployment(deployment).await?,
        };
        for state in deployment.state.from(last) {
            let path = format!("/deployments/{id}/statuses");
            let is_last = state == deployment.state;
            let mut body =
                json!({ "state": state.word(), "environment": limits::name(&deployment.environment) });
            if let Some(url) = &deployment.log_url {
                body["log_url"] = url.as_str().into();
            }
            if is_last {
                body["description"] = limits::characters(&deployment.description, limits::DESCRIPTION).into();
                if let Some(url) = &deployment.url {
                    body["environment_url"] = url.as_str().into();
                }
            }
            if let Err(error) = self.write::<Value>(Method::POST, &path, &body).await {
                // Perhaps somebody deleted it: the next time looks again.
                self.known().deployments.remove(&key);
                return Err(error);
            }
            last = Some(state);
            self.known().deployments.insert(key.clone(), (id, last));
        }
        self.known().deployments.insert(key, (id, last));
        Ok(())
    }

    /// What GitHub last heard of our deployment of a commit to an environment;
    /// none: of no such deployment.
    pub async fn deployment_state(
        &self,
        commit: &str,
        environment: &str,
    ) -> Result<Option<DeploymentState>, GithubError> {
        Ok(self.our_deployment(commit, environment).await?.and_then(|(_, last)| last))
    }

    async fn our_deployment(
        &self,
        commit: &str,
        environment: &str,
    ) -> Result<Option<(u64, Option<DeploymentState>)>, GithubError> {
        let name = escaped(&limits::name(environment));
        let standing: Vec<Deployment> =
            self.list(&format!("/deployments?sha={commit}&environment={name}"), None).await?;
        let Some(ours) = standing.into_iter().find(|standing| standing.payload["agent"] == PAYLOAD) else {
            return Ok(None);
        };
        let statuses: Vec<Status> = self.list(&format!("/deployments/{}/statuses", ours.id), None).await?;
        // Newest first.
        let last = statuses.first().and_then(|status| DeploymentState::of_word(&status.state));
        Ok(Some((ours.id, last)))
    }

    async fn standing_deployment(
        &self,
        deployment: &EnvironmentDeployment,
    ) -> Result<(u64, Option<DeploymentState>), GithubError> {
        let EnvironmentDeployment { commit, environment, .. } = deployment;
        if let Some(ours) = self.our_deployment(commit, environment).await? {
            return Ok(ours);
        }
        let body = json!({
            "ref": commit,
            "environment": limits::name(environment),
            "task": "deploy",
            "auto_merge": false,
            "required_contexts": [],
            "payload": { "agent": PAYLOAD },
            "description": limits::characters(&format!("pointsman deploys {environment}"), limits::DESCRIPTION),
            "production_environment": deployment.production,
            "transient_environment": false,
        });
        let created: Deployment = self.write(Method::POST, "/deployments", &body).await?;
        Ok((created.id, None))
    }
}

#[cfg(test)]
mod tests {
    use super::DeploymentState::{self, Failure, InProgress, Queued, Success};

    #[test]
    fn a_deployment_reads_as_a_story_whatever_was_missed() {
        let from = |state: DeploymentState, last| state.from(last);
        assert_eq!(from(Success, None), [Queued, InProgress, Success]);
        assert_eq!(from(Success, Some(InProgress)), [Success]);
        assert_eq!(from(Success, Some(Success)), []);
        assert_eq!(from(InProgress, Some(Queued)), [InProgress]);
        assert_eq!(from(Queued, Some(InProgress)), [Queued]);
        assert_eq!(from(Success, Some(Failure)), [InProgress, Success]);
    }
}
