//! What is told of a deploy that failed half-way: what failed, what the tasks
//! said last, what went back, what stands, and what to do next.

use super::{Room, block, code, environment::steps, folded, left_out, link, prose, rest, told};
use crate::{
    render::{paint, rollout, words},
    report::{
        ChangeOutcome, ChangeResult, Outcome, StoppedTask,
        pull_request::{EnvironmentReport, Progress, PullReport, Status},
    },
    rollout::{Ended, Ending},
};

/// Whether it failed after something was begun.
pub(super) fn half_way(environment: &EnvironmentReport) -> bool {
    environment.status == Status::Failed
        && environment.outcome.as_ref().is_some_and(|outcome| !outcome.succeeded() && !outcome.asks())
}

pub(super) fn section(
    report: &PullReport,
    environment: &EnvironmentReport,
    outcome: &Outcome,
    room: Room,
) -> String {
    let mut text = failures(report, outcome, room);
    text.push_str(&went_back(outcome));
    text.push_str(&stands(outcome, room));
    text.push_str(&next(report, environment, outcome.is_turned_back()));
    for (number, task) in outcome.stopped.iter().enumerate() {
        text.push_str(&stopped(number, task, room));
    }
    text.push_str(&finished(environment, room));
    text
}

/// What failed, and why.
fn failures(report: &PullReport, outcome: &Outcome, room: Room) -> String {
    let failed: Vec<(&ChangeOutcome, &str)> = outcome
        .changes
        .iter()
        .filter_map(|change| match &change.result {
            ChangeResult::Failed { why, kind: _ } => Some((change, why.as_str())),
            ChangeResult::Done | ChangeResult::Skipped { .. } => None,
        })
        .collect();
    if failed.is_empty() {
        return String::new();
    }
    let mut text = "**What failed**\n".to_owned();
    for (change, why) in failed.iter().take(room.list) {
        text.push_str(&format!(
            "- ❌ {} {}: {}\n",
            words::doing(change.action),
            code(change.address.as_str()),
            told(why)
        ));
    }
    text.push_str(&left_out(
        failed.len(),
        room.list,
        "failure",
        "failures",
        &rest(report, "`pointsman status` shows them"),
    ));
    text.push('\n');
    text
}

/// A task that stopped, with its last lines; those of the first are open.
fn stopped(number: usize, task: &StoppedTask, room: Room) -> String {
    let StoppedTask { service, task, why, exit_code, log } = task;
    let exit = exit_code.map(|code| format!(", exit code {code}")).unwrap_or_default();
    let what = format!("Task {} of {} stopped{exit}: {}\n", code(task), code(service), told(why));
    if log.is_empty() {
        return format!("{what}Its log has no lines that could be read.\n\n");
    }
    let kept = room.diff.max(5).min(log.len());
    let lines = &log[log.len() - kept..];
    let said = format!("its last {}", words::count(lines.len(), "line", "lines"));
    let lines = block("text", lines);
    if number == 0 {
        format!("{what}\n{} of log:\n{lines}\n", capital(&said))
    } else {
        format!("{what}\n{}\n", folded(&said, &lines))
    }
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().to_string() + characters.as_str()).unwrap_or_default()
}

/// The rollouts that were turned back, and the others that were driven.
fn went_back(outcome: &Outcome) -> String {
    let mut text = String::new();
    for one in &outcome.rollouts {
        let said = match &one.ended {
            Some(Ended {
                ending: Ending::Restored { why },
                opened_at_ms,
                ended_at_ms,
                turned,
                unsure,
                ..
            }) => {
                let took = words::took(ended_at_ms.saturating_sub(*opened_at_ms));
                let why = why.as_ref().map(|why| format!(" {}", rollout::reason(why))).unwrap_or_default();
                let proxy = rollout::proxy(turned.as_ref(), unsure.as_ref());
                text.push_str("**What was rolled back**\n");
                format!("The rollout of `service.{}`, after {took}.{why}{proxy}", one.service)
            }
            _ => rollout::outcome(&outcome.environment, one),
        };
        text.push_str(&format!("{}\n\n", prose(paint::without(&said).trim())));
    }
    text
}

/// What was done and stays, and what was not begun.
fn stands(outcome: &Outcome, room: Room) -> String {
    let done: Vec<&ChangeOutcome> =
        outcome.changes.iter().filter(|change| change.result == ChangeResult::Done).collect();
    let not_begun: Vec<String> = outcome
        .changes
        .iter()
        .filter(|change| matches!(change.result, ChangeResult::Skipped { .. }))
        .map(|change| code(change.address.as_str()))
        .collect();
    let mut text = "**What stands**\n".to_owned();
    let serial = outcome.serial;
    text.push_str(&match done.as_slice() {
        _ if outcome.is_turned_back() => format!(
            "Everything that served. What was made for the new side alone went again; every other change of the plan is done and recorded (state serial {serial})"
        ),
        [] => format!("Nothing of this was done; everything else is as it was before. State serial {serial}"),
        some => format!(
            "{} done and recorded (state serial {serial}); everything else is as it was before",
            words::count(some.len(), "change is", "changes are")
        ),
    });
    text.push_str(&format!(", after {}.\n", words::took(outcome.took_ms)));
    if !not_begun.is_empty() {
        let named = room.list.clamp(3, 20);
        let more = not_begun.len().saturating_sub(named);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        text.push_str(&format!("Not begun: {}{more}.\n", not_begun[..not_begun.len().min(named)].join(", ")));
    }
    text.push('\n');
    text
}

/// The steps that were done.
fn finished(environment: &EnvironmentReport, room: Room) -> String {
    let finished = environment.progress.iter().filter(|(_, step)| matches!(step, Progress::Done(..)));
    let finished: Vec<_> = finished.cloned().collect();
    steps(&finished, Status::Deployed, room.list)
}

/// One thing to do, and what else there is.
fn next(report: &PullReport, environment: &EnvironmentReport, turned_back: bool) -> String {
    if environment.again {
        return "**Next:** nothing, if it is to pass by itself; the agent tries again and goes on from here.\n\n"
            .to_owned();
    }
    let again = code(&format!("/pointsman apply {}", environment.name));
    if report.is_before_merge() {
        return format!(
            "**Next:** push what mends the cause to this pull request, and write {again}.\n\
             - This revision is quarantined; where the cause was elsewhere and is gone, the same comment tries it again.\n\
             - To go back: close this pull request, and what {} says is deployed.\n\n",
            code(&report.base)
        );
    }
    let (then, or) = if turned_back {
        ("its deploy begins a new rollout", "To let the files say again what serves")
    } else {
        ("the deploy goes on from here", "To go back")
    };
    let revert = match &report.revert {
        Some(pull) if turned_back => format!("{} has a button **Revert**", link("the pull request", pull)),
        Some(pull) => format!(
            "{} has a button **Revert**, and merging what it opens deploys the version before",
            link("the pull request", pull)
        ),
        None => format!("revert {} and push that", code(words::short(&report.head))),
    };
    format!(
        "**Next:** mend the cause in a new pull request; {then}.\n\
         - This revision is quarantined, and not tried again by itself. When the cause was elsewhere and is gone: {again}.\n\
         - {or}: {revert}.\n\n"
    )
}
