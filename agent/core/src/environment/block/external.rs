use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Something that exists and is referred to: observed, protected, never written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum External {
    /// An Aurora cluster. Attributes: `endpoint`, `secret`.
    Aurora {
        /// The cluster's identifier.
        id: String,
        /// The Secrets Manager secret (name or ARN) with the connection URL.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        secret: Option<String>,
        /// How many connections it takes in all: its parameter `max_connections`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 1, max = 262_143))]
        max_connections: Option<u32>,
        /// How many connections one task opens at most: its workers times the
        /// size of a worker's pool, overflow included.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 1, max = 10_000))]
        connections_per_task: Option<u32>,
    },
    /// An EFS file system; give `id` or `name`.
    Efs {
        /// The file system's id, `fs-…`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// Its Name tag.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// The access point that tasks mount through.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        access_point: Option<AccessPoint>,
    },
    /// An ECS service: the old generation in a cut-over.
    EcsService {
        /// The cluster's name.
        cluster: String,
        /// The service's name.
        service: String,
    },
    /// A Cloud Map service: where traffic enters today.
    CloudMap {
        /// The namespace's name, such as `web.local`.
        namespace: String,
        /// The service's name.
        service: String,
    },
    /// A Secrets Manager secret. Attribute: `arn`.
    Secret {
        /// Its name or ARN.
        id: String,
    },
}

/// How much of an external something is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Its secret alone.
    Secret,
    /// What it is.
    Whole,
}

/// An external that objects are made from.
#[derive(Clone, Debug, PartialEq)]
pub struct Referred {
    /// The external.
    pub external: External,
    /// How much of it.
    pub part: Part,
}

impl External {
    /// How much of it a reference to these of its attributes means.
    pub(super) fn part(&self, attributes: &[&str]) -> Part {
        match (self, attributes) {
            (Self::Aurora { secret: Some(_), .. }, ["secret"]) => Part::Secret,
            _ => Part::Whole,
        }
    }

    /// The word written as `kind = "…"`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Aurora { .. } => "aurora",
            Self::Efs { .. } => "efs",
            Self::EcsService { .. } => "ecs_service",
            Self::CloudMap { .. } => "cloud_map",
            Self::Secret { .. } => "secret",
        }
    }
}

/// An EFS access point; give `id` or `name`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessPoint {
    /// The access point's id, `fsap-…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its Name tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}
