//! What is deployed, by which commit, what the last run came to, who holds the
//! lock, and what to do next.

use std::fmt::Write;

use super::{
    event::holder_words,
    paint::{bold, dim, green, plain, red, yellow},
    words,
};
use crate::{
    environment::EnvironmentName,
    journal::Run,
    lease::LockItem,
    state::{LastRun, State},
};

/// What the last run came to, until it has ended.
pub const NOT_ENDED: &str = "begun, and not ended";

/// How many milliseconds ago a time (RFC 3339) was; none where it cannot be told.
pub type Age<'a> = &'a dyn Fn(&str) -> Option<u64>;

/// What is known of an environment without looking at its objects.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The state; none before the first deploy.
    pub state: Option<&'a State>,
    /// The lock; none when it is free.
    pub lock: Option<&'a LockItem>,
    /// The run that began and did not end; none when all did.
    pub open_run: Option<&'a Run>,
    /// Whether the table of runs stands.
    pub has_run_table: bool,
}

/// The status of one environment for terminals.
pub fn terminal(environment: &EnvironmentName, known: &Known<'_>, age: Age<'_>) -> String {
    let Known { state, lock, open_run, has_run_table } = *known;
    let mut text = format!("{}\n", bold(environment.as_str()));
    match state {
        None => text.push_str("  never deployed\n"),
        Some(state) => write_state(&mut text, state, lock, age),
    }
    match lock {
        None => text.push_str("  lock      free\n"),
        Some(item) => {
            let info = item.terraform_info();
            let _ =
                writeln!(text, "  lock      held by {}{}", holder_words(&info), since(&info.created, age));
        }
    }
    if let Some(run) = open_run {
        write_open(&mut text, run, lock, age);
    }
    if !has_run_table {
        let _ = writeln!(text, "  runs      no run table; `pointsman init {environment} --create` makes it");
    }
    if let Some(next) = next(environment, state, lock) {
        let _ = writeln!(text, "  next      {next}");
    }
    text
}

fn write_open(text: &mut String, run: &Run, lock: Option<&LockItem>, age: Age<'_>) {
    let began = run.began_at.as_deref();
    let began =
        began.map(|at| format!(", begun at {}{}", words::moment(at), since(at, age))).unwrap_or_default();
    let by = run.started.as_ref().map(|started| format!("by {}; ", plain(&started.who))).unwrap_or_default();
    let what = if run.holds(lock) { "it has its lock still" } else { "the next run looks after it" };
    let _ = writeln!(text, "  open run  {}{began}, not ended", run.fence);
    let _ = writeln!(text, "            {by}{}", yellow(what));
}

fn write_state(text: &mut String, state: &State, lock: Option<&LockItem>, age: Age<'_>) {
    match (&state.deployed_commit, &state.deployed_at) {
        (Some(commit), Some(at)) => {
            let _ = writeln!(text, "  deployed  {} at {at}{}", words::short(commit), since(at, age));
        }
        (None, Some(at)) if !state.objects.is_empty() => {
            let _ = writeln!(text, "  deployed  from a folder, at {at}{}", since(at, age));
        }
        _ => text.push_str("  deployed  nothing to the end\n"),
    }
    if let Some(last) = &state.last_run {
        let verdict = match (last.succeeded, has_ended(last), lock) {
            (true, ..) => green("succeeded"),
            (false, true, _) => red("failed"),
            (false, false, Some(_)) => yellow("at work"),
            (false, false, None) => red("cut off"),
        };
        let commit = last.commit.as_deref();
        let commit = commit.map(|commit| format!("of {} ", words::short(commit))).unwrap_or_default();
        let _ = writeln!(
            text,
            "  last run  {commit}{verdict} at {}{}: {}",
            last.ended_at,
            since(&last.ended_at, age),
            plain(&last.summary)
        );
        for failure in &last.failures {
            let _ = writeln!(
                text,
                "            {} {}: {}",
                words::doing(failure.action),
                bold(failure.address.as_str()),
                plain(&failure.why).replace('\n', " ")
            );
        }
    }
    let _ = writeln!(
        text,
        "  state     serial {}, {}",
        state.serial,
        words::count(state.objects.len(), "object", "objects")
    );
    for (address, recorded) in &state.objects {
        let _ = writeln!(text, "    {address} {}", dim(&plain(&recorded.id)));
    }
}

fn has_ended(last: &LastRun) -> bool {
    last.succeeded || last.summary != NOT_ENDED
}

/// ` (5 min ago)`; nothing where it cannot be told.
pub(super) fn since(time: &str, age: Age<'_>) -> String {
    age(time).map(|milliseconds| dim(&format!(" ({})", words::ago(milliseconds)))).unwrap_or_default()
}

/// What whoever looks would do; none when all is well.
fn next(environment: &EnvironmentName, state: Option<&State>, lock: Option<&LockItem>) -> Option<String> {
    let last = state.and_then(|state| state.last_run.as_ref());
    match (lock, last) {
        (Some(item), _) if item.mark.is_none() => Some(
            "the lock is Terraform's or a person's: ask its holder. If they are gone, `terraform force-unlock` with its ID"
                .to_owned(),
        ),
        (Some(_), _) => Some("a run is at work; if it died, the next run takes its lock over".to_owned()),
        (None, None) => Some(format!("`pointsman plan {environment}` shows what would be made")),
        (None, Some(last)) if !has_ended(last) => {
            Some(format!("`pointsman apply {environment}` goes on from what stands"))
        }
        (None, Some(last)) if !last.succeeded => Some(format!(
            "mend the cause; `pointsman plan {environment}` shows what is left, and apply goes on from there"
        )),
        (None, Some(_)) => None,
    }
}

/// The outputs, a line each: `name = value`.
pub fn outputs(state: &State) -> String {
    state.outputs.iter().fold(String::new(), |mut text, (name, value)| {
        let _ = writeln!(text, "{name} = {}", plain(value));
        text
    })
}
