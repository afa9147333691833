use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Field, Link, Spec, Tags, Text, field::number};

/// A CloudWatch alarm on one metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alarm {
    /// Unique in account and region.
    pub name: String,
    /// Which alarm of which environment it is.
    pub description: String,
    /// What is measured.
    pub metric: Metric,
    /// `GreaterThanThreshold` and so on, in AWS's words.
    pub comparison: String,
    /// What the metric is compared with.
    pub threshold: f64,
    /// Seconds over which one value is formed.
    pub period: u64,
    /// How many values are looked at.
    pub evaluations: u32,
    /// How many of these must breach.
    pub datapoints: u32,
    /// What a missing value counts as, in AWS's words.
    pub missing: String,
    /// What is told or done when it rings: ARNs of topics and scaling policies.
    pub actions: Vec<Link>,
    /// What else somebody made it do; we never do.
    pub other_actions: Vec<String>,
    /// Whether it does anything.
    pub enabled: bool,
    /// Its tags.
    pub tags: Tags,
}

/// A metric of CloudWatch's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// `AWS/ECS` and so on.
    pub namespace: String,
    /// Its name there.
    pub name: String,
    /// `Average`, `Sum`, `p95` and so on.
    pub statistic: String,
    /// What it is measured of.
    pub dimensions: BTreeMap<String, Text>,
}

impl Spec for Alarm {
    fn fields(&self) -> Vec<Field> {
        let Self {
            name,
            description,
            metric: Metric { namespace, name: metric, statistic, dimensions },
            comparison,
            threshold,
            period,
            evaluations,
            datapoints,
            missing,
            actions,
            other_actions,
            enabled,
            tags,
        } = self;
        // AWS keeps no order of them.
        let mut actions: Vec<Value> = actions.iter().map(Link::to_value).collect();
        actions.sort_by_key(Value::to_string);
        let mut fields = vec![
            Field::replace("name", name.clone()),
            Field::in_place("description", description.clone()),
            Field::in_place("namespace", namespace.clone()),
            Field::in_place("metric", metric.clone()),
            Field::in_place("statistic", statistic.clone()),
            Field::in_place("comparison", comparison.clone()),
            Field::in_place("threshold", number(*threshold)),
            Field::in_place("period", *period),
            Field::in_place("evaluations", *evaluations),
            Field::in_place("datapoints", *datapoints),
            Field::in_place("missing", missing.clone()),
            Field::in_place("actions", actions),
            Field::in_place("other_actions", other_actions.clone()),
            Field::in_place("enabled", *enabled),
        ];
        fields.extend(
            dimensions
                .iter()
                .map(|(name, value)| Field::in_place(format!("dimensions.{name}"), value.to_value())),
        );
        fields.extend(tags.fields());
        fields
    }

    fn links(&self) -> Vec<&Link> {
        self.metric.dimensions.values().flat_map(|value| &value.0).chain(&self.actions).collect()
    }

    fn links_mut(&mut self) -> Vec<&mut Link> {
        self.metric.dimensions.values_mut().flat_map(|value| &mut value.0).chain(&mut self.actions).collect()
    }

    fn name(&self) -> String {
        self.name.clone()
    }
}
