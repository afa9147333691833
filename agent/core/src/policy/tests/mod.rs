mod conventions;
mod dialogue;
mod failures;
mod overriding;
mod testing;

use std::collections::BTreeMap;

use serde_json::Value;

use super::{PolicySet, Verdict};

fn files(files: &[(&str, &str)]) -> BTreeMap<String, String> {
    files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

fn load(texts: &[(&str, &str)]) -> PolicySet {
    PolicySet::load(&files(texts)).unwrap_or_else(|errors| panic!("{errors:#?}"))
}

fn judge(text: &str, input: &Value) -> Verdict {
    load(&[("policies/a.rego", text)]).evaluate(input)
}

/// A verdict as people would read it, a line per finding.
fn lines(verdict: &Verdict) -> Vec<String> {
    verdict
        .findings
        .iter()
        .map(|f| {
            let path = f.path.as_ref().map(|path| format!(" ({path})")).unwrap_or_default();
            let excepted = f.excepted.as_ref().map(|e| format!(" except {}:{}", e.file, e.line));
            let effect = format!("{:?}", f.effect).to_lowercase();
            format!(
                "{effect} {}.{} {}:{}: {}{path}{}",
                f.package,
                f.rule,
                f.file,
                f.line,
                f.message,
                excepted.unwrap_or_default()
            )
        })
        .collect()
}
