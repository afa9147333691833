//! What is said of one environment.

use super::{
    Room, block,
    changes::{Fold, changes, shortened, undone},
    code, commands, cost, diagnostics, failed, folded, left_out, lines_of,
    policies::{held, policies},
    prose, rest, titles, told,
};
use crate::{
    environment::EnvironmentName,
    plan::Plan,
    render::{forecast, paint, plan::summary, rollout, start, words},
    report::{
        ChangeResult, Outcome, Standstill,
        pull_request::{EnvironmentReport, OtherPull, Progress, PullReport, Purpose, Status, Unmet, Why},
    },
};

/// The whole of it, as far as there is room.
pub(super) fn section(report: &PullReport, environment: &EnvironmentReport, room: Room) -> String {
    let EnvironmentReport {
        name,
        status,
        judged: _,
        outcome: _,
        problem,
        diagnostics: found,
        remarks: _,
        progress: _,
        rollouts: _,
        sides: _,
        behind,
        again,
        others,
        needs,
        notes,
    } = environment;
    let mut text = String::new();
    if report.purpose == Purpose::Deploy {
        text.push_str(&format!(
            "{} **{}**\n\n",
            titles::mark(*status),
            super::environment_title(environment)
        ));
    }
    text.push_str(remark(*status));
    if *status == Status::Checked {
        text.push_str(&format!("{}\n\n", commands::allow_fork(&report.head)));
    }
    // What failed half-way ends with what to do, and says it there; of a lock
    // it is told first who holds it.
    let next = match report.purpose {
        Purpose::Deploy if !failed::half_way(environment) => next_try(name, *status, *again),
        Purpose::Deploy | Purpose::Preview => String::new(),
    };
    if *status != Status::Waiting {
        text.push_str(&next);
    }
    text.push_str(&waits(report.purpose, needs, room));
    if *behind {
        text.push_str(&format!(
            "⚠️ {} changed this environment since this branch left it; bring the branch up to date to see the plan of both.\n\n",
            code(&report.base)
        ));
    }
    text.push_str(&also(others, room));
    // What failed half-way is told of in its own words.
    if let Some(problem) = problem.as_ref().filter(|_| !failed::half_way(environment)) {
        text.push_str(&format!("{}\n", lines_of(problem, room)));
    }
    if *status == Status::Waiting {
        text.push_str(&next);
    }
    for note in notes {
        text.push_str(&format!("{}\n\n", prose(note)));
    }
    if !found.is_empty() {
        let where_else = rest(report, "`pointsman check` shows all");
        text.push_str(&format!("{}\n", diagnostics(found, room, &where_else)));
    }
    match report.purpose {
        Purpose::Preview => text.push_str(&preview(report, environment, room)),
        Purpose::Deploy => text.push_str(&deploy(report, environment, room)),
    }
    text
}

fn preview(report: &PullReport, environment: &EnvironmentReport, room: Room) -> String {
    let Some(judged) = &environment.judged else { return String::new() };
    let plan = &judged.plan;
    let said = policies(&judged.verdict, room.list);
    // What is in the way is read before what it is in the way of.
    let mut text = if environment.status == Status::Denied {
        format!(
            "{said}**Next:** change the files so that the rules allow it, or give what they ask for. A rule that should change is changed on {} first.\n\n{}",
            code(&report.base),
            planned(report, plan, room)
        )
    } else {
        format!("{}{said}", planned(report, plan, room))
    };
    text.push_str(&undone(plan, room.list));
    text.push_str(&changes(report, plan, room.diff, Fold::from_size(plan)));
    text.push_str(&held(report, plan, room.list));
    text
}

fn deploy(report: &PullReport, environment: &EnvironmentReport, room: Room) -> String {
    let EnvironmentReport { status, judged, outcome, progress, rollouts, .. } = environment;
    let mut text = String::new();
    let said = judged.as_ref().map(|judged| policies(&judged.verdict, room.list)).unwrap_or_default();
    if !failed::half_way(environment) {
        text.push_str(&said);
    }
    match outcome.as_ref().filter(|_| failed::half_way(environment)) {
        Some(outcome) => {
            text.push_str(&failed::section(report, environment, outcome, room));
            if judged.as_ref().is_some_and(|judged| !judged.verdict.findings.is_empty()) {
                text.push_str(&said);
            }
        }
        None => {
            text.push_str(&steps(progress, *status, room.list));
            for told in rollouts.values() {
                let lines: Vec<String> = paint::without(told).lines().map(ToOwned::to_owned).collect();
                text.push_str(&format!("{}\n", block("text", &lines)));
            }
            if let Some(outcome) = outcome {
                text.push_str(&result(outcome));
            }
        }
    }
    if let Some(outcome) = outcome {
        text.push_str(&reached(outcome, room));
    }
    if let Some(judged) = judged {
        text.push_str(&changes(report, &judged.plan, room.diff, Fold::Closed));
        text.push_str(&held(report, &judged.plan, room.list));
    }
    text
}

