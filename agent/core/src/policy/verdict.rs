use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Asked, PolicyError};

/// What every policy said about one input.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Verdict {
    /// Denials first, then by package, rule and place.
    pub findings: Vec<Finding>,
    /// Every rule that was asked, in the same order: what had nothing to say
    /// is visible too.
    pub rules: Vec<JudgedRule>,
}

impl Verdict {
    /// The denial when no rule could be asked: `message` says why, `file` is
    /// where to look, from its line on.
    pub fn denial(file: &str, line: u32, message: String) -> Self {
        let finding = Finding {
            effect: Effect::Deny,
            cause: Cause::Failure,
            package: String::new(),
            rule: String::new(),
            message,
            path: None,
            details: BTreeMap::new(),
            file: file.to_owned(),
            line,
            excepted: None,
            overridden: None,
        };
        Self { findings: vec![finding], rules: Vec::new() }
    }

    /// The same, when it was this rule that could not be asked.
    pub fn denial_of(asked: &Asked, message: String) -> Self {
        let Asked { package, rule, file, line } = asked;
        let mut verdict = Self::denial(file, *line, message);
        for finding in &mut verdict.findings {
            finding.package.clone_from(package);
            finding.rule.clone_from(rule);
        }
        verdict
    }

    /// The denials when the policies themselves are wrong.
    pub fn of_errors(errors: &[PolicyError]) -> Self {
        let each = |error: &PolicyError| {
            let PolicyError { file, line, column: _, message, help } = error;
            Self::denial(file, *line, format!("the policies cannot be used: {message}; {help}"))
        };
        Self { findings: errors.iter().flat_map(|error| each(error).findings).collect(), rules: Vec::new() }
    }

    /// Whether nothing denies. Warnings allow; a denial that is excepted or
    /// overridden allows.
    pub fn is_allowed(&self) -> bool {
        self.denials().next().is_none()
    }

    /// What blocks.
    pub fn denials(&self) -> impl Iterator<Item = &Finding> {
        self.standing(Effect::Deny)
    }

    /// What is shown and does not block, what was taken back left out.
    pub fn warnings(&self) -> impl Iterator<Item = &Finding> {
        self.standing(Effect::Warn)
    }

    /// What an `exception` rule took back.
    pub fn excepted(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|f| f.excepted.is_some())
    }

    /// What somebody took the responsibility for.
    pub fn overridden(&self) -> impl Iterator<Item = (&Finding, &Overridden)> {
        self.findings.iter().filter_map(|f| Some((f, f.overridden.as_ref()?)))
    }

    fn standing(&self, effect: Effect) -> impl Iterator<Item = &Finding> {
        let stands = move |f: &&Finding| f.effect == effect && f.excepted.is_none() && f.overridden.is_none();
        self.findings.iter().filter(stands)
    }

    pub(super) fn sort(&mut self) {
        self.findings.sort_by(|a, b| a.order().cmp(&b.order()));
        self.findings.dedup();
        self.rules.sort();
    }
}

/// One message of one rule, or one failure to hear a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Finding {
    /// Whether it blocks.
    pub effect: Effect,
    /// Who speaks: the rule itself, or the agent because the rule failed.
    pub cause: Cause,
    /// The rule's package, without `data.`.
    pub package: String,
    /// The rule's name, such as `deny` or `warn_size`; empty when none is
    /// known.
    pub rule: String,
    /// The sentence for people. Written by others: escape it when printing.
    pub message: String,
    /// The dotted path in the environment that it is about, when the rule
    /// gives one: `service.web.image`.
    pub path: Option<String>,
    /// What else the rule gave beside `msg` and `path`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub details: BTreeMap<String, serde_json::Value>,
    /// The policy file.
    pub file: String,
    /// The line of the rule's definition, from 1.
    pub line: u32,
    /// The exception that takes it back, if any.
    pub excepted: Option<Excepted>,
    /// Who took the responsibility for it, if anybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overridden: Option<Overridden>,
}

impl Finding {
    fn order(&self) -> impl Ord + '_ {
        (self.effect, &self.package, &self.rule, &self.file, self.line, &self.path, &self.message)
    }
}

/// What a rule's message does.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Blocks.
    Deny,
    /// Is shown.
    Warn,
}

/// Who speaks in a finding.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The rule's own message.
    Policy,
    /// The rule could not be heard: an error, a limit, a wrong shape. No
    /// exception and no override takes it back.
    Failure,
    /// An override has run out.
    Override,
}

/// The `exception` rule that takes a finding back.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Excepted {
    /// The policy file.
    pub file: String,
    /// The line of its definition, from 1.
    pub line: u32,
}

/// The override that takes a finding back: an entry of `data/overrides.toml`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Overridden {
    /// Who takes the responsibility.
    pub who: String,
    /// In which role.
    pub role: String,
    /// Why.
    pub reason: String,
    /// The last day on which it counts, in UTC: `2031-02-03`.
    pub until: String,
    /// The overrides file.
    pub file: String,
    /// The entry's line, from 1.
    pub line: u32,
}

/// A rule that was asked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
pub struct JudgedRule {
    /// Whether its messages block.
    pub effect: Effect,
    /// Its package, without `data.`.
    pub package: String,
    /// Its name.
    pub rule: String,
    /// The file of its first definition.
    pub file: String,
    /// The line of its first definition, from 1.
    pub line: u32,
    /// How many messages it had.
    pub messages: usize,
    /// What came of asking it.
    #[serde(default)]
    pub heard: Heard,
}

/// What came of asking a rule.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Heard {
    /// It has nothing to say.
    #[default]
    Silent,
    /// None of its definitions holds; for most rules the same as silence.
    Undefined,
    /// It has something to say.
    Spoke,
    /// It could not be evaluated.
    Failed,
    /// Another took too long before its turn came.
    NotAsked,
}
