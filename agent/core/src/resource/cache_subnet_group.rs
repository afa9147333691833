use serde::{Deserialize, Serialize};

use super::{Field, Link, Spec, Tags};

/// The subnets that a replication group's nodes may stand in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CacheSubnetGroup {
    /// Unique in account and region; lower case.
    pub name: String,
    /// For people.
    pub description: String,
    /// Subnet ids, sorted.
    pub subnets: Vec<String>,
    /// Its tags.
    pub tags: Tags,
}

impl Spec for CacheSubnetGroup {
    fn fields(&self) -> Vec<Field> {
        let Self { name, description, subnets, tags } = self;
        let mut fields = vec![
            Field::replace("name", name.clone()),
            Field::in_place("description", description.clone()),
            Field::in_place("subnets", subnets.clone()),
        ];
        fields.extend(tags.fields());
        fields
    }

    fn links(&self) -> Vec<&Link> {
        Vec::new()
    }

    fn links_mut(&mut self) -> Vec<&mut Link> {
        Vec::new()
    }

    fn name(&self) -> String {
        self.name.clone()
    }
}
