//! GitHub's own description of its API: finds the operation of a request, checks messages, completes answers.

mod complete;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use jsonschema::Validator;
use serde::Deserialize;
use serde_json::{Value, json};

/// The reduced description; see the README beside the file for its origin.
const TEXT: &str = include_str!("../../fixtures/github/description.json");

/// The description, parsed once for all tests of a process.
pub(super) static DESCRIPTION: LazyLock<Description> = LazyLock::new(Description::parse);

/// Path parameters whose values may hold slashes.
const WITH_SLASHES: [&str; 6] = ["ref", "path", "basehead", "branch", "environment_name", "name"];

#[derive(Debug)]
pub(super) struct Description {
    operations: Vec<Operation>,
    definitions: Value,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

/// One operation, such as `checks/create`.
#[derive(Debug, Deserialize)]
pub(super) struct Operation {
    pub(super) id: String,
    pub(super) method: String,
    path: String,
    path_parameters: BTreeMap<String, Value>,
    query: BTreeMap<String, Parameter>,
    body: Option<Body>,
    responses: BTreeMap<String, Option<Value>>,
}

#[derive(Debug, Deserialize)]
struct Parameter {
    required: bool,
    schema: Value,
}

#[derive(Debug, Deserialize)]
struct Body {
    required: bool,
    schema: Value,
}

impl Description {
    fn parse() -> Self {
        #[derive(Deserialize)]
        struct File {
            operations: Vec<Operation>,
            #[serde(rename = "$defs")]
            definitions: Value,
        }
        let File { operations, definitions } =
            serde_json::from_str(TEXT).expect("the reduced description is JSON");
        Self { operations, definitions, validators: Mutex::default() }
    }

    /// The operation of a request and its decoded path parameters. The most literal path wins.
    pub(super) fn find(&self, method: &str, path: &str) -> Option<(&Operation, BTreeMap<String, String>)> {
        let candidates = self.operations.iter().filter(|operation| operation.method == method);
        let matching = candidates.filter_map(|operation| Some((operation, matches(&operation.path, path)?)));
        matching.max_by_key(|(operation, _)| {
            operation.path.split('/').filter(|part| !part.starts_with('{')).count()
        })
    }

    /// What the description says against a request; empty when it is right.
    pub(super) fn request_errors(
        &self,
        operation: &Operation,
        path: &BTreeMap<String, String>,
        query: &[(String, String)],
        body: Option<&Value>,
    ) -> Vec<String> {
        let mut errors = Vec::new();
        for (name, schema) in &operation.path_parameters {
            let value = typed(path.get(name).map_or("", String::as_str), schema);
            errors.extend(self.errors(&format!("{} path {name}", operation.id), schema, &value));
        }
        for (name, value) in query {
            match operation.query.get(name) {
                None => errors.push(format!("{}: no query parameter is called {name}", operation.id)),
                Some(Parameter { schema, .. }) => {
                    let place = format!("{} query {name}", operation.id);
                    errors.extend(self.errors(&place, schema, &typed(value, schema)));
                }
            }
        }
        for (name, Parameter { required, .. }) in &operation.query {
            if *required && !query.iter().any(|(given, _)| given == name) {
                errors.push(format!("{}: the query parameter {name} is required", operation.id));
            }
        }
        errors.extend(self.body_errors(operation, body));
        errors
    }

    fn body_errors(&self, operation: &Operation, body: Option<&Value>) -> Vec<String> {
        match (&operation.body, body) {
            (None, Some(body)) if body.as_object().is_none_or(|fields| !fields.is_empty()) => {
                vec![format!("{}: takes no body", operation.id)]
            }
            (None, _) => Vec::new(),
            (Some(Body { required, .. }), None) => {
                if *required {
                    vec![format!("{}: a body is required", operation.id)]
                } else {
                    Vec::new()
                }
            }
            (Some(Body { schema, .. }), Some(body)) => {
                let mut errors = self.errors(&format!("{} body", operation.id), schema, body);
                errors.extend(unknown_fields(operation, schema, body));
                errors
            }
        }
    }

    /// What the description says against an answer; `None` as the body is an empty answer.
    pub(super) fn answer_errors(
        &self,
        operation: &Operation,
        status: u16,
        body: Option<&Value>,
    ) -> Vec<String> {
        let Some(schema) = operation.responses.get(&status.to_string()) else {
            return vec![format!("{}: status {status} is not described", operation.id)];
        };
        match (schema, body) {
            (None, None) | (None, Some(_)) => Vec::new(),
            (Some(_), None) => vec![format!("{} answer {status}: has no body", operation.id)],
            (Some(schema), Some(body)) => {
                self.errors(&format!("{} answer {status}", operation.id), schema, body)
            }
        }
    }

