//! `policy explain`: which rule decided what, and that every rule ran.

use std::{collections::BTreeMap, fmt::Write};

use super::{
    paint::{bold, dim, green, plain, red, yellow},
    plan::by,
    words,
};
use crate::{
    environment::Environment,
    policy::{Effect, Finding, Heard, JudgedRule, Verdict},
};

/// What was judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    /// The environment alone.
    Environment,
    /// The environment with its plan.
    Plan,
}

/// Every rule with what it said, the places that it speaks of, and its file's
/// reason to be.
pub fn terminal(
    environment: &Environment,
    judged: Judged,
    verdict: &Verdict,
    policies: &BTreeMap<String, String>,
) -> String {
    let mut text = String::new();
    let what = match judged {
        Judged::Environment => "its file alone, as `check` does; --plan judges its plan too",
        Judged::Plan => "its file and its plan",
    };
    let _ = writeln!(text, "{} {}\n", bold(environment.name.as_str()), dim(&format!("({what})")));
    for rule in &verdict.rules {
        write_rule(&mut text, environment, verdict, rule, policies);
    }
    // What no rule in particular says: a failure of all, an override that ran out.
    let others: Vec<&Finding> = verdict.findings.iter().filter(|f| !is_of_a_rule(verdict, f)).collect();
    if !others.is_empty() {
        text.push('\n');
    }
    for finding in others {
        write_finding(&mut text, environment, finding);
    }
    text.push('\n');
    text.push_str(&summary(verdict));
    text
}

fn write_rule(
    text: &mut String,
    environment: &Environment,
    verdict: &Verdict,
    rule: &JudgedRule,
    policies: &BTreeMap<String, String>,
) {
    let JudgedRule { effect: _, package, rule: name, file, line, messages, heard } = rule;
    let said = match heard {
        Heard::Silent => dim("has nothing to say"),
        Heard::Undefined => dim("is undefined: no definition of it holds"),
        Heard::Failed => red("could not be evaluated"),
        Heard::NotAsked => red("was not asked: another rule took too long"),
        Heard::Spoke => words::count(*messages, "message", "messages"),
    };
    let full = format!("{package}.{name}");
    let place = format!("{file}:{line}");
    let _ = writeln!(text, "{} {} {said}", bold(&plain(&full)), dim(&plain(&place)));
    let of_rule: Vec<&Finding> = verdict.findings.iter().filter(|f| is_of(f, rule)).collect();
    if of_rule.is_empty() {
        return;
    }
    if let Some(why) = policies.get(file).and_then(|policy| why(policy)) {
        let _ = writeln!(text, "    {}", dim(&plain(&format!("Why: {why}"))));
    }
    for finding in of_rule {
        write_finding(text, environment, finding);
    }
}

fn write_finding(text: &mut String, environment: &Environment, finding: &Finding) {
    let word = match (&finding.overridden, &finding.excepted, finding.effect) {
        (Some(_), _, _) => yellow("overridden"),
        (None, Some(_), _) => yellow("excepted"),
        (None, None, Effect::Deny) => red("denies"),
        (None, None, Effect::Warn) => yellow("warns"),
    };
    let _ = writeln!(text, "    {word}: {}", plain(&finding.message));
    if let Some(path) = &finding.path {
        let at = environment.place_of(path).map(|at| format!(" ({}:{})", at.file, at.line));
        let _ = writeln!(text, "        about {}", plain(&format!("{path}{}", at.unwrap_or_default())));
    }
    let _ = writeln!(text, "        said by {}", plain(&format!("{}:{}", finding.file, finding.line)));
    if let Some(excepted) = &finding.excepted {
        let place = format!("{}:{}", excepted.file, excepted.line);
        let _ = writeln!(text, "        taken back by the exception at {}", plain(&place));
    }
    if let Some(overridden) = &finding.overridden {
        let _ = writeln!(text, "        {}", plain(&by(overridden)));
    }
}

fn summary(verdict: &Verdict) -> String {
    let rules = words::count(verdict.rules.len(), "rule", "rules");
    let denials = words::count(verdict.denials().count(), "denial", "denials");
    let warnings = words::count(verdict.warnings().count(), "warning", "warnings");
    let taken_back = verdict.excepted().count() + verdict.overridden().count();
    let taken_back = match taken_back {
        0 => String::new(),
        count => format!(", {count} taken back"),
    };
    let word = if verdict.is_allowed() { green("allowed:") } else { red("denied:") };
    format!("{word} {rules}, {denials}, {warnings}{taken_back}\n")
}

fn is_of(finding: &Finding, rule: &JudgedRule) -> bool {
    finding.package == rule.package && finding.rule == rule.rule
}

fn is_of_a_rule(verdict: &Verdict, finding: &Finding) -> bool {
    verdict.rules.iter().any(|rule| is_of(finding, rule))
}

/// The reason at the top of a policy file: `# Why: …`, over several lines.
fn why(policy: &str) -> Option<String> {
    let first = policy.strip_prefix("# Why: ")?;
    let mut lines = first.lines();
    let mut why = lines.next()?.to_owned();
    for line in lines.map_while(|line| line.strip_prefix("# ")) {
        why.push(' ');
        why.push_str(line);
        if why.ends_with('.') {
            break;
        }
    }
    Some(why)
}
