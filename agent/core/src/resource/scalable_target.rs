use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Decider, Field, Link, Spec, Tags};

/// The bounds between which Application Auto Scaling moves a service's number of tasks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScalableTarget {
    /// The cluster's name.
    pub cluster: String,
    /// The service's name.
    pub service: String,
    /// Never fewer tasks.
    pub min: u32,
    /// Never more.
    pub max: u32,
    /// The bounds (least, most) that its schedules set: they are theirs while they live.
    pub scheduled: Vec<(u32, u32)>,
    /// What is suspended.
    pub suspended: Suspended,
    /// Its tags.
    pub tags: Tags,
}

/// Which kinds of scaling are suspended; `None` leaves it to rollouts, which
/// suspend scaling in while two generations share the traffic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Suspended {
    /// Taking tasks away.
    pub scale_in: Option<bool>,
    /// Adding tasks.
    pub scale_out: Option<bool>,
    /// What schedules do.
    pub scheduled: Option<bool>,
}

impl ScalableTarget {
    /// As Application Auto Scaling names it.
    pub fn resource_id(&self) -> String {
        format!("service/{}/{}", self.cluster, self.service)
    }
}

impl Spec for ScalableTarget {
    fn fields(&self) -> Vec<Field> {
        let Self { cluster: _, service: _, min, max, scheduled, suspended, tags } = self;
        let Suspended { scale_in, scale_out, scheduled: schedules } = suspended;
        let bound = |name: &str, value: u32, set: Vec<u32>| {
            let decider = if set.is_empty() {
                Decider::File
            } else {
                Decider::Schedule(set.into_iter().map(Into::into).collect())
            };
            Field::in_place(name, value).decided_by(decider)
        };
        let state = |name: &str, value: Option<bool>| {
            let decider = if value.is_some() { Decider::File } else { Decider::Rollout };
            Field::in_place(format!("suspended.{name}"), value).decided_by(decider)
        };
        let mut fields = vec![
            Field::replace("resource", self.resource_id()),
            bound("min", *min, scheduled.iter().map(|(least, _)| *least).collect()),
            bound("max", *max, scheduled.iter().map(|(_, most)| *most).collect()),
            state("scale_in", *scale_in),
            state("scale_out", *scale_out),
            state("scheduled", *schedules),
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
        self.resource_id()
    }

    /// Its service tells it apart.
    fn claim(&self) -> Option<String> {
        None
    }
}
