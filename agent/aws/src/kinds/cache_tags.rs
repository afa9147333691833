//! Tags of ElastiCache objects. Their ARNs follow from their names, so that
//! tags are asked for beside the objects.

use aws_sdk_elasticache::types::Tag;
use pointsman_core::resource::Tags;
use pointsman_engine::ports::CloudError;

use super::{Changes, tag_index::AllTags};
use crate::{
    aws::Aws,
    error::{Absent, During},
};

pub(super) fn arn(aws: &Aws, kind: &str, name: &str) -> String {
    aws.scope.arn("elasticache", &format!("{kind}:{name}"))
}

/// All tags of an object; `None` when it does not exist.
pub(super) async fn all(aws: &Aws, arn: &str) -> Result<Option<AllTags>, CloudError> {
    let listed = aws.clients.cache().list_tags_for_resource().resource_name(arn).send().await.during(
        &aws.scope,
        "elasticache:ListTagsForResource",
        arn,
    );
    let listed = match listed {
        // AWS does not list tags of what it is still making.
        Err(error) if error.code.as_deref().is_some_and(|code| code.starts_with("Invalid")) => None,
        other => other.or_absent()?,
    };
    Ok(listed.map(|listed| {
        let tags = listed.tag_list.unwrap_or_default().into_iter();
        tags.filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default()))).collect()
    }))
}

pub(super) fn list(tags: Vec<(String, String)>) -> Vec<Tag> {
    tags.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// Brings changed tags to what they should be.
pub(super) async fn update(
    aws: &Aws,
    arn: &str,
    changes: &Changes<'_>,
    wanted: &Tags,
) -> Result<(), CloudError> {
    set(aws, arn, changes.tags_set(wanted)).await?;
    remove(aws, arn, changes.tags_removed(wanted)).await
}

pub(super) async fn set(aws: &Aws, arn: &str, tags: Vec<(String, String)>) -> Result<(), CloudError> {
    if !tags.is_empty() {
        aws.clients
            .cache()
            .add_tags_to_resource()
            .resource_name(arn)
            .set_tags(Some(list(tags)))
            .send()
            .await
            .during(&aws.scope, "elasticache:AddTagsToResource", arn)?;
    }
    Ok(())
}

pub(super) async fn remove(aws: &Aws, arn: &str, keys: Vec<String>) -> Result<(), CloudError> {
    if !keys.is_empty() {
        aws.clients
            .cache()
            .remove_tags_from_resource()
            .resource_name(arn)
            .set_tag_keys(Some(keys))
            .send()
            .await
            .during(&aws.scope, "elasticache:RemoveTagsFromResource", arn)?;
    }
    Ok(())
}
