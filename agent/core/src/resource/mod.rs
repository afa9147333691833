//! AWS objects as values: one file per kind, each with what should be, how
//! its fields are compared, and what a change of each costs.

mod alarm;
mod bucket;
mod cache_parameter_group;
mod cache_subnet_group;
mod dashboard;
mod disruption;
mod estate;
mod field;
mod link;
mod listener;
mod listener_rule;
mod load_balancer;
mod log_group;
pub mod names;
mod native;
mod observed;
mod queue;
mod replication_group;
mod scalable_target;
mod scaling_policy;
mod schedule;
mod scheduled_action;
mod secret;
mod security_group;
mod service;
mod tags;
mod target_group;
mod task_definition;

pub use alarm::{Alarm, Metric};
pub use bucket::Bucket;
pub use cache_parameter_group::CacheParameterGroup;
pub use cache_subnet_group::CacheSubnetGroup;
pub use dashboard::Dashboard;
pub use disruption::Disruption;
pub use estate::Estate;
pub use field::{Decider, Field, Noticed, Rule};
pub use link::{Link, Text};
pub use listener::Listener;
pub use listener_rule::{Forward, ListenerRule};
pub use load_balancer::LoadBalancer;
pub use log_group::LogGroup;
pub use native::{Native, Shift};
pub use observed::{Observed, Owner, Readiness};
pub use queue::{DeadLetter, Queue};
pub use replication_group::{ReplicationGroup, Transit};
pub use scalable_target::{ScalableTarget, Suspended};
pub use scaling_policy::{Scaling, ScalingPolicy};
pub use schedule::Schedule;
pub use scheduled_action::ScheduledAction;
pub use secret::{CacheUrl, Secret, SecretContent, Token};
pub use security_group::{Ingress, Peer, SecurityGroup};
pub use service::{Count, Service, Start};
pub use tags::{ADDRESS_TAG, AUTH_TAG, COMPOSED_TAG, ENVIRONMENT_TAG, TOKEN_TAG, Tags};
pub use target_group::{HealthCheck, TargetGroup};
pub use task_definition::{FileSystem, TaskDefinition};

use serde::{Deserialize, Serialize};

use crate::{Address, forecast::Consequence};

/// What a kind of AWS object tells about one of its kind.
pub trait Spec {
    /// Every field with its value and the rule for its change. Implementations
    /// take themselves apart exhaustively, so that none can be forgotten.
    fn fields(&self) -> Vec<Field>;

    /// What it refers to; each is known before it can be made.
    fn links(&self) -> Vec<&Link>;

    /// The same, to put the known in place of the named.
    fn links_mut(&mut self) -> Vec<&mut Link>;

    /// The name by which AWS finds it.
    fn name(&self) -> String;

    /// What AWS gives once in an account and region: the name, with what it is
    /// unique in. None where a parent of its own tells it apart.
    fn claim(&self) -> Option<String> {
        Some(self.name())
    }

    /// Attributes that are known anew only after a change of this field: what
    /// refers to them waits for it.
    fn unsettled_by(&self, _field: &str) -> &'static [&'static str] {
        &[]
    }
}

