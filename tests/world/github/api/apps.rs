//! The App, its installation, users, teams, and the rate limit.

use std::collections::BTreeMap;

use serde_json::json;

use super::super::access::{Actor, INSTALLATION_ID, Scope};
use super::super::http::Answer;
use super::{Call, Handled, Handler};

pub(super) fn handler(operation: &str) -> Option<Handler> {
    Some(match operation {
        "apps/get-authenticated" => app,
        "apps/list-installations" => installations,
        "apps/get-installation" => installation,
        "apps/get-repo-installation" => repository_installation,
        "apps/create-installation-access-token" => token,
        "apps/list-repos-accessible-to-installation" => repositories,
        "rate-limit/get" => rate_limit,
        "users/get-authenticated" => me,
        "users/get-by-username" => user,
        "teams/list-members-in-org" => team,
        "teams/get-membership-for-user-in-org" => membership,
        "meta/root" => root,
        _ => return None,
    })
}

fn app(call: &mut Call<'_>) -> Handled {
    let mut app = call.shape.app();
    app["permissions"] = json!(call.state.access.permissions);
    Ok(Answer::ok(app))
}

fn repository_installation(call: &mut Call<'_>) -> Handled {
    let mut installation = call.shape.installation(call.repository().git.owner());
    installation["permissions"] = json!(call.state.access.permissions);
    Ok(Answer::ok(installation))
}

fn installation(call: &mut Call<'_>) -> Handled {
    if call.id("installation_id") != INSTALLATION_ID {
        return Err(Answer::not_found());
    }
    repository_installation(call)
}

fn installations(call: &mut Call<'_>) -> Handled {
    let mut installation = call.shape.installation(call.repository().git.owner());
    installation["permissions"] = json!(call.state.access.permissions);
    Ok(Answer::list(vec![installation]))
}

fn token(call: &mut Call<'_>) -> Handled {
    if call.id("installation_id") != INSTALLATION_ID {
        return Err(Answer::not_found());
    }
    let scope = scope(call)?;
    let (token, expires) = call.state.access.issue(Actor::Installation);
    let selection = if scope.repositories.is_some() { "selected" } else { "all" };
    let answer = json!({
        "token": token,
        "expires_at": expires.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "permissions": scope.permissions,
        "repository_selection": selection,
    });
    call.state.access.narrow(&token, scope);
    Ok(Answer::created(answer))
}

/// What a token is asked for; all that the installation has where nothing is said.
fn scope(call: &Call<'_>) -> Result<Scope, Answer> {
    let granted = &call.state.access.permissions;
    let permissions = match call.body["permissions"].as_object() {
        None => granted.clone(),
        Some(asked) => {
            let asked: BTreeMap<String, String> = asked
                .iter()
                .map(|(name, level)| (name.clone(), level.as_str().unwrap_or_default().to_owned()))
                .collect();
            let enough = |(name, level): (&String, &String)| {
                granted.get(name).is_some_and(|granted| granted == "write" || granted == level)
            };
            if !asked.iter().all(enough) {
                let message = "The permissions requested are not granted to this installation.";
                return Err(Answer::refusal(422, message));
            }
            asked
        }
    };
    let names = call.body["repositories"].as_array();
    let repositories: Option<Vec<String>> =
        names.map(|names| names.iter().filter_map(|name| name.as_str()).map(str::to_owned).collect());
    let known = |name: &String| call.state.repositories.iter().any(|known| known.git.name() == name);
    if repositories.as_ref().is_some_and(|names| !names.iter().all(known)) {
        let message = "There is at least one repository that does not exist or is not accessible to the parent installation.";
        return Err(Answer::refusal(422, message));
    }
    Ok(Scope { permissions, repositories })
}

fn repositories(call: &mut Call<'_>) -> Handled {
    let all = call.state.repositories.iter().map(|repository| call.shape.repository(repository)).collect();
    Ok(Answer::keyed("repositories", all))
}

fn rate_limit(call: &mut Call<'_>) -> Handled {
    let access = &call.state.access;
    let core = json!({
        "limit": access.limit,
        "used": access.used,
        "remaining": access.limit.saturating_sub(access.used),
        "reset": access.reset.as_second(),
    });
    Ok(Answer::ok(json!({ "rate": core, "resources": { "core": core, "search": core } })))
}

fn me(call: &mut Call<'_>) -> Handled {
    match &call.actor {
        Actor::Person(login) => Ok(Answer::ok(call.shape.person(login))),
        Actor::App | Actor::Installation => {
            Err(Answer::refusal(403, "Resource not accessible by integration"))
        }
    }
}

fn user(call: &mut Call<'_>) -> Handled {
    Ok(Answer::ok(call.shape.person(call.parameter("username"))))
}

fn members<'a>(call: &'a Call<'_>) -> Result<&'a Vec<String>, Answer> {
    let key = (call.parameter("org").to_owned(), call.parameter("team_slug").to_owned());
    call.state.teams.get(&key).ok_or_else(Answer::not_found)
}

fn team(call: &mut Call<'_>) -> Handled {
    let members = members(call)?;
    Ok(Answer::list(members.iter().map(|login| call.shape.person(login)).collect()))
}

fn membership(call: &mut Call<'_>) -> Handled {
    if !members(call)?.iter().any(|login| login == call.parameter("username")) {
        return Err(Answer::not_found());
    }
    Ok(Answer::ok(json!({ "role": "member", "state": "active" })))
}

fn root(_: &mut Call<'_>) -> Handled {
    Ok(Answer::ok(json!({})))
}
