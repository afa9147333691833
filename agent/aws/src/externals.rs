//! What an environment refers to and never writes: found, and described.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_servicediscovery::types::{
    InstanceSummary, NamespaceFilter, NamespaceFilterName, ServiceFilter, ServiceFilterName,
};
use futures::future::try_join_all;
use pointsman_core::{
    desired::Neighbour,
    environment::{
        EnvironmentName,
        block::{External, Part, Referred},
    },
};
use pointsman_engine::ports::{CloudError, CloudErrorKind};

use crate::{
    aws::Aws,
    error::{Absent, During, failure},
    file_systems::{Wanted, file_system},
    named::{self, Names},
    secrets::{Kept, described, listed, listed_beside, name_of},
};

/// Asks for all of them side by side, for no more of each than is referred to.
pub(crate) async fn externals(
    aws: &Aws,
    environment: &EnvironmentName,
    externals: &BTreeMap<String, Referred>,
    names: Names<'_>,
) -> Result<BTreeMap<String, Neighbour>, CloudError> {
    let secrets = externals.values().filter_map(|referred| secret_of(&referred.external));
    let secrets: BTreeSet<String> = secrets.map(|id| name_of(id).to_owned()).collect();
    let each = externals.iter().map(|(name, referred)| {
        let names = names.clone();
        async move {
            let found = match (&referred.external, referred.part) {
                (External::Aurora { id, .. }, Part::Secret) => neighbour(id, []),
                (external, _) => without_secret(aws, name, external, names).await?,
            };
            Ok((name.clone(), found))
        }
    });
    let (found, secrets) = futures::try_join!(try_join_all(each), listed_beside(aws, secrets, environment))?;
    let each = found.into_iter().map(|(name, found)| async {
        let found = match externals.get(&name) {
            Some(referred) => with_secret(aws, &name, &referred.external, found, &secrets).await?,
            None => found,
        };
        Ok((name, found))
    });
    Ok(try_join_all(each).await?.into_iter().collect())
}

/// An external and the ARN of its secret, where it has one.
async fn with_secret(
    aws: &Aws,
    name: &str,
    external: &External,
    mut found: Neighbour,
    listed: &[Kept],
) -> Result<Neighbour, CloudError> {
    let Some(id) = secret_of(external) else {
        return Ok(found);
    };
    let arn = secret(aws, name, id, listed).await?;
    if matches!(external, External::Secret { .. }) {
        found.id.clone_from(&arn);
        found.attributes.insert("arn".to_owned(), arn);
    } else {
        found.attributes.insert("secret".to_owned(), arn);
    }
    Ok(found)
}

/// The secret that an external is, or says.
fn secret_of(external: &External) -> Option<&str> {
    match external {
        External::Aurora { secret, .. } => secret.as_deref(),
        External::Secret { id } => Some(id),
        External::Efs { .. } | External::EcsService { .. } | External::CloudMap { .. } => None,
    }
}

/// One of them, and all of it; an error of kind `Unsuitable`, about
/// `external.NAME`, when it is not there.
pub(crate) async fn external(aws: &Aws, name: &str, wanted: &External) -> Result<Neighbour, CloudError> {
    let secrets = secret_of(wanted).map(|id| name_of(id).to_owned()).into_iter().collect();
    let (found, secrets) =
        futures::try_join!(without_secret(aws, name, wanted, named::unasked()), listed(aws, &secrets))?;
    with_secret(aws, name, wanted, found, &secrets).await
}

/// The same without its secret.
async fn without_secret(
    aws: &Aws,
    name: &str,
    wanted: &External,
    names: Names<'_>,
) -> Result<Neighbour, CloudError> {
    match wanted {
        External::Aurora { id, .. } => aurora(aws, name, id).await,
        External::Efs { id, name: tag, access_point } => {
            let wanted = Wanted { id: id.as_deref(), tag: tag.as_deref(), point: access_point.as_ref() };
            file_system(aws, name, wanted, names).await
        }
        External::EcsService { cluster, service } => ecs_service(aws, name, cluster, service).await,
        External::CloudMap { namespace, service } => cloud_map(aws, name, namespace, service).await,
        External::Secret { id } => Ok(neighbour(id, [])),
    }
}

async fn aurora(aws: &Aws, name: &str, id: &str) -> Result<Neighbour, CloudError> {
    let operation = "rds:DescribeDBClusters";
    let found = aws
        .clients
        .databases()
        .describe_db_clusters()
        .db_cluster_identifier(id)
        .send()
        .await
        .during(&aws.scope, operation, id)
        .or_absent()?;
    let cluster = found.and_then(|found| found.db_clusters?.into_iter().next()).ok_or_else(|| {
        missing(operation, name, format!("there is no Aurora cluster `{id}` in {}", aws.scope.region))
    })?;
    let attributes = [
        ("arn", cluster.db_cluster_arn),
        ("endpoint", cluster.endpoint),
        ("engine", cluster.engine),
        ("status", cluster.status),
        ("encrypted", cluster.storage_encrypted.map(|encrypted| encrypted.to_string())),
    ];
    Ok(neighbour(id, attributes))
}

