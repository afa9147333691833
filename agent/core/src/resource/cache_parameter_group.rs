use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Field, Link, Spec, Tags};

/// The settings of a replication group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CacheParameterGroup {
    /// Unique in account and region; lower case.
    pub name: String,
    /// Such as `redis7`.
    pub family: String,
    /// For people; AWS never changes it.
    pub description: String,
    /// Settings that are not AWS's defaults.
    pub parameters: BTreeMap<String, String>,
    /// Its tags.
    pub tags: Tags,
}

impl Spec for CacheParameterGroup {
    fn fields(&self) -> Vec<Field> {
        let Self { name, family, description, parameters, tags } = self;
        let mut fields = vec![
            Field::replace("name", name.clone()),
            Field::replace("family", family.clone()),
            Field::replace("description", description.clone()),
        ];
        fields.extend(
            parameters
                .iter()
                .map(|(name, value)| Field::in_place(format!("parameters.{name}"), value.clone())),
        );
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
