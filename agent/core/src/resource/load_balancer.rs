use serde::{Deserialize, Serialize};

use super::{Field, Link, Spec, Tags};

/// An application load balancer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoadBalancer {
    /// Unique in account and region; at most 32 characters.
    pub name: String,
    /// `internal` or `internet-facing`.
    pub scheme: String,
    /// Subnet ids, sorted; at least two zones.
    pub subnets: Vec<String>,
    /// Security groups, sorted.
    pub security_groups: Vec<Link>,
    /// Seconds that an idle connection is kept.
    pub idle_timeout: u64,
    /// Whether AWS refuses to delete it.
    pub deletion_protection: bool,
    /// Whether header fields that are not valid are dropped.
    pub drop_invalid_headers: bool,
    /// Its tags.
    pub tags: Tags,
}

impl Spec for LoadBalancer {
    fn fields(&self) -> Vec<Field> {
        let Self {
            name,
            scheme,
            subnets,
            security_groups,
            idle_timeout,
            deletion_protection,
            drop_invalid_headers,
            tags,
        } = self;
        let mut fields = vec![
            Field::replace("name", name.clone()),
            Field::replace("scheme", scheme.clone()),
            Field::in_place("subnets", subnets.clone()),
            Field::in_place(
                "security_groups",
                security_groups.iter().map(Link::to_value).collect::<Vec<_>>(),
            ),
            Field::in_place("idle_timeout", *idle_timeout),
            Field::in_place("deletion_protection", *deletion_protection),
            Field::in_place("drop_invalid_headers", *drop_invalid_headers),
        ];
        fields.extend(tags.fields());
        fields
    }

    fn links(&self) -> Vec<&Link> {
        self.security_groups.iter().collect()
    }

    fn links_mut(&mut self) -> Vec<&mut Link> {
        self.security_groups.iter_mut().collect()
    }

    fn name(&self) -> String {
        self.name.clone()
    }
}
