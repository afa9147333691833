//! A plan for terminals: readable in 80 columns.

use std::{collections::BTreeMap, fmt::Write};

use super::{
    paint::{bold, dim, green, plain, red, yellow},
    words,
};
use crate::{
    plan::{Action, Change, Disruption, Plan, Summary},
    policy::{Finding, Overridden, Verdict},
    report::Judged,
};

/// `Plan: 2 to add, 1 to change, 0 to destroy.`
pub fn summary(summary: Summary) -> String {
    let Summary { add, change, destroy } = summary;
    format!("Plan: {add} to add, {change} to change, {destroy} to destroy.")
}

/// The whole plan, what the policies say of it, and its size.
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
    for change in &plan.changes {
        write_change(&mut text, change);
    }
    if !plan.changes.is_empty() {
        text.push('\n');
    }
    write_held(&mut text, plan);
    for unsettled in &plan.unsettled {
        let _ = writeln!(text, "AWS is still at work on {}: {}", unsettled.address, plain(&unsettled.status));
    }
    write_verdict(&mut text, verdict);
    if plan.is_empty() {
        let _ = writeln!(text, "Nothing to do: what lives is what the file says.");
    } else {
        let disruption = words::disruption(plan.disruption());
        let painted = match plan.disruption() {
            Disruption::None => dim(disruption),
            Disruption::ConnectionsDrain => yellow(disruption),
            Disruption::Outage | Disruption::DataLost => red(disruption),
        };
        let _ = writeln!(text, "{}\nIt {painted}.", bold(&summary(plan.summary())));
    }
    text
}

fn write_change(text: &mut String, change: &Change) {
    let sign = format!("{:>3}", words::sign(change.action));
    let sign = match change.action {
        Action::Create | Action::Adopt => green(&sign),
        Action::Update | Action::Rollout => yellow(&sign),
        Action::Replace | Action::Delete => red(&sign),
    };
    let named = change
        .desired
        .as_ref()
        .map(|desired| &desired.resource)
        .or(change.observed.as_ref().map(|observed| &observed.resource))
        .map(|resource| plain(&resource.spec().name()))
        .unwrap_or_default();
    let _ = writeln!(
        text,
        "{sign} {} {} {}",
        bold(change.address.as_str()),
        words::to_do(change.action),
        dim(&format!("{} {named}", change.kind.title()))
    );
    if let Some(reason) = words::reason(change.reason) {
        let _ = writeln!(text, "      {}", dim(reason));
    }
    if change.disruption != Disruption::None {
        let _ = writeln!(text, "      {}", yellow(words::disruption(change.disruption)));
    }
    for field in &change.fields {
        let origin = words::origin(field.origin).map(|origin| format!(", {origin}")).unwrap_or_default();
        let _ = writeln!(
            text,
            "      {}: {} → {} {}",
            plain(&field.field),
            words::value(&field.before),
            words::value(&field.after),
            dim(&format!("({}{origin})", words::rule(field.rule)))
        );
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
    let _ = writeln!(text, "Held, left alone on purpose:");
    for (reason, addresses) in by_reason {
        let _ = writeln!(text, "  {}", yellow(&plain(&reason)));
        for line in wrapped(&addresses, 74) {
            let _ = writeln!(text, "    {line}");
        }
    }
    text.push('\n');
}

/// The words joined by commas, in lines of at most `width` characters.
fn wrapped(words: &[&str], width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let word = if index + 1 < words.len() { format!("{word},") } else { (*word).to_owned() };
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= width => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

/// What the policies deny and warn of.
pub fn write_verdict(text: &mut String, verdict: &Verdict) {
    let denials: Vec<&Finding> = verdict.denials().collect();
    let warnings: Vec<&Finding> = verdict.warnings().collect();
    for (findings, word) in [(&denials, red("denied")), (&warnings, yellow("warning"))] {
        for finding in findings.iter() {
            let _ = writeln!(text, "{word} {}", plain(&finding.message));
            let _ = writeln!(text, "       {}", dim(&place(finding)));
        }
    }
    let mut is_overridden = false;
    for (finding, overridden) in verdict.overridden() {
        is_overridden = true;
        let _ = writeln!(text, "{} {}", yellow("overridden"), plain(&finding.message));
        let _ = writeln!(text, "       {}", dim(&place(finding)));
        let _ = writeln!(text, "       {}", plain(&by(overridden)));
    }
    if !denials.is_empty() || !warnings.is_empty() || is_overridden {
        text.push('\n');
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
