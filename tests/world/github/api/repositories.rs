//! The repository itself and who may do what in it.

use serde_json::json;

use super::super::http::Answer;
use super::{Call, Handled, Handler};

pub(super) fn handler(operation: &str) -> Option<Handler> {
    Some(match operation {
        "repos/get" => get,
        "repos/get-collaborator-permission-level" => permission,
        _ => return None,
    })
}

fn get(call: &mut Call<'_>) -> Handled {
    Ok(Answer::ok(call.shape.repository(call.repository())))
}

fn permission(call: &mut Call<'_>) -> Handled {
    let login = call.parameter("username");
    let level = call.repository().permissions.get(login).map_or("none", String::as_str);
    Ok(Answer::ok(json!({ "permission": level, "role_name": level, "user": call.shape.person(login) })))
}
