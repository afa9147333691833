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

/// CloudWatch may have a period's value so many periods after its end.
const LATE: u64 = 2;

impl Alarm {
    /// How far back CloudWatch looks, milliseconds.
    pub fn looks_back_ms(&self) -> u64 {
        (u64::from(self.evaluations).saturating_add(LATE)).saturating_mul(self.period).saturating_mul(1_000)
    }

    /// Whether it would ring for these values, each with the beginning of its
    /// period (Unix milliseconds): enough of the newest breach. A period that did
    /// not end, or began before `since_ms`, says nothing; nor does one without a
    /// value, whatever the alarm takes that for.
    pub fn would_ring(&self, values: &[(u64, f64)], since_ms: u64, now_ms: u64) -> bool {
        let since_ms = since_ms.max(now_ms.saturating_sub(self.looks_back_ms()));
        let ends = |at: u64| at.saturating_add(self.period.saturating_mul(1_000));
        let mut counts: Vec<&(u64, f64)> =
            values.iter().filter(|(at, _)| *at >= since_ms && ends(*at) <= now_ms).collect();
        counts.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        let newest = counts.iter().take(usize::try_from(self.evaluations).unwrap_or(usize::MAX));
        let breach = newest.filter(|(_, value)| self.breaches(*value)).count();
        breach >= usize::try_from(self.datapoints.max(1)).unwrap_or(usize::MAX)
    }

    fn breaches(&self, value: f64) -> bool {
        match self.comparison.as_str() {
            "GreaterThanThreshold" => value > self.threshold,
            "GreaterThanOrEqualToThreshold" => value >= self.threshold,
            "LessThanThreshold" => value < self.threshold,
            "LessThanOrEqualToThreshold" => value <= self.threshold,
            // Of a band that is learnt, one value says nothing.
            _ => false,
        }
    }
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

#[cfg(test)]
mod tests {
    use super::{Alarm, Metric};
    use crate::resource::Tags;

    const MINUTE: u64 = 60_000;

    /// Rings above 80, when two of three minutes are.
    fn busy() -> Alarm {
        Alarm {
            name: "busy".to_owned(),
            description: String::new(),
            metric: Metric {
                namespace: "AWS/ECS".to_owned(),
                name: "CPUUtilization".to_owned(),
                statistic: "Average".to_owned(),
                dimensions: std::collections::BTreeMap::new(),
            },
            comparison: "GreaterThanThreshold".to_owned(),
            threshold: 80.0,
            period: 60,
            evaluations: 3,
            datapoints: 2,
            missing: "missing".to_owned(),
            actions: Vec::new(),
            other_actions: Vec::new(),
            enabled: true,
            tags: Tags::default(),
        }
    }

    /// One value each minute, from the tenth on.
    fn rings(alarm: &Alarm, values: &[f64], since: u64, now: u64) -> bool {
        let values: Vec<(u64, f64)> =
            (10..).zip(values).map(|(minute, value)| (minute * MINUTE, *value)).collect();
        alarm.would_ring(&values, since * MINUTE, now * MINUTE)
    }

    #[test]
    fn enough_of_the_newest_values_must_breach() {
        let busy = busy();
        assert!(rings(&busy, &[90.0, 10.0, 90.0], 0, 13));
        assert!(!rings(&busy, &[90.0, 10.0, 80.0], 0, 13), "80 is not above 80");
        assert!(!rings(&busy, &[90.0, 90.0, 10.0, 10.0, 10.0], 0, 15), "it is over");
        assert!(rings(&busy, &[90.0, 90.0], 0, 14), "the newest two may be late");
        assert!(!rings(&busy, &[90.0, 90.0], 0, 60), "that is an hour ago");
        assert!(!rings(&busy, &[], 0, 13), "nothing measured rings nothing");
        let low = Alarm { comparison: "LessThanThreshold".to_owned(), ..busy };
        assert!(rings(&low, &[79.0, 80.0, 79.0], 0, 13));
    }

    #[test]
    fn a_period_counts_once_it_is_over_and_began_with_traffic() {
        let busy = busy();
        assert!(!rings(&busy, &[10.0, 90.0, 90.0], 0, 12), "the third minute is not over");
        assert!(!rings(&busy, &[90.0, 90.0, 10.0], 11, 13), "the first was before");
        assert!(rings(&busy, &[10.0, 90.0, 90.0], 11, 13));
    }
}
