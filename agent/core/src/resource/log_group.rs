use serde::{Deserialize, Serialize};

use super::{Field, Link, Spec, Tags};

/// A CloudWatch log group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogGroup {
    /// Unique in account and region.
    pub name: String,
    /// Days that logs are kept; `None` keeps them for ever.
    pub retention_days: Option<i32>,
    /// Its tags.
    pub tags: Tags,
}

impl Spec for LogGroup {
    fn fields(&self) -> Vec<Field> {
        let Self { name, retention_days, tags } = self;
        let mut fields =
            vec![Field::replace("name", name.clone()), Field::in_place("retention_days", *retention_days)];
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
