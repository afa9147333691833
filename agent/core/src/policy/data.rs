use super::PolicyError;

/// Whether a path is a data file: `…/data/NAME.json` or `.toml`.
pub(super) fn is_data(path: &str) -> bool {
    let mut segments = path.rsplit('/');
    let name = segments.next().unwrap_or_default();
    segments.next() == Some("data") && (name.ends_with(".json") || name.ends_with(".toml"))
}

/// The name under `data` that a data file has: its own without the ending.
pub(super) fn name(path: &str) -> &str {
    let file = path.rsplit('/').next().unwrap_or(path);
    file.rsplit_once('.').map_or(file, |(stem, _)| stem)
}

/// The content of a data file.
pub(super) fn read(path: &str, text: &str) -> Result<serde_json::Value, PolicyError> {
    if path.ends_with(".json") {
        return serde_json::from_str(text).map_err(|error| PolicyError {
            file: path.to_owned(),
            line: u32::try_from(error.line()).unwrap_or(u32::MAX),
            column: u32::try_from(error.column()).unwrap_or(u32::MAX),
            message: format!("this is not JSON: {error}"),
            help: "correct the data file; policies read it as `data.NAME`".to_owned(),
        });
    }
    text.parse::<toml::Table>().map(|table| json(toml::Value::Table(table))).map_err(|error| {
        let (line, column) = place(text, error.span().map_or(0, |span| span.start));
        PolicyError {
            file: path.to_owned(),
            line,
            column,
            message: format!("this is not TOML: {}", error.message()),
            help: "correct the data file; policies read it as `data.NAME`".to_owned(),
        }
    })
}

/// Line and column of a byte, both from 1.
pub(super) fn place(text: &str, at: usize) -> (u32, u32) {
    let before = text.get(..at).unwrap_or_default();
    let count = |n: usize| u32::try_from(n + 1).unwrap_or(u32::MAX);
    let column = before.chars().rev().take_while(|c| *c != '\n').count();
    (count(before.matches('\n').count()), count(column))
}

/// Dates become text; numbers that JSON does not have become null.
fn json(value: toml::Value) -> serde_json::Value {
    match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(is) => is.into(),
        toml::Value::Datetime(date) => date.to_string().into(),
        toml::Value::Array(items) => items.into_iter().map(json).collect(),
        toml::Value::Table(table) => table.into_iter().map(|(k, v)| (k, json(v))).collect(),
    }
}
