//! What must be allowed: to us for exactly the planned calls, and to the
//! services' roles.

use std::collections::BTreeMap;

use super::{Allowed, Denied, Finding, Permission, Problem, Prospect, Subject};
use crate::{
    environment::Environment,
    iam::{Caller, Role, Row, TABLE, When, resources},
    plan::{Action, Change},
    resource::{ENVIRONMENT_TAG, Kind},
};

/// What the planned changes need, a permission for all actions on the same
/// resources. Without a plan there is nothing to ask for.
pub(super) fn planned(environment: &Environment, prospect: Option<&Prospect<'_>>) -> Vec<Permission> {
    let Some(plan) = prospect.and_then(|prospect| prospect.plan).filter(|plan| !plan.is_empty()) else {
        return Vec::new();
    };
    let mut groups: BTreeMap<(When, Vec<String>), Vec<String>> = BTreeMap::new();
    for row in TABLE.iter().filter(|row| row.role == Role::Writing) {
        if is_of_backend(row) || plan.changes.iter().any(|change| calls(change, row)) {
            let on = resources(environment, row.on);
            if !on.is_empty() {
                groups.entry((row.when, on)).or_default().push(row.action.to_owned());
            }
        }
    }
    groups
        .into_iter()
        .map(|((when, resources), actions)| Permission {
            actions,
            resources,
            context: match when {
                When::Always => Vec::new(),
                When::Tagged => {
                    vec![(format!("aws:ResourceTag/{ENVIRONMENT_TAG}"), environment.name.to_string())]
                }
                When::PassedToTasks => {
                    vec![("iam:PassedToService".to_owned(), "ecs-tasks.amazonaws.com".to_owned())]
                }
                When::PassedToSchedules => {
                    vec![("iam:PassedToService".to_owned(), "scheduler.amazonaws.com".to_owned())]
                }
                When::PassedToEcs => {
                    vec![("iam:PassedToService".to_owned(), "ecs.amazonaws.com".to_owned())]
                }
            },
        })
        .collect()
}

fn is_of_backend(row: &Row) -> bool {
    matches!(row.action, "dynamodb:PutItem" | "dynamodb:DeleteItem" | "s3:PutObject" | "s3:DeleteObject")
}

/// Whether a change makes the call of a row: AWS names its calls by what is
/// done and to what.
fn calls(change: &Change, row: &Row) -> bool {
    let (_, call) = row.action.split_once(':').unwrap_or(("", row.action));
    if row.caller == Caller::Aws {
        let hands_on = match row.when {
            When::PassedToSchedules => change.kind == Kind::Schedule,
            When::PassedToEcs => change.kind == Kind::Service,
            When::Always | When::Tagged | When::PassedToTasks => {
                matches!(change.kind, Kind::TaskDefinition | Kind::Service)
            }
        };
        return row.action == "iam:PassRole" && hands_on && change.action != Action::Delete;
    }
    let verb_ends =
        call.char_indices().skip(1).find(|(_, c)| c.is_ascii_uppercase()).map_or(call.len(), |(at, _)| at);
    let (verb, noun) = call.split_at(verb_ends);
    if !noun.starts_with(&noun_of(change.kind)) {
        return false;
    }
    let (makes, changes, deletes) = match change.action {
        Action::Create => (true, false, false),
        Action::Update | Action::Rollout => (false, true, false),
        Action::Replace => (true, false, true),
        Action::Delete => (false, false, true),
        Action::Adopt => (false, false, false),
    };
    match verb {
        "Create" | "Register" | "Authorize" => makes,
        "Modify" | "Update" | "Set" | "Increase" | "Decrease" | "Reset" => changes,
        "Put" => makes || changes,
        "Delete" | "Deregister" => deletes,
        _ => false,
    }
}

/// `TargetGroup` for target groups.
fn noun_of(kind: Kind) -> String {
    if kind == Kind::ListenerRule {
        return "Rule".to_owned();
    }
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters
            .next()
            .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
            .unwrap_or_default()
    };
    kind.as_str().split('_').map(capital).collect()
}

/// What we may not do that the plan needs. Without a policy that fits our
/// pattern of names it may be allowed for the names themselves.
pub(super) fn own(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let Some(answer) = &subject.facts.answers.own else {
        return;
    };
    match answer {
        Ok(Allowed::Without(denied)) => {
            for Denied { action, resource, explicitly } in denied {
                let problem = Problem::NotAllowed {
                    action: action.clone(),
                    resource: resource.clone(),
                    explicitly: *explicitly,
                };
                let certain = *explicitly || resource == "*" || !resource.contains('*');
                found.push(if certain {
                    subject.error("aws", problem)
                } else {
                    subject.warning("aws", problem)
                });
            }
        }
        Ok(Allowed::Untold(why)) => {
            found.push(subject.note("aws", Problem::NotSimulated { why: (*why).to_owned() }));
        }
        Ok(Allowed::NoRole) => {}
        // Who may not ask IAM may still do everything else.
        Err(error) => found.push(subject.note("aws", Problem::NotSimulated { why: error.to_string() })),
    }
}

/// The roles that stand in a file, and where.
fn named(environment: &Environment) -> Vec<(String, String)> {
    let file = &environment.file;
    let of_services = file.service.iter().flat_map(|(name, service)| {
        let roles =
            [("execution_role", Some(&service.execution_role)), ("task_role", service.task_role.as_ref())];
        roles.map(|(key, role)| Some((format!("service.{name}.{key}"), role?.to_string())))
    });
    let traffic = file.rollout.as_ref().and_then(|rollout| rollout.role.as_ref());
    let traffic = traffic.map(|role| ("rollout.role".to_owned(), role.to_string()));
    of_services.flatten().chain(traffic).collect()
}

/// The services' roles stand, and execution roles may read what tasks are given.
pub(super) fn roles(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for (about, role) in named(subject.environment) {
        match subject.facts.answers.roles.get(&role) {
            Some(Ok(Allowed::NoRole)) => found.push(subject.error(about, Problem::NoRole { role })),
            Some(Ok(Allowed::Without(denied))) => {
                for Denied { action, resource, explicitly } in denied {
                    found.push(subject.error(
                        about.as_str(),
                        Problem::RoleNotAllowed {
                            role: role.clone(),
                            action: action.clone(),
                            resource: resource.clone(),
                            explicitly: *explicitly,
                        },
                    ));
                }
            }
            Some(Ok(Allowed::Untold(why))) => {
                found.push(subject.note(about, Problem::NotSimulated { why: (*why).to_owned() }));
            }
            Some(Err(error)) => {
                found.push(subject.note(about, Problem::NotSimulated { why: error.to_string() }));
            }
            None => {}
        }
    }
}
