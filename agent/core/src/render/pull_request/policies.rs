//! What the policies say of a plan, and what the plan leaves alone.

use std::collections::BTreeMap;

use super::{code, folded, left_out, rest, told};
use crate::{
    plan::Plan,
    policy::{Finding, Overridden, Verdict},
    render::words,
    report::pull_request::PullReport,
};

/// With more warnings than this they are folded: they are advice, and what is
/// decided stands above them.
const MOST_WARNINGS: usize = 2;

/// What is denied, what is warned of, what was excused.
pub(super) fn policies(verdict: &Verdict, room: usize) -> String {
    let denials: Vec<_> = verdict.denials().collect();
    let warnings: Vec<_> = verdict.warnings().collect();
    let mut text = listed(&denials, "❌ **Denied**", room);
    let warned = listed(&warnings, "⚠️ **Warning**", room);
    if warnings.len() > MOST_WARNINGS {
        text.push_str(&format!(
            "\n{}\n",
            folded(&format!("⚠️ {} warnings of the policies", warnings.len()), &warned)
        ));
    } else {
        text.push_str(&warned);
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
            told(who),
            told(role),
            code(&format!("{file}:{line}")),
            told(reason),
            told(&finding.message)
        ));
    }
    text.push('\n');
    text
}

/// Each finding in a line, with the rule that made it and its place.
fn listed(findings: &[&Finding], word: &str, room: usize) -> String {
    let mut text = String::new();
    for finding in findings.iter().take(room) {
        let place = code(&format!("{}:{}", finding.file, finding.line));
        let rule = code(&format!("{}.{}", finding.package, finding.rule));
        let who = match (finding.rule.as_str(), finding.line) {
            ("", 0) => code(&finding.file),
            ("", _) => place,
            _ => format!("{rule} at {place}"),
        };
        text.push_str(&format!("- {word} {} ({who})\n", told(&finding.message)));
    }
    text.push_str(&left_out(findings.len(), room, "finding", "findings", "the agent's log has all"));
    text
}

/// What is left alone on purpose, and why.
pub(super) fn held(report: &PullReport, plan: &Plan, room: usize) -> String {
    if plan.held.is_empty() {
        return String::new();
    }
    let mut by_reason: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for held in plan.held.iter().take(room) {
        by_reason.entry(words::held(&held.reason)).or_default().push(code(held.address.as_str()));
    }
    let mut body: String = by_reason
        .iter()
        .map(|(reason, addresses)| format!("- {}: {}\n", told(reason), addresses.join(", ")))
        .collect();
    body.push_str(&left_out(
        plan.held.len(),
        room,
        "object",
        "objects",
        &rest(report, "`pointsman plan` shows all"),
    ));
    format!("{}\n", folded(&format!("{} held: left alone on purpose", plan.held.len()), &body))
}