    /// True when the operation answers in pages.
    pub(super) fn is_paged(operation: &Operation) -> bool {
        operation.query.contains_key("per_page") && operation.query.contains_key("page")
    }

    /// True when the description knows this answer.
    pub(super) fn describes(operation: &Operation, status: u16) -> bool {
        operation.responses.contains_key(&status.to_string())
    }

    fn errors(&self, place: &str, schema: &Value, value: &Value) -> Vec<String> {
        let validator = self.validator(place, schema);
        validator
            .iter_errors(value)
            .map(|error| format!("{place}{}: {error}", error.instance_path()))
            .collect()
    }

    fn validator(&self, place: &str, schema: &Value) -> Arc<Validator> {
        let mut validators = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        let build = || {
            let whole = json!({ "allOf": [schema], "$defs": self.definitions });
            Arc::new(jsonschema::draft202012::new(&whole).expect("the description is valid JSON Schema"))
        };
        validators.entry(place.to_owned()).or_insert_with(build).clone()
    }
}

fn matches(template: &str, path: &str) -> Option<BTreeMap<String, String>> {
    let names: Vec<&str> = template.split('/').collect();
    let parts: Vec<&str> = path.split('/').collect();
    let spare = parts.len().checked_sub(names.len())?;
    let mut parameters = BTreeMap::new();
    let mut at = 0;
    let mut stretched = false;
    for name in names {
        if let Some(name) = name.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            let take = if WITH_SLASHES.contains(&name) && !stretched { spare + 1 } else { 1 };
            stretched |= take > 1;
            let value = parts.get(at..at + take)?.join("/");
            if value.is_empty() {
                return None;
            }
            parameters.insert(name.to_owned(), super::http::decode(&value));
            at += take;
        } else {
            if parts.get(at) != Some(&name) {
                return None;
            }
            at += 1;
        }
    }
    (at == parts.len()).then_some(parameters)
}

/// A parameter arrives as text: read it as what the schema asks for.
fn typed(text: &str, schema: &Value) -> Value {
    let kinds = schema["type"].to_string() + &schema["oneOf"].to_string() + &schema["anyOf"].to_string();
    if kinds.contains("integer")
        && let Ok(number) = text.parse::<i64>()
    {
        return json!(number);
    }
    if kinds.contains("boolean")
        && let Ok(truth) = text.parse::<bool>()
    {
        return json!(truth);
    }
    json!(text)
}

/// GitHub ignores fields that it does not know; here they are taken for misspelt ones, except those that repeat a
/// parameter of the path, as octocrab does.
fn unknown_fields(operation: &Operation, schema: &Value, body: &Value) -> Vec<String> {
    let (Some(known), Some(given)) = (schema["properties"].as_object(), body.as_object()) else {
        return Vec::new();
    };
    let expected =
        |name: &&String| known.contains_key(*name) || operation.path_parameters.contains_key(*name);
    let unknown = given.keys().filter(|name| !expected(name));
    unknown.map(|name| format!("{} body: no field is called {name}", operation.id)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_answers_are_caught() {
        let (operation, _) = DESCRIPTION.find("POST", "/repos/acme/config/statuses/abc").unwrap();
        let mut answer = json!({ "state": 7 });
        DESCRIPTION.complete(operation, 201, &mut answer);
        let errors = DESCRIPTION.answer_errors(operation, 201, Some(&answer));
        assert_eq!(errors, ["repos/create-commit-status answer 201/state: 7 is not of type \"string\""]);
        answer["state"] = json!("success");
        assert!(DESCRIPTION.answer_errors(operation, 201, Some(&answer)).is_empty());
        assert_eq!(DESCRIPTION.answer_errors(operation, 200, Some(&answer)).len(), 1);
    }

    #[test]
    fn references_and_paths_may_hold_slashes() {
        let found = |path: &str| DESCRIPTION.find("GET", path).unwrap().0.id.as_str();
        let path = "/repos/acme/config/commits/feature/a%23b/check-runs";
        assert_eq!(found(path), "checks/list-for-ref");
        assert_eq!(DESCRIPTION.find("GET", path).unwrap().1["ref"], "feature/a#b");
        assert_eq!(found("/repos/acme/config/commits/feature/a"), "repos/get-commit");
        assert_eq!(found("/repos/acme/config/git/ref/heads/feature/a"), "git/get-ref");
    }
}