/// The registry: a row per kind of AWS object. A row says
/// - how the kind is written in plans, state and policies;
/// - how people say it;
/// - `generated` when AWS makes up its id, `named` when its name is its id;
/// - `tagged` when AWS can tag it; `untagged` when it is its parent's tags, its
///   name and the state that tell whose it is;
/// - what people notice when new tasks or revisions replace the old ones;
/// - what people notice when it is deleted.
///
/// Both are rows of the table in `forecast`, as is what a field's change in
/// place does; how long things take and what they cost is an arm of the matches
/// in `forecast/takes.rs` and `cost/charges.rs`.
macro_rules! kinds {
    ($($kind:ident $word:literal $title:literal $id:ident $tagged:ident $rollout:ident $loss:ident;)*) => {
        /// A kind of AWS object.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
        pub enum Kind {
            $(#[doc = $title] #[serde(rename = $word)] $kind,)*
        }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];

            /// As written in plans, state and policies.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$kind => $word,)* }
            }

            /// As people say it.
            pub fn title(self) -> &'static str {
                match self { $(Self::$kind => $title,)* }
            }

            /// Whether AWS makes up the id: then the same id is the same object. Where
            /// the name is the id, another object may have come in its place.
            pub fn has_generated_id(self) -> bool {
                match self { $(Self::$kind => kinds!(@generated $id),)* }
            }

            /// What people notice when it is rolled out.
            pub fn rollout_consequence(self) -> Consequence {
                match self { $(Self::$kind => Consequence::$rollout,)* }
            }

            /// What people notice when it is deleted.
            pub fn loss_consequence(self) -> Consequence {
                match self { $(Self::$kind => Consequence::$loss,)* }
            }
        }

        /// What one AWS object should be, or is.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "kind", content = "spec")]
        pub enum Resource {
            $(#[doc = $title] #[serde(rename = $word)] $kind($kind),)*
        }

        impl Resource {
            /// Its kind.
            pub fn kind(&self) -> Kind {
                match self { $(Self::$kind(_) => Kind::$kind,)* }
            }

            /// What every kind can tell.
            pub fn spec(&self) -> &dyn Spec {
                match self { $(Self::$kind(spec) => spec,)* }
            }

            /// The same, to resolve its links.
            pub fn spec_mut(&mut self) -> &mut dyn Spec {
                match self { $(Self::$kind(spec) => spec,)* }
            }
        }

        impl Resource {
            /// Its tags, where AWS can tag its kind.
            pub fn tags(&self) -> Option<&Tags> {
                match self { $(Self::$kind(spec) => kinds!(@tags spec $tagged),)* }
            }

            /// The same, to leave out those that are not ours.
            pub fn tags_mut(&mut self) -> Option<&mut Tags> {
                match self { $(Self::$kind(spec) => kinds!(@tags_mut spec $tagged),)* }
            }
        }

        $(impl From<$kind> for Resource {
            fn from(spec: $kind) -> Self { Self::$kind(spec) }
        })*
    };
    (@generated generated) => { true };
    (@generated named) => { false };
    (@tags $spec:ident tagged) => { Some(&$spec.tags) };
    (@tags $spec:ident untagged) => {{ let _ = $spec; None }};
    (@tags_mut $spec:ident tagged) => { Some(&mut $spec.tags) };
    (@tags_mut $spec:ident untagged) => {{ let _ = $spec; None }};
}

kinds! {
    SecurityGroup "security_group" "security group" generated tagged None None;
    LogGroup "log_group" "log group" named tagged None None;
    TargetGroup "target_group" "target group" generated tagged None Outage;
    LoadBalancer "load_balancer" "load balancer" generated tagged None Outage;
    Listener "listener" "listener" generated tagged None Outage;
    ListenerRule "listener_rule" "listener rule" generated tagged None Outage;
    // The service that uses it says what is noticed.
    TaskDefinition "task_definition" "task definition" generated tagged None None;
    Service "service" "service" named tagged ConnectionsDrain Outage;
    CacheSubnetGroup "cache_subnet_group" "cache subnet group" named tagged None None;
    CacheParameterGroup "cache_parameter_group" "cache parameter group" named tagged None None;
    ReplicationGroup "replication_group" "replication group" named tagged None DataLost;
    Queue "queue" "queue" named tagged None DataLost;
    Bucket "bucket" "bucket" named tagged None DataLost;
    // A deleted one can be taken back for days.
    Secret "secret" "secret" generated tagged None None;
    // Without them a service keeps the tasks that it has.
    ScalableTarget "scalable_target" "scalable target" named tagged None None;
    ScalingPolicy "scaling_policy" "scaling policy" generated untagged None None;
    ScheduledAction "scheduled_action" "scheduled action" generated untagged None None;
    Alarm "alarm" "alarm" named tagged None None;
    Dashboard "dashboard" "dashboard" named tagged None None;
    Schedule "schedule" "schedule" named untagged None None;
}

impl Kind {
    /// Whether people's data is lost with it.
    pub fn is_stateful(self) -> bool {
        self.loss_consequence() == Consequence::DataLost
    }
}

/// One AWS object that an environment wants.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Desired {
    /// Its address.
    pub address: Address,
    /// What it should be.
    pub resource: Resource,
    /// What must stand before it is made, beyond what it links to.
    pub after: Vec<Address>,
}

impl Desired {
    /// Everything that must stand before it is made, sorted.
    pub fn dependencies(&self) -> Vec<Address> {
        let mut all: Vec<Address> = self
            .resource
            .spec()
            .links()
            .into_iter()
            .filter_map(|link| match link {
                Link::To { address, .. } => Some(address.clone()),
                Link::Known(_) => None,
            })
            .chain(self.after.iter().cloned())
            .collect();
        all.sort();
        all.dedup();
        all
    }

    /// The same where its first task starts alone, and what it is afterwards;
    /// `is_made` where it does not stand yet.
    pub fn alone(&self, is_made: bool) -> Option<(Self, Self)> {
        let Resource::Service(service) = &self.resource else { return None };
        let with = |service: Service| Self { resource: service.into(), ..self.clone() };
        Some((with(service.alone(is_made)?), with(service.together())))
    }
}
