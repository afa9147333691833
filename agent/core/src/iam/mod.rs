//! What the agent's identities must be allowed: one table of actions, and the
//! policies of an environment that follow from it.

mod resources;
mod table;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

pub use resources::resources;
pub use table::{Caller, Role, Row, TABLE, When};

use crate::{environment::Environment, resource::ENVIRONMENT_TAG};

/// A managed policy holds so many characters.
pub const LONGEST: usize = 6_144;

/// The policies of an environment: `reading` for both roles, `writing` for the
/// writing role in addition, `founding` for whoever runs `init --create`. What
/// is too long for one goes on in `writing-2`.
pub fn policies(environment: &Environment) -> Value {
    let roles = [("reading", Role::Reading), ("writing", Role::Writing), ("founding", Role::Founding)];
    let all: Map<String, Value> = roles
        .into_iter()
        .flat_map(|(name, role)| {
            let documents = policy(environment, role).into_iter().enumerate();
            documents.map(move |(number, document)| match number {
                0 => (name.to_owned(), document),
                _ => (format!("{name}-{}", number + 1), document),
            })
        })
        .collect();
    Value::Object(all)
}

/// The policy documents of one role, each short enough to be managed: a
/// statement for all actions on the same resources under the same condition.
pub fn policy(environment: &Environment, role: Role) -> Vec<Value> {
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
    let document = |statements: &[Value]| json!({ "Version": "2012-10-17", "Statement": statements });
    let mut documents: Vec<Vec<Value>> = vec![Vec::new()];
    for statement in statements {
        if let Some(last) = documents.last_mut() {
            last.push(statement.clone());
            if last.len() == 1 || document(last).to_string().len() <= LONGEST {
                continue;
            }
            last.pop();
        }
        documents.push(vec![statement]);
    }
    documents.iter().map(|statements| document(statements)).collect()
}

fn passed_to(service: &str) -> Value {
    json!({ "StringEquals": { "iam:PassedToService": service } })
}

fn condition(environment: &Environment, when: When) -> Option<Value> {
    match when {
        When::Always => None,
        When::Tagged => Some(json!({
            "StringEquals": { format!("aws:ResourceTag/{ENVIRONMENT_TAG}"): environment.name }
        })),
        When::PassedToTasks => Some(passed_to("ecs-tasks.amazonaws.com")),
        When::PassedToSchedules => Some(passed_to("scheduler.amazonaws.com")),
        When::PassedToEcs => Some(passed_to("ecs.amazonaws.com")),
    }
}
