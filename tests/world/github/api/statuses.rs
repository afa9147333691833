//! Commit statuses: what a plain token may write.

use serde_json::json;

use super::super::http::{Answer, Body};
use super::super::state::{Status, now};
use super::{Call, Handled, Handler};

pub(super) fn handler(operation: &str) -> Option<Handler> {
    Some(match operation {
        "repos/create-commit-status" => create,
        "repos/list-commit-statuses-for-ref" => list,
        "repos/get-combined-status-for-ref" => combined,
        _ => return None,
    })
}

fn create(call: &mut Call<'_>) -> Handled {
    let sha = call.commit("sha")?;
    let status = Status {
        id: call.state.next_id(),
        sha,
        context: call.text("context").unwrap_or_else(|| "default".to_owned()),
        state: call.text("state").unwrap_or_default(),
        description: call.text("description"),
        target_url: call.text("target_url"),
        author: call.author(),
        created_at: now(),
    };
    let shape = call.shape.status(call.repository(), &status);
    call.repository_mut().statuses.push(status);
    Ok(Answer::created(shape))
}

fn list(call: &mut Call<'_>) -> Handled {
    let sha = call.commit("ref")?;
    let repository = call.repository();
    let newest_first = repository.statuses.iter().rev().filter(|status| status.sha == sha);
    Ok(Answer::list(newest_first.map(|status| call.shape.status(repository, status)).collect()))
}

fn combined(call: &mut Call<'_>) -> Handled {
    let sha = call.commit("ref")?;
    let repository = call.repository();
    let latest = repository.latest_statuses(&sha);
    let has = |states: &[&str]| latest.iter().any(|status| states.contains(&status.state.as_str()));
    let state = if has(&["failure", "error"]) {
        "failure"
    } else if latest.is_empty() || has(&["pending"]) {
        "pending"
    } else {
        "success"
    };
    let shapes = latest.iter().map(|status| call.shape.status(repository, status)).collect();
    let extra = json!({ "state": state, "sha": sha, "repository": call.shape.repository(repository) });
    Ok(Answer::new(200, Body::Keyed("statuses", shapes, extra)))
}