/// What it needs first, and where that is.
fn waits(purpose: Purpose, needs: &[Unmet], room: Room) -> String {
    let named = |why: Why| -> Vec<String> {
        let these = needs.iter().filter(|unmet| unmet.why == why).take(room.list.max(3));
        these.map(|unmet| code(unmet.name.as_str())).collect()
    };
    let (failed, not_yet) = (named(Why::Failed), named(Why::NotYet));
    match purpose {
        _ if needs.is_empty() => String::new(),
        Purpose::Preview => {
            format!("It is deployed after {}, which it needs.\n\n", [failed, not_yet].concat().join(", "))
        }
        Purpose::Deploy if !failed.is_empty() => format!(
            "Stopped by {}: it needs that, and is begun as soon as it stands. Nothing was changed here.\n\n",
            failed.join(", ")
        ),
        Purpose::Deploy => format!("Waits for {}, which it needs.\n\n", not_yet.join(", ")),
    }
}

/// Who else proposes to change it.
fn also(others: &[OtherPull], room: Room) -> String {
    if others.is_empty() {
        return String::new();
    }
    let shown = room.list.clamp(3, 10);
    let mut named: Vec<String> = others
        .iter()
        .take(shown)
        .map(|OtherPull { number, title }| format!("#{number} ({})", prose(&shortened(title))))
        .collect();
    if others.len() > shown {
        named.push(words::count(others.len() - shown, "other", "others"));
    }
    let change = if others.len() == 1 { "changes" } else { "change" };
    format!(
        "⚠️ {} {change} this environment too: when one is merged, this plan is made anew and may differ.\n\n",
        named.join(", ")
    )
}

/// What a status means, where its word alone does not say it.
pub(in crate::render) fn remark(status: Status) -> &'static str {
    match status {
        Status::Checked => {
            "The files have no errors, and no policy denies them. Pull requests from forks are not planned, so that no credentials are used for them.\n\n"
        }
        Status::Removed => {
            "The files no longer describe this environment. What was made for it stands, and nothing is deleted by itself: \
             `pointsman destroy`, run with a revision that still describes it, takes it down.\n\n"
        }
        Status::Queued
        | Status::Planning
        | Status::Planned
        | Status::Invalid
        | Status::Denied
        | Status::NoPlan
        | Status::Postponed
        | Status::Waiting
        | Status::Deploying
        | Status::Asks
        | Status::Held
        | Status::Deployed
        | Status::Failed
        | Status::Stopped => "",
    }
}

/// When the agent itself tries again.
pub(in crate::render) fn next_try(name: &EnvironmentName, status: Status, again: bool) -> String {
    match status {
        Status::Waiting => format!(
            "Nothing is to be done as long as its holder is at work: the agent asks again at every poll, and goes on by itself. A lock that was left behind is released by an administrator of the repository with {}.\n\n",
            code(&format!("/pointsman unlock {name} LOCK-ID"))
        ),
        Status::Denied if again => {
            "It is looked at again at every poll: an approval may be what the policies miss.\n\n".to_owned()
        }
        Status::Failed if again => "It is tried again by itself, with growing pauses.\n\n".to_owned(),
        Status::Invalid | Status::Denied | Status::NoPlan | Status::Failed => format!(
            "This revision is quarantined: it is not tried again until the environment's files change, or somebody asks with {}.\n\n",
            code(&format!("/pointsman apply {name}"))
        ),
        Status::Queued
        | Status::Planning
        | Status::Planned
        | Status::Checked
        | Status::Postponed
        | Status::Removed
        | Status::Deploying
        | Status::Asks
        | Status::Held
        | Status::Deployed
        | Status::Stopped => String::new(),
    }
}

