use serde::{Deserialize, Serialize};

use super::{Field, Link, Spec, Tags};
use crate::forecast::Consequence;

/// A listener's rule that forwards some hosts to one target group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListenerRule {
    /// The listener's ARN.
    pub listener: Link,
    /// Unique on the listener, 1 to 50,000; the lowest is asked first.
    pub priority: u32,
    /// Host headers, sorted; empty stands for every path.
    pub hosts: Vec<String>,
    /// The target group's ARN; all traffic goes there. `None` when the rule
    /// does something else.
    pub target_group: Option<Link>,
    /// Its tags.
    pub tags: Tags,
}

impl Spec for ListenerRule {
    fn fields(&self) -> Vec<Field> {
        let Self { listener, priority, hosts, target_group, tags } = self;
        let mut fields = vec![
            Field::replace("listener", listener.to_value()),
            Field::in_place("priority", *priority),
            // Whoever asks for a host that is gone is answered 404.
            Field::in_place("hosts", hosts.clone()).noticed_when_less(Consequence::Outage),
            Field::in_place("target_group", target_group.as_ref().map(Link::to_value)),
        ];
        fields.extend(tags.fields());
        fields
    }

    fn links(&self) -> Vec<&Link> {
        std::iter::once(&self.listener).chain(&self.target_group).collect()
    }

    fn links_mut(&mut self) -> Vec<&mut Link> {
        std::iter::once(&mut self.listener).chain(&mut self.target_group).collect()
    }

    fn name(&self) -> String {
        self.priority.to_string()
    }

    fn claim(&self) -> Option<String> {
        None
    }
}
