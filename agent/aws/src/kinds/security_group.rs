use std::{collections::BTreeMap, time::Duration};

use aws_sdk_ec2::types::{Filter, ResourceType, SecurityGroup as Ec2SecurityGroup, Tag, TagSpecification};
use pointsman_core::resource::{Observed, Resource, SecurityGroup, Tags};
use pointsman_engine::ports::{CloudError, CloudErrorKind};

use super::{
    Asked, Changes, Found, Lifecycle, asked::ids, ours, security_group_rules as rules, standing, tags_of,
};
use crate::{
    aws::Aws,
    error::{Absent, During, exists_already, incomplete},
    network::filter,
    wait::{Pauses, Progress, while_busy},
};

/// Network interfaces of stopped tasks and deleted load balancers go slowly.
const LET_GO: Duration = Duration::from_secs(15 * 60);

/// A filter takes no more values than this.
const AT_ONCE: usize = 200;

/// Recorded ones by id beside the others by name, and by name once more what
/// is not there under its id. Filters answer what there is.
pub(super) async fn observe(aws: &Aws, asked: &[Asked<'_, SecurityGroup>]) -> Result<Found, CloudError> {
    let unrecorded: Vec<&Asked<'_, SecurityGroup>> =
        asked.iter().filter(|asked| asked.id.is_none()).collect();
    let (by_id, mut by_name) = futures::try_join!(
        described(aws, "group-id", ids(asked), Vec::new()),
        described_by_name(aws, &unrecorded),
    )?;
    let by_id: BTreeMap<&str, &Ec2SecurityGroup> =
        by_id.iter().filter_map(|group| Some((group.group_id()?, group))).collect();
    let gone: Vec<&Asked<'_, SecurityGroup>> = asked
        .iter()
        .filter(|asked| asked.by_name && asked.id.is_some_and(|id| !by_id.contains_key(id)))
        .collect();
    by_name.extend(described_by_name(aws, &gone).await?);
    let find = |asked: &Asked<'_, SecurityGroup>| {
        asked.id.and_then(|id| by_id.get(id).copied()).or_else(|| {
            by_name.iter().filter(|_| asked.by_name).find(|group| {
                group.group_name() == Some(&asked.spec.name) && group.vpc_id() == Some(&asked.spec.vpc)
            })
        })
    };
    Ok(asked.iter().filter_map(|asked| Some((asked.address.clone(), observed(find(asked)?)))).collect())
}

async fn described_by_name(
    aws: &Aws,
    asked: &[&Asked<'_, SecurityGroup>],
) -> Result<Vec<Ec2SecurityGroup>, CloudError> {
    let names = sorted_once(asked.iter().map(|asked| asked.spec.name.clone()));
    let vpcs = sorted_once(asked.iter().map(|asked| asked.spec.vpc.clone()));
    described(aws, "group-name", names, vec![filter("vpc-id", vpcs)]).await
}

async fn described(
    aws: &Aws,
    mark: &str,
    values: Vec<String>,
    within: Vec<Filter>,
) -> Result<Vec<Ec2SecurityGroup>, CloudError> {
    let mut found = Vec::new();
    for values in values.chunks(AT_ONCE) {
        let filters: Vec<Filter> =
            within.iter().cloned().chain([filter(mark, values.iter().cloned())]).collect();
        let mut token = None;
        loop {
            let page = aws
                .clients
                .ec2()
                .describe_security_groups()
                .set_filters(Some(filters.clone()))
                .set_next_token(token)
                .send()
                .await
                .during(&aws.scope, "ec2:DescribeSecurityGroups", "")?;
            found.extend(page.security_groups.unwrap_or_default());
            token = page.next_token;
            if token.is_none() {
                break;
            }
        }
    }
    Ok(found)
}

fn observed(group: &Ec2SecurityGroup) -> Observed {
    let tags = group
        .tags()
        .iter()
        .filter_map(|tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned())));
    let spec = SecurityGroup {
        name: group.group_name().unwrap_or_default().to_owned(),
        description: group.description().unwrap_or_default().to_owned(),
        vpc: group.vpc_id().unwrap_or_default().to_owned(),
        ingress: rules::ingress(group.ip_permissions()),
        tags: Tags::observed(tags),
    };
    standing(spec, group.group_id().unwrap_or_default(), [])
}

