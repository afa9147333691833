//! `data/overrides.toml`: who takes responsibility for what one rule says of
//! one environment, why, and until when. It takes effect from the branch that
//! judges, so no change overrides for itself.

use serde::Deserialize;
use toml::{Spanned, value::Datetime};

use super::{
    Cause, Effect, Finding, Overridden, PolicyError, Verdict,
    data::{self, place},
    rule::{JudgingRule, RuleKind},
};

/// One entry, read and checked.
#[derive(Clone, Debug)]
pub(super) struct Override {
    /// `package.rule`.
    rule: String,
    environment: String,
    path: Option<String>,
    told: Overridden,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default, rename = "override")]
    entries: Vec<Spanned<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    rule: String,
    environment: String,
    path: Option<String>,
    who: String,
    role: String,
    reason: String,
    until: Datetime,
}

const HELP: &str = "an entry is `[[override]]` with `rule` (`package.rule`), `environment`, `who`, `role`, `reason`, `until` (a date: 2031-02-03) and, if it is about one value only, `path`";

/// Whether a path is the overrides file, with whatever ending.
pub(super) fn is_file(path: &str) -> bool {
    data::is_data(path) && data::name(path) == "overrides"
}

/// The entries of the file; `rules` are those that can be overridden.
pub(super) fn read(path: &str, text: &str, rules: &[JudgingRule]) -> Result<Vec<Override>, Vec<PolicyError>> {
    let refused = |at: Option<usize>, message: String| {
        let (line, column) = at.map_or((0, 0), |at| place(text, at));
        PolicyError { file: path.to_owned(), line, column, message, help: HELP.to_owned() }
    };
    if !path.ends_with(".toml") {
        return Err(vec![refused(None, "overrides are written in TOML".to_owned())]);
    }
    let file: File = toml::from_str(text).map_err(|error| {
        let at = error.span().map(|span| span.start);
        vec![refused(at, format!("this is no list of overrides: {}", error.message()))]
    })?;
    let mut overrides = Vec::new();
    let mut errors = Vec::new();
    for entry in file.entries {
        let start = entry.span().start;
        let Entry { rule, environment, path: about, who, role, reason, until } = entry.into_inner();
        let empty = [("who", &who), ("role", &role), ("reason", &reason), ("environment", &environment)]
            .into_iter()
            .find(|(_, value)| value.trim().is_empty());
        let is_known = rules.iter().any(|known| {
            matches!(known.kind, RuleKind::Judges(_)) && format!("{}.{}", known.package, known.name) == rule
        });
        let Datetime { date, time, offset } = until;
        let problem = match (empty, date, time.is_some() || offset.is_some()) {
            (Some((key, _)), _, _) => Some(format!("`{key}` says nothing")),
            (_, None, _) | (_, _, true) => Some("`until` is not a day".to_owned()),
            _ if !is_known => Some(format!("there is no rule `{rule}`")),
            _ => None,
        };
        if let Some(problem) = problem {
            errors.push(refused(Some(start), problem));
            continue;
        }
        let until = date.map(|date| date.to_string()).unwrap_or_default();
        let (line, _) = place(text, start);
        let told = Overridden { who, role, reason, until, file: path.to_owned(), line };
        overrides.push(Override { rule, environment, path: about, told });
    }
    if errors.is_empty() { Ok(overrides) } else { Err(errors) }
}

/// Marks what is overridden, and tells which overrides of this environment have
/// run out. Failures are never overridden.
pub(super) fn apply(overrides: &[Override], environment: &str, now: &str, verdict: &mut Verdict) {
    // Without a date every override has run out.
    let today = now.get(..10).unwrap_or("9999-12-31");
    for Override { rule, environment: _, path, told } in
        overrides.iter().filter(|one| one.environment == environment)
    {
        if told.until.as_str() < today {
            verdict.findings.push(run_out(rule, told));
            continue;
        }
        for finding in verdict.findings.iter_mut().filter(|finding| finding.cause == Cause::Policy) {
            let is_meant = format!("{}.{}", finding.package, finding.rule) == *rule
                && (path.is_none() || *path == finding.path);
            if is_meant && finding.overridden.is_none() {
                finding.overridden = Some(told.clone());
            }
        }
    }
}

fn run_out(rule: &str, told: &Overridden) -> Finding {
    let Overridden { who, role, reason: _, until, file, line } = told;
    Finding {
        effect: Effect::Warn,
        cause: Cause::Override,
        package: String::new(),
        rule: String::new(),
        message: format!(
            "the override of `{rule}` by {who} ({role}) ended on {until}; renew it in a change of its own, or remove it"
        ),
        path: None,
        details: std::collections::BTreeMap::new(),
        file: file.clone(),
        line: *line,
        excepted: None,
        overridden: None,
    }
}
