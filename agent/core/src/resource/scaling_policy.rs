use serde::{Deserialize, Serialize};

use super::{Field, Link, Spec, field::number};

/// What moves a service's number of tasks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScalingPolicy {
    /// Unique for its target.
    pub name: String,
    /// The scalable target.
    pub target: Link,
    /// How it decides.
    pub scaling: Scaling,
}

/// How a scaling policy decides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scaling {
    /// It keeps a metric near a value.
    Target {
        /// One of AWS's predefined metrics, in its words.
        metric: String,
        /// The value to keep.
        value: f64,
        /// Seconds after tasks were taken away.
        scale_in_cooldown: u64,
        /// Seconds after tasks were added.
        scale_out_cooldown: u64,
        /// Whether it takes tasks away at all.
        scale_in: bool,
    },
    /// It adds tasks each time that an alarm names it.
    Step {
        /// How many; none when it does anything else.
        tasks: Option<i32>,
        /// Seconds until it may add again.
        cooldown: u64,
    },
    /// Another kind that we never make.
    Other(String),
}

impl Spec for ScalingPolicy {
    fn fields(&self) -> Vec<Field> {
        let Self { name, target, scaling } = self;
        let mut fields =
            vec![Field::replace("name", name.clone()), Field::replace("target", target.to_value())];
        fields.extend(match scaling {
            Scaling::Target { metric, value, scale_in_cooldown, scale_out_cooldown, scale_in } => vec![
                Field::replace("type", "target tracking"),
                Field::in_place("metric", metric.clone()),
                Field::in_place("value", number(*value)),
                Field::in_place("scale_in_cooldown", *scale_in_cooldown),
                Field::in_place("scale_out_cooldown", *scale_out_cooldown),
                Field::in_place("scale_in", *scale_in),
            ],
            Scaling::Step { tasks, cooldown } => vec![
                Field::replace("type", "step"),
                Field::in_place("tasks", *tasks),
                Field::in_place("cooldown", *cooldown),
            ],
            Scaling::Other(kind) => vec![Field::replace("type", kind.clone())],
        });
        fields
    }

    fn links(&self) -> Vec<&Link> {
        vec![&self.target]
    }

    fn links_mut(&mut self) -> Vec<&mut Link> {
        vec![&mut self.target]
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    /// Its target tells it apart.
    fn claim(&self) -> Option<String> {
        None
    }
}
