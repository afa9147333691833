//! Deployments and their statuses.

use serde_json::{Value, json};

use super::super::http::Answer;
use super::super::state::{Deployment, DeploymentStatus, now};
use super::{Call, Handled, Handler};

pub(super) fn handler(operation: &str) -> Option<Handler> {
    Some(match operation {
        "repos/create-deployment" => create,
        "repos/get-deployment" => get,
        "repos/list-deployments" => list,
        "repos/create-deployment-status" => create_status,
        "repos/get-deployment-status" => get_status,
        "repos/list-deployment-statuses" => list_statuses,
        _ => return None,
    })
}

fn create(call: &mut Call<'_>) -> Handled {
    let reference = call.text("ref").unwrap_or_default();
    let sha = call.repository().git.resolve(&reference);
    let sha = sha.ok_or_else(|| Answer::refusal(422, &format!("No ref found for: {reference}")))?;
    unready(call, &sha)?;
    let environment = call.text("environment").unwrap_or_else(|| "production".to_owned());
    let flag = |name: &str, default: bool| call.body[name].as_bool().unwrap_or(default);
    let deployment = Deployment {
        production_environment: flag("production_environment", environment == "production"),
        transient_environment: flag("transient_environment", false),
        id: call.state.last_id + 1,
        sha,
        reference,
        task: call.text("task").unwrap_or_else(|| "deploy".to_owned()),
        environment,
        description: call.text("description"),
        payload: if call.body["payload"].is_null() { json!({}) } else { call.body["payload"].clone() },
        author: call.author(),
        statuses: Vec::new(),
        created_at: now(),
        updated_at: now(),
    };
    call.state.next_id();
    let shape = call.shape.deployment(call.repository(), &deployment);
    call.repository_mut().deployments.push(deployment);
    Ok(Answer::created(shape))
}

/// Without `required_contexts: []` GitHub asks that every status of the commit succeeded; without
/// `auto_merge: false` it merges the default branch into the reference first. Both surprise a deploy.
fn unready(call: &Call<'_>, sha: &str) -> Result<(), Answer> {
    let repository = call.repository();
    let statuses = repository.latest_statuses(sha);
    let required = call.body["required_contexts"].as_array();
    let missing =
        |context: &str| !statuses.iter().any(|status| status.context == context && status.state == "success");
    let bad = match required {
        None => statuses.iter().any(|status| status.state != "success"),
        Some(contexts) => contexts.iter().filter_map(Value::as_str).any(missing),
    };
    let behind = repository.branches.get(&repository.default_branch);
    if call.body["auto_merge"] != false && behind.is_some_and(|tip| !repository.git.is_ancestor(tip, sha)) {
        let message = format!("Conflict merging {} into {sha}.", repository.default_branch);
        return Err(Answer::refusal(409, &message));
    }
    if bad {
        return Err(Answer::refusal(409, &format!("Conflict: Commit status checks failed for {sha}.")));
    }
    Ok(())
}

fn find<'a>(call: &'a Call<'_>) -> Result<&'a Deployment, Answer> {
    let id = call.id("deployment_id");
    call.repository().deployments.iter().find(|deployment| deployment.id == id).ok_or_else(Answer::not_found)
}

fn get(call: &mut Call<'_>) -> Handled {
    Ok(Answer::ok(call.shape.deployment(call.repository(), find(call)?)))
}

fn list(call: &mut Call<'_>) -> Handled {
    let repository = call.repository();
    let same =
        |name: &str, value: &str| call.query(name).is_none_or(|wanted| wanted == value || wanted == "none");
    let wanted = |deployment: &&Deployment| {
        same("sha", &deployment.sha)
            && same("ref", &deployment.reference)
            && same("task", &deployment.task)
            && same("environment", &deployment.environment)
    };
    let newest_first = repository.deployments.iter().rev().filter(wanted);
    Ok(Answer::list(newest_first.map(|deployment| call.shape.deployment(repository, deployment)).collect()))
}

fn create_status(call: &mut Call<'_>) -> Handled {
    let deployment = find(call)?.clone();
    let status = DeploymentStatus {
        id: call.state.next_id(),
        state: call.text("state").unwrap_or_default(),
        description: call.text("description"),
        log_url: call.text("log_url").or_else(|| call.text("target_url")),
        environment_url: call.text("environment_url"),
        author: call.author(),
        created_at: now(),
    };
    let shape = call.shape.deployment_status(call.repository(), &deployment, &status);
    let retire = status.state == "success" && call.body["auto_inactive"] != false;
    let inactive = call.state.next_id();
    for known in &mut call.repository_mut().deployments {
        if known.id == deployment.id {
            known.statuses.push(status.clone());
            known.updated_at = now();
        } else if retire && retires(known, &deployment) {
            let state = "inactive".to_owned();
            known.statuses.push(DeploymentStatus {
                id: inactive,
                state,
                description: None,
                ..status.clone()
            });
        }
    }
    Ok(Answer::created(shape))
}

/// A success makes earlier successes in the same environment inactive, unless that is transient or production.
fn retires(known: &Deployment, newer: &Deployment) -> bool {
    known.environment == newer.environment
        && !known.transient_environment
        && !known.production_environment
        && known.id < newer.id
        && known.statuses.last().is_some_and(|status| status.state == "success")
}

fn get_status(call: &mut Call<'_>) -> Handled {
    let deployment = find(call)?;
    let id = call.id("status_id");
    let status = deployment.statuses.iter().find(|status| status.id == id).ok_or_else(Answer::not_found)?;
    Ok(Answer::ok(call.shape.deployment_status(call.repository(), deployment, status)))
}

fn list_statuses(call: &mut Call<'_>) -> Handled {
    let deployment = find(call)?;
    let shape = |status| call.shape.deployment_status(call.repository(), deployment, status);
    Ok(Answer::list(deployment.statuses.iter().rev().map(shape).collect()))
}
