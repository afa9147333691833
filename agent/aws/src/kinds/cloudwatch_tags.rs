//! Tags of alarms and dashboards. Their ARNs follow from their names, so that
//! tags are asked for beside the objects.

use aws_sdk_cloudwatch::types::Tag;
use pointsman_core::resource::Tags;
use pointsman_engine::ports::CloudError;

use super::{Changes, tag_index::AllTags};
use crate::{
    aws::Aws,
    error::{Absent, During},
};

/// The tags of an object; none when it does not exist.
pub(super) async fn of(aws: &Aws, arn: &str) -> Result<Tags, CloudError> {
    Ok(Tags::observed(all(aws, arn).await?.unwrap_or_default()))
}

/// All of them; `None` when it does not exist.
pub(super) async fn all(aws: &Aws, arn: &str) -> Result<Option<AllTags>, CloudError> {
    let listed = aws
        .clients
        .cloudwatch()
        .list_tags_for_resource()
        .resource_arn(arn)
        .send()
        .await
        .during(&aws.scope, "cloudwatch:ListTagsForResource", arn)
        .or_absent()?;
    Ok(listed.map(|listed| {
        let tags = listed.tags.unwrap_or_default().into_iter();
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
    let set = changes.tags_set(wanted);
    if !set.is_empty() {
        aws.clients
            .cloudwatch()
            .tag_resource()
            .resource_arn(arn)
            .set_tags(Some(list(set)))
            .send()
            .await
            .during(&aws.scope, "cloudwatch:TagResource", arn)?;
    }
    let removed = changes.tags_removed(wanted);
    if !removed.is_empty() {
        aws.clients
            .cloudwatch()
            .untag_resource()
            .resource_arn(arn)
            .set_tag_keys(Some(removed))
            .send()
            .await
            .during(&aws.scope, "cloudwatch:UntagResource", arn)?;
    }
    Ok(())
}
