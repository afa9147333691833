//! File systems as tasks mount them.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{
    ContainerDefinition, EfsAuthorizationConfig, EfsAuthorizationConfigIam, EfsTransitEncryption,
    EfsVolumeConfiguration, MountPoint, TaskDefinition as EcsTaskDefinition, Volume,
};
use pointsman_core::resource::{FileSystem, TaskDefinition};
use pointsman_engine::ports::{CloudError, CloudErrorKind};

use crate::error::failure;

pub(super) fn volumes(spec: &TaskDefinition) -> Result<Vec<Volume>, CloudError> {
    let each = spec.volumes.iter().map(|(name, files)| {
        let FileSystem { id, access_point, root, encrypted, iam, mount: _, read_only: _ } = files;
        let authorization = EfsAuthorizationConfig::builder()
            .set_access_point_id(access_point.clone())
            .iam(if *iam { EfsAuthorizationConfigIam::Enabled } else { EfsAuthorizationConfigIam::Disabled })
            .build();
        let files = EfsVolumeConfiguration::builder()
            .file_system_id(id)
            .root_directory(root)
            .transit_encryption(if *encrypted {
                EfsTransitEncryption::Enabled
            } else {
                EfsTransitEncryption::Disabled
            })
            .authorization_config(authorization)
            .build()
            .map_err(|error| {
                let operation = "ecs:RegisterTaskDefinition";
                failure(CloudErrorKind::Refused, operation, &spec.family, error.to_string(), None)
            })?;
        Ok(Volume::builder().name(name).efs_volume_configuration(files).build())
    });
    each.collect()
}

pub(super) fn mounts(spec: &TaskDefinition) -> Vec<MountPoint> {
    let each = spec.volumes.iter().filter_map(|(name, files)| {
        let mount = MountPoint::builder().source_volume(name).container_path(files.mount.as_ref()?);
        Some(mount.read_only(files.read_only).build())
    });
    each.collect()
}

/// Volumes as they stand; what AWS leaves out is its default.
pub(super) fn observed(
    definition: &EcsTaskDefinition,
    container: Option<&ContainerDefinition>,
) -> BTreeMap<String, FileSystem> {
    let mounts = container.map(ContainerDefinition::mount_points).unwrap_or_default();
    let each = definition.volumes().iter().map(|volume| {
        let name = volume.name().unwrap_or_default().to_owned();
        let mount = mounts.iter().find(|mount| mount.source_volume() == Some(&name));
        let files = volume.efs_volume_configuration();
        let authorization = files.and_then(EfsVolumeConfiguration::authorization_config);
        let files = FileSystem {
            id: files.map(EfsVolumeConfiguration::file_system_id).unwrap_or_default().to_owned(),
            access_point: authorization
                .and_then(EfsAuthorizationConfig::access_point_id)
                .map(ToOwned::to_owned),
            root: files.and_then(EfsVolumeConfiguration::root_directory).unwrap_or("/").to_owned(),
            encrypted: files.and_then(EfsVolumeConfiguration::transit_encryption)
                == Some(&EfsTransitEncryption::Enabled),
            iam: authorization.and_then(EfsAuthorizationConfig::iam)
                == Some(&EfsAuthorizationConfigIam::Enabled),
            mount: mount.and_then(MountPoint::container_path).map(ToOwned::to_owned),
            read_only: mount.and_then(MountPoint::read_only).unwrap_or_default(),
        };
        (name, files)
    });
    each.collect()
}
