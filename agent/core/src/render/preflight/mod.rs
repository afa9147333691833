//! What preflight found: for terminals with the lines it is about, and as
//! plain text where a deploy stops.

mod backend;
mod capacity;
mod permissions;
mod places;
mod surroundings;

use std::fmt::Write;

use super::{paint::plain, words};
use crate::{
    environment::{Diagnostic, EnvironmentName},
    preflight::{Finding, Problem, Weight},
};

/// A finding in words, without full stops.
pub(super) struct Words {
    /// What is wrong.
    pub(super) what: String,
    /// Why, or what it would come to.
    pub(super) why: String,
    /// What to do.
    pub(super) next: String,
}

impl Words {
    pub(super) fn new(what: impl Into<String>, why: impl Into<String>, next: impl Into<String>) -> Self {
        Self { what: what.into(), why: why.into(), next: next.into() }
    }
}

/// A finding in words.
pub(super) fn words_of(environment: &EnvironmentName, about: &str, problem: &Problem) -> Words {
    backend::words(environment, problem)
        .or_else(|| surroundings::words(about, problem))
        .or_else(|| places::words(problem))
        .or_else(|| permissions::words(environment, problem))
        .or_else(|| capacity::words(problem))
        .unwrap_or_else(|| Words::new(problem.code(), "", ""))
}

/// Errors and warnings, each with its place in the file.
pub fn diagnostics(environment: &EnvironmentName, findings: &[Finding]) -> Vec<Diagnostic> {
    findings
        .iter()
        .filter_map(|Finding { about, weight, place, problem }| {
            let Words { what, why, next } = words_of(environment, about, problem);
            let code = problem.code();
            let message = if place.is_some() { what } else { format!("{what}: {why}") };
            let diagnostic = match weight {
                Weight::Error => Diagnostic::error(code, message),
                Weight::Warning => Diagnostic::warning(code, message),
                Weight::Note => return None,
            };
            Some(diagnostic.at(place.clone()).label(why).help(next))
        })
        .collect()
}

/// What could not be looked at, a line each.
pub fn notes(environment: &EnvironmentName, findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .filter(|finding| finding.weight == Weight::Note)
        .map(|Finding { about, weight: _, place: _, problem }| {
            let Words { what, why, next: _ } = words_of(environment, about, problem);
            plain(&format!("{about}: {what}: {why}"))
        })
        .collect()
}

/// What could not be looked at, for the end of a report; nothing when there is nothing.
pub fn not_looked_at(notes: &[String]) -> String {
    if notes.is_empty() {
        return String::new();
    }
    let lines: String = notes.iter().map(|note| format!("  {note}\n")).collect();
    format!("Not looked at:\n{lines}")
}

/// Findings as plain text, each in up to three lines; without a trailing line break.
pub fn text(environment: &EnvironmentName, findings: &[Finding]) -> String {
    let mut text = String::new();
    for Finding { about, weight, place, problem } in findings {
        let Words { what, why, next } = words_of(environment, about, problem);
        let sign = match weight {
            Weight::Error => "error",
            Weight::Warning => "warning",
            Weight::Note => "note",
        };
        let at = place.as_ref().map(|place| format!(" ({}:{})", place.file, place.line)).unwrap_or_default();
        let _ = writeln!(text, "- {sign}[{}] {about}{at}: {}", problem.code(), plain(&what));
        if !why.is_empty() {
            let _ = writeln!(text, "  {}", plain(&why));
        }
        if !next.is_empty() {
            let _ = writeln!(text, "  Next: {}", plain(&next));
        }
    }
    text.trim_end().to_owned()
}

/// What deserves a look before a deploy goes on; none when nothing does.
pub fn warnings(environment: &EnvironmentName, findings: &[Finding]) -> Option<String> {
    let warnings: Vec<Finding> =
        findings.iter().filter(|finding| finding.weight == Weight::Warning).cloned().collect();
    let found = words::count(warnings.len(), "warning", "warnings");
    (!warnings.is_empty()).then(|| format!("found {found}:\n{}", text(environment, &warnings)))
}

/// Why a deploy stopped before its first write.
pub fn unready(environment: &EnvironmentName, findings: &[Finding]) -> String {
    let errors = findings.iter().filter(|finding| finding.is_error()).count();
    let shown: Vec<Finding> =
        findings.iter().filter(|finding| finding.weight != Weight::Note).cloned().collect();
    format!(
        "{environment} cannot be deployed as it is: preflight found {}.\n{}\nNothing was written.\n\
         Next: put these right and run it again; `pointsman check --live {environment}` looks again without deploying.",
        words::count(errors, "error", "errors"),
        text(environment, &shown)
    )
}
