//! The REST API: from a request to an answer, checked on both sides.

mod apps;
mod checks;
mod commits;
mod deployments;
mod issues;
mod page;
mod pulls;
mod repositories;
mod statuses;

use std::collections::BTreeMap;

use serde_json::Value;

use super::access::Actor;
use super::description::{DESCRIPTION, Description, Operation};
use super::http::{Answer, Body, Request};
use super::shape::Shape;
use super::state::{Author, RecordedRequest, Repository, State};
use super::{rights, rules};

/// Where the API lies on the server: as on GitHub Enterprise Server.
pub(super) const BASE: &str = "/api/v3";

/// What a handler returns: an answer either way.
type Handled = Result<Answer, Answer>;
type Handler = fn(&mut Call<'_>) -> Handled;

/// A request that passed all checks, for its handler.
struct Call<'a> {
    state: &'a mut State,
    repository: usize,
    path: BTreeMap<String, String>,
    query: Vec<(String, String)>,
    body: Value,
    actor: Actor,
    shape: Shape<'a>,
}

impl Call<'_> {
    fn repository(&self) -> &Repository {
        &self.state.repositories[self.repository]
    }

    fn repository_mut(&mut self) -> &mut Repository {
        &mut self.state.repositories[self.repository]
    }

    fn author(&self) -> Author {
        self.actor.author()
    }

    fn parameter(&self, name: &str) -> &str {
        self.path.get(name).map_or("", String::as_str)
    }

    fn id(&self, name: &str) -> u64 {
        self.parameter(name).parse().unwrap_or(0)
    }

    fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// A text field of the body.
    fn text(&self, name: &str) -> Option<String> {
        self.body[name].as_str().map(str::to_owned)
    }

    /// The commit that a path parameter names.
    fn commit(&self, name: &str) -> Result<String, Answer> {
        let given = self.parameter(name);
        let message = format!("No commit found for SHA: {given}");
        self.repository().git.resolve(given).ok_or_else(|| Answer::refusal(422, &message))
    }
}

/// Answers a request below [`BASE`].
pub(super) fn answer(state: &mut State, request: &Request, root: &str) -> Answer {
    state.refresh();
    let path = match request.path.strip_prefix(BASE) {
        None | Some("") => "/",
        Some(path) => path.trim_end_matches('/'),
    };
    let path = if path.is_empty() { "/" } else { path };
    let body = serde_json::from_slice::<Value>(&request.body).ok();
    let index = state.requests.len();
    let found = find(&request.method, path);
    state.requests.push(RecordedRequest {
        method: request.method.clone(),
        path: path.to_owned(),
        query: request.query.clone(),
        body: body.clone(),
        operation: found.as_ref().map(|(operation, _)| operation.id.clone()),
        status: 0,
        at: jiff::Timestamp::now(),
    });
    let answer = failed_or(state, request, path, |state| match found {
        None => {
            state.violations.push(format!("{} {path}: no such operation in the description", request.method));
            Answer::not_found()
        }
        Some((operation, parameters)) => {
            let checked = Checked { operation, parameters, request, body };
            checked.answer(state, root)
        }
    });
    let answer = page::finish(state, request, path, answer);
    state.requests[index].status = answer.status;
    answer
}

/// GitHub also takes POST where it documents PATCH; clients rely on it.
fn find(method: &str, path: &str) -> Option<(&'static Operation, BTreeMap<String, String>)> {
    let other = if method == "POST" { "PATCH" } else { method };
    DESCRIPTION.find(method, path).or_else(|| DESCRIPTION.find(other, path))
}

/// Carries out an ordered failure, or the request.
fn failed_or(
    state: &mut State,
    request: &Request,
    path: &str,
    perform: impl FnOnce(&mut State) -> Answer,
) -> Answer {
    let Some(at) = state.failures.iter().position(|failure| failure.matches(request, path)) else {
        return perform(state);
    };
    state.failures[at].times -= 1;
    let failure = state.failures[at].clone();
    if failure.performed {
        perform(state);
    }
    failure.answer()
}

struct Checked<'a> {
    operation: &'static Operation,
    parameters: BTreeMap<String, String>,
    request: &'a Request,
    body: Option<Value>,
}

impl Checked<'_> {
    fn answer(self, state: &mut State, root: &str) -> Answer {
        let operation = self.operation;
        let request = self.request;
        let answer = self.handle(state, root).unwrap_or_else(|refusal| refusal);
        let mut answer = if Description::is_paged(operation) {
            page::cut(request, answer, root)
        } else {
            page::whole(answer)
        };
        if let Body::One(body) = &mut answer.body {
            DESCRIPTION.complete(operation, answer.status, body);
        }
        let body = match &answer.body {
            Body::One(body) => Some(body),
            _ => None,
        };
        // Every operation may refuse, described or not.
        if answer.status < 400 || Description::describes(operation, answer.status) {
            let errors = DESCRIPTION.answer_errors(operation, answer.status, body);
            state.violations.extend(errors.into_iter().filter(|error| !known_wrong(error)));
        }
        answer
    }

    fn handle(self, state: &mut State, root: &str) -> Handled {
        let Self { operation, parameters, request, body } = self;
        if request.header("user-agent").is_empty() {
            let message = "Request forbidden by administrative rules. Please make sure your request has a User-Agent header";
            return Err(Answer::refusal(403, message));
        }
        let actor = state.access.actor(request)?;
        let repository = match (parameters.get("owner"), parameters.get("repo")) {
            (Some(owner), Some(name)) => {
                Some(state.repository_index(owner, name).ok_or_else(Answer::not_found)?)
            }
            _ => None,
        };
        let place = repository.map(|index| &state.repositories[index]);
        let scope = state.access.scope(request);
        rights::check(&state.access, scope, &actor, place, &operation.id, &operation.method)?;
        if !request.body.is_empty() && body.is_none() {
            state.violations.push(format!("{}: the body is not JSON", operation.id));
            return Err(Answer::refusal(400, "Problems parsing JSON"));
        }
        let query = request.query_pairs();
        let errors = DESCRIPTION.request_errors(operation, &parameters, &query, body.as_ref());
        if !errors.is_empty() {
            let refusal = Answer::refusal(422, &format!("Invalid request.\n\n{}", errors.join("\n")));
            state.violations.extend(errors);
            return Err(refusal);
        }
        let body = body.unwrap_or(Value::Null);
        rules::check(&operation.id, &body).inspect_err(|refusal| {
            if let Body::One(text) = &refusal.body {
                state.violations.push(format!("{}: {}", operation.id, text["errors"][0]));
            }
        })?;
        let Some(handler) = handler(&operation.id) else {
            state.violations.push(format!("{}: the stand-in does not have this operation yet", operation.id));
            return Err(Answer::refusal(501, "Not in the stand-in"));
        };
        let repository = repository.unwrap_or(0);
        handler(&mut Call { state, repository, path: parameters, query, body, actor, shape: Shape { root } })
    }
}

/// Where the description itself is wrong or narrower than what GitHub answers.
fn known_wrong(error: &str) -> bool {
    KNOWN_WRONG.iter().any(|known| error.starts_with(known))
}

/// Starts of complaints about answers that GitHub does give.
const KNOWN_WRONG: [&str; 0] = [];

fn handler(operation: &str) -> Option<Handler> {
    apps::handler(operation)
        .or_else(|| checks::handler(operation))
        .or_else(|| commits::handler(operation))
        .or_else(|| deployments::handler(operation))
        .or_else(|| issues::handler(operation))
        .or_else(|| pulls::handler(operation))
        .or_else(|| repositories::handler(operation))
        .or_else(|| statuses::handler(operation))
}
