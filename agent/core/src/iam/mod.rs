//! What the agent's identities must be allowed: one table of actions, and the
//! policies of an environment that follow from it.

mod resources;
mod table;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

pub use resources::resources;
pub use table::{Caller, Role, Row, TABLE, When};

use crate::{environment::Environment, resource::ENVIRONMENT_TAG};

/// The policies of an environment: `reading` for both roles, `writing` for the
/// writing role in addition, `founding` for whoever runs `init --create`.
pub fn policies(environment: &Environment) -> Value {
    json!({
        "reading": policy(environment, Role::Reading),
        "writing": policy(environment, Role::Writing),
        "founding": policy(environment, Role::Founding),
    })
}

/// The policy document of one role: a statement for all actions on the same
/// resources under the same condition.
pub fn policy(environment: &Environment, role: Role) -> Value {
    let mut statements: BTreeMap<(When, Vec<String>), Vec<&str>> = BTreeMap::new();
    for row in TABLE.iter().filter(|row| row.role == role) {
        let on = resources(environment, row.on);
        // Without a role or a key of its own there is nothing to allow.
        if !on.is_empty() {
            statements.entry((row.when, on)).or_default().push(row.action);
        }
    }
    let statements: Vec<Value> = statements
        .into_iter()
        .map(|((when, resources), mut actions)| {
            actions.sort_unstable();
            let mut statement = Map::new();
            statement.insert("Effect".to_owned(), json!("Allow"));
            statement.insert("Action".to_owned(), json!(actions));
            statement.insert("Resource".to_owned(), json!(resources));
            if let Some(condition) = condition(environment, when) {
                statement.insert("Condition".to_owned(), condition);
            }
            Value::Object(statement)
        })
        .collect();
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn condition(environment: &Environment, when: When) -> Option<Value> {
    match when {
        When::Always => None,
        When::Tagged => Some(json!({
            "StringEquals": { format!("aws:ResourceTag/{ENVIRONMENT_TAG}"): environment.name }
        })),
        When::PassedToTasks => {
            Some(json!({ "StringEquals": { "iam:PassedToService": "ecs-tasks.amazonaws.com" } }))
        }
    }
}
