use std::{collections::BTreeMap, time::Duration};

use aws_sdk_elasticache::types::{CacheParameterGroup as ElastiCacheParameterGroup, ParameterNameValue};
use futures::{FutureExt, future::try_join_all};
use pointsman_core::resource::{CacheParameterGroup, Observed, Tags};
use pointsman_engine::ports::CloudError;

use super::{
    Asked, Changes, Found, Lifecycle, asked::names, cache_tags, ours, standing, tag_index::Index, tags_of,
};
use crate::{
    aws::Aws,
    error::{Absent, During, exists_already, incomplete},
    wait::{Progress, while_busy},
};

/// A replication group that is being deleted holds it to its end.
const LET_GO: Duration = Duration::from_secs(60 * 60);

/// As many parameters as one call changes.
const AT_ONCE: usize = 20;

const KIND: &str = "parametergroup";

type Parameters = BTreeMap<String, String>;

pub(super) async fn observe(
    aws: &Aws,
    asked: &[Asked<'_, CacheParameterGroup>],
    index: &Index<'_>,
) -> Result<Found, CloudError> {
    let each = asked.iter().map(|asked| async move {
        if let Some(found) = recorded(aws, asked, index).await? {
            return Ok(Some((asked.address.clone(), found)));
        }
        for name in names(asked, &asked.spec.name) {
            if let Some(found) = find(aws, name).await? {
                return Ok(Some((asked.address.clone(), found)));
            }
        }
        Ok(None)
    });
    Ok(try_join_all(each).await?.into_iter().flatten().collect())
}

/// What a recorded group is never changes but for its parameters and tags: its
/// parameters show that it stands.
async fn recorded(
    aws: &Aws,
    asked: &Asked<'_, CacheParameterGroup>,
    index: &Index<'_>,
) -> Result<Option<Observed>, CloudError> {
    let (Some(made), Some(name)) = (asked.recorded, asked.id) else {
        return Ok(None);
    };
    let arn = cache_tags::arn(aws, KIND, name);
    let tags =
        index.tags(&arn, asked.confirmable(name, &asked.spec.tags), cache_tags::all(aws, &arn)).boxed();
    let (parameters, tags) = futures::try_join!(parameters(aws, name), tags)?;
    Ok(parameters.map(|parameters| {
        let tags = Tags::observed(tags.unwrap_or_default());
        let spec = CacheParameterGroup { parameters, tags, ..made.clone() };
        standing(spec, name, [("arn", Some(arn.as_str()))])
    }))
}

async fn find(aws: &Aws, name: &str) -> Result<Option<Observed>, CloudError> {
    let arn = cache_tags::arn(aws, KIND, name);
    let (group, parameters, tags) =
        futures::try_join!(described(aws, name), parameters(aws, name), cache_tags::all(aws, &arn))?;
    let tags = Tags::observed(tags.unwrap_or_default());
    Ok(group.map(|group| observed(&group, parameters.unwrap_or_default(), &arn, tags)))
}

async fn described(aws: &Aws, name: &str) -> Result<Option<ElastiCacheParameterGroup>, CloudError> {
    let found = aws
        .clients
        .cache()
        .describe_cache_parameter_groups()
        .cache_parameter_group_name(name)
        .send()
        .await
        .during(&aws.scope, "elasticache:DescribeCacheParameterGroups", name)
        .or_absent()?;
    Ok(found.and_then(|found| found.cache_parameter_groups?.into_iter().next()))
}

/// Only what someone set: the rest are AWS's defaults. Nothing where there is
/// no such group.
async fn parameters(aws: &Aws, name: &str) -> Result<Option<Parameters>, CloudError> {
    let mut found = Parameters::new();
    let mut marker = None;
    loop {
        let page = aws
            .clients
            .cache()
            .describe_cache_parameters()
            .cache_parameter_group_name(name)
            .source("user")
            .set_marker(marker)
            .send()
            .await
            .during(&aws.scope, "elasticache:DescribeCacheParameters", name)
            .or_absent()?;
        let Some(page) = page else {
            return Ok(None);
        };
        let set = page.parameters.unwrap_or_default().into_iter();
        // Asked once more here: not everything that speaks this protocol filters.
        let set = set.filter(|parameter| parameter.source().is_none_or(|source| source == "user"));
        found.extend(
            set.filter_map(|parameter| Some((parameter.parameter_name?, parameter.parameter_value?))),
        );
        marker = page.marker;
        if marker.is_none() {
            return Ok(Some(found));
        }
    }
}

fn observed(group: &ElastiCacheParameterGroup, parameters: Parameters, arn: &str, tags: Tags) -> Observed {
    let name = group.cache_parameter_group_name().unwrap_or_default();
    let spec = CacheParameterGroup {
        name: name.to_owned(),
        family: group.cache_parameter_group_family().unwrap_or_default().to_owned(),
        description: group.description().unwrap_or_default().to_owned(),
        parameters,
        tags,
    };
    standing(spec, name, [("arn", Some(arn))])
}

async fn set(aws: &Aws, name: &str, parameters: &Parameters) -> Result<(), CloudError> {
    let pairs: Vec<ParameterNameValue> = parameters
        .iter()
        .map(|(name, value)| {
            ParameterNameValue::builder().parameter_name(name).parameter_value(value).build()
        })
        .collect();
    for pairs in pairs.chunks(AT_ONCE) {
        aws.clients
            .cache()
            .modify_cache_parameter_group()
            .cache_parameter_group_name(name)
            .set_parameter_name_values(Some(pairs.to_vec()))
            .send()
            .await
            .during(&aws.scope, "elasticache:ModifyCacheParameterGroup", name)?;
    }
    Ok(())
}

async fn reset(aws: &Aws, name: &str, parameters: &[&str]) -> Result<(), CloudError> {
    for names in parameters.chunks(AT_ONCE) {
        let names =
            names.iter().map(|name| ParameterNameValue::builder().parameter_name(*name).build()).collect();
        aws.clients
            .cache()
            .reset_cache_parameter_group()
            .cache_parameter_group_name(name)
            .reset_all_parameters(false)
            .set_parameter_name_values(Some(names))
            .send()
            .await
            .during(&aws.scope, "elasticache:ResetCacheParameterGroup", name)?;
    }
    Ok(())
}

impl Lifecycle for CacheParameterGroup {
    async fn create(&self, aws: &Aws, token: &str, _progress: &Progress<'_>) -> Result<Observed, CloudError> {
        let operation = "elasticache:CreateCacheParameterGroup";
        let Self { name, family, description, parameters, tags } = self;
        if let Some(found) = find(aws, name).await? {
            ours(found, tags, operation)?;
        } else {
            let made = aws
                .clients
                .cache()
                .create_cache_parameter_group()
                .cache_parameter_group_name(name)
                .cache_parameter_group_family(family)
                .description(description)
                .set_tags(Some(cache_tags::list(tags_of(tags, token))))
                .send()
                .await
                .during(&aws.scope, operation, name);
            match made {
                Err(error) if exists_already(&error) => {
                    let found = find(aws, name).await?;
                    let found = found.ok_or_else(|| incomplete(operation, name, "group under this name"))?;
                    ours(found, tags, operation)?;
                }
                other => {
                    other?;
                }
            }
        }
        set(aws, name, parameters).await?;
        let arn = cache_tags::arn(aws, KIND, name);
        Ok(standing(self.clone(), name, [("arn", Some(arn.as_str()))]))
    }

    async fn update(
        &self,
        aws: &Aws,
        object: &Observed,
        changes: &Changes<'_>,
        _progress: &Progress<'_>,
    ) -> Result<Observed, CloudError> {
        let (kept, dropped): (Vec<&str>, Vec<&str>) =
            changes.below("parameters.").partition(|name| self.parameters.contains_key(*name));
        let kept = self.parameters.iter().filter(|(name, _)| kept.contains(&name.as_str()));
        set(aws, &object.id, &kept.map(|(name, value)| (name.clone(), value.clone())).collect()).await?;
        reset(aws, &object.id, &dropped).await?;
        let arn = cache_tags::arn(aws, KIND, &object.id);
        cache_tags::update(aws, &arn, changes, &self.tags).await?;
        Ok(standing(self.clone(), &object.id, [("arn", Some(arn.as_str()))]))
    }

    async fn delete(&self, aws: &Aws, id: &str, progress: &Progress<'_>) -> Result<(), CloudError> {
        while_busy(progress, LET_GO, || async {
            aws.clients
                .cache()
                .delete_cache_parameter_group()
                .cache_parameter_group_name(id)
                .send()
                .await
                .during(&aws.scope, "elasticache:DeleteCacheParameterGroup", id)
                .or_absent()
        })
        .await
        .map(|_| ())
    }
}
