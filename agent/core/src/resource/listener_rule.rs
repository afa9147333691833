use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Decider, Field, Link, Resource, Spec, Tags};
use crate::forecast::Consequence;

/// A listener's rule that forwards some requests to target groups.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListenerRule {
    /// The listener's ARN.
    pub listener: Link,
    /// Unique on the listener, 1 to 50,000; the lowest is asked first.
    pub priority: u32,
    /// Host headers, sorted; empty stands for every path.
    pub hosts: Vec<String>,
    /// Other headers that must have one of these values, by their names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Vec<String>>,
    /// Where traffic goes, one to five target groups, sorted. Empty when the
    /// rule does something else; where it is wanted so, it stays as it stands.
    pub forward: Vec<Forward>,
    /// Whether ECS moves the weights between these groups: only which groups
    /// they are is compared.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ecs_moves: bool,
    /// Seconds that whoever got to one of several groups stays with it, 1 to
    /// 604,800. AWS wants it on where the groups themselves are sticky.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stickiness: Option<u64>,
    /// Its tags.
    pub tags: Tags,
}

/// A target group, and how much of a rule's new traffic it gets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Forward {
    /// The target group's ARN.
    pub target_group: Link,
    /// Its part of the sum of all weights, 0 to 999.
    pub weight: u32,
}

impl Forward {
    /// Everything goes there: the weight of one group alone means nothing.
    pub fn all_to(target_group: Link) -> Vec<Self> {
        vec![Self { target_group, weight: 1 }]
    }
}

/// One group by its name; several with their weights.
fn shown(forward: &[Forward]) -> Value {
    match forward {
        [] => Value::Null,
        [only] => only.target_group.to_value(),
        several => several
            .iter()
            .map(|Forward { target_group, weight }| {
                let group = target_group.to_value().as_str().unwrap_or_default().to_owned();
                (group, Value::from(*weight))
            })
            .collect::<serde_json::Map<_, _>>()
            .into(),
    }
}

impl ListenerRule {
    /// To how many of its groups what lives leads people.
    pub fn led_by(&self, lives: &Resource) -> usize {
        let Resource::ListenerRule(lives) = lives else { return 0 };
        let is_led = |group: &Link| lives.forward.iter().any(|it| it.target_group == *group && it.weight > 0);
        self.forward.iter().filter(|it| is_led(&it.target_group)).count()
    }

    /// The same, leading to the one of these groups that it names; as it is
    /// where it names none of them. None where it names several: it is not
    /// known what each is to get.
    pub fn leading_to(&self, groups: &[Link]) -> Option<Self> {
        let mut rule = self.clone();
        let named = rule.forward.iter().filter(|it| groups.contains(&it.target_group)).count();
        if named == 1 {
            for forward in &mut rule.forward {
                forward.weight = u32::from(groups.contains(&forward.target_group));
            }
        }
        (named < 2).then_some(rule)
    }

    /// The same, with the weights that ECS gave to what stands, where they are
    /// ECS's: people stay where it led them.
    #[must_use]
    pub fn with_weights_of(&self, lives: &Resource) -> Self {
        let mut rule = self.clone();
        let is_led = self.led_by(lives) > 0;
        let Resource::ListenerRule(lives) = lives else { return rule };
        let weight_of =
            |group: &Link| lives.forward.iter().find(|it| it.target_group == *group).map(|it| it.weight);
        if rule.ecs_moves && is_led {
            for forward in &mut rule.forward {
                forward.weight = weight_of(&forward.target_group).unwrap_or_default();
            }
        }
        rule
    }
}

impl Spec for ListenerRule {
    fn fields(&self) -> Vec<Field> {
        let Self { listener, priority, hosts, headers, forward, ecs_moves, stickiness, tags } = self;
        let decider = match (forward.is_empty(), ecs_moves) {
            (true, _) => Decider::Aws,
            (false, true) => Decider::Ecs,
            (false, false) => Decider::File,
        };
        let traffic = |name: &str, value| Field::in_place(name, value).decided_by(decider.clone());
        let mut fields = vec![
            Field::replace("listener", listener.to_value()),
            Field::in_place("priority", *priority),
            // Whoever asks for a host that is gone is answered 404.
            Field::in_place("hosts", hosts.clone()).noticed_when_less(Consequence::Outage),
            traffic("target_group", shown(forward)),
            traffic("stickiness", stickiness.map_or(Value::Null, Value::from)),
        ];
        fields.extend(
            headers.iter().map(|(name, values)| Field::in_place(format!("headers.{name}"), values.clone())),
        );
        fields.extend(tags.fields());
        fields
    }

    fn links(&self) -> Vec<&Link> {
        let groups = self.forward.iter().map(|forward| &forward.target_group);
        std::iter::once(&self.listener).chain(groups).collect()
    }

    fn links_mut(&mut self) -> Vec<&mut Link> {
        let groups = self.forward.iter_mut().map(|forward| &mut forward.target_group);
        std::iter::once(&mut self.listener).chain(groups).collect()
    }

    fn name(&self) -> String {
        self.priority.to_string()
    }

    fn claim(&self) -> Option<String> {
        None
    }
}
