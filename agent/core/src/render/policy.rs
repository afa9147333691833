//! Policies: what is wrong with them, what they say, how their tests went.

use std::fmt::Write;

use super::{
    paint::{bold, dim, green, plain, red},
    plan::{by, place},
    words,
};
use crate::{
    environment::{Diagnostic, Environment, Severity, Written},
    policy::{
        Asked, Doing, Effect, Finding, GaveUp, PolicyError, Verdict,
        test::{TestOutcome, TestReport},
    },
};

/// What is wrong with a policy file, in one line.
pub fn error(error: &PolicyError) -> String {
    let PolicyError { file, line, column, message, help } = error;
    let place = match (line, column) {
        (0, _) => plain(file),
        (line, 0) => format!("{}:{line}", plain(file)),
        (line, column) => format!("{}:{line}:{column}", plain(file)),
    };
    format!("{place}: {} ({})", plain(message), plain(help))
}

/// Why one rule ended the process that evaluates policies.
pub fn gave_up_at(asked: &Asked, why: &GaveUp) -> String {
    let Asked { package, rule, file: _, line: _ } = asked;
    format!("the rule `{package}.{rule}` could not be evaluated: {}", why_not(why))
}

/// Why the process that evaluates policies gave no answer.
pub fn gave_up(doing: Doing, why: &GaveUp) -> String {
    let doing = match doing {
        Doing::Loading => "the policies could not be read",
        Doing::Judging => "the policies could not be evaluated",
        Doing::Testing => "the policies' tests could not be run",
    };
    format!("{doing}: {}", why_not(why))
}

fn why_not(why: &GaveUp) -> String {
    let why = match why {
        GaveUp::NotStarted(error) => format!("the process for it does not start: {error}"),
        GaveUp::ProcessorTime(limit) => {
            format!("it took more than {} s of processor time", limit.as_secs())
        }
        GaveUp::Silent(limit) => format!("there was no answer within {} s", limit.as_secs()),
        GaveUp::Memory(bytes) => format!("it needed more than {} MiB of memory", bytes / 1024 / 1024),
        GaveUp::Stack => "it calls itself too deeply".to_owned(),
        GaveUp::Signal(signal) => format!("its process was ended by signal {signal}"),
        GaveUp::Ended(words) => {
            format!("its process ended: {}", words.lines().next().unwrap_or("it did not say why"))
        }
        GaveUp::Unintelligible => "the answer cannot be understood".to_owned(),
        GaveUp::TooLong(bytes) => {
            format!("the answer is longer than {} MiB", bytes / 1024 / 1024)
        }
    };
    format!("{why}. What is not evaluated is not allowed")
}

/// What to do about it.
pub fn after_giving_up(why: &GaveUp) -> &'static str {
    match why {
        GaveUp::NotStarted(_) | GaveUp::Signal(_) => {
            "run it again; if it stays, look at the machine's limits on memory and processes"
        }
        GaveUp::ProcessorTime(_)
        | GaveUp::Silent(_)
        | GaveUp::Memory(_)
        | GaveUp::Stack
        | GaveUp::TooLong(_) => {
            "look for loops over large ranges and for what grows in the policies; leave out one file after the other to find it"
        }
        GaveUp::Ended(_) | GaveUp::Unintelligible => {
            "this is a fault of the agent, or of what it runs on: report it with the policies"
        }
    }
}

/// What policies say of an environment, as diagnostics at the places that
/// they are about.
pub fn diagnostics(environment: &Environment, verdict: &Verdict) -> Vec<Diagnostic> {
    let standing = verdict.denials().chain(verdict.warnings());
    let overridden = verdict.overridden().map(|(finding, overridden)| Diagnostic {
        severity: Severity::Warning,
        message: format!("overridden: {}", finding.message),
        help: Some(format!("{}; the rule is {}", by(overridden), place(finding))),
        ..diagnostic(environment, finding)
    });
    standing.map(|finding| diagnostic(environment, finding)).chain(overridden).collect()
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
        help: Some(match finding.rule.as_str() {
            "" => format!("look at {}", place(finding)),
            _ => format!("the rule is {}", place(finding)),
        }),
        related: Vec::new(),
        // The rule says that it is about a secret.
        written: match finding.details.get("secret") {
            Some(serde_json::Value::Bool(true)) => Written::Hidden,
            _ => Written::Shown,
        },
    }
}

/// Why a first deploy waits for GitHub.
pub fn unknown_base() -> &'static str {
    "GitHub does not say which pull request this commit came with, and the policies changed lately: it is not known \
     which of them judge its first deploy. Nothing was done; it is tried again until GitHub answers."
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
                write_prints(&mut text, &test.prints);
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
                write_prints(&mut text, &test.prints);
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

/// What a test printed, for whoever wants to know why it failed.
fn write_prints(text: &mut String, prints: &[String]) {
    for line in prints {
        let _ = writeln!(text, "    {}", dim(&plain(line)));
    }
}
