//! What is said of one environment.

use std::collections::BTreeMap;

use super::{
    block,
    changes::{Fold, changes, shortened, undone},
    code, cost, diagnostics, folded, left_out, lines_of, prose, titles,
};
use crate::{
    plan::Plan,
    policy::{Overridden, Verdict},
    render::{forecast, paint, plan::summary, rollout, words},
    report::{
        ChangeResult, Outcome,
        pull_request::{EnvironmentReport, Progress, PullReport, Purpose, Status},
    },
};

/// The whole of it, with at most `room` lines of each list.
pub(super) fn section(report: &PullReport, environment: &EnvironmentReport, room: usize) -> String {
    let EnvironmentReport {
        name,
        status,
        judged,
        outcome,
        problem,
        diagnostics: found,
        remarks: _,
        progress,
        rollouts,
        behind,
        again,
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
    if report.purpose == Purpose::Deploy {
        text.push_str(next_try(*status, *again));
    }
    if *behind {
        text.push_str(&format!(
            "⚠️ {} changed this environment since this branch left it; bring the branch up to date to see the plan of both.\n\n",
            code(&report.base)
        ));
    }
    if let Some(problem) = problem {
        text.push_str(&format!("{}\n", lines_of(problem)));
    }
    for note in notes {
        text.push_str(&format!("{}\n\n", prose(note)));
    }
    if !found.is_empty() {
        text.push_str(&format!("{}\n", diagnostics(found, room)));
    }
    match report.purpose {
        Purpose::Preview => {
            if let Some(judged) = judged {
                text.push_str(&planned(&judged.plan, room));
                text.push_str(&policies(&judged.verdict, room));
                text.push_str(&undone(&judged.plan, room));
                text.push_str(&changes(name.as_str(), &judged.plan, room, Fold::from_size(&judged.plan)));
                text.push_str(&held(&judged.plan, room));
            }
        }
        Purpose::Deploy => {
            if let Some(judged) = judged {
                text.push_str(&policies(&judged.verdict, room));
            }
            text.push_str(&steps(progress, *status, room));
            for told in rollouts.values() {
                let lines: Vec<String> = paint::without(told).lines().map(ToOwned::to_owned).collect();
                text.push_str(&format!("{}\n", block("text", &lines)));
            }
            if let Some(outcome) = outcome {
                text.push_str(&result(outcome));
            }
            if let Some(judged) = judged {
                text.push_str(&changes(name.as_str(), &judged.plan, room, Fold::Closed));
                text.push_str(&held(&judged.plan, room));
            }
        }
    }
    text
}

/// What a status means, where its word alone does not say it.
fn remark(status: Status) -> &'static str {
    match status {
        Status::Checked => {
            "The files have no errors. Pull requests from forks are not planned, so that no credentials are used for them.\n\n"
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
fn next_try(status: Status, again: bool) -> &'static str {
    match status {
        Status::Waiting => {
            "The agent asks for the lock again at every poll; nobody needs to do anything here.\n\n"
        }
        Status::Denied if again => {
            "It is looked at again at every poll: an approval may be what the policies miss.\n\n"
        }
        Status::Failed if again => "It is tried again by itself, with growing pauses.\n\n",
        Status::Invalid | Status::Denied | Status::NoPlan | Status::Failed => {
            "This revision is not tried again until the environment's files change or the agent is started anew.\n\n"
        }
        Status::Queued
        | Status::Planning
        | Status::Planned
        | Status::Checked
        | Status::Removed
        | Status::Deploying
        | Status::Asks
        | Status::Held
        | Status::Deployed
        | Status::Stopped => "",
    }
}

fn planned(plan: &Plan, room: usize) -> String {
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
    text.push_str(&cost::section(&plan.cost, room));
    for unsettled in &plan.unsettled {
        text.push_str(&format!(
            "AWS is still at work on {}: {}.\n\n",
            code(unsettled.address.as_str()),
            prose(&unsettled.status)
        ));
    }
    text
}

fn policies(verdict: &Verdict, room: usize) -> String {
    let denials: Vec<_> = verdict.denials().collect();
    let warnings: Vec<_> = verdict.warnings().collect();
    let mut text = String::new();
    for (findings, word) in [(&denials, "❌ **Denied**"), (&warnings, "⚠️ **Warning**")] {
        for finding in findings.iter().take(room) {
            let place = code(&format!("{}:{}", finding.file, finding.line));
            let rule = code(&format!("{}.{}", finding.package, finding.rule));
            let who = match (finding.rule.as_str(), finding.line) {
                ("", 0) => code(&finding.file),
                ("", _) => place,
                _ => format!("{rule} at {place}"),
            };
            text.push_str(&format!("- {word} {} ({who})\n", prose(&finding.message)));
        }
        text.push_str(&left_out(findings.len(), room, "finding", "findings", "the agent's log has all"));
    }
    if denials.is_empty() && warnings.is_empty() {
        let rules = words::count(verdict.rules.len(), "policy rule", "policy rules");
        text.push_str(&format!("{rules} asked; none objects.\n"));
    }
    let excepted = verdict.excepted().count();
    if excepted > 0 {
        text.push_str(&format!(
            "{} by an exception.\n",
            words::count(excepted, "finding is excused", "findings are excused")
        ));
    }
    for (finding, overridden) in verdict.overridden().take(room) {
        let Overridden { who, role, reason, until, file, line } = overridden;
        text.push_str(&format!(
            "- ✋ **Overridden** until {} by {} ({}, {}): {}. It says: {}\n",
            code(until),
            prose(who),
            prose(role),
            code(&format!("{file}:{line}")),
            prose(reason),
            prose(&finding.message)
        ));
    }
    text.push('\n');
    text
}

fn held(plan: &Plan, room: usize) -> String {
    if plan.held.is_empty() {
        return String::new();
    }
    let mut by_reason: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for held in plan.held.iter().take(room) {
        by_reason.entry(words::held(&held.reason)).or_default().push(code(held.address.as_str()));
    }
    let mut body: String = by_reason
        .iter()
        .map(|(reason, addresses)| format!("- {}: {}\n", prose(reason), addresses.join(", ")))
        .collect();
    body.push_str(&left_out(plan.held.len(), room, "object", "objects", "`pointsman plan` shows all"));
    format!("{}\n", folded(&format!("{} held: left alone on purpose", plan.held.len()), &body))
}

/// What is being done, object by object.
fn steps(progress: &[(crate::Address, Progress)], status: Status, room: usize) -> String {
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
                format!("- ❌ {} {address}: {}\n", words::doing(*action), prose(why))
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
        if one.asks() {
            let (environment, plan) = (&outcome.environment, rollout::short_hash(&one.plan));
            text.push_str(&format!(
                "⏸️ {} waits for approval of plan {}; people are served as before. Next: {}, or {}.\n\n",
                code(&one.service),
                code(plan),
                code(&format!("pointsman approve {environment} --plan {plan}")),
                code(&format!("pointsman abort {environment}")),
            ));
        } else {
            let said = paint::without(&rollout::outcome(&outcome.environment, one));
            text.push_str(&format!("{}\n\n", prose(said.trim())));
        }
    }
    if !outcome.outputs.is_empty() {
        text.push_str("| Output | Value |\n| --- | --- |\n");
        for (name, value) in &outcome.outputs {
            text.push_str(&format!("| {} | {} |\n", code(name), code(value)));
        }
        text.push('\n');
    }
    text.push_str(&format!("State serial {}, after {}.\n\n", outcome.serial, words::took(outcome.took_ms)));
    text
}
