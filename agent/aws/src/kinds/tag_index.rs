//! AWS's own index of tags: one call for the objects of all services. It lags
//! behind: what it does not confirm is asked of the object's own service.

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
use pointsman_engine::ports::{CloudError, Sought};

use crate::{aws::Aws, client::Access, error::During};

/// All tags of an object, with those that are about it.
pub(super) type AllTags = BTreeMap<String, String>;

/// The index as the kinds wait for it; who never waits never asks.
pub(super) struct Index<'a> {
    said: Shared<BoxFuture<'a, Arc<TagIndex>>>,
    access: Access,
}

/// Tags by ARN, as the index has them.
#[derive(Debug, Default)]
pub(super) struct TagIndex(BTreeMap<String, AllTags>);

impl TagIndex {
    /// An object's tags, where all that should be there is: then they are no older
    /// than what we last wrote.
    pub(super) fn confirms(&self, arn: &str, wanted: &Tags) -> Option<Tags> {
        self.all(arn, wanted.iter()).map(|tags| Tags::observed(tags.clone()))
    }

    fn all<'t>(&self, arn: &str, mut wanted: impl Iterator<Item = (&'t str, &'t str)>) -> Option<&AllTags> {
        let tags = self.0.get(arn)?;
        wanted.all(|(key, value)| tags.get(key).map(String::as_str) == Some(value)).then_some(tags)
    }
}

impl Index<'_> {
    /// What the index says.
    pub(super) async fn said(&self) -> Arc<TagIndex> {
        self.said.clone().await
    }

    /// The same for who only looks. Nothing for who writes afterwards: under a
    /// name something else may stand by now, and the index does not know yet.
    pub(super) async fn said_to_readers(&self) -> Arc<TagIndex> {
        match self.access {
            Access::Read => self.said().await,
            Access::Write => Arc::default(),
        }
    }

    /// The tags of a recorded object that should have these; as `ask` answers, where
    /// the index does not confirm them or nothing is recorded. `None`: it does not exist.
    pub(super) async fn tags<'t>(
        &self,
        arn: &str,
        recorded: Option<Vec<(&'t str, &'t str)>>,
        ask: impl Future<Output = Result<Option<AllTags>, CloudError>>,
    ) -> Result<Option<AllTags>, CloudError> {
        if let Some(wanted) = recorded
            && let Some(tags) = self.said_to_readers().await.all(arn, wanted.into_iter())
        {
            return Ok(Some(tags.clone()));
        }
        ask.await
    }
}

/// Everything of the environment that is looked for. Without an answer nothing is
/// confirmed: the services themselves say what is wrong.
pub(super) fn of<'a>(aws: &'a Aws, sought: &'a [Sought]) -> Index<'a> {
    let tags = sought.iter().find_map(|sought| sought.resource.tags());
    let environment = tags.and_then(|tags| tags.get(ENVIRONMENT_TAG));
    let said = async move {
        let index = match environment {
            Some(environment) => index(aws, environment).await.unwrap_or_default(),
            None => TagIndex::default(),
        };
        Arc::new(index)
    };
    Index { said: said.boxed().shared(), access: aws.access }
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
        let tags = object.tags().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect();
        index.0.extend(object.resource_arn.map(|arn| (arn, tags)));
    }
    Ok(index)
}

/// Everything of an environment that the index knows, with its address.
pub(crate) async fn tagged(aws: &Aws, environment: &str) -> Result<Vec<Tagged>, CloudError> {
    let TagIndex(tags) = index(aws, environment).await?;
    let tagged = tags.into_iter().map(|(arn, tags)| {
        let address = match Tags::observed(tags).owner() {
            Owner::Environment { environment: _, address } => Some(address),
            Owner::Unknown => None,
        };
        Tagged { arn, address }
    });
    Ok(tagged.collect())
}

#[cfg(test)]
mod tests {
    use super::{AllTags, TagIndex, Tags};

    fn tags(tags: &[(&str, &str)]) -> Tags {
        Tags::observed(all(tags))
    }

    fn all(tags: &[(&str, &str)]) -> AllTags {
        tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_lags_behind_is_not_confirmed() {
        let index = TagIndex([("a".to_owned(), all(&[("x", "1"), ("y", "2")]))].into());
        assert_eq!(index.confirms("a", &tags(&[("x", "1")])), Some(tags(&[("x", "1"), ("y", "2")])));
        assert_eq!(index.confirms("a", &tags(&[("x", "2")])), None);
        assert_eq!(index.confirms("b", &tags(&[])), None);
    }
}
