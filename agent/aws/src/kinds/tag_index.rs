//! AWS's own index of tags: one call for the objects of many services. It lags
//! behind, and it does not know every kind: what it does not confirm is asked
//! of the object's own service.

use std::{collections::BTreeMap, sync::Arc};

use aws_sdk_resourcegroupstagging::types::TagFilter;
use futures::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use pointsman_core::{
    report::adoption::Tagged,
    resource::{ENVIRONMENT_TAG, Owner, Tags},
};
use pointsman_engine::ports::CloudError;

use crate::{aws::Aws, error::During};

/// The index as several kinds wait for it; who never waits never asks.
pub(super) type Index<'a> = Shared<BoxFuture<'a, Arc<TagIndex>>>;

/// Tags by ARN, as the index has them.
#[derive(Debug, Default)]
pub(super) struct TagIndex(BTreeMap<String, Tags>);

impl TagIndex {
    /// An object's tags, where all that should be there is: then they are no older
    /// than what we last wrote.
    pub(super) fn confirms(&self, arn: &str, wanted: &Tags) -> Option<Tags> {
        let tags = self.0.get(arn)?;
        wanted.iter().all(|(key, value)| tags.get(key) == Some(value)).then(|| tags.clone())
    }
}

/// Everything of the environment that these tags name. Without an answer nothing
/// is confirmed: the services themselves say what is wrong.
pub(super) fn of<'a>(aws: &'a Aws, tags: Option<&'a Tags>) -> Index<'a> {
    let environment = tags.and_then(|tags| tags.get(ENVIRONMENT_TAG));
    async move {
        let index = match environment {
            Some(environment) => index(aws, environment).await.unwrap_or_default(),
            None => TagIndex::default(),
        };
        Arc::new(index)
    }
    .boxed()
    .shared()
}

async fn index(aws: &Aws, environment: &str) -> Result<TagIndex, CloudError> {
    let mut pages = aws
        .clients
        .tagging()
        .get_resources()
        .tag_filters(TagFilter::builder().key(ENVIRONMENT_TAG).values(environment).build())
        .resources_per_page(100)
        .into_paginator()
        .items()
        .send();
    let mut index = TagIndex::default();
    while let Some(object) = pages.next().await {
        let object = object.during(&aws.scope, "tag:GetResources", environment)?;
        let tags = object.tags().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned()));
        let tags = Tags::observed(tags);
        index.0.extend(object.resource_arn.map(|arn| (arn, tags)));
    }
    Ok(index)
}

/// Everything of an environment that the index knows, with its address.
pub(crate) async fn tagged(aws: &Aws, environment: &str) -> Result<Vec<Tagged>, CloudError> {
    let TagIndex(tags) = index(aws, environment).await?;
    let tagged = tags.into_iter().map(|(arn, tags)| {
        let address = match tags.owner() {
            Owner::Environment { environment: _, address } => Some(address),
            Owner::Unknown => None,
        };
        Tagged { arn, address }
    });
    Ok(tagged.collect())
}

#[cfg(test)]
mod tests {
    use super::{TagIndex, Tags};

    fn tags(tags: &[(&str, &str)]) -> Tags {
        Tags::observed(tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn what_lags_behind_is_not_confirmed() {
        let index = TagIndex([("a".to_owned(), tags(&[("x", "1"), ("y", "2")]))].into());
        assert_eq!(index.confirms("a", &tags(&[("x", "1")])), Some(tags(&[("x", "1"), ("y", "2")])));
        assert_eq!(index.confirms("a", &tags(&[("x", "2")])), None);
        assert_eq!(index.confirms("b", &tags(&[])), None);
    }
}
