//! What is asked of AWS: it follows from the environment, from what it stands
//! in, and from what would be done.

use std::collections::{BTreeMap, BTreeSet};

use super::{Prospect, permissions};
use crate::{
    Address,
    desired::{Neighbour, Network},
    environment::{Environment, block},
    resource::Resource,
    scalar::{Template, TemplatePart},
};

/// What is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Questions {
    /// Whether clusters stand, and how many services they run.
    pub clusters: BTreeSet<String>,
    /// How many addresses are free in subnets.
    pub subnets: BTreeSet<String>,
    /// Where file systems can be mounted, by the external's name; by id.
    pub file_systems: BTreeMap<String, String>,
    /// Whether images are in their registry.
    pub images: BTreeSet<String>,
    /// What roles must be allowed, by their ARN.
    pub roles: BTreeMap<String, Vec<Permission>>,
    /// What whoever deploys must be allowed.
    pub own: Vec<Permission>,
    /// The role that deploys, where one is named; else we ourselves.
    pub writer: Option<String>,
    /// Which rules living listeners have, by address; by ARN.
    pub listeners: BTreeMap<Address, String>,
}

/// Actions that must be allowed on resources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    /// `service:Action`.
    pub actions: Vec<String>,
    /// ARNs; `*` where AWS knows none.
    pub resources: Vec<String>,
    /// What the condition keys of the call would be.
    pub context: Vec<(String, String)>,
}

/// Everything that there is to ask.
pub fn questions(
    environment: &Environment,
    network: Option<&Network>,
    externals: &BTreeMap<String, Neighbour>,
    prospect: Option<&Prospect<'_>>,
) -> Questions {
    let file = &environment.file;
    let mut asked = Questions {
        own: permissions::planned(environment, prospect),
        writer: file.aws.role_arn.as_ref().map(ToString::to_string),
        ..Questions::default()
    };
    for (name, service) in &file.service {
        asked.clusters.insert(service.cluster.clone());
        asked.images.insert(service.image.clone());
        asked.roles.entry(service.execution_role.to_string()).or_default().extend(of_execution_role(
            environment,
            name,
            service,
            externals,
        ));
        if let Some(role) = &service.task_role {
            asked.roles.entry(role.to_string()).or_default();
        }
        for volume in service.volumes.values() {
            if let ["external", name, ..] = volume.files.segments().as_slice()
                && let Some(files) = externals.get(*name)
            {
                asked.file_systems.insert((*name).to_owned(), files.id.clone());
            }
        }
    }
    if let Some(role) = file.rollout.as_ref().and_then(|rollout| rollout.role.as_ref()) {
        asked.roles.entry(role.to_string()).or_default();
    }
    if let Some(network) = network {
        asked.subnets = network.subnets.values().flatten().map(|subnet| subnet.id.clone()).collect();
    }
    if let Some(prospect) = prospect {
        for (address, object) in prospect.observed {
            if matches!(object.resource, Resource::Listener(_)) {
                asked.listeners.insert(address.clone(), object.id.clone());
            }
        }
    }
    asked
}

/// What ECS does in the name of a service's execution role, with what is known
/// to exist already.
fn of_execution_role(
    environment: &Environment,
    name: &str,
    service: &block::Service,
    externals: &BTreeMap<String, Neighbour>,
) -> Vec<Permission> {
    let mut needed = vec![Permission {
        actions: vec!["logs:CreateLogStream".to_owned(), "logs:PutLogEvents".to_owned()],
        resources: crate::iam::resources(environment, &["{home:logs}:log-group:/pointsman/{environment}/"])
            .into_iter()
            .map(|group| format!("{group}{name}:log-stream:*"))
            .collect(),
        context: Vec::new(),
    }];
    let secrets: BTreeSet<String> =
        service.secrets.values().filter_map(|secret| secret_arn(secret, externals)).collect();
    if !secrets.is_empty() {
        needed.push(Permission {
            actions: vec!["secretsmanager:GetSecretValue".to_owned()],
            resources: secrets.into_iter().collect(),
            context: Vec::new(),
        });
    }
    needed
}

/// The ARN of a secret that is referred to, where it exists before the deploy.
fn secret_arn(template: &Template, externals: &BTreeMap<String, Neighbour>) -> Option<String> {
    match template.parts() {
        [TemplatePart::Literal(arn)] if arn.starts_with("arn:") => Some(arn.clone()),
        [TemplatePart::Reference(reference)] => match reference.segments().as_slice() {
            ["external", name, attribute] => externals.get(*name)?.attributes.get(*attribute).cloned(),
            ["external", name] => externals.get(*name)?.attributes.get("arn").cloned(),
            _ => None,
        },
        _ => None,
    }
}
