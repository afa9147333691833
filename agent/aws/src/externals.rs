//! What an environment refers to and never writes: found, and described.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_efs::types::AccessPointDescription;
use aws_sdk_servicediscovery::types::{
    InstanceSummary, NamespaceFilter, NamespaceFilterName, ServiceFilter, ServiceFilterName,
};
use futures::future::try_join_all;
use pointsman_core::{
    desired::Neighbour,
    environment::block::{AccessPoint, External},
};
use pointsman_engine::ports::{CloudError, CloudErrorKind};

use crate::{
    aws::Aws,
    error::{Absent, During, failure},
    secrets::{Kept, described, listed, name_of},
};

/// Asks for all of them side by side.
pub(crate) async fn externals(
    aws: &Aws,
    externals: &BTreeMap<String, External>,
) -> Result<BTreeMap<String, Neighbour>, CloudError> {
    let names: BTreeSet<String> =
        externals.values().filter_map(secret_of).map(|id| name_of(id).to_owned()).collect();
    let each = externals
        .iter()
        .map(|(name, wanted)| async move { Ok((name.clone(), without_secret(aws, name, wanted).await?)) });
    let (found, secrets) = futures::try_join!(try_join_all(each), listed(aws, &names))?;
    let mut found: BTreeMap<String, Neighbour> = found.into_iter().collect();
    for (name, wanted) in externals {
        if let (Some(id), Some(neighbour)) = (secret_of(wanted), found.get_mut(name)) {
            let arn = secret(aws, name, id, &secrets).await?;
            match wanted {
                External::Secret { .. } => {
                    neighbour.id.clone_from(&arn);
                    neighbour.attributes.insert("arn".to_owned(), arn);
                }
                _ => {
                    neighbour.attributes.insert("secret".to_owned(), arn);
                }
            }
        }
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

/// One of them; an error of kind `Unsuitable`, about `external.NAME`, when it
/// is not there.
pub(crate) async fn external(aws: &Aws, name: &str, wanted: &External) -> Result<Neighbour, CloudError> {
    let one = BTreeMap::from([(name.to_owned(), wanted.clone())]);
    Ok(externals(aws, &one).await?.remove(name).unwrap_or_default())
}

/// The same without its secret.
async fn without_secret(aws: &Aws, name: &str, wanted: &External) -> Result<Neighbour, CloudError> {
    match wanted {
        External::Aurora { id, .. } => aurora(aws, name, id).await,
        External::Efs { id, name: tag, access_point } => {
            file_system(aws, name, id.as_deref(), tag.as_deref(), access_point.as_ref()).await
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

async fn file_system(
    aws: &Aws,
    name: &str,
    id: Option<&str>,
    tag: Option<&str>,
    point: Option<&AccessPoint>,
) -> Result<Neighbour, CloudError> {
    let operation = "elasticfilesystem:DescribeFileSystems";
    let systems = async {
        let mut pages = aws
            .clients
            .files()
            .describe_file_systems()
            .set_file_system_id(id.map(ToOwned::to_owned))
            .into_paginator()
            .items()
            .send();
        let mut found = Vec::new();
        while let Some(system) = pages.next().await {
            let system = system.during(&aws.scope, operation, name).or_absent()?;
            found.extend(system.filter(|system| tag.is_none_or(|tag| system.name.as_deref() == Some(tag))));
        }
        Ok::<_, CloudError>(found)
    };
    let points = async {
        match point {
            Some(_) => access_points(aws, name, id).await,
            None => Ok(Vec::new()),
        }
    };
    let (systems, points) = futures::try_join!(systems, points)?;
    let wanted =
        id.map_or_else(|| format!("with the Name tag `{}`", tag.unwrap_or("")), |id| format!("`{id}`"));
    let [system] = systems.as_slice() else {
        let message = match systems.len() {
            0 => format!("there is no file system {wanted} in {}", aws.scope.region),
            several => format!(
                "there are {several} file systems {wanted} in {}: name one by its id",
                aws.scope.region
            ),
        };
        return Err(missing(operation, name, message));
    };
    let access_point = match point {
        None => None,
        Some(point) => Some(access_point(name, point, &system.file_system_id, &points)?),
    };
    let attributes = [
        ("id", Some(system.file_system_id.clone())),
        ("arn", system.file_system_arn.clone()),
        ("access_point", access_point),
        ("encrypted", Some(system.encrypted.unwrap_or(false).to_string())),
    ];
    Ok(neighbour(&system.file_system_id, attributes))
}

async fn access_points(
    aws: &Aws,
    name: &str,
    file_system: Option<&str>,
) -> Result<Vec<AccessPointDescription>, CloudError> {
    let mut pages = aws
        .clients
        .files()
        .describe_access_points()
        .set_file_system_id(file_system.map(ToOwned::to_owned))
        .into_paginator()
        .items()
        .send();
    let mut found = Vec::new();
    while let Some(point) = pages.next().await {
        found.extend(point.during(&aws.scope, "elasticfilesystem:DescribeAccessPoints", name).or_absent()?);
    }
    Ok(found)
}

fn access_point(
    name: &str,
    wanted: &AccessPoint,
    file_system: &str,
    points: &[AccessPointDescription],
) -> Result<String, CloudError> {
    let fits = |point: &&AccessPointDescription| {
        point.file_system_id.as_deref() == Some(file_system)
            && wanted.id.as_deref().is_none_or(|id| point.access_point_id.as_deref() == Some(id))
            && wanted.name.as_deref().is_none_or(|name| point.name.as_deref() == Some(name))
    };
    let found: Vec<&AccessPointDescription> = points.iter().filter(fits).collect();
    let shown = wanted.id.as_deref().or(wanted.name.as_deref()).unwrap_or_default();
    match found.as_slice() {
        [only] => Ok(only.access_point_id.clone().unwrap_or_default()),
        others => Err(missing(
            "elasticfilesystem:DescribeAccessPoints",
            name,
            format!(
                "the file system {file_system} has {} access points `{shown}`, and one is meant",
                others.len()
            ),
        )),
    }
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
    let attributes = [
        ("arn", living.service_arn.clone()),
        ("task_definition", living.task_definition.clone()),
        ("desired_count", Some(living.desired_count.to_string())),
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

fn neighbour<const N: usize>(id: &str, attributes: [(&str, Option<String>); N]) -> Neighbour {
    Neighbour {
        id: id.to_owned(),
        attributes: attributes
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect(),
    }
}

fn missing(operation: &'static str, name: &str, message: String) -> CloudError {
    let help =
        format!("correct `[external.{name}]`, or make it first: pointsman refers to it and never makes it");
    failure(CloudErrorKind::Unsuitable, operation, &format!("external.{name}"), message, Some(help))
}
