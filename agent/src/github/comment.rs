use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Client, GithubError, GithubErrorKind, limits};

/// What our comment begins with; unseen by people.
pub(super) const MARKER: &str = "<!-- pointsman -->";

#[derive(Deserialize)]
struct Comment {
    id: u64,
    #[serde(default)]
    body: Option<String>,
    user: Option<User>,
}

#[derive(Deserialize)]
struct User {
    login: String,
}

impl Client {
    /// Brings the one comment of a pull request to this text: found by its
    /// marker and our authorship, edited in place, and only when it differs.
    /// `new` says whether one is made where there is none.
    pub async fn put_comment(&self, pull: u64, text: &str, new: NewComment) -> Result<(), GithubError> {
        let page = format!("{}/pull/{pull}/checks", self.page());
        let body = limits::markdown_characters(&format!("{MARKER}\n{text}"), limits::COMMENT, Some(&page));
        let known = self.known().comments.get(&pull).cloned();
        let standing = match known {
            Some(known) => Some(known),
            None => self.our_comment(pull).await?,
        };
        let id = match standing {
            Some((id, standing)) if standing == body => id,
            Some((id, _)) => {
                let path = format!("/issues/comments/{id}");
                match self.write::<Value>(Method::PATCH, &path, &json!({ "body": body })).await {
                    Ok(_) => id,
                    Err(error) => {
                        // Perhaps somebody deleted it: the next time looks again.
                        self.known().comments.remove(&pull);
                        if error.kind != GithubErrorKind::NotFound {
                            return Err(error);
                        }
                        self.create_comment(pull, &body).await?
                    }
                }
            }
            None if new == NewComment::Never => return Ok(()),
            None => self.create_comment(pull, &body).await?,
        };
        self.known().comments.insert(pull, (id, body));
        Ok(())
    }

    /// Changes the text of the one comment without knowing the rest of it; true
    /// when there is one.
    pub async fn edit_comment(
        &self,
        pull: u64,
        edit: impl FnOnce(&str) -> String + Send,
    ) -> Result<bool, GithubError> {
        let Some((_, standing)) = self.our_comment(pull).await? else { return Ok(false) };
        let text = standing.strip_prefix(MARKER).unwrap_or(&standing).trim_start_matches('\n');
        self.put_comment(pull, &edit(text), NewComment::Never).await?;
        Ok(true)
    }

    async fn create_comment(&self, pull: u64, body: &str) -> Result<u64, GithubError> {
        let created: Comment =
            self.write(Method::POST, &format!("/issues/{pull}/comments"), &json!({ "body": body })).await?;
        Ok(created.id)
    }

    /// The oldest comment with our marker that we wrote ourselves.
    async fn our_comment(&self, pull: u64) -> Result<Option<(u64, String)>, GithubError> {
        let login = self.login().await?;
        let comments: Vec<Comment> = self.list(&format!("/issues/{pull}/comments"), None).await?;
        let ours = comments.into_iter().find(|comment| {
            let marked = comment.body.as_deref().is_some_and(|body| body.starts_with(MARKER));
            marked && comment.user.as_ref().is_some_and(|user| user.login.eq_ignore_ascii_case(login))
        });
        Ok(ours.map(|comment| (comment.id, comment.body.unwrap_or_default())))
    }
}

/// Whether a comment is made where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NewComment {
    /// There is something to say.
    Allowed,
    /// Only what was said before is corrected.
    Never,
}
