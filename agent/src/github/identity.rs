use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{Client, GithubError};

/// What was found or created before, so that it is not looked for again.
#[derive(Debug, Default)]
pub(super) struct KnownIds {
    /// A pull request's comment and its text.
    pub(super) comments: BTreeMap<u64, (u64, String)>,
    /// A commit's check of a name, and what it says.
    pub(super) checks: BTreeMap<(String, String), (u64, String)>,
    /// The annotations that a commit's check of a name has.
    pub(super) annotated: BTreeMap<(String, String), BTreeSet<String>>,
    /// The pull request that a commit came with, or none.
    pub(super) pulls: BTreeMap<String, Option<u64>>,
    /// A commit's deployment to an environment, and its last state.
    pub(super) deployments: BTreeMap<(String, String), (u64, Option<super::DeploymentState>)>,
}

/// So much is remembered of each; what was forgotten is looked up again.
const REMEMBERED: usize = 2_000;

impl KnownIds {
    /// Keeps what is remembered bounded.
    pub(super) fn bound(&mut self) {
        let Self { comments, checks, annotated, pulls, deployments } = self;
        if comments.len() > REMEMBERED {
            comments.clear();
        }
        if checks.len() > REMEMBERED {
            checks.clear();
        }
        if annotated.len() > REMEMBERED {
            annotated.clear();
        }
        if pulls.len() > REMEMBERED {
            pulls.clear();
        }
        if deployments.len() > REMEMBERED {
            deployments.clear();
        }
    }
}

#[derive(Deserialize)]
struct App {
    slug: String,
}

#[derive(Deserialize)]
struct User {
    login: String,
}

impl Client {
    pub(super) fn known(&self) -> std::sync::MutexGuard<'_, KnownIds> {
        let mut known = self.ids.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        known.bound();
        known
    }

    /// The login under which we write.
    ///
    /// # Errors
    ///
    /// When GitHub does not say. Nothing is edited then: a comment with our
    /// marker may be somebody else's.
    pub async fn login(&self) -> Result<&str, GithubError> {
        let login = self
            .identity
            .get_or_try_init(|| async {
                if self.is_app() {
                    let app: App = self.get_of_account("/app").await?;
                    Ok(format!("{}[bot]", app.slug))
                } else {
                    let user: User = self.get_of_account("/user").await?;
                    Ok(user.login)
                }
            })
            .await?;
        Ok(login)
    }
}
