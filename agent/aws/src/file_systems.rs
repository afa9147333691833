//! File systems that an environment refers to, each with its access point.

use aws_sdk_efs::types::{AccessPointDescription, FileSystemDescription};
use pointsman_core::{desired::Neighbour, environment::block::AccessPoint};
use pointsman_engine::ports::CloudError;

use crate::{
    aws::Aws,
    error::{Absent, During},
    externals::{missing, neighbour},
    named::Names,
};

const DESCRIBE: &str = "elasticfilesystem:DescribeFileSystems";

/// How a file system is told from others.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) id: Option<&'a str>,
    /// Its Name tag.
    pub(crate) tag: Option<&'a str>,
    pub(crate) point: Option<&'a AccessPoint>,
}

/// The file system and its access points side by side. Which one it is, where the
/// names tell it, its access point shows.
pub(crate) async fn file_system(
    aws: &Aws,
    name: &str,
    wanted: Wanted<'_>,
    names: Names<'_>,
) -> Result<Neighbour, CloudError> {
    let told = async {
        match wanted {
            Wanted { id: None, tag: Some(tag), point: Some(_) } => {
                names.await.file_system(tag).map(ToOwned::to_owned)
            }
            Wanted { .. } => None,
        }
    };
    let found = async {
        match told.await {
            Some(told) => Ok((Some(told), Vec::new())),
            None => Ok((None, described(aws, name, wanted).await?)),
        }
    };
    let points = async {
        match wanted.point {
            Some(_) => access_points(aws, name, wanted.id).await,
            None => Ok(Vec::new()),
        }
    };
    let ((told, found), points) = futures::try_join!(found, points)?;
    let Some(told) = told else {
        return chosen(aws, name, wanted, &found, &points);
    };
    if let Some(point) = wanted.point
        && let Ok(point) = access_point(name, point, &told, &points)
    {
        let arn = aws.scope.arn("elasticfilesystem", &format!("file-system/{told}"));
        let attributes = [("id", Some(told.clone())), ("arn", Some(arn)), ("access_point", Some(point))];
        return Ok(neighbour(&told, attributes));
    }
    let found = described(aws, name, wanted).await?;
    chosen(aws, name, wanted, &found, &points)
}

async fn described(
    aws: &Aws,
    name: &str,
    wanted: Wanted<'_>,
) -> Result<Vec<FileSystemDescription>, CloudError> {
    let Wanted { id, tag, point: _ } = wanted;
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
        let system = system.during(&aws.scope, DESCRIBE, name).or_absent()?;
        found.extend(system.filter(|system| tag.is_none_or(|tag| system.name.as_deref() == Some(tag))));
    }
    Ok(found)
}

fn chosen(
    aws: &Aws,
    name: &str,
    wanted: Wanted<'_>,
    found: &[FileSystemDescription],
    points: &[AccessPointDescription],
) -> Result<Neighbour, CloudError> {
    let Wanted { id, tag, point } = wanted;
    let wanted =
        id.map_or_else(|| format!("with the Name tag `{}`", tag.unwrap_or("")), |id| format!("`{id}`"));
    let [system] = found else {
        let message = match found.len() {
            0 => format!("there is no file system {wanted} in {}", aws.scope.region),
            several => format!(
                "there are {several} file systems {wanted} in {}: name one by its id",
                aws.scope.region
            ),
        };
        return Err(missing(DESCRIBE, name, message));
    };
    let access_point = match point {
        None => None,
        Some(point) => Some(access_point(name, point, &system.file_system_id, points)?),
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
