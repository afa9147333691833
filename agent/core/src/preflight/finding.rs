use serde::{Deserialize, Serialize};

use super::{
    answers::Quota,
    facts::{Access, Key},
};
use crate::{
    environment::Place,
    failure::{CloudError, CloudErrorKind},
    plan::Conflict,
};

/// One thing that preflight found: data, which `render::preflight` turns into
/// what is read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// An address or a key of the file: `service.web.image`, `state.bucket`.
    pub about: String,
    /// How much it matters.
    pub weight: Weight,
    /// Where it was written.
    pub place: Option<Place>,
    /// What it is.
    pub problem: Problem,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// Nothing is written until it is put right.
    Error,
    /// Worth a look; stops nothing.
    Warning,
    /// Something could not be looked at, and why.
    Note,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum Problem {
    /// The credentials are of another account.
    WrongAccount { wanted: String, found: String, arn: String },
    /// AWS answered an error where something was asked.
    Unanswered { error: Box<CloudError> },
    /// The stored state is not used.
    NoState { why: String },
    /// AWS refused what `init` would have made.
    NotMade { error: Box<CloudError> },
    /// There is no such bucket.
    NoBucket { bucket: String, access: Access },
    /// The bucket is another account's.
    ForeignBucket { bucket: String, access: Access },
    /// S3 refuses, and does not say whether the bucket is another account's.
    ClosedBucket { bucket: String, access: Access, ours: bool },
    /// The bucket is in another region.
    BucketElsewhere { bucket: String, region: String },
    /// Overwritten states are lost.
    Unversioned { bucket: String, access: Access },
    /// Nothing encrypts what is written.
    Unencrypted { bucket: String, access: Access },
    /// Something could make it public.
    Public { bucket: String, access: Access },
    /// Access lists of objects decide who reads them.
    ObjectAccessLists { bucket: String, access: Access },
    /// There is no such table.
    NoTable { table: String, key: Vec<Key>, access: Access },
    /// The table has another key.
    OtherKey { table: String, key: Vec<Key>, found: Vec<Key> },
    /// The table is not ready.
    TableNotReady { table: String, status: String },
    /// Its old items never go.
    NeverExpires { table: String, attribute: String, access: Access },
    /// What an external stands for is not there.
    NoExternal { error: Box<CloudError> },
    /// The network is not as it is described.
    NoNetwork { error: Box<CloudError> },
    /// What lives stands in the way.
    NoPlan { conflict: Conflict },
    /// There is no such cluster.
    NoCluster { cluster: String },
    /// Its registry has no such repository.
    NoRepository { image: String },
    /// Its registry has no such image.
    NoImage { image: String },
    /// Its registry is not asked.
    ImageNotAsked { image: String, why: String },
    /// Files lie readable.
    NotEncrypted { file_system: String },
    /// Files cannot be mounted where tasks run.
    NoMountTarget { external: String, zones: Vec<String> },
    /// Another rule has the priority.
    PriorityTaken { priority: u32, by: String },
    /// There is no such role.
    NoRole { role: String },
    /// A role may not do what tasks need.
    RoleNotAllowed { role: String, action: String, resource: String, explicitly: bool },
    /// We may not do what the plan needs.
    NotAllowed { action: String, resource: String, explicitly: bool },
    /// IAM did not tell what is allowed.
    NotSimulated { why: String },
    /// Subnets have too few free addresses.
    FewAddresses { selection: String, free: u64, needed: u64 },
    /// A subnet has no room for a load balancer.
    FullSubnet { subnet: String, free: u64, needed: u64 },
    /// Everything lies in one zone.
    OneZone { selection: String, zone: String },
    /// AWS allows too few.
    Quota { quota: Quota, most: u64, used: Option<u64>, needed: u64 },
}

impl Problem {
    /// A stable word for this class of findings.
    pub fn code(&self) -> &'static str {
        match self {
            Self::WrongAccount { .. } => "wrong-account",
            Self::Unanswered { .. } => "unanswered",
            Self::NoState { .. } => "no-state",
            Self::NotMade { .. } => "not-made",
            Self::NoBucket { .. } => "no-bucket",
            Self::ForeignBucket { .. } => "foreign-bucket",
            Self::ClosedBucket { .. } => "closed-bucket",
            Self::BucketElsewhere { .. } => "bucket-elsewhere",
            Self::Unversioned { .. } => "unversioned",
            Self::Unencrypted { .. } => "unencrypted",
            Self::Public { .. } => "public",
            Self::ObjectAccessLists { .. } => "object-access-lists",
            Self::NoTable { .. } => "no-table",
            Self::OtherKey { .. } => "other-key",
            Self::TableNotReady { .. } => "table-not-ready",
            Self::NeverExpires { .. } => "never-expires",
            Self::NoExternal { .. } => "no-external",
            Self::NoNetwork { .. } => "no-network",
            Self::NoPlan { .. } => "no-plan",
            Self::NoCluster { .. } => "no-cluster",
            Self::NoRepository { .. } => "no-repository",
            Self::NoImage { .. } => "no-image",
            Self::ImageNotAsked { .. } => "image-not-asked",
            Self::NotEncrypted { .. } => "not-encrypted",
            Self::NoMountTarget { .. } => "no-mount-target",
            Self::PriorityTaken { .. } => "priority-taken",
            Self::NoRole { .. } => "no-role",
            Self::RoleNotAllowed { .. } => "role-not-allowed",
            Self::NotAllowed { .. } => "not-allowed",
            Self::NotSimulated { .. } => "not-simulated",
            Self::FewAddresses { .. } => "few-addresses",
            Self::FullSubnet { .. } => "full-subnet",
            Self::OneZone { .. } => "one-zone",
            Self::Quota { .. } => "quota",
        }
    }
}

impl Finding {
    /// Whether it stops everything.
    pub fn is_error(&self) -> bool {
        self.weight == Weight::Error
    }

    /// What AWS may answer a moment later stops nothing: a note.
    pub(super) fn if_it_stays(mut self) -> Self {
        if let Problem::Unanswered { error } = &self.problem
            && matches!(error.kind, CloudErrorKind::Throttled | CloudErrorKind::Unreachable)
        {
            self.weight = Weight::Note;
        }
        self
    }

    /// In which order findings are read.
    pub(super) fn order(&self) -> (Weight, Option<(&str, usize)>, &str, &'static str) {
        let place = self.place.as_ref().map(|place| (place.file.as_str(), place.start));
        (self.weight, place, &self.about, self.problem.code())
    }
}
