use std::collections::BTreeMap;

use regorus::unstable::{Expr, Module, Ref, Rule, RuleHead};

use super::{Asked, Effect, phrases};

/// A rule that judges: all definitions of one name in one package.
#[derive(Clone, Debug)]
pub(super) struct JudgingRule {
    pub(super) package: String,
    pub(super) name: String,
    pub(super) kind: RuleKind,
    /// In the order of the files, at least one.
    pub(super) definitions: Vec<Definition>,
}

/// What a rule's name makes of its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RuleKind {
    Judges(Effect),
    Excepts,
}

/// One `deny contains … if { … }`.
#[derive(Clone, Debug)]
pub(super) struct Definition {
    pub(super) module: Ref<Module>,
    pub(super) rule: Ref<Rule>,
    pub(super) file: String,
    pub(super) line: u32,
    /// What its messages may say, as far as it is constant.
    pub(super) phrases: Vec<String>,
}

impl JudgingRule {
    /// The name under which the interpreter evaluates it.
    pub(super) fn path(&self) -> String {
        format!("data.{}.{}", self.package, self.name)
    }

    /// Its package and name.
    pub(super) fn who(&self) -> (String, String) {
        (self.package.clone(), self.name.clone())
    }

    /// It and where it is defined first.
    pub(super) fn asked(&self) -> Option<Asked> {
        let Definition { module: _, rule: _, file, line, phrases: _ } = self.definitions.first()?;
        Some(Asked {
            package: self.package.clone(),
            rule: self.name.clone(),
            file: file.clone(),
            line: *line,
        })
    }

    /// Where its value is in the data document.
    pub(super) fn components(&self) -> Vec<String> {
        let first = self.definitions.first();
        let mut path = first.map(|d| components(&d.module.package.refr)).unwrap_or_default();
        path.push(self.name.clone());
        path
    }

    /// What an exception calls it: `size` for `deny_size`, nothing for `deny`.
    pub(super) fn exception_name(&self) -> &str {
        let rest = ["deny", "violation", "warn"]
            .iter()
            .find_map(|prefix| self.name.strip_prefix(prefix))
            .unwrap_or(&self.name);
        rest.strip_prefix('_').unwrap_or(rest)
    }
}

/// The rules of these modules that judge or except, by package and name.
pub(super) fn judging_rules(modules: &[Ref<Module>]) -> Vec<JudgingRule> {
    let mut rules: BTreeMap<(String, String), JudgingRule> = BTreeMap::new();
    for module in modules {
        let package = module.package.refr.span().text().to_owned();
        for rule in &module.policy {
            let Some((name, line)) = name_and_line(rule) else { continue };
            let Some(kind) = kind(&name) else { continue };
            let file = rule.span().source.file().clone();
            let phrases = phrases::phrases(rule.span().text());
            let definition = Definition { module: module.clone(), rule: rule.clone(), file, line, phrases };
            rules
                .entry((package.clone(), name.clone()))
                .or_insert_with(|| JudgingRule {
                    package: package.clone(),
                    name,
                    kind,
                    definitions: Vec::new(),
                })
                .definitions
                .push(definition);
        }
    }
    rules.into_values().collect()
}

/// The package and the name of the rule around a line; no name where there is
/// none, or it is a function.
pub(super) fn around(modules: &[Ref<Module>], file: &str, line: u32) -> (String, String) {
    let Some(module) = modules.iter().find(|m| m.package.span.source.file() == file) else {
        return (String::new(), String::new());
    };
    let rule = module.policy.iter().rfind(|rule| rule.span().line <= line);
    let name = rule.and_then(|rule| name_and_line(rule)).map(|(name, _)| name);
    (module.package.refr.span().text().to_owned(), name.unwrap_or_default())
}

/// The name of a rule and the line that defines it; nothing for functions.
pub(super) fn name_and_line(rule: &Rule) -> Option<(String, u32)> {
    let refr = match rule {
        Rule::Spec { head: RuleHead::Compr { refr, .. } | RuleHead::Set { refr, .. }, .. } => refr,
        Rule::Default { refr, args, .. } if args.is_empty() => refr,
        Rule::Spec { head: RuleHead::Func { .. }, .. } | Rule::Default { .. } => return None,
    };
    components(refr).into_iter().next().map(|name| (name, refr.span().line))
}

/// Conftest's names: `deny`, `violation`, `warn`, each also with `_suffix`.
fn kind(name: &str) -> Option<RuleKind> {
    let (first, rest) = name.split_once('_').unwrap_or((name, "x"));
    let suffix =
        rest.split('_').all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric()));
    match first {
        "deny" | "violation" if suffix => Some(RuleKind::Judges(Effect::Deny)),
        "warn" if suffix => Some(RuleKind::Judges(Effect::Warn)),
        "exception" if name == "exception" => Some(RuleKind::Excepts),
        _ => None,
    }
}

/// `a.b["c-d"]` as its parts, as far as they are constant.
fn components(refr: &Expr) -> Vec<String> {
    let mut path = Vec::new();
    let mut at = refr;
    loop {
        at = match at {
            Expr::RefDot { refr, field, .. } => {
                path.push(field.0.text().to_owned());
                refr
            }
            Expr::RefBrack { refr, index, .. } => {
                match index.as_ref() {
                    Expr::String { value, .. } | Expr::RawString { value, .. } => {
                        path.extend(value.as_string().ok().map(ToString::to_string));
                    }
                    _ => path.clear(),
                }
                refr
            }
            other => {
                path.push(other.span().text().to_owned());
                path.reverse();
                return path;
            }
        };
    }
}
