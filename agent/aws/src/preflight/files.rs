use pointsman_core::preflight::{Answer, MountTarget};

use crate::{aws::Aws, error::During};

/// Where a file system can be mounted.
pub(super) async fn mount_targets(aws: &Aws, file_system: &str) -> Answer<Vec<MountTarget>> {
    let mut pages = aws
        .clients
        .files()
        .describe_mount_targets()
        .file_system_id(file_system)
        .into_paginator()
        .items()
        .send();
    let mut found = Vec::new();
    while let Some(target) = pages.next().await {
        let target = target.during(&aws.scope, "elasticfilesystem:DescribeMountTargets", file_system)?;
        found.push(MountTarget {
            zone: target.availability_zone_name.unwrap_or_default(),
            status: target.life_cycle_state.as_str().to_owned(),
        });
    }
    Ok(found)
}
