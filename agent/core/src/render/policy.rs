//! Policies: what is wrong with them, what they say, how their tests went.

use std::fmt::Write;

use super::{
    paint::{bold, dim, green, plain, red},
    plan::place,
    words,
};
use crate::{
    environment::{Diagnostic, Environment, Severity},
    policy::{
        Effect, Finding, PolicyError, Verdict,
        test::{TestOutcome, TestReport},
    },
};

/// What is wrong with a policy file, in one line.
pub fn error(error: &PolicyError) -> String {
    let PolicyError { file, line, column, message, help } = error;
    format!("{}:{line}:{column}: {} ({})", plain(file), plain(message), plain(help))
}

/// What policies say of an environment, as diagnostics at the places that
/// they are about.
pub fn diagnostics(environment: &Environment, verdict: &Verdict) -> Vec<Diagnostic> {
    verdict.denials().chain(verdict.warnings()).map(|finding| diagnostic(environment, finding)).collect()
}

fn diagnostic(environment: &Environment, finding: &Finding) -> Diagnostic {
    let severity = match finding.effect {
        Effect::Deny => Severity::Error,
        Effect::Warn => Severity::Warning,
    };
    let at = finding.path.as_deref().and_then(|path| environment.place_of(path)).cloned();
    let message = match &at {
        Some(_) => finding.message.clone(),
        None => format!("{}: {}", environment.name, finding.message),
    };
    Diagnostic {
        code: "policy",
        severity,
        message,
        place: at,
        label: None,
        help: Some(format!("the rule is {}", place(finding))),
        related: Vec::new(),
    }
}

/// The last line of a check.
pub fn checked(environments: usize, errors: usize, warnings: usize) -> String {
    let environments = words::count(environments, "environment", "environments");
    let warnings = words::count(warnings, "warning", "warnings");
    if errors == 0 {
        format!("{} {environments} checked, {warnings}\n", green("ok:"))
    } else {
        format!(
            "{} {environments} checked, {}, {warnings}\n",
            red("failed:"),
            words::count(errors, "error", "errors")
        )
    }
}

/// How the policies' tests went, and which lines they reach.
pub fn tests(report: &TestReport) -> String {
    let mut text = String::new();
    let mut passed = 0;
    let mut failed = 0;
    for test in &report.tests {
        let name = format!("{}.{}", test.package, test.name);
        let at = dim(&format!("{}:{}", test.file, test.line));
        match &test.outcome {
            TestOutcome::Passed => passed += 1,
            TestOutcome::Skipped => {
                let _ = writeln!(text, "skipped {} {at}", plain(&name));
            }
            TestOutcome::Failed => {
                failed += 1;
                let _ = writeln!(text, "{} {} {at}", red("failed"), bold(&plain(&name)));
            }
            TestOutcome::Error { file, line, message } => {
                failed += 1;
                let _ = writeln!(
                    text,
                    "{} {} {at}: {}:{line}: {}",
                    red("error"),
                    bold(&plain(&name)),
                    plain(file),
                    plain(message)
                );
            }
        }
    }
    for file in &report.coverage {
        let missed: Vec<String> = file.not_covered.iter().map(ToString::to_string).collect();
        let missed = if missed.is_empty() {
            String::new()
        } else {
            format!(" not reached: line {}", missed.join(", "))
        };
        let _ = writeln!(text, "{:>4} % {}{}", file.percent(), plain(&file.file), dim(&missed));
    }
    let verdict = format!("{passed} passed, {failed} failed");
    let _ = writeln!(text, "{}", if failed == 0 { green(&verdict) } else { red(&verdict) });
    text
}