/// The ARN of a secret. The list may lag behind: one that is not in it is asked
/// for by itself. Its value is never asked for.
async fn secret(aws: &Aws, name: &str, id: &str, listed: &[Kept]) -> Result<String, CloudError> {
    let found = match listed.iter().find(|kept| kept.is(id)) {
        Some(kept) => Some(kept.clone()),
        None => described(aws, id).await?.filter(|kept| !kept.deleted),
    };
    found.map(|kept| kept.arn).ok_or_else(|| {
        missing(
            "secretsmanager:DescribeSecret",
            name,
            format!("there is no secret `{id}` in {}, or it is deleted", aws.scope.region),
        )
    })
}

async fn ecs_service(aws: &Aws, name: &str, cluster: &str, service: &str) -> Result<Neighbour, CloudError> {
    let operation = "ecs:DescribeServices";
    let found = aws
        .clients
        .ecs()
        .describe_services()
        .cluster(cluster)
        .services(service)
        .send()
        .await
        .during(&aws.scope, operation, service)
        .or_absent()?;
    let living = found
        .and_then(|found| found.services)
        .into_iter()
        .flatten()
        .find(|service| service.status() != Some("INACTIVE"));
    let Some(living) = living else {
        let message = format!("there is no service `{service}` in the cluster `{cluster}`");
        return Err(missing(operation, name, message));
    };
    let network = living.network_configuration().and_then(|network| network.awsvpc_configuration());
    let groups = network.map(|network| network.security_groups().to_vec()).unwrap_or_default();
    let attributes = [
        ("arn", living.service_arn.clone()),
        ("task_definition", living.task_definition.clone()),
        ("desired_count", Some(living.desired_count.to_string())),
        ("security_groups", Some(groups.join(","))),
    ];
    Ok(neighbour(living.service_arn().unwrap_or(service), attributes))
}

/// By its namespace's and its own name. `DiscoverInstances` would be one call
/// instead of three, but asks a host of its own, which no endpoint setting reaches.
async fn cloud_map(aws: &Aws, name: &str, namespace: &str, service: &str) -> Result<Neighbour, CloudError> {
    let discovery = aws.clients.discovery();
    let unknown = || {
        let message = format!("Cloud Map knows no service `{service}` in the namespace `{namespace}`");
        missing("servicediscovery:ListServices", name, message)
    };
    let named = NamespaceFilter::builder().name(NamespaceFilterName::Name).values(namespace).build();
    let mut pages =
        discovery.list_namespaces().filters(named.map_err(|_| unknown())?).into_paginator().send();
    let mut namespaces = Vec::new();
    while let Some(page) = pages.next().await {
        namespaces.extend(page.during(&aws.scope, "servicediscovery:ListNamespaces", namespace)?.namespaces);
    }
    let of_name = namespaces.into_iter().flatten().find(|found| found.name() == Some(namespace));
    let namespace_id = of_name.and_then(|found| found.id).ok_or_else(unknown)?;
    let within = ServiceFilter::builder().name(ServiceFilterName::NamespaceId).values(namespace_id).build();
    let mut pages = discovery.list_services().filters(within.map_err(|_| unknown())?).into_paginator().send();
    let mut services = Vec::new();
    while let Some(page) = pages.next().await {
        services.extend(page.during(&aws.scope, "servicediscovery:ListServices", service)?.services);
    }
    let living =
        services.into_iter().flatten().find(|found| found.name() == Some(service)).ok_or_else(unknown)?;
    let id = living.id.unwrap_or_default();
    let mut pages = discovery.list_instances().service_id(&id).into_paginator().send();
    let mut addresses = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.during(&aws.scope, "servicediscovery:ListInstances", service)?;
        let address = |instance: &InstanceSummary| instance.attributes()?.get("AWS_INSTANCE_IPV4").cloned();
        addresses.extend(page.instances().iter().filter_map(address));
    }
    addresses.sort();
    Ok(neighbour(&id, [("arn", living.arn), ("addresses", Some(addresses.join(",")))]))
}

pub(crate) fn neighbour<const N: usize>(id: &str, attributes: [(&str, Option<String>); N]) -> Neighbour {
    Neighbour {
        id: id.to_owned(),
        attributes: attributes
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect(),
    }
}

pub(crate) fn missing(operation: &'static str, name: &str, message: String) -> CloudError {
    let help =
        format!("correct `[external.{name}]`, or make it first: pointsman refers to it and never makes it");
    failure(CloudErrorKind::Unsuitable, operation, &format!("external.{name}"), message, Some(help))
}
