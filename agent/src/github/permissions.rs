use pointsman_core::report::command::Right;
use serde::Deserialize;

use super::{Client, GithubError, GithubErrorKind, pulls::escaped};

/// GitHub's `permission` folds its finer roles: `maintain` is `write`, `triage`
/// is `read`, and a custom role is the one that it builds on.
#[derive(Deserialize)]
struct Permission {
    permission: String,
}

impl Client {
    /// What a person may do in the repository, now.
    pub async fn right_of(&self, login: &str) -> Result<Right, GithubError> {
        let path = format!("/collaborators/{}/permission", escaped(login));
        match self.get::<Permission>(&path).await {
            Ok(Permission { permission }) => Ok(match permission.as_str() {
                "admin" => Right::Admin,
                "write" => Right::Write,
                "read" => Right::Read,
                _ => Right::None,
            }),
            // Nobody of that name.
            Err(error) if error.kind == GithubErrorKind::NotFound => Ok(Right::None),
            Err(error) => Err(error),
        }
    }
}
