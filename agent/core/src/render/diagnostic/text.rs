use std::{collections::BTreeMap, fmt::Write, ops::Range};

use super::{escaped, excerpt::excerpt};
use crate::environment::{Diagnostic, Place, Severity, Sources, Written};

/// Whether terminals' colours are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// Plain text.
    Never,
    /// ANSI escape sequences.
    Always,
}

const BOLD: &str = "1";
const RED: &str = "1;31";
const YELLOW: &str = "1;33";
const BLUE: &str = "1;34";
const CYAN: &str = "1;36";

/// Diagnostics for a terminal: each with its place, the line it is about, and
/// what to do; a count at the end. Nothing at all when there are none.
pub fn text(diagnostics: &[Diagnostic], sources: &Sources, colour: Colour) -> String {
    let mut hidden: BTreeMap<&str, Vec<Range<usize>>> = BTreeMap::new();
    for place in
        diagnostics.iter().filter(|one| one.written == Written::Hidden).filter_map(|one| one.place.as_ref())
    {
        hidden.entry(&place.file).or_default().push(place.start..place.end);
    }
    let mut page = Page { sources, hidden, colour, out: String::new() };
    for diagnostic in diagnostics {
        page.diagnostic(diagnostic);
    }
    page.count(diagnostics);
    page.out
}

/// How a place is pointed at.
#[derive(Clone, Copy)]
struct Arrow<'a> {
    head: &'a str,
    mark: &'a str,
    style: &'a str,
}

struct Page<'s> {
    sources: &'s Sources,
    /// What is shown in no line of a file, whichever diagnostic it is about.
    hidden: BTreeMap<&'s str, Vec<Range<usize>>>,
    colour: Colour,
    out: String,
}

impl Page<'_> {
    fn paint(&self, style: &str, text: &str) -> String {
        match self.colour {
            Colour::Never => text.to_owned(),
            Colour::Always => format!("\u{1b}[{style}m{text}\u{1b}[0m"),
        }
    }

    fn line(&mut self, line: &str) {
        self.out.push_str(line.trim_end());
        self.out.push('\n');
    }

    fn diagnostic(&mut self, diagnostic: &Diagnostic) {
        let Diagnostic { code, severity, message, place, label, help, related, written: _ } = diagnostic;
        let style = match severity {
            Severity::Error => RED,
            Severity::Warning => YELLOW,
        };
        let head = self.paint(style, &format!("{}[{code}]", severity.as_str()));
        let message = self.paint(BOLD, &escaped(message));
        self.line(&format!("{head}: {message}"));

        let margin = place
            .iter()
            .chain(related.iter().map(|(place, _)| place))
            .map(|place| place.line.to_string().len())
            .max()
            .unwrap_or(1);
        if let Some(place) = place {
            let arrow = Arrow { head: "-->", mark: "^", style };
            self.place(place, &arrow, margin, label.as_deref());
        }
        for (place, text) in related {
            let arrow = Arrow { head: ":::", mark: "-", style: BLUE };
            self.place(place, &arrow, margin, Some(text));
        }
        if let Some(help) = help {
            let word = self.paint(CYAN, "help");
            let bar = self.paint(BLUE, "=");
            self.line(&format!("{:margin$} {bar} {word}: {}", "", escaped(help)));
        }
        self.out.push('\n');
    }

    fn place(&mut self, place: &Place, arrow: &Arrow<'_>, margin: usize, label: Option<&str>) {
        let Arrow { head, mark, style } = *arrow;
        let arrow = self.paint(BLUE, head);
        self.line(&format!("{:margin$}{arrow} {}:{}:{}", "", escaped(&place.file), place.line, place.column));
        let label = label.map(escaped).unwrap_or_default();
        let hidden = self.hidden.get(place.file.as_str()).map_or(&[][..], Vec::as_slice);
        let excerpt = self.sources.text(&place.file).and_then(|text| excerpt(text, place, hidden));
        let bar = self.paint(BLUE, "|");
        let Some(excerpt) = excerpt else {
            if !label.is_empty() {
                self.line(&format!("{:margin$} {bar} {}", "", self.paint(style, &label)));
            }
            return;
        };
        let number = self.paint(BLUE, &format!("{:>margin$}", place.line));
        self.line(&format!("{:margin$} {bar}", ""));
        self.line(&format!("{number} {bar} {}", excerpt.line));
        let marks = self.paint(style, &format!("{} {label}", mark.repeat(excerpt.length)));
        self.line(
            &format!("{:margin$} {bar} {:indent$}{marks}", "", "", indent = excerpt.indent)
                .replace(" \u{1b}[0m", "\u{1b}[0m"),
        );
    }

    fn count(&mut self, diagnostics: &[Diagnostic]) {
        if diagnostics.is_empty() {
            return;
        }
        let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
        let warnings = diagnostics.len() - errors;
        let counted = |count: usize, word: &str| match count {
            1 => format!("1 {word}"),
            count => format!("{count} {word}s"),
        };
        let both = match (errors, warnings) {
            (errors, 0) => counted(errors, "error"),
            (0, warnings) => counted(warnings, "warning"),
            (errors, warnings) => format!("{}, {}", counted(errors, "error"), counted(warnings, "warning")),
        };
        let _ = writeln!(self.out, "{}", self.paint(BOLD, &both));
    }
}
