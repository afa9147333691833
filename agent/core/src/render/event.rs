//! What happens while the agent works, a line each.

use super::{
    paint::{bold, dim, green, plain, red, yellow},
    words,
};
use crate::{
    lease::{LockInfo, Turn},
    report::Event,
};

/// Why a write that AWS had not ended is left to the next run.
pub const STOPPED_UNDER_WAY: &str = "it was asked to stop while AWS was at work on it";

/// The event in one line; none for what is shown otherwise (the plan, a rollout's sides).
pub fn line(event: &Event) -> Option<String> {
    let line = match event {
        Event::Planned { .. } | Event::Sides { .. } => return None,
        Event::Waiting { holder, remaining_ms, turn } => {
            let wait = match remaining_ms {
                Some(remaining) => format!(
                    "watching whether it lives; taken over in {} if it does not",
                    words::took(*remaining)
                ),
                None => "waiting for it to be released".to_owned(),
            };
            let queue = match turn {
                Some(Turn { turn, of }) if *of > 1 => format!("; place {turn} of {of} in the queue"),
                Some(_) | None => String::new(),
            };
            format!("{} held by {}: {wait}{queue}", yellow("lock"), holder_words(holder))
        }
        Event::Locked { fence, taken_over } => {
            let how = if *taken_over { "taken over from a dead agent" } else { "taken" };
            dim(&format!("lock {how} (fence {fence})"))
        }
        Event::Quiescing { for_ms } => {
            format!(
                "{} the run before did not end: nothing is written for {}, so that its last calls end",
                yellow("lock"),
                words::took(*for_ms)
            )
        }
        Event::Recovered { run, looked_up, stands } => dim(&match looked_up {
            0 => format!("lock the run before (fence {run}) is sealed; it left nothing open"),
            1 => format!(
                "lock the run before (fence {run}) is sealed; of the 1 write it left open, {stands} stands"
            ),
            n => format!(
                "lock the run before (fence {run}) is sealed; of the {n} writes it left open, {stands} stand"
            ),
        }),
        Event::Checked { environment, findings } => {
            let warnings = super::preflight::warnings(environment, findings)?;
            format!("{} {warnings}", yellow("preflight"))
        }
        Event::Started { address, action } => format!("{} {address}", dim(words::doing(*action))),
        Event::Progress { address, says } => format!("{} {address}: {}", dim("…"), plain(says)),
        Event::Finished { address, action, took_ms } => {
            format!(
                "{} {} {}",
                green(words::done(*action)),
                bold(address.as_str()),
                dim(&words::took(*took_ms))
            )
        }
        Event::Failed { address, action, why } => {
            format!("{} {} {}: {}", red("failed"), words::doing(*action), bold(address.as_str()), plain(why))
        }
        Event::Rollout { service: _, text } => text.trim_end().to_owned(),
        Event::LeaseLost { why } => format!("{} {}: nothing more is written", red("lease lost"), plain(why)),
    };
    Some(line)
}

/// Who holds a lock, since when, and what for.
pub fn holder_words(holder: &LockInfo) -> String {
    let LockInfo { id, operation, info, who, version: _, created, path: _ } = holder;
    let mut text = plain(if who.is_empty() { "someone unknown" } else { who });
    if !operation.is_empty() {
        text.push_str(&format!(" for {}", plain(operation)));
    }
    if !info.is_empty() {
        text.push_str(&format!(" ({})", plain(info)));
    }
    if !created.is_empty() {
        text.push_str(&format!(" since {}", plain(created)));
    }
    if !id.is_empty() {
        text.push_str(&format!(", lock ID {}", plain(id)));
    }
    // It is said in the middle of a line.
    text.replace('\n', " ")
}
