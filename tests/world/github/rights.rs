//! Which right an operation needs, and who has it.

use super::access::{Access, Actor, Scope};
use super::http::Answer;
use super::state::Repository;

/// Refuses a caller without the right to an operation, with GitHub's words.
pub(super) fn check(
    access: &Access,
    scope: Option<&Scope>,
    actor: &Actor,
    repository: Option<&Repository>,
    id: &str,
    method: &str,
) -> Result<(), Answer> {
    let only_app = ["apps/get-authenticated", "apps/list-installations", "apps/get-installation"];
    let app_operation = only_app.contains(&id)
        || ["apps/get-repo-installation", "apps/create-installation-access-token"].contains(&id)
        || id.contains("webhook-deliver");
    match actor {
        Actor::App if app_operation => Ok(()),
        Actor::App => Err(Answer::refusal(401, "A JSON web token could not be decoded")),
        Actor::Installation | Actor::Person(_) if app_operation => {
            Err(Answer::refusal(401, "A JSON web token could not be decoded"))
        }
        Actor::Installation => {
            let outside = |scope: &Scope| {
                let within = |names: &Vec<String>| {
                    repository.is_none_or(|repository| names.iter().any(|name| name == repository.git.name()))
                };
                !scope.repositories.as_ref().is_none_or(within)
            };
            if scope.is_some_and(outside) {
                return Err(Answer::not_found());
            }
            installation(access, scope, id, method)
        }
        Actor::Person(login) => person(repository, login, id, method),
    }
}

fn installation(access: &Access, scope: Option<&Scope>, id: &str, method: &str) -> Result<(), Answer> {
    let granted = |name: &str| {
        let least = scope.map_or(Some("write"), |scope| scope.permissions.get(name).map(String::as_str));
        // Both must grant it: `read` is the smaller word and the smaller right.
        Some(access.permissions.get(name)?.as_str().min(least?))
    };
    let enough = right(id).iter().any(|name| match granted(name) {
        Some("write") => true,
        Some("read") => method == "GET",
        _ => false,
    });
    if enough || right(id).is_empty() {
        return Ok(());
    }
    Err(Answer::refusal(403, "Resource not accessible by integration"))
}

fn person(repository: Option<&Repository>, login: &str, id: &str, method: &str) -> Result<(), Answer> {
    let refused = || Err(Answer::refusal(403, "Resource not accessible by personal access token"));
    if id.starts_with("checks/") && method != "GET" {
        return refused();
    }
    let level = repository.and_then(|repository| repository.permissions.get(login)).map(String::as_str);
    let comments = id.ends_with("-comment");
    match (repository, level) {
        (None, _) | (_, Some("admin" | "write")) => Ok(()),
        (_, Some("read")) if method == "GET" || comments => Ok(()),
        (_, Some(_)) => refused(),
        (_, None) => Err(Answer::not_found()),
    }
}

/// The App permissions of which one is enough; none for operations that every installation may call.
fn right(id: &str) -> &'static [&'static str] {
    if id.starts_with("checks/") {
        &["checks"]
    } else if id.contains("status-for-ref")
        || id.contains("statuses-for-ref")
        || id == "repos/create-commit-status"
    {
        &["statuses"]
    } else if id.contains("deployment") {
        &["deployments"]
    } else if id.starts_with("issues/") || id.starts_with("reactions/") {
        &["issues", "pull_requests"]
    } else if id.starts_with("teams/") {
        &["members"]
    } else if id == "pulls/merge" || id == "pulls/update-branch" {
        &["contents"]
    } else if id.starts_with("pulls/") || id == "repos/list-pull-requests-associated-with-commit" {
        &["pull_requests"]
    } else if id.starts_with("git/")
        || id.contains("commit")
        || id.contains("content")
        || id.contains("branch")
    {
        &["contents"]
    } else {
        &[]
    }
}
