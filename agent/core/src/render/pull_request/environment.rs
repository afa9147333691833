//! What is said of one environment.

use std::collections::BTreeMap;

use super::{block, code, diagnostics, folded, left_out, lines_of, prose, titles};
use crate::{
    plan::{Action, Change, Disruption, FieldChange, Origin, Plan},
    policy::{Overridden, Verdict},
    render::{plan::summary, words},
    report::{
        ChangeResult, Outcome,
        pull_request::{EnvironmentReport, Progress, PullReport, Purpose, Status},
    },
};

/// A value longer than this is shortened in the middle of a line.
const LONGEST_VALUE: usize = 200;

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
        behind,
        again,
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
    if !found.is_empty() {
        text.push_str(&format!("{}\n", diagnostics(found, room)));
    }
    match report.purpose {
        Purpose::Preview => {
            if let Some(judged) = judged {
                text.push_str(&planned(&judged.plan));
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
        | Status::Deployed
        | Status::Stopped => "",
    }
}

fn planned(plan: &Plan) -> String {
    let place = format!("Account {}, {}.", code(&plan.account), code(&plan.region));
    let mut text = if plan.is_empty() {
        format!("**Nothing to do:** what lives is what the file says. {place}\n\n")
    } else {
        let mark = titles::disruption_mark(plan.disruption());
        let disruption = words::disruption(plan.disruption());
        format!("**{}** {mark}It {disruption}. {place}\n\n", summary(plan.summary()))
    };
    let worse: Vec<&Change> =
        plan.changes.iter().filter(|change| change.disruption > Disruption::ConnectionsDrain).collect();
    for change in &worse {
        text.push_str(&format!(
            "- 🛑 {}: {}, {}\n",
            code(change.address.as_str()),
            words::to_do(change.action),
            words::disruption(change.disruption)
        ));
    }
    if !worse.is_empty() {
        text.push('\n');
    }
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

/// What somebody changed outside, and this plan would take back.
fn undone(plan: &Plan, room: usize) -> String {
    let fields: Vec<(&Change, &FieldChange)> = plan
        .changes
        .iter()
        .flat_map(|change| change.fields.iter().map(move |field| (change, field)))
        .filter(|(_, field)| field.origin != Origin::File)
        .collect();
    if fields.is_empty() {
        return String::new();
    }
    let mut text =
        "⚠️ **Changed outside Pointsman since the last deploy**; this plan would undo it:\n".to_owned();
    for (change, field) in fields.iter().take(room) {
        text.push_str(&format!(
            "- {} {}: lives {}, the file says {}\n",
            code(change.address.as_str()),
            code(&field.field),
            code(&short_value(&field.before)),
            code(&short_value(&field.after))
        ));
    }
    text.push_str(&left_out(fields.len(), room, "field", "fields", "the changes below have all"));
    text.push('\n');
    text
}

#[derive(Clone, Copy)]
enum Fold {
    Open,
    Closed,
}

impl Fold {
    /// A short diff is read at once.
    fn from_size(plan: &Plan) -> Self {
        let lines: usize = plan.changes.iter().map(|change| 1 + change.fields.len()).sum();
        if lines <= 10 { Self::Open } else { Self::Closed }
    }
}

fn changes(name: &str, plan: &Plan, room: usize, fold: Fold) -> String {
    if plan.is_empty() {
        return String::new();
    }
    let mut lines = Vec::new();
    for change in &plan.changes {
        let sign = diff_sign(change.action);
        let reason = words::reason(change.reason).map(|reason| format!(", {reason}")).unwrap_or_default();
        lines.push(format!(
            "{sign} {} {} ({}{}{reason})",
            change.address,
            words::to_do(change.action),
            change.kind.title(),
            named(change),
        ));
        for field in &change.fields {
            let origin = words::origin(field.origin).map(|origin| format!(", {origin}")).unwrap_or_default();
            lines.push(format!(
                "{sign}     {}: {} → {} ({}{origin})",
                one_line(&field.field),
                short_value(&field.before),
                short_value(&field.after),
                words::rule(field.rule)
            ));
        }
    }
    let all = lines.len();
    lines.truncate(room);
    let mut body = if lines.is_empty() { String::new() } else { block("diff", &lines) };
    body.push_str(&left_out(
        all,
        room,
        "line",
        "lines",
        &format!("{} shows all", code(&format!("pointsman plan {name}"))),
    ));
    match fold {
        Fold::Open => format!("{body}\n"),
        Fold::Closed => {
            format!("{}\n", folded(&words::count(plan.changes.len(), "change", "changes"), &body))
        }
    }
}

/// The object's name in AWS, where it is known.
fn named(change: &Change) -> String {
    let desired = change.desired.as_ref().map(|desired| &desired.resource);
    let observed = || change.observed.as_ref().map(|observed| &observed.resource);
    desired
        .or_else(observed)
        .map(|resource| format!(" {}", shortened(&resource.spec().name())))
        .unwrap_or_default()
}

/// GitHub's colours for a diff: green, red, orange.
fn diff_sign(action: Action) -> &'static str {
    match action {
        Action::Create | Action::Adopt => "+",
        Action::Update | Action::Rollout | Action::Replace => "!",
        Action::Delete => "-",
    }
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

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn short_value(value: &serde_json::Value) -> String {
    shortened(&words::value(value))
}

/// A long text in one line, with its length where it was shortened.
fn shortened(text: &str) -> String {
    let text = one_line(text);
    let length = text.chars().count();
    if length <= LONGEST_VALUE {
        return text;
    }
    let begin: String = text.chars().take(LONGEST_VALUE).collect();
    format!("{begin}… ({length} characters)")
}
