//! Tags of ECS's objects: they come with the objects, and change by calls of
//! their own.

use aws_sdk_ecs::types::Tag;
use pointsman_core::resource::Tags;
use pointsman_engine::ports::CloudError;

use super::Changes;
use crate::{aws::Aws, error::During};

pub(super) fn of(tags: &[Tag]) -> Tags {
    Tags::observed(
        tags.iter()
            .filter_map(|tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned()))),
    )
}

pub(super) fn list(tags: Vec<(String, String)>) -> Vec<Tag> {
    tags.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// Brings changed tags of anything of ECS's to what they should be.
pub(super) async fn update(
    aws: &Aws,
    arn: &str,
    changes: &Changes<'_>,
    wanted: &Tags,
) -> Result<(), CloudError> {
    let set = changes.tags_set(wanted);
    if !set.is_empty() {
        aws.clients.ecs().tag_resource().resource_arn(arn).set_tags(Some(list(set))).send().await.during(
            &aws.scope,
            "ecs:TagResource",
            arn,
        )?;
    }
    let removed = changes.tags_removed(wanted);
    if !removed.is_empty() {
        aws.clients
            .ecs()
            .untag_resource()
            .resource_arn(arn)
            .set_tag_keys(Some(removed))
            .send()
            .await
            .during(&aws.scope, "ecs:UntagResource", arn)?;
    }
    Ok(())
}
