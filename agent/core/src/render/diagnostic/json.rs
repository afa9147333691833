use serde::Serialize;

use crate::environment::{Diagnostic, Reading};

/// The report's form; raised when a field changes its meaning or goes.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Report<'r> {
    version: u32,
    errors: usize,
    warnings: usize,
    environments: Vec<Checked<'r>>,
    diagnostics: &'r [Diagnostic],
}

#[derive(Serialize)]
struct Checked<'r> {
    name: &'r str,
    ok: bool,
    files: &'r [String],
}

/// A reading for machines:
///
/// ```json
/// {
///   "version": 1,
///   "errors": 1,
///   "warnings": 0,
///   "environments": [{ "name": "production/web", "ok": false, "files": ["environments/production/web.toml"] }],
///   "diagnostics": [{
///     "code": "unknown-key",
///     "severity": "error",
///     "message": "unknown key `memroy` in `[service.web]`",
///     "place": { "file": "environments/production/web.toml", "start": 120, "end": 126, "line": 9, "column": 1 },
///     "label": "not known here",
///     "help": "did you mean `memory`?",
///     "related": []
///   }]
/// }
/// ```
///
/// `place`, `label` and `help` may be null. `start` and `end` are bytes, `line`
/// and `column` (in characters) begin at 1. `related` holds pairs of a place
/// and a text.
pub fn json(reading: &Reading) -> serde_json::Value {
    let errors = reading.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    let sound = reading.environments.iter().map(|environment| Checked {
        name: environment.name.as_str(),
        ok: true,
        files: &environment.files,
    });
    let broken = reading.broken.iter().map(|broken| Checked {
        name: broken.name.as_str(),
        ok: false,
        files: &broken.files,
    });
    let mut environments: Vec<Checked<'_>> = sound.chain(broken).collect();
    environments.sort_by_key(|checked| checked.name);
    let report = Report {
        version: VERSION,
        errors,
        warnings: reading.diagnostics.len() - errors,
        environments,
        diagnostics: &reading.diagnostics,
    };
    serde_json::to_value(report).unwrap_or_default()
}
