use serde::{Deserialize, Serialize};

use super::{Field, Link, Spec};

/// Other bounds for a service's number of tasks, from a time on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScheduledAction {
    /// Unique for its target.
    pub name: String,
    /// The scalable target.
    pub target: Link,
    /// `cron(…)` in AWS's six fields.
    pub schedule: String,
    /// The time zone of the schedule; none is UTC.
    pub timezone: Option<String>,
    /// Never fewer from then on.
    pub min: Option<u32>,
    /// Never more from then on.
    pub max: Option<u32>,
    /// A first or a last day that somebody gave it; we never do.
    pub limits: Option<String>,
}

impl Spec for ScheduledAction {
    fn fields(&self) -> Vec<Field> {
        let Self { name, target, schedule, timezone, min, max, limits } = self;
        vec![
            Field::replace("name", name.clone()),
            Field::replace("target", target.to_value()),
            Field::in_place("schedule", schedule.clone()),
            Field::in_place("timezone", timezone.clone()),
            Field::in_place("min", *min),
            Field::in_place("max", *max),
            Field::in_place("limits", limits.clone()),
        ]
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
