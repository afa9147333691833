//! Limits that GitHub enforces or documents in prose, which its description does not carry.

use serde_json::Value;

use super::http::Answer;

/// Characters of a comment's body.
const COMMENT: usize = 65_536;
/// Bytes of a check run's summary and of its text.
const CHECK_OUTPUT: usize = 65_535;
/// Characters of a status's description.
const DESCRIPTION: usize = 140;
/// Characters of a name: of an environment, a status's context, a check run, its external id.
const NAME: usize = 255;
/// Annotations per call.
const ANNOTATIONS: usize = 50;

/// What is wrong with the body of a request, in GitHub's shape.
pub(super) fn check(operation: &str, body: &Value) -> Result<(), Answer> {
    match operation {
        "issues/create-comment" | "issues/update-comment" => comment(body),
        "repos/create-commit-status" => {
            description("Status", body).and_then(|()| name("Status", "context", body))
        }
        "repos/create-deployment-status" => description("DeploymentStatus", body),
        "repos/create-deployment" => name("Deployment", "environment", body),
        "checks/create" | "checks/update" => check_run(body),
        _ => Ok(()),
    }
}

fn comment(body: &Value) -> Result<(), Answer> {
    let text = body["body"].as_str().unwrap_or_default();
    if text.trim().is_empty() {
        return Err(Answer::invalid("IssueComment", "body", "body cannot be blank"));
    }
    if text.chars().count() > COMMENT {
        return Err(Answer::invalid(
            "IssueComment",
            "body",
            "body is too long (maximum is 65536 characters)",
        ));
    }
    Ok(())
}

fn description(resource: &str, body: &Value) -> Result<(), Answer> {
    let text = body["description"].as_str().unwrap_or_default();
    if text.chars().count() > DESCRIPTION {
        let message = "description is too long (maximum is 140 characters)";
        return Err(Answer::invalid(resource, "description", message));
    }
    Ok(())
}

fn name(resource: &str, field: &str, body: &Value) -> Result<(), Answer> {
    if body[field].as_str().unwrap_or_default().chars().count() > NAME {
        let message = format!("{field} is too long (maximum is 255 characters)");
        return Err(Answer::invalid(resource, field, &message));
    }
    Ok(())
}

fn check_run(body: &Value) -> Result<(), Answer> {
    let invalid = |field: &str, message: &str| Err(Answer::invalid("CheckRun", field, message));
    if body["status"] == "completed" && body["conclusion"].is_null() {
        return invalid("conclusion", "a completed check run needs a conclusion");
    }
    if body["conclusion"] == "stale" {
        return invalid("conclusion", "only GitHub can set the conclusion stale");
    }
    for field in ["name", "external_id"] {
        name("CheckRun", field, body)?;
    }
    let output = &body["output"];
    for field in ["summary", "text"] {
        if output[field].as_str().unwrap_or_default().len() > CHECK_OUTPUT {
            return invalid(field, "exceeds a maximum bytesize of 65535");
        }
    }
    let annotations = output["annotations"].as_array().map_or(&[][..], Vec::as_slice);
    if annotations.len() > ANNOTATIONS {
        return invalid("annotations", "exceeds a maximum quantity of 50");
    }
    for annotation in annotations {
        let columns = !annotation["start_column"].is_null() || !annotation["end_column"].is_null();
        if columns && annotation["start_line"] != annotation["end_line"] {
            return invalid("annotations", "columns may be given only when the annotation is on one line");
        }
    }
    let actions = body["actions"].as_array().map_or(&[][..], Vec::as_slice);
    if actions.len() > 3 {
        return invalid("actions", "exceeds a maximum quantity of 3");
    }
    for action in actions {
        for (field, most) in [("label", 20), ("description", 40), ("identifier", 20)] {
            if action[field].as_str().unwrap_or_default().chars().count() > most {
                return invalid("actions", &format!("{field} exceeds a maximum of {most} characters"));
            }
        }
    }
    Ok(())
}