fn planned(report: &PullReport, plan: &Plan, room: Room) -> String {
    let place = format!("Account {}, {}.", code(&plan.account), code(&plan.region));
    let mut text = if plan.is_empty() {
        format!("**Nothing to do:** what lives is what the file says. {place}\n\n")
    } else {
        let mark = titles::disruption_mark(plan.disruption());
        let disrupts = forecast::sentence(plan, |address| code(address.as_str()));
        format!("**{}** {place}\n\n{mark}Disrupts: {disrupts}.\n\n", summary(plan.summary()))
    };
    for begins in &plan.rollouts {
        text.push_str(&format!("Rollout: {}\n\n", prose(&rollout::begins(begins))));
    }
    for sentence in start::alone(plan) {
        text.push_str(&format!("Start: {}\n\n", prose(&sentence)));
    }
    text.push_str(&cost::section(report, &plan.cost, room.list));
    for unsettled in plan.unsettled.iter().take(room.list) {
        text.push_str(&format!(
            "AWS is still at work on {}: {}.\n\n",
            code(unsettled.address.as_str()),
            told(&unsettled.status)
        ));
    }
    text
}

/// What is being done, object by object.
pub(super) fn steps(progress: &[(crate::Address, Progress)], status: Status, room: usize) -> String {
    if progress.is_empty() {
        return String::new();
    }
    let mut body = String::new();
    // What goes on, or went wrong, is read first.
    let weight = |progress: &Progress| match progress {
        Progress::Failed(..) => 0,
        Progress::Doing(..) => 1,
        Progress::Done(..) => 2,
    };
    let mut ordered: Vec<_> = progress.iter().collect();
    // Steps side by side end in any order; the same deploy reads the same.
    ordered.sort_by(|(a, first), (b, second)| (weight(first), a).cmp(&(weight(second), b)));
    for (address, progress) in ordered.iter().take(room) {
        let address = code(address.as_str());
        body.push_str(&match progress {
            Progress::Doing(action, says) => {
                let says =
                    says.as_deref().map(|says| format!(": {}", prose(&shortened(says)))).unwrap_or_default();
                format!("- ⏳ {} {address}{says}\n", words::doing(*action))
            }
            Progress::Done(action, took) => {
                format!("- ✅ {} {address} in {}\n", words::done(*action), words::took(*took))
            }
            Progress::Failed(action, why) => {
                format!("- ❌ {} {address}: {}\n", words::doing(*action), told(why))
            }
        });
    }
    body.push_str(&left_out(progress.len(), room, "step", "steps", "the agent's log has all"));
    if status == Status::Deployed {
        return format!("{}\n", folded(&words::count(progress.len(), "step", "steps"), &body));
    }
    format!("{body}\n")
}

/// The verdict: what stands, and where it can be reached.
fn result(outcome: &Outcome) -> String {
    let mut text = String::new();
    let skipped: Vec<String> = outcome
        .changes
        .iter()
        .filter(|change| matches!(change.result, ChangeResult::Skipped { .. }))
        .map(|change| code(change.address.as_str()))
        .collect();
    if !skipped.is_empty() {
        text.push_str(&format!("Not begun: {}.\n\n", skipped.join(", ")));
    }
    for one in &outcome.rollouts {
        if one.stands == Some(Standstill::Asks) {
            let (environment, plan) = (&outcome.environment, rollout::short_hash(&one.plan));
            text.push_str(&format!(
                "⏸️ {} waits for approval of plan {}; people are served as before.{} Next: {}, or {}.\n\n",
                code(&one.service),
                code(plan),
                one.to_do.as_ref().map(|it| format!(" After that: {}", prose(it))).unwrap_or_default(),
                code(&format!("pointsman approve {environment} --plan {plan}")),
                code(&format!("pointsman abort {environment}")),
            ));
        } else {
            let said = paint::without(&rollout::outcome(&outcome.environment, one));
            text.push_str(&format!("{}\n\n", prose(said.trim())));
        }
    }
    text.push_str(&format!("State serial {}, after {}.\n\n", outcome.serial, words::took(outcome.took_ms)));
    text
}

/// Where it can be reached.
fn reached(outcome: &Outcome, room: Room) -> String {
    let mut text = String::new();
    if !outcome.outputs.is_empty() {
        text.push_str("| Output | Value |\n| --- | --- |\n");
        for (name, value) in outcome.outputs.iter().take(room.list.max(10)) {
            text.push_str(&format!("| {} | {} |\n", code(name), code(&shortened(value))));
        }
        text.push('\n');
    }
    text
}
