//! What is said of a pull request that is applied before its merge, and of the
//! branch that waits meanwhile.

use crate::environment::EnvironmentName;

/// Why what the branch says is not deployed now.
pub fn waits(environment: &EnvironmentName, pull: u64) -> String {
    format!(
        "Nothing was done: `{environment}` was applied from pull request {pull}, which is not merged yet, and would be undone. \
         Next: merge that pull request, or close it; then what the branch says is deployed."
    )
}

/// GitHub has not said yet whether the pull request is still open.
pub fn unknown(environment: &EnvironmentName, pull: u64) -> String {
    format!(
        "Nothing was done: `{environment}` was applied from pull request {pull} before its merge, and GitHub has not said \
         whether that is still open. It is asked again at every poll."
    )
}

/// The agent has not read the repository yet.
pub fn not_ready() -> &'static str {
    "the agent has not read the config repo yet. Next: ask again in a moment."
}

/// The environment is not described on both sides.
pub fn not_described(environment: &EnvironmentName) -> String {
    format!(
        "`{environment}` is not described, or not without errors, by both the watched branch and this pull request. Next: its first \
         deploy, and its last, come with the merge."
    )
}

/// Everything would go.
pub fn removes(environment: &EnvironmentName) -> String {
    format!("this pull request takes `{environment}` down, and that comes with the merge alone.")
}

/// A draft is not ready to be merged.
pub fn is_draft() -> &'static str {
    "this pull request is a draft. Next: mark it as ready for review, and ask again."
}

/// It would live elsewhere.
pub fn moves(environment: &EnvironmentName) -> String {
    format!(
        "this pull request changes `[aws]` or `[state]` of `{environment}`: where it lives, or where its state lies, changes with the \
         merge alone."
    )
}

/// A rollout of another commit is open.
pub fn another_rollout(environment: &EnvironmentName) -> String {
    format!("another rollout of `{environment}` is under way. Next: wait for its end, or turn it back.")
}

/// Another pull request has it.
pub fn lent(environment: &EnvironmentName, pull: u64) -> String {
    format!(
        "`{environment}` was applied from pull request {pull}, which is still open. Next: merge or close that one first."
    )
}

/// The pull request changed since, or was closed.
pub fn moved_on() -> &'static str {
    "this pull request was closed, or changed, after it was asked. Next: look at it, and ask again."
}

/// Forks are deployed by a merge alone.
pub fn is_fork() -> &'static str {
    "what comes from a fork is deployed by merging it."
}

/// The policies deny what is proposed.
pub fn denied() -> &'static str {
    "the policies deny it. Next: see what they say above, and change what they object to."
}

/// The agent is about to end.
pub fn stops() -> &'static str {
    "the agent is stopping. Next: ask again when it runs."
}

/// Whoever asked may no longer write to the repository.
pub fn may_not() -> &'static str {
    "whoever asked may not write to this repository any more."
}
