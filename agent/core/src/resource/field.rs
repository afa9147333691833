use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::forecast::{Consequence, Work};

/// What a change of a field costs.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// AWS changes it on the living object.
    InPlace,
    /// New tasks replace the old ones.
    Rollout,
    /// A new object is made, then the old one is deleted.
    Replace,
    /// AWS cannot, and neither can a replacement without losing something:
    /// the plan stops and says so.
    Impossible,
}

/// When people notice that AWS changes a field on the living object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noticed {
    /// Never.
    Never,
    /// Whenever it changes.
    Always(Consequence),
    /// When there is less of it: a lower number, an item fewer, nothing left.
    WhenLess(Consequence),
}

/// Who decides a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Decider {
    /// The file.
    File,
    /// AWS, where the file says nothing: never compared.
    Aws,
    /// An autoscaler, whatever the file says.
    Autoscaler,
    /// A rollout, which needs so much: more of it is left alone.
    Floor,
    /// A schedule, while what lives is one of these values: its own.
    Schedule(Vec<Value>),
    /// A rollout, which switches something off (`true`) and on again.
    Rollout,
    /// ECS, which moves weights between the same things.
    Ecs,
}

/// One field of an object: comparable, and what its change costs.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Dotted below the object: `health.path`, `environment.LOG_LEVEL`.
    pub name: String,
    /// What a change costs.
    pub rule: Rule,
    /// Its value; `Null` stands for absent.
    pub value: Value,
    /// Who decides it.
    pub decider: Decider,
    /// When people notice its change.
    pub noticed: Noticed,
    /// What takes AWS longer than its kind's other changes.
    pub takes: Option<Work>,
}

impl Field {
    /// A field with this rule.
    pub fn new(rule: Rule, name: impl Into<String>, value: impl Into<Value>) -> Self {
        Self {
            name: name.into(),
            rule,
            value: value.into(),
            decider: Decider::File,
            noticed: Noticed::Never,
            takes: None,
        }
    }

    /// A field that AWS changes on the living object.
    pub fn in_place(name: impl Into<String>, value: impl Into<Value>) -> Self {
        Self::new(Rule::InPlace, name, value)
    }

    /// A field that new tasks bring.
    pub fn rollout(name: impl Into<String>, value: impl Into<Value>) -> Self {
        Self::new(Rule::Rollout, name, value)
    }

    /// A field that needs a new object.
    pub fn replace(name: impl Into<String>, value: impl Into<Value>) -> Self {
        Self::new(Rule::Replace, name, value)
    }

    /// The same, noticed by people whenever AWS changes it.
    #[must_use]
    pub fn noticed(self, consequence: Consequence) -> Self {
        Self { noticed: Noticed::Always(consequence), ..self }
    }

    /// The same, noticed by people when there is less of it.
    #[must_use]
    pub fn noticed_when_less(self, consequence: Consequence) -> Self {
        Self { noticed: Noticed::WhenLess(consequence), ..self }
    }

    /// The same, when its change keeps AWS at work.
    #[must_use]
    pub fn takes(self, work: Work) -> Self {
        Self { takes: Some(work), ..self }
    }

    /// The same, decided by this one.
    #[must_use]
    pub fn decided_by(self, decider: Decider) -> Self {
        Self { decider, ..self }
    }

    /// Whether it stands for nothing: absent, empty.
    pub fn is_absent(&self) -> bool {
        self.value.is_null()
    }
}

/// A number as people write it: 70, not 70.0.
pub(super) fn number(value: f64) -> Value {
    #[allow(clippy::cast_possible_truncation, reason = "whole and small numbers only")]
    if value.fract() == 0.0 && value.abs() < 1e15 { Value::from(value as i64) } else { Value::from(value) }
}
