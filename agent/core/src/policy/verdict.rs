use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

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
    /// Whether nothing denies. Warnings allow; an excepted denial allows.
    pub fn is_allowed(&self) -> bool {
        self.denials().next().is_none()
    }

    /// What blocks.
    pub fn denials(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|f| f.effect == Effect::Deny && f.excepted.is_none())
    }

    /// What is shown and does not block, exceptions left out.
    pub fn warnings(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|f| f.effect == Effect::Warn && f.excepted.is_none())
    }

    /// What an `exception` rule took back.
    pub fn excepted(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|f| f.excepted.is_some())
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
    /// exception takes it back.
    Failure,
}

/// The `exception` rule that takes a finding back.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Excepted {
    /// The policy file.
    pub file: String,
    /// The line of its definition, from 1.
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
}
