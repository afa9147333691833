//! What a container gets from secrets: variables by ARN, and labels with the
//! marks of those whose change it must see.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{ContainerDefinition, Secret};
use pointsman_core::resource::{Link, TaskDefinition};
use pointsman_engine::ports::{CloudError, CloudErrorKind};

use super::known;
use crate::error::failure;

const OPERATION: &str = "ecs:RegisterTaskDefinition";

/// Before the variable's name in a label of the container.
const LABEL: &str = "pointsman.secret.";

pub(super) fn secrets(spec: &TaskDefinition) -> Result<Vec<Secret>, CloudError> {
    let each = spec.secrets.iter().map(|(name, arn)| {
        let secret = Secret::builder().name(name).value_from(known(arn, OPERATION)?);
        secret.build().map_err(|error| {
            failure(CloudErrorKind::Refused, OPERATION, &spec.family, error.to_string(), None)
        })
    });
    each.collect()
}

pub(super) fn labels(spec: &TaskDefinition) -> Result<Vec<(String, String)>, CloudError> {
    let each = spec.secret_marks.iter();
    each.map(|(name, mark)| Ok((format!("{LABEL}{name}"), known(mark, OPERATION)?.to_owned()))).collect()
}

type Links = BTreeMap<String, Link>;

/// Variables and marks as they stand.
pub(super) fn observed(container: Option<&ContainerDefinition>) -> (Links, Links) {
    let secrets = container.map(ContainerDefinition::secrets).unwrap_or_default().iter();
    let labels = container.and_then(ContainerDefinition::docker_labels).into_iter().flatten();
    (
        secrets
            .map(|secret| (secret.name().to_owned(), Link::Known(secret.value_from().to_owned())))
            .collect(),
        labels
            .filter_map(|(label, mark)| {
                Some((label.strip_prefix(LABEL)?.to_owned(), Link::Known(mark.clone())))
            })
            .collect(),
    )
}