fn tag_list(tags: Vec<(String, String)>) -> Vec<Tag> {
    tags.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

async fn by_name(aws: &Aws, spec: &SecurityGroup) -> Result<Option<Observed>, CloudError> {
    let within = vec![filter("vpc-id", [spec.vpc.clone()])];
    let found = described(aws, "group-name", vec![spec.name.clone()], within).await?;
    Ok(found.first().map(observed))
}

/// Makes the group without rules; `None` when an earlier try made it.
async fn make(aws: &Aws, spec: &SecurityGroup, token: &str) -> Result<Option<String>, CloudError> {
    let made = aws
        .clients
        .ec2()
        .create_security_group()
        .group_name(&spec.name)
        .description(&spec.description)
        .vpc_id(&spec.vpc)
        .tag_specifications(
            TagSpecification::builder()
                .resource_type(ResourceType::SecurityGroup)
                .set_tags(Some(tag_list(tags_of(&spec.tags, token))))
                .build(),
        )
        .send()
        .await
        .during(&aws.scope, "ec2:CreateSecurityGroup", &spec.name);
    match made {
        Ok(made) => made
            .group_id
            .map(Some)
            .ok_or_else(|| incomplete("ec2:CreateSecurityGroup", &spec.name, "group id")),
        Err(error) if exists_already(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

impl Lifecycle for SecurityGroup {
    async fn create(&self, aws: &Aws, token: &str, _progress: &Progress<'_>) -> Result<Observed, CloudError> {
        let operation = "ec2:CreateSecurityGroup";
        let found = match by_name(aws, self).await? {
            Some(found) => Some(found),
            None => match make(aws, self, token).await? {
                Some(id) => {
                    let empty = Self { ingress: Vec::new(), ..self.clone() };
                    Some(standing(empty, &id, []))
                }
                None => by_name(aws, self).await?,
            },
        };
        let found = found.ok_or_else(|| incomplete(operation, &self.name, "group under this name"))?;
        let found = ours(found, &self.tags, operation)?;
        rules::bring(aws, &found.id, rules_of(&found), &self.ingress, false).await?;
        Ok(standing(self.clone(), &found.id, []))
    }

    async fn update(
        &self,
        aws: &Aws,
        object: &Observed,
        changes: &Changes<'_>,
        _progress: &Progress<'_>,
    ) -> Result<Observed, CloudError> {
        if changes.below("ingress.").next().is_some() {
            rules::bring(aws, &object.id, rules_of(object), &self.ingress, true).await?;
        }
        let set = changes.tags_set(&self.tags);
        if !set.is_empty() {
            aws.clients
                .ec2()
                .create_tags()
                .resources(&object.id)
                .set_tags(Some(tag_list(set)))
                .send()
                .await
                .during(&aws.scope, "ec2:CreateTags", &object.id)?;
        }
        let removed = changes.tags_removed(&self.tags);
        if !removed.is_empty() {
            let tags = removed.into_iter().map(|key| Tag::builder().key(key).build()).collect();
            aws.clients.ec2().delete_tags().resources(&object.id).set_tags(Some(tags)).send().await.during(
                &aws.scope,
                "ec2:DeleteTags",
                &object.id,
            )?;
        }
        Ok(standing(self.clone(), &object.id, []))
    }

    async fn delete(&self, aws: &Aws, id: &str, progress: &Progress<'_>) -> Result<(), CloudError> {
        while_busy(progress, LET_GO, || async {
            aws.clients
                .ec2()
                .delete_security_group()
                .group_id(id)
                .send()
                .await
                .during(&aws.scope, "ec2:DeleteSecurityGroup", id)
                .or_absent()
        })
        .await
        .map(|_| ())
    }
}

/// The rules of a group that is known to be one.
fn rules_of(group: &Observed) -> &[pointsman_core::resource::Ingress] {
    match &group.resource {
        Resource::SecurityGroup(spec) => &spec.ingress,
        _ => &[],
    }
}

fn sorted_once(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut texts: Vec<String> = texts.collect();
    texts.sort();
    texts.dedup();
    texts
}

/// A group that was made just now may not be known everywhere yet.
pub(super) async fn once_known<T, F, R>(id: &str, mut call: F) -> Result<T, CloudError>
where
    F: FnMut() -> R,
    R: Future<Output = Result<T, CloudError>>,
{
    let mut pauses = Pauses::within(Duration::from_secs(20));
    loop {
        match call().await {
            Err(error) if error.kind == CloudErrorKind::NotFound => {
                if pauses.pause(&error.operation, id, &error.message).await.is_err() {
                    return Err(error);
                }
            }
            other => return other,
        }
    }
}
