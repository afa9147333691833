use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::facts::Answer;
use crate::Address;

/// What came of the questions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answers {
    /// How many services each cluster runs; none when it does not stand.
    pub clusters: BTreeMap<String, Answer<Option<u64>>>,
    /// Free addresses, by subnet.
    pub free_addresses: Option<Answer<BTreeMap<String, u64>>>,
    /// Where file systems can be mounted, by the external's name.
    pub mount_targets: BTreeMap<String, Answer<Vec<MountTarget>>>,
    /// What registries say, by image.
    pub images: BTreeMap<String, Answer<Image>>,
    /// What roles are allowed, by ARN.
    pub roles: BTreeMap<String, Answer<Allowed>>,
    /// What we are allowed; none when it was not asked.
    pub own: Option<Answer<Allowed>>,
    /// The rules of living listeners.
    pub rules: BTreeMap<Address, Answer<Vec<ListenerRule>>>,
    /// How much may be made, by what; those that were asked.
    pub quotas: BTreeMap<Quota, Answer<Limit>>,
}

/// A file system's door in a subnet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MountTarget {
    /// The availability zone's name.
    pub zone: String,
    /// AWS's word for its state: `available`.
    pub status: String,
}

/// What a registry says of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Image {
    /// It is there.
    There,
    /// The registry has no such repository.
    NoRepository,
    /// The repository has no such image.
    Absent,
    /// This registry is not asked, and why.
    NotAsked(&'static str),
}

/// What came of asking IAM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// There is no such role.
    NoRole,
    /// Those that are not allowed; empty when all are.
    Without(Vec<Denied>),
    /// IAM cannot tell of whoever we are, and why.
    Untold(&'static str),
}

/// An action that IAM would deny.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    /// `service:Action`.
    pub action: String,
    /// On this ARN.
    pub resource: String,
    /// Whether a policy forbids it, where otherwise none allows it.
    pub explicitly: bool,
}

/// A rule of a living listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenerRule {
    /// Its ARN.
    pub id: String,
    /// Its priority.
    pub priority: u32,
}

/// Something of which AWS allows only so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quota {
    /// Application load balancers in the region.
    LoadBalancers,
    /// Target groups in the region.
    TargetGroups,
    /// Rules of one application load balancer.
    Rules,
    /// Services in one cluster.
    Services,
    /// vCPUs of Fargate tasks in the region.
    FargateCpus,
}

/// How many AWS allows, and how many there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// At most so many.
    pub most: u64,
    /// So many stand, where it is known.
    pub used: Option<u64>,
}
