use std::{ops::Range, path::Path};

/// One thing that is wrong in `pointsman.toml`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}\n  help: {help}", self.place())]
pub struct ConfigError {
    /// The file as it was named.
    pub file: String,
    /// From 1; 0 when the file itself is meant.
    pub line: usize,
    /// From 1, in characters; 0 when the file itself is meant.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

impl ConfigError {
    fn place(&self) -> String {
        let Self { file, line, column, message: _, help: _ } = self;
        if *line == 0 { file.clone() } else { format!("{file}:{line}:{column}") }
    }
}

/// The text that is read, to say where in it something is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'t> {
    pub(super) file: &'t Path,
    pub(super) text: &'t str,
}

impl Text<'_> {
    /// An error at a stretch of bytes; about the whole file without one.
    pub(super) fn error(
        &self,
        span: Option<Range<usize>>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> ConfigError {
        let (line, column) = span.map_or((0, 0), |span| self.position(span.start));
        let file = self.file.display().to_string();
        ConfigError { file, line, column, message: message.into(), help: help.into() }
    }

    /// An error of the TOML reader, with help that fits it.
    pub(super) fn toml_error(&self, section: &str, error: &toml::de::Error) -> ConfigError {
        let message = error.message().lines().next().unwrap_or_default();
        let (message, help) = if let Some(rest) = message.strip_prefix("unknown field `") {
            let (key, known) = rest.split_once('`').unwrap_or((rest, ""));
            let known = quoted(known);
            (format!("[{section}] has no key `{key}`"), suggestion(key, &known))
        } else if let Some(rest) = message.strip_prefix("unknown variant `") {
            let (word, known) = rest.split_once('`').unwrap_or((rest, ""));
            (format!("[{section}] `{word}` is none of the known words"), suggestion(word, &quoted(known)))
        } else if let Some(rest) = message.strip_prefix("missing field `") {
            let key = rest.trim_end_matches('`');
            (format!("[{section}] lacks `{key}`"), format!("write `{key} = …` under [{section}]"))
        } else {
            (format!("[{section}] {message}"), "correct the value".to_owned())
        };
        self.error(error.span(), message, help)
    }

    fn position(&self, at: usize) -> (usize, usize) {
        let mut at = at.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        let before = &self.text[..at];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (line, column)
    }
}

/// The words between backticks.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// What was probably meant, or everything that could be.
pub(super) fn suggestion(word: &str, known: &[&str]) -> String {
    let near = known
        .iter()
        .map(|candidate| (strsim::jaro_winkler(word, candidate), candidate))
        .filter(|(nearness, _)| *nearness > 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b));
    match near {
        Some((_, candidate)) => format!("did you mean `{candidate}`?"),
        None => format!("known here: {}", known.join(", ")),
    }
}
