//! The blocks that people write, as types. The same types make the editors'
//! JSON Schema and the check of a file's structure, so that the two agree.

mod alarm;
mod bucket;
mod cache;
mod estate;
mod external;
mod host;
mod load_balancer;
mod operation;
mod queue;
mod rollout;
mod scheduled_task;
mod service;
mod table;
mod task;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use alarm::{Alarm, Alarms, Dashboard, MissingData};
pub use bucket::Bucket;
pub use cache::{Cache, CacheEncryption, CacheEngine};
pub use estate::{Aws, Encrypt, Network, Owner, State, SubnetSelection, VpcSelection};
pub use external::{AccessPoint, External, Part, Referred};
pub use load_balancer::{Listener, ListenerProtocol, LoadBalancer, Scheme};
pub use operation::{Correct, Drift, Freeze, FreezeWindow, Secret};
pub use queue::{DeadLetter, Queue};
pub use rollout::{
    Certificate, Migration, Rollout, SchemaChange, Strategy, Switch, SwitchKind, SwitchMode, Test,
    TestRequest,
};
pub use scheduled_task::ScheduledTask;
pub use service::{
    Architecture, Deployment, Expose, Health, Scaling, ScalingSchedule, ScalingSuspended, Service,
    Stickiness, StickinessKind, Volume,
};
pub use table::{TABLES, Table};
pub use task::Task;

use crate::scalar::Template;

/// One environment file, after its bases were merged into it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Pointsman environment")]
pub struct EnvironmentFile {
    /// The version of this format: 1.
    #[schemars(range(min = 1, max = 1))]
    pub schema: u32,
    /// A file, relative to this one, whose tables are merged below this one's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extends: Option<String>,
    /// Takes the whole environment down, planned and judged like any change.
    #[serde(default)]
    pub removed: bool,
    /// Environments that are at their newest version before this one is
    /// deployed, by name: `shared/network`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner>,
    /// The account and region it lives in.
    pub aws: Aws,
    /// Where state and lock are kept.
    pub state: State,
    /// Tags for every object.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// The network it is placed in; looked up, never changed.
    pub network: Network,
    /// What is referred to and never written.
    #[serde(default)]
    pub external: BTreeMap<String, External>,
    /// Generated secrets.
    #[serde(default)]
    pub secret: BTreeMap<String, Secret>,
    /// ElastiCache replication groups.
    #[serde(default)]
    pub cache: BTreeMap<String, Cache>,
    /// Application load balancers.
    #[serde(default)]
    pub load_balancer: BTreeMap<String, LoadBalancer>,
    /// ECS services on Fargate.
    #[serde(default)]
    pub service: BTreeMap<String, Service>,
    /// Tasks on Fargate by the clock.
    #[serde(default)]
    pub scheduled_task: BTreeMap<String, ScheduledTask>,
    /// SQS queues.
    #[serde(default)]
    pub queue: BTreeMap<String, Queue>,
    /// S3 buckets.
    #[serde(default)]
    pub bucket: BTreeMap<String, Bucket>,
    /// CloudWatch alarms, and whom they tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarms: Option<Alarms>,
    /// A CloudWatch dashboard of everything here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dashboard: Option<Dashboard>,
    /// How releases reach people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<Rollout>,
    /// When nothing may be applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freeze: Option<Freeze>,
    /// What to do about differences that nobody merged.
    #[serde(default)]
    pub drift: Drift,
    /// Values for people and scripts.
    #[serde(default)]
    pub outputs: BTreeMap<String, Template>,
}

impl EnvironmentFile {
    /// The external that `external.NAME` means, with its name.
    pub fn external_at(&self, address: &str) -> Option<(&str, &External)> {
        let name = address.strip_prefix("external.")?;
        self.external.get_key_value(name).map(|(name, external)| (name.as_str(), external))
    }

    /// The services that a listener leads this host to, by name.
    pub fn taking<'a>(
        &'a self,
        host: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a Service, &'a Expose)> + use<'a> {
        self.service.iter().filter_map(move |(name, service)| {
            let expose = service.expose.as_ref()?;
            self.listener_of(name)?.lets_through(host).then_some((name.as_str(), service, expose))
        })
    }

    /// Whether ECS itself carries out releases of services that are exposed.
    pub fn is_native(&self) -> bool {
        self.rollout.as_ref().is_some_and(|rollout| rollout.strategy == Strategy::Native)
    }

    /// The listener that a service is exposed on.
    pub fn listener_of(&self, service: &str) -> Option<&Listener> {
        let expose = self.service.get(service)?.expose.as_ref()?;
        match expose.listener.segments().as_slice() {
            ["load_balancer", balancer, "listener", listener] => {
                self.load_balancer.get(*balancer)?.listener.get(*listener)
            }
            _ => None,
        }
    }

    /// The externals that objects are made from: those that tasks and
    /// outputs refer to, and how much of each.
    pub fn referred_externals(&self) -> BTreeMap<String, Referred> {
        let templates = self
            .tasks()
            .flat_map(|task| task.environment.values().chain(task.secrets.values()))
            .chain(self.outputs.values());
        let volumes = self.tasks().flat_map(|task| task.volumes.values().map(|volume| &volume.files));
        let mut referred: BTreeMap<String, Referred> = BTreeMap::new();
        for reference in templates.flat_map(Template::references).chain(volumes) {
            if let ["external", name, attributes @ ..] = reference.segments().as_slice()
                && let Some(external) = self.external.get(*name)
            {
                let part = external.part(attributes);
                let all = referred.entry((*name).to_owned());
                all.and_modify(|all| all.part = all.part.max(part))
                    .or_insert_with(|| Referred { external: external.clone(), part });
            }
        }
        referred
    }
}
