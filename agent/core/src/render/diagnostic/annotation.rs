use serde::Serialize;

use super::{escaped, excerpt::end_of};
use crate::environment::{Diagnostic, Severity, Sources};

/// One annotation of a check run, in the words of GitHub's API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Annotation {
    /// The file.
    pub path: String,
    /// The first line, from 1.
    pub start_line: usize,
    /// The last line.
    pub end_line: usize,
    /// The first column; only where first and last line are one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_column: Option<usize>,
    /// The last column; only where first and last line are one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_column: Option<usize>,
    /// `failure` or `warning`.
    pub annotation_level: &'static str,
    /// At most 255 characters.
    pub title: String,
    /// What is wrong, and what to do.
    pub message: String,
}

/// Diagnostics that have a place, as annotations. GitHub takes 50 in a call.
pub fn annotations(diagnostics: &[Diagnostic], sources: &Sources) -> Vec<Annotation> {
    let annotation = |diagnostic: &Diagnostic| {
        let Diagnostic { code, severity, message, place, label: _, help, related: _, written: _ } =
            diagnostic;
        let place = place.as_ref()?;
        let (end_line, end_column) =
            sources.text(&place.file).map_or((place.line, place.column), |text| end_of(text, place));
        let one_line = end_line == place.line;
        let help = help.as_ref().map(|help| format!("\n{help}")).unwrap_or_default();
        Some(Annotation {
            path: place.file.clone(),
            start_line: place.line,
            end_line,
            start_column: one_line.then_some(place.column),
            end_column: one_line.then_some(end_column.max(place.column)),
            annotation_level: match severity {
                Severity::Error => "failure",
                Severity::Warning => "warning",
            },
            title: (*code).to_owned(),
            message: format!(
                "{}{}",
                escaped(message),
                help.split('\n').map(escaped).collect::<Vec<_>>().join("\n")
            ),
        })
    };
    diagnostics.iter().filter_map(annotation).collect()
}
