//! What a delivery means. Of GitHub's payloads only what is named here is read;
//! everything else, and every event that is not named, is passed over.

use serde::Deserialize;

use crate::daemon::{Asked, Check, Woken};

/// A delivery, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Delivery {
    /// `owner/name` of the repository that it is about; some are about none.
    pub(super) repository: Option<String>,
    pub(super) meaning: Meaning,
}

/// What is to be done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// GitHub tries whether somebody is there.
    Ping,
    /// To look now.
    Look(Woken),
    /// To look now, and to act on a request.
    Ask(Asked),
    /// Nothing: our own doing echoed, or nothing that concerns the agent.
    Nothing,
}

/// Longer texts are nobody's name.
const LONGEST: usize = 500;
/// So many characters of a refusal are kept.
const LONGEST_WHY: usize = 200;

#[derive(Deserialize)]
struct Payload {
    #[serde(default)]
    action: Option<String>,
    repository: Option<Repository>,
    sender: Option<Account>,
    issue: Option<Issue>,
    check_run: Option<CheckRun>,
    check_suite: Option<CheckSuite>,
    requested_action: Option<RequestedAction>,
    merge_group: Option<MergeGroup>,
}

#[derive(Deserialize)]
struct Repository {
    #[serde(default)]
    full_name: String,
}

#[derive(Deserialize)]
struct Account {
    #[serde(default)]
    login: String,
}

/// An issue is a pull request when it says so.
#[derive(Deserialize)]
struct Issue {
    pull_request: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct CheckRun {
    id: u64,
    #[serde(default)]
    name: String,
    #[serde(default)]
    external_id: Option<String>,
    head_sha: String,
}

#[derive(Deserialize)]
struct CheckSuite {
    head_sha: String,
}

#[derive(Deserialize)]
struct RequestedAction {
    identifier: String,
}

#[derive(Deserialize)]
struct MergeGroup {
    head_sha: String,
    base_sha: String,
    base_ref: String,
}

/// Reads a delivery.
///
/// # Errors
///
/// When an event that concerns the agent is not what GitHub describes.
pub(super) fn read(event: &str, body: &[u8]) -> Result<Delivery, String> {
    // What has no meaning here is not even read, but for whose it is.
    let is_known = [
        "ping",
        "push",
        "pull_request",
        "pull_request_review",
        "issue_comment",
        "check_run",
        "check_suite",
        "merge_group",
    ]
    .contains(&event);
    if !is_known {
        return Ok(Delivery { repository: None, meaning: Meaning::Nothing });
    }
    // serde quotes what it does not expect, however long that is.
    let short = |error: serde_json::Error| error.to_string().chars().take(LONGEST_WHY).collect::<String>();
    let payload: Payload = serde_json::from_slice(body).map_err(short)?;
    let repository = payload.repository.as_ref().map(|repository| repository.full_name.clone());
    Ok(Delivery { repository, meaning: meaning(event, payload)? })
}

fn meaning(event: &str, payload: Payload) -> Result<Meaning, String> {
    let action = payload.action.as_deref().unwrap_or_default();
    let by = payload.sender.map(|sender| sender.login).unwrap_or_default();
    Ok(match (event, action) {
        ("ping", _) => Meaning::Ping,
        ("push", _) => Meaning::Look(Woken::Branch),
        ("pull_request", _) => Meaning::Look(Woken::Pulls),
        ("pull_request_review", _) => Meaning::Look(Woken::Reviews),
        // Edited comments say nothing: what was written first counts.
        ("issue_comment", "created") if is_on_a_pull(payload.issue.as_ref()) => {
            Meaning::Look(Woken::Comments)
        }
        ("check_run", "rerequested") => Meaning::Ask(Asked::Rerun(check(payload.check_run, by)?)),
        ("check_run", "requested_action") => {
            let action = payload.requested_action.ok_or("`requested_action` is absent")?;
            let identifier = name(action.identifier, "identifier")?;
            Meaning::Ask(Asked::Action { identifier, check: check(payload.check_run, by)? })
        }
        ("check_suite", "rerequested") => {
            let suite = payload.check_suite.ok_or("`check_suite` is absent")?;
            Meaning::Ask(Asked::RerunAll { commit: commit(suite.head_sha)?, by: name(by, "login")? })
        }
        ("merge_group", "checks_requested") => {
            let group = payload.merge_group.ok_or("`merge_group` is absent")?;
            let branch = name(group.base_ref, "base_ref")?;
            Meaning::Ask(Asked::MergeGroup {
                commit: commit(group.head_sha)?,
                branch: branch.strip_prefix("refs/heads/").unwrap_or(&branch).to_owned(),
                base: commit(group.base_sha)?,
            })
        }
        // Checks that begin and end are ours; to look at each would be an echo of it.
        _ => Meaning::Nothing,
    })
}

fn is_on_a_pull(issue: Option<&Issue>) -> bool {
    issue.is_some_and(|issue| issue.pull_request.is_some())
}

fn check(run: Option<CheckRun>, by: String) -> Result<Check, String> {
    let CheckRun { id, name: title, external_id, head_sha } = run.ok_or("`check_run` is absent")?;
    Ok(Check {
        id,
        name: name(title, "name")?,
        external_id: name(external_id.unwrap_or_default(), "external_id")?,
        commit: commit(head_sha)?,
        by: name(by, "login")?,
    })
}

fn name(text: String, what: &str) -> Result<String, String> {
    if text.len() <= LONGEST { Ok(text) } else { Err(format!("`{what}` has {} bytes", text.len())) }
}

/// SHA-1 or SHA-256, in hexadecimal digits.
fn commit(text: String) -> Result<String, String> {
    let is_one = matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_one { Ok(text) } else { Err("it names no commit".to_owned()) }
}
