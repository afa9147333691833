use std::time::Duration;

use aws_sdk_elasticache::types::{CacheSubnetGroup as ElastiCacheSubnetGroup, Subnet};
use futures::{FutureExt, future::try_join_all};
use pointsman_core::resource::{CacheSubnetGroup, Observed, Tags};
use pointsman_engine::ports::CloudError;

use super::{
    Asked, Changes, Found, Lifecycle,
    asked::names,
    cache_tags, ours, sorted, standing,
    tag_index::{AllTags, Index},
    tags_of,
};
use crate::{
    aws::Aws,
    error::{Absent, During, exists_already, incomplete},
    wait::{Progress, while_busy},
};

/// A replication group that is being deleted holds it to its end.
const LET_GO: Duration = Duration::from_secs(60 * 60);

const KIND: &str = "subnetgroup";

pub(super) async fn observe(
    aws: &Aws,
    asked: &[Asked<'_, CacheSubnetGroup>],
    index: &Index<'_>,
) -> Result<Found, CloudError> {
    let each = asked.iter().map(|asked| async move {
        for name in names(asked, &asked.spec.name) {
            let arn = cache_tags::arn(aws, KIND, name);
            let confirmable = asked.confirmable(name, &asked.spec.tags);
            let tags = index.tags(&arn, confirmable, cache_tags::all(aws, &arn)).boxed();
            if let Some(found) = with_tags(aws, name, tags).await? {
                return Ok(Some((asked.address.clone(), found)));
            }
        }
        Ok(None)
    });
    Ok(try_join_all(each).await?.into_iter().flatten().collect())
}

async fn find(aws: &Aws, name: &str) -> Result<Option<Observed>, CloudError> {
    let arn = cache_tags::arn(aws, KIND, name);
    with_tags(aws, name, cache_tags::all(aws, &arn)).await
}

async fn with_tags(
    aws: &Aws,
    name: &str,
    tags: impl Future<Output = Result<Option<AllTags>, CloudError>>,
) -> Result<Option<Observed>, CloudError> {
    let (group, tags) = futures::try_join!(described(aws, name), tags)?;
    let arn = cache_tags::arn(aws, KIND, name);
    Ok(group.map(|group| observed(&group, &arn, Tags::observed(tags.unwrap_or_default()))))
}

async fn described(aws: &Aws, name: &str) -> Result<Option<ElastiCacheSubnetGroup>, CloudError> {
    let found = aws
        .clients
        .cache()
        .describe_cache_subnet_groups()
        .cache_subnet_group_name(name)
        .send()
        .await
        .during(&aws.scope, "elasticache:DescribeCacheSubnetGroups", name)
        .or_absent()?;
    Ok(found.and_then(|found| found.cache_subnet_groups?.into_iter().next()))
}

fn observed(group: &ElastiCacheSubnetGroup, arn: &str, tags: Tags) -> Observed {
    let name = group.cache_subnet_group_name().unwrap_or_default();
    let subnets = group.subnets().iter().filter_map(Subnet::subnet_identifier).map(ToOwned::to_owned);
    let spec = CacheSubnetGroup {
        name: name.to_owned(),
        description: group.cache_subnet_group_description().unwrap_or_default().to_owned(),
        subnets: sorted(subnets.collect()),
        tags,
    };
    standing(spec, name, [("arn", Some(arn))])
}

impl Lifecycle for CacheSubnetGroup {
    async fn create(&self, aws: &Aws, token: &str, _progress: &Progress<'_>) -> Result<Observed, CloudError> {
        let operation = "elasticache:CreateCacheSubnetGroup";
        let Self { name, description, subnets, tags } = self;
        if let Some(found) = find(aws, name).await? {
            return ours(found, tags, operation);
        }
        let made = aws
            .clients
            .cache()
            .create_cache_subnet_group()
            .cache_subnet_group_name(name)
            .cache_subnet_group_description(description)
            .set_subnet_ids(Some(subnets.clone()))
            .set_tags(Some(cache_tags::list(tags_of(tags, token))))
            .send()
            .await
            .during(&aws.scope, operation, name);
        match made {
            Ok(_) => {
                let arn = cache_tags::arn(aws, KIND, name);
                Ok(standing(self.clone(), name, [("arn", Some(arn.as_str()))]))
            }
            Err(error) if exists_already(&error) => {
                let found = find(aws, name).await?;
                ours(
                    found.ok_or_else(|| incomplete(operation, name, "group under this name"))?,
                    tags,
                    operation,
                )
            }
            Err(error) => Err(error),
        }
    }

    async fn update(
        &self,
        aws: &Aws,
        object: &Observed,
        changes: &Changes<'_>,
        _progress: &Progress<'_>,
    ) -> Result<Observed, CloudError> {
        if changes.any(&["description", "subnets"]) {
            aws.clients
                .cache()
                .modify_cache_subnet_group()
                .cache_subnet_group_name(&object.id)
                .cache_subnet_group_description(&self.description)
                .set_subnet_ids(Some(self.subnets.clone()))
                .send()
                .await
                .during(&aws.scope, "elasticache:ModifyCacheSubnetGroup", &object.id)?;
        }
        let arn = cache_tags::arn(aws, KIND, &object.id);
        cache_tags::update(aws, &arn, changes, &self.tags).await?;
        Ok(standing(self.clone(), &object.id, [("arn", Some(arn.as_str()))]))
    }

    async fn delete(&self, aws: &Aws, id: &str, progress: &Progress<'_>) -> Result<(), CloudError> {
        while_busy(progress, LET_GO, || async {
            aws.clients
                .cache()
                .delete_cache_subnet_group()
                .cache_subnet_group_name(id)
                .send()
                .await
                .during(&aws.scope, "elasticache:DeleteCacheSubnetGroup", id)
                .or_absent()
        })
        .await
        .map(|_| ())
    }
}
