//! A plan for terminals: readable in 80 columns.

mod changes;

use std::{collections::BTreeMap, fmt::Write};

use super::{
    cost, forecast,
    layout::{COLUMNS, hanging, wrapped},
    paint::{bold, dim, green, plain, red, yellow},
    rollout, start, words,
};
pub(super) use changes::{Row, Widths};

use crate::{
    plan::{Disruption, Plan, Summary},
    policy::{Finding, Overridden, Verdict},
    report::Judged,
};

/// `Plan: 2 to add, 1 to change, 0 to destroy.`
pub fn summary(summary: Summary) -> String {
    let Summary { add, change, destroy } = summary;
    format!("Plan: {add} to add, {change} to change, {destroy} to destroy.")
}

/// The whole plan: first what it comes to, then change by change, then what
/// is left alone, then what the policies say.
pub fn terminal(judged: &Judged) -> String {
    let Judged { plan, verdict } = judged;
    let mut text = String::new();
    let commit =
        plan.commit.as_deref().map(|commit| format!(" at {}", words::short(commit))).unwrap_or_default();
    let _ = writeln!(
        text,
        "{}{commit} {}\n",
        bold(plan.environment.as_str()),
        dim(&format!("(account {}, {})", plan.account, plan.region))
    );
    write_sum(&mut text, plan, verdict);
    if !plan.is_empty() {
        text.push('\n');
        changes::write_table(&mut text, &plan.changes);
        changes::write_reasons(&mut text, &plan.changes);
        changes::write_fields(&mut text, &plan.changes);
    }
    write_held(&mut text, plan);
    for unsettled in &plan.unsettled {
        let _ =
            writeln!(text, "\nAWS is still at work on {}: {}", unsettled.address, plain(&unsettled.status));
    }
    write_findings(&mut text, verdict);
    text
}

/// What the plan comes to, in a few lines.
fn write_sum(text: &mut String, plan: &Plan, verdict: &Verdict) {
    if plan.is_empty() {
        let _ = writeln!(text, "{}", bold("Nothing to do: what lives is what the file says."));
    } else {
        let _ = writeln!(text, "{}", bold(&summary(plan.summary())));
        let disrupts = format!("{}.", forecast::sentence(plan, ToString::to_string));
        let mark = match plan.disruption() {
            Disruption::None => green("Disrupts:"),
            Disruption::ConnectionsDrain => yellow("Disrupts:"),
            Disruption::Outage | Disruption::DataLost => red("Disrupts:"),
        };
        let _ = writeln!(text, "{}", hanging(&mark, "Disrupts:".len(), &disrupts));
    }
    for begins in &plan.rollouts {
        let _ = writeln!(text, "{}", hanging("Rollout:", "Rollout:".len(), &plain(&rollout::begins(begins))));
    }
    for sentence in start::alone(plan) {
        let _ = writeln!(text, "{}", hanging("Start:", "Start:".len(), &sentence));
    }
    let cost = format!("{}.", cost::sentence(&plan.cost));
    let _ = writeln!(text, "{}", hanging("Cost:", "Cost:".len(), &cost));
    let (denials, warnings) = (verdict.denials().count(), verdict.warnings().count());
    let warned = (warnings > 0).then(|| yellow(&words::count(warnings, "warning", "warnings")));
    let denied =
        (denials > 0).then(|| red(&format!("denied, {}", words::count(denials, "finding", "findings"))));
    let said: Vec<String> = denied.into_iter().chain(warned).collect();
    if !said.is_empty() {
        let _ = writeln!(text, "Policies: {}; see below.", said.join(", "));
    }
}

fn write_held(text: &mut String, plan: &Plan) {
    let mut by_reason: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for held in &plan.held {
        by_reason.entry(words::held(&held.reason)).or_default().push(held.address.as_str());
    }
    if by_reason.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{}", bold("Held, left alone on purpose:"));
    for (reason, addresses) in by_reason {
        for line in wrapped(&plain(&reason), COLUMNS - 2) {
            let _ = writeln!(text, "  {}", yellow(&line));
        }
        for line in wrapped(&addresses.join(", "), COLUMNS - 4) {
            let _ = writeln!(text, "    {line}");
        }
    }
}

fn write_findings(text: &mut String, verdict: &Verdict) {
    if verdict.denials().chain(verdict.warnings()).next().is_some() {
        let _ = writeln!(text, "\n{}", bold("Policies:"));
        write_verdict(text, verdict);
    }
}

/// What the policies deny and warn of.
pub fn write_verdict(text: &mut String, verdict: &Verdict) {
    let denials = verdict.denials().map(|finding| (finding, red("denied"), "denied", None));
    let warnings = verdict.warnings().map(|finding| (finding, yellow("warning"), "warning", None));
    let overridden = verdict
        .overridden()
        .map(|(finding, overridden)| (finding, yellow("overridden"), "overridden", Some(overridden)));
    for (finding, mark, word, overridden) in denials.chain(warnings).chain(overridden) {
        let indent = " ".repeat(word.len() + 1);
        let _ = writeln!(text, "{}", hanging(&mark, word.len(), &plain(&finding.message)));
        let _ = writeln!(text, "{indent}{}", dim(&place(finding)));
        if let Some(overridden) = overridden {
            let _ =
                writeln!(text, "{}", hanging(&" ".repeat(word.len()), word.len(), &plain(&by(overridden))));
        }
    }
}

/// Who took the responsibility, why, until when, and where that stands.
pub fn by(overridden: &Overridden) -> String {
    let Overridden { who, role, reason, until, file, line } = overridden;
    format!("by {who} ({role}) until {until}: {reason} ({file}:{line})")
}

/// Which rule said it, and where that rule stands.
pub fn place(finding: &Finding) -> String {
    let line = if finding.line == 0 { String::new() } else { format!(":{}", finding.line) };
    let file = format!("{}{line}", plain(&finding.file));
    match (finding.package.as_str(), finding.rule.as_str()) {
        ("", "") => file,
        (package, "") => format!("{} at {file}", plain(package)),
        (package, rule) => format!("{} at {file}", plain(&format!("{package}.{rule}"))),
    }
}
