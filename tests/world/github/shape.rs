//! State in GitHub's JSON: the fields that carry meaning. The rest is completed from the description.

use serde_json::{Value, json};

use super::access::{APP_ID, APP_SLUG, INSTALLATION_ID};
use super::state::{
    Author, CheckRun, Comment, Deployment, DeploymentStatus, Pull, Reaction, Repository, Review, Status,
};
use crate::git::{ChangedFile, Commit};

/// Writes JSON with links to one server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape<'a> {
    /// `http://127.0.0.1:PORT`.
    pub(super) root: &'a str,
}

impl Shape<'_> {
    fn api(self, repository: &Repository, rest: &str) -> String {
        format!("{}/api/v3/repos/{}{rest}", self.root, repository.git.full_name())
    }

    fn page(self, repository: &Repository, rest: &str) -> String {
        format!("{}/{}{rest}", self.root, repository.git.full_name())
    }

    pub(super) fn user(self, author: &Author) -> Value {
        let Author { login, is_bot } = author;
        let id = login.bytes().fold(1000_u64, |sum, byte| (sum * 31 + u64::from(byte)) % 100_000_000);
        json!({
            "login": login,
            "id": id,
            "node_id": format!("U_{id}"),
            "avatar_url": format!("{}/avatars/{login}", self.root),
            "html_url": format!("{}/{login}", self.root),
            "url": format!("{}/api/v3/users/{login}", self.root),
            "type": if *is_bot { "Bot" } else { "User" },
            "gravatar_id": "",
            "site_admin": false,
        })
    }

    pub(super) fn person(self, login: &str) -> Value {
        self.user(&Author::person(login))
    }

    pub(super) fn app(self) -> Value {
        json!({
            "id": APP_ID,
            "slug": APP_SLUG,
            "node_id": format!("A_{APP_ID}"),
            "name": APP_SLUG,
            "owner": self.person("acme"),
            "external_url": "https://pointsman.example/",
            "html_url": format!("{}/apps/{APP_SLUG}", self.root),
            "events": ["pull_request", "push", "issue_comment", "check_run"],
        })
    }

    pub(super) fn installation(self, owner: &str) -> Value {
        json!({
            "id": INSTALLATION_ID,
            "app_id": APP_ID,
            "app_slug": APP_SLUG,
            "account": self.person(owner),
            "target_type": "Organization",
            "repository_selection": "selected",
            "access_tokens_url": format!("{}/api/v3/app/installations/{INSTALLATION_ID}/access_tokens", self.root),
            "repositories_url": format!("{}/api/v3/installation/repositories", self.root),
            "html_url": format!("{}/apps/{APP_SLUG}", self.root),
        })
    }

    pub(super) fn repository(self, repository: &Repository) -> Value {
        json!({
            "id": repository.id,
            "node_id": format!("R_{}", repository.id),
            "name": repository.git.name(),
            "full_name": repository.git.full_name(),
            "private": true,
            "visibility": "private",
            "owner": self.person(repository.git.owner()),
            "html_url": self.page(repository, ""),
            "url": self.api(repository, ""),
            "clone_url": self.page(repository, ".git"),
            "default_branch": repository.default_branch,
            "fork": false,
            "archived": false,
            "disabled": false,
            "allow_merge_commit": true,
            "allow_squash_merge": true,
            "allow_rebase_merge": true,
        })
    }

    pub(super) fn pull(self, repository: &Repository, pull: &Pull) -> Value {
        let side = |branch: &str, sha: &str| {
            json!({
                "label": format!("{}:{branch}", repository.git.owner()),
                "ref": branch,
                "sha": sha,
                "user": self.person(repository.git.owner()),
                "repo": self.repository(repository),
            })
        };
        let mut head = side(&pull.head_branch, &pull.head_sha);
        if let Some(owner) = &pull.fork {
            head["label"] = json!(format!("{owner}:{}", pull.head_branch));
            head["user"] = self.person(owner);
            head["repo"]["full_name"] = json!(format!("{owner}/{}", repository.git.name()));
            head["repo"]["owner"] = self.person(owner);
            head["repo"]["fork"] = json!(true);
        }
        let link = |rest: &str| json!({ "href": self.api(repository, rest) });
        let number = pull.number;
        json!({
            "id": pull.id,
            "node_id": format!("PR_{}", pull.id),
            "number": number,
            "state": if pull.open { "open" } else { "closed" },
            "locked": false,
            "title": pull.title,
            "body": pull.body,
            "draft": pull.draft,
            "user": self.person(&pull.author),
            "author_association": "MEMBER",
            "labels": pull.labels.iter().map(|name| self.label(name)).collect::<Vec<_>>(),
            "assignees": [],
            "requested_reviewers": [],
            "requested_teams": [],
            "url": self.api(repository, &format!("/pulls/{number}")),
            "html_url": self.page(repository, &format!("/pull/{number}")),
            "diff_url": self.page(repository, &format!("/pull/{number}.diff")),
            "patch_url": self.page(repository, &format!("/pull/{number}.patch")),
            "issue_url": self.api(repository, &format!("/issues/{number}")),
            "comments_url": self.api(repository, &format!("/issues/{number}/comments")),
            "commits_url": self.api(repository, &format!("/pulls/{number}/commits")),
            "statuses_url": self.api(repository, &format!("/statuses/{}", pull.head_sha)),
            "head": head,
            "base": side(&pull.base_branch, &pull.base_sha),
            "merge_commit_sha": pull.merge_commit_sha,
            "merged_at": pull.merged.as_ref().map(|merged| &merged.at),
            "closed_at": pull.closed_at,
            "created_at": pull.created_at,
            "updated_at": pull.updated_at,
            "_links": {
                "self": link(&format!("/pulls/{number}")),
                "html": { "href": self.page(repository, &format!("/pull/{number}")) },
                "issue": link(&format!("/issues/{number}")),
                "comments": link(&format!("/issues/{number}/comments")),
                "review_comments": link(&format!("/pulls/{number}/comments")),
                "review_comment": link("/pulls/comments{/number}"),
                "commits": link(&format!("/pulls/{number}/commits")),
                "statuses": link(&format!("/statuses/{}", pull.head_sha)),
            },
        })
    }

    pub(super) fn label(self, name: &str) -> Value {
        json!({ "id": 1, "node_id": "LA_1", "name": name, "color": "ededed", "default": false })
    }

    pub(super) fn comment(self, repository: &Repository, number: u64, comment: &Comment) -> Value {
        json!({
            "id": comment.id,
            "node_id": format!("IC_{}", comment.id),
            "body": comment.body,
            "user": self.user(&comment.author),
            "author_association": if comment.author.is_bot { "NONE" } else { "MEMBER" },
            "performed_via_github_app": if comment.author.is_bot { self.app() } else { Value::Null },
            "url": self.api(repository, &format!("/issues/comments/{}", comment.id)),
            "issue_url": self.api(repository, &format!("/issues/{number}")),
            "html_url": self.page(repository, &format!("/pull/{number}#issuecomment-{}", comment.id)),
            "created_at": comment.created_at,
            "updated_at": comment.updated_at,
        })
    }

    pub(super) fn reaction(self, reaction: &Reaction) -> Value {
        json!({
            "id": reaction.id,
            "node_id": format!("REA_{}", reaction.id),
            "user": self.user(&reaction.author),
            "content": reaction.content,
            "created_at": reaction.created_at,
        })
    }

    pub(super) fn review(self, repository: &Repository, number: u64, review: &Review) -> Value {
        let page = self.page(repository, &format!("/pull/{number}#pullrequestreview-{}", review.id));
        let pull = self.api(repository, &format!("/pulls/{number}"));
        json!({
            "id": review.id,
            "node_id": format!("PRR_{}", review.id),
            "user": self.user(&review.author),
            "body": review.body,
            "state": review.state,
            "commit_id": review.commit_id,
            "submitted_at": review.submitted_at,
            "author_association": "MEMBER",
            "html_url": page,
            "pull_request_url": pull,
            "_links": { "html": { "href": page }, "pull_request": { "href": pull } },
        })
    }

    pub(super) fn check(self, repository: &Repository, check: &CheckRun) -> Value {
        let url = self.api(repository, &format!("/check-runs/{}", check.id));
        json!({
            "id": check.id,
            "node_id": format!("CR_{}", check.id),
            "name": check.name,
            "head_sha": check.head_sha,
            "status": check.status,
            "conclusion": check.conclusion,
            "external_id": check.external_id.clone().unwrap_or_default(),
            "details_url": check.details_url,
            "url": url,
            "html_url": self.page(repository, &format!("/runs/{}", check.id)),
            "started_at": check.started_at,
            "completed_at": check.completed_at,
            "app": self.app(),
            "check_suite": { "id": 1 },
            "pull_requests": [],
            "output": {
                "title": check.title,
                "summary": check.summary,
                "text": check.text,
                "annotations_count": check.annotations.len(),
                "annotations_url": format!("{url}/annotations"),
            },
        })
    }

    pub(super) fn status(self, repository: &Repository, status: &Status) -> Value {
        json!({
            "id": status.id,
            "node_id": format!("SC_{}", status.id),
            "state": status.state,
            "context": status.context,
            "description": status.description,
            "target_url": status.target_url,
            "url": self.api(repository, &format!("/statuses/{}", status.sha)),
            "avatar_url": format!("{}/avatars/{}", self.root, status.author.login),
            "creator": self.user(&status.author),
            "created_at": status.created_at,
            "updated_at": status.created_at,
        })
    }

    pub(super) fn deployment(self, repository: &Repository, deployment: &Deployment) -> Value {
        let url = self.api(repository, &format!("/deployments/{}", deployment.id));
        json!({
            "id": deployment.id,
            "node_id": format!("DE_{}", deployment.id),
            "sha": deployment.sha,
            "ref": deployment.reference,
            "task": deployment.task,
            "payload": deployment.payload,
            "environment": deployment.environment,
            "original_environment": deployment.environment,
            "description": deployment.description,
            "production_environment": deployment.production_environment,
            "transient_environment": deployment.transient_environment,
            "creator": self.user(&deployment.author),
            "url": url,
            "statuses_url": format!("{url}/statuses"),
            "repository_url": self.api(repository, ""),
            "created_at": deployment.created_at,
            "updated_at": deployment.updated_at,
        })
    }

    pub(super) fn deployment_status(
        self,
        repository: &Repository,
        deployment: &Deployment,
        status: &DeploymentStatus,
    ) -> Value {
        let url = self.api(repository, &format!("/deployments/{}", deployment.id));
        json!({
            "id": status.id,
            "node_id": format!("DES_{}", status.id),
            "state": status.state,
            "description": status.description.clone().unwrap_or_default(),
            "environment": deployment.environment,
            "environment_url": status.environment_url.clone().unwrap_or_default(),
            "log_url": status.log_url.clone().unwrap_or_default(),
            "target_url": status.log_url.clone().unwrap_or_default(),
            "creator": self.user(&status.author),
            "url": format!("{url}/statuses/{}", status.id),
            "deployment_url": url,
            "repository_url": self.api(repository, ""),
            "created_at": status.created_at,
            "updated_at": status.created_at,
        })
    }

    pub(super) fn commit(self, repository: &Repository, commit: &Commit) -> Value {
        let person = json!({ "name": commit.author, "email": commit.email, "date": commit.date });
        let url = |sha: &str| self.api(repository, &format!("/commits/{sha}"));
        json!({
            "sha": commit.sha,
            "node_id": format!("C_{}", commit.sha),
            "url": url(&commit.sha),
            "html_url": self.page(repository, &format!("/commit/{}", commit.sha)),
            "comments_url": url(&commit.sha) + "/comments",
            "author": self.person("robin"),
            "committer": self.person("robin"),
            "commit": {
                "message": commit.message,
                "author": person,
                "committer": person,
                "tree": { "sha": commit.tree, "url": self.api(repository, &format!("/git/trees/{}", commit.tree)) },
                "comment_count": 0,
                "url": self.api(repository, &format!("/git/commits/{}", commit.sha)),
            },
            "parents": commit.parents.iter().map(|sha| json!({ "sha": sha, "url": url(sha) })).collect::<Vec<_>>(),
        })
    }

    pub(super) fn file(self, repository: &Repository, revision: &str, file: &ChangedFile) -> Value {
        let ChangedFile { path, status, additions, deletions, blob } = file;
        json!({
            "sha": blob,
            "filename": path,
            "status": status,
            "additions": additions,
            "deletions": deletions,
            "changes": additions + deletions,
            "blob_url": self.page(repository, &format!("/blob/{revision}/{path}")),
            "raw_url": self.page(repository, &format!("/raw/{revision}/{path}")),
            "contents_url": self.api(repository, &format!("/contents/{path}?ref={revision}")),
        })
    }

    pub(super) fn branch(self, repository: &Repository, name: &str, sha: &str) -> Value {
        json!({
            "name": name,
            "commit": { "sha": sha, "url": self.api(repository, &format!("/commits/{sha}")) },
            "protected": false,
        })
    }
}
