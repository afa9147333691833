//! Check runs: written by Apps only.

use serde_json::Value;

use super::super::http::Answer;
use super::super::state::{CheckRun, now};
use super::{Call, Handled, Handler};

pub(super) fn handler(operation: &str) -> Option<Handler> {
    Some(match operation {
        "checks/create" => create,
        "checks/get" => get,
        "checks/update" => update,
        "checks/list-for-ref" => list,
        "checks/list-annotations" => annotations,
        _ => return None,
    })
}

fn create(call: &mut Call<'_>) -> Handled {
    let head = call.text("head_sha").unwrap_or_default();
    if call.repository().git.resolve(&head).as_deref() != Some(&head) {
        return Err(Answer::refusal(422, &format!("No commit found for SHA: {head}")));
    }
    let mut check = CheckRun {
        id: call.state.next_id(),
        name: call.text("name").unwrap_or_default(),
        head_sha: head,
        status: "queued".to_owned(),
        conclusion: None,
        title: None,
        summary: None,
        text: None,
        annotations: Vec::new(),
        actions: Vec::new(),
        details_url: None,
        external_id: None,
        started_at: Some(now()),
        completed_at: None,
        history: Vec::new(),
    };
    apply(&mut check, &call.body);
    let shape = call.shape.check(call.repository(), &check);
    call.repository_mut().checks.push(check);
    Ok(Answer::created(shape))
}

/// Takes over the fields that a request names; the others stay, annotations are added to.
fn apply(check: &mut CheckRun, body: &Value) {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let set = |field: &mut Option<String>, value: &Value| {
        if let Some(value) = text(value) {
            *field = Some(value);
        }
    };
    if let Some(name) = text(&body["name"]) {
        check.name = name;
    }
    if let Some(status) = text(&body["status"]) {
        if status != "completed" {
            check.conclusion = None;
            check.completed_at = None;
        }
        check.status = status;
    }
    set(&mut check.details_url, &body["details_url"]);
    set(&mut check.external_id, &body["external_id"]);
    set(&mut check.started_at, &body["started_at"]);
    if let Some(conclusion) = text(&body["conclusion"]) {
        check.status = "completed".to_owned();
        check.conclusion = Some(conclusion);
        check.completed_at = text(&body["completed_at"]).or_else(|| Some(now()));
    }
    let output = &body["output"];
    set(&mut check.title, &output["title"]);
    set(&mut check.summary, &output["summary"]);
    set(&mut check.text, &output["text"]);
    check.annotations.extend(output["annotations"].as_array().into_iter().flatten().cloned());
    if let Some(actions) = body["actions"].as_array() {
        check.actions.clone_from(actions);
    }
    let stage = check.conclusion.clone().unwrap_or_else(|| check.status.clone());
    if check.history.last() != Some(&stage) {
        check.history.push(stage);
    }
}

fn find<'a>(call: &'a Call<'_>) -> Result<&'a CheckRun, Answer> {
    let id = call.id("check_run_id");
    call.repository().checks.iter().find(|check| check.id == id).ok_or_else(Answer::not_found)
}

fn get(call: &mut Call<'_>) -> Handled {
    Ok(Answer::ok(call.shape.check(call.repository(), find(call)?)))
}

fn update(call: &mut Call<'_>) -> Handled {
    let mut check = find(call)?.clone();
    apply(&mut check, &call.body);
    let shape = call.shape.check(call.repository(), &check);
    let checks = &mut call.repository_mut().checks;
    if let Some(place) = checks.iter_mut().find(|known| known.id == check.id) {
        *place = check;
    }
    Ok(Answer::ok(shape))
}

fn list(call: &mut Call<'_>) -> Handled {
    let sha = call.commit("ref")?;
    let wanted = |check: &&CheckRun| {
        check.head_sha == sha
            && call.query("check_name").is_none_or(|name| name == check.name)
            && call.query("status").is_none_or(|status| status == check.status)
    };
    let mut checks: Vec<&CheckRun> = call.repository().checks.iter().filter(wanted).collect();
    checks.reverse();
    if call.query("filter") != Some("all") {
        let mut seen = std::collections::BTreeSet::new();
        checks.retain(|check| seen.insert(&check.name));
    }
    let shapes = checks.into_iter().map(|check| call.shape.check(call.repository(), check)).collect();
    Ok(Answer::keyed("check_runs", shapes))
}

fn annotations(call: &mut Call<'_>) -> Handled {
    Ok(Answer::list(find(call)?.annotations.clone()))
}
