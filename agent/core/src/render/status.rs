//! What is deployed, by which commit, and who holds the lock.

use std::fmt::Write;

use super::{
    event::holder_words,
    paint::{bold, dim, green, plain, red},
    words,
};
use crate::{environment::EnvironmentName, lease::LockItem, state::State};

/// What the last run came to, until it has ended.
pub const NOT_ENDED: &str = "begun, and not ended";

/// The status of one environment for terminals.
pub fn terminal(environment: &EnvironmentName, state: Option<&State>, lock: Option<&LockItem>) -> String {
    let mut text = format!("{}\n", bold(environment.as_str()));
    match state {
        None => text.push_str("  never deployed\n"),
        Some(state) => {
            match (&state.deployed_commit, &state.deployed_at) {
                (Some(commit), Some(at)) => {
                    let _ = writeln!(text, "  deployed  {} at {at}", words::short(commit));
                }
                (None, Some(at)) if !state.objects.is_empty() => {
                    let _ = writeln!(text, "  deployed  from a folder, at {at}");
                }
                _ => text.push_str("  deployed  nothing to the end\n"),
            }
            if let Some(last) = &state.last_run {
                let verdict = if last.succeeded { green("succeeded") } else { red("failed") };
                let _ = writeln!(text, "  last run  {verdict} at {}: {}", last.ended_at, last.summary);
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
    }
    match lock {
        None => text.push_str("  lock      free\n"),
        Some(item) => {
            let _ = writeln!(text, "  lock      held by {}", holder_words(&item.terraform_info()));
        }
    }
    text
}

/// The outputs, a line each: `name = value`.
pub fn outputs(state: &State) -> String {
    state.outputs.iter().fold(String::new(), |mut text, (name, value)| {
        let _ = writeln!(text, "{name} = {}", plain(value));
        text
    })
}
