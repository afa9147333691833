//! A replication group as it stands, put together from what AWS keeps apart.

use aws_sdk_elasticache::types::{
    CacheCluster, Endpoint, ReplicationGroup as ElastiCacheReplicationGroup, SecurityGroupMembership,
    TransitEncryptionMode,
};
use futures::{FutureExt, future::try_join_all};
use pointsman_core::{
    desired::cache_engine_version,
    resource::{AUTH_TAG, Link, Observed, Readiness, ReplicationGroup, Tags, Token, Transit},
};
use pointsman_engine::ports::CloudError;

use super::{
    Asked, Found,
    asked::names,
    cache_tags,
    elb::port,
    links, standing,
    tag_index::{AllTags, Index},
};
use crate::{
    aws::Aws,
    error::{Absent, During},
};

pub(super) const KIND: &str = "replicationgroup";
pub(super) const DESCRIBE: &str = "elasticache:DescribeReplicationGroups";

pub(super) async fn observe(
    aws: &Aws,
    asked: &[Asked<'_, ReplicationGroup>],
    index: &Index<'_>,
) -> Result<Found, CloudError> {
    let each = asked.iter().map(|asked| async move {
        for name in names(asked, &asked.spec.name) {
            let arn = cache_tags::arn(aws, KIND, name);
            let tags = index.tags(&arn, confirmable(asked, name), cache_tags::all(aws, &arn)).boxed();
            let found = with_tags(aws, name, asked.spec, tags).await?;
            if let Some(found) = found.filter(|found| !found.is_going()) {
                return Ok(Some((asked.address.clone(), found.observed)));
            }
        }
        Ok(None)
    });
    Ok(try_join_all(each).await?.into_iter().flatten().collect())
}

/// What the index must confirm: which token it was last told to ask for as well.
fn confirmable<'a>(asked: &Asked<'a, ReplicationGroup>, name: &str) -> Option<Vec<(&'a str, &'a str)>> {
    let mut wanted = asked.confirmable(name, &asked.spec.tags)?;
    if let Some(token) = &asked.recorded?.auth_token {
        wanted.push((AUTH_TAG, token.version.known()?));
    }
    Some(wanted)
}

/// A group that stands, with AWS's word for its state.
pub(super) struct Standing {
    pub(super) observed: Observed,
    pub(super) status: String,
}

impl Standing {
    /// What is being deleted goes whatever anybody does.
    pub(super) fn is_going(&self) -> bool {
        self.status == "deleting"
    }
}

/// What is known of a group's tags.
enum Known {
    /// Nothing, because it is still being made.
    NotYet,
    /// All of them.
    As(AllTags),
}

pub(super) async fn find(
    aws: &Aws,
    name: &str,
    like: &ReplicationGroup,
) -> Result<Option<Standing>, CloudError> {
    let arn = cache_tags::arn(aws, KIND, name);
    Box::pin(with_tags(aws, name, like, cache_tags::all(aws, &arn))).await
}

/// A group tells little of itself: half of its settings are its members'. The
/// first member's name follows from the group's, so that all are asked for at once.
async fn with_tags(
    aws: &Aws,
    name: &str,
    like: &ReplicationGroup,
    tags: impl Future<Output = Result<Option<AllTags>, CloudError>>,
) -> Result<Option<Standing>, CloudError> {
    let arn = cache_tags::arn(aws, KIND, name);
    let first = format!("{name}-001");
    let (group, member, tags) = futures::try_join!(described(aws, name), member(aws, &first), tags)?;
    let Some(group) = group else {
        return Ok(None);
    };
    let member = match member {
        Some(member) => Some(member),
        None => match group.member_clusters().iter().find(|member| **member != first) {
            Some(other) => self::member(aws, other).await?,
            None => None,
        },
    };
    // Tags of a group that is still being made are not listed: its description,
    // which names environment and address, says whose it is.
    let made_by_us = group.status() == Some("creating") && group.description() == Some(&like.description);
    let tags = match tags {
        None if made_by_us => Known::NotYet,
        tags => Known::As(tags.unwrap_or_default()),
    };
    let status = group.status().unwrap_or_default().to_owned();
    let observed = observed(&group, member.as_ref(), &arn, tags, like);
    Ok(Some(Standing { observed, status }))
}

pub(super) async fn described(
    aws: &Aws,
    name: &str,
) -> Result<Option<ElastiCacheReplicationGroup>, CloudError> {
    let found = aws
        .clients
        .cache()
        .describe_replication_groups()
        .replication_group_id(name)
        .send()
        .await
        .during(&aws.scope, DESCRIBE, name)
        .or_absent()?;
    Ok(found.and_then(|found| found.replication_groups?.into_iter().next()))
}

async fn member(aws: &Aws, name: &str) -> Result<Option<CacheCluster>, CloudError> {
    let found = aws
        .clients
        .cache()
        .describe_cache_clusters()
        .cache_cluster_id(name)
        .send()
        .await
        .during(&aws.scope, "elasticache:DescribeCacheClusters", name)
        .or_absent()?;
    Ok(found.and_then(|found| found.cache_clusters?.into_iter().next()))
}

/// `like` tells what AWS does not say yet while it makes the group.
fn observed(
    group: &ElastiCacheReplicationGroup,
    member: Option<&CacheCluster>,
    arn: &str,
    tags: Known,
    like: &ReplicationGroup,
) -> Observed {
    let name = group.replication_group_id().unwrap_or_default();
    let asks_for_token = group.auth_token_enabled().unwrap_or_default();
    let (tags, auth_token) = match tags {
        Known::NotYet => (like.tags.clone(), like.auth_token.clone().filter(|_| asks_for_token)),
        Known::As(tags) => {
            let token = asks_for_token.then(|| token(&tags, like));
            (Tags::observed(tags), token)
        }
    };
    let endpoint = group.node_groups().first().and_then(|nodes| nodes.primary_endpoint());
    let text = |found: Option<&str>, like: &str| found.unwrap_or(like).to_owned();
    let link = |found: Option<&str>, like: &Link| {
        found.map_or_else(|| like.clone(), |found| Link::Known(found.to_owned()))
    };
    let groups = member.map(CacheCluster::security_groups).unwrap_or_default();
    let port = match endpoint.and_then(Endpoint::port) {
        Some(number) => port(Some(number)),
        None => like.port,
    };
    let spec = ReplicationGroup {
        name: name.to_owned(),
        description: group.description().unwrap_or_default().to_owned(),
        engine: text(member.and_then(CacheCluster::engine).or(group.engine()), &like.engine),
        engine_version: cache_engine_version(
            member.and_then(CacheCluster::engine_version).unwrap_or(&like.engine_version),
        ),
        node_type: text(
            group.cache_node_type().or(member.and_then(CacheCluster::cache_node_type)),
            &like.node_type,
        ),
        nodes: match group.member_clusters().len() {
            0 => like.nodes,
            nodes => u32::try_from(nodes).unwrap_or(u32::MAX),
        },
        parameter_group: link(
            member
                .and_then(CacheCluster::cache_parameter_group)
                .and_then(|group| group.cache_parameter_group_name()),
            &like.parameter_group,
        ),
        subnet_group: link(member.and_then(CacheCluster::cache_subnet_group_name), &like.subnet_group),
        security_groups: if groups.is_empty() {
            like.security_groups.clone()
        } else {
            links(groups.iter().filter_map(SecurityGroupMembership::security_group_id).map(ToOwned::to_owned))
        },
        port,
        at_rest: group.at_rest_encryption_enabled().unwrap_or_default(),
        in_transit: in_transit(group),
        auth_token,
        maintenance_window: member
            .and_then(CacheCluster::preferred_maintenance_window)
            .map(ToOwned::to_owned),
        tags,
    };
    let number = port.to_string();
    let mut observed = standing(
        spec,
        name,
        [
            ("arn", Some(group.arn().unwrap_or(arn))),
            ("endpoint", endpoint.and_then(Endpoint::address)),
            ("port", Some(&number)),
        ],
    );
    observed.readiness = readiness(group.status().unwrap_or_default());
    observed
}

fn in_transit(group: &ElastiCacheReplicationGroup) -> Transit {
    match (group.transit_encryption_enabled(), group.transit_encryption_mode()) {
        (Some(true), Some(TransitEncryptionMode::Preferred)) => Transit::Preferred,
        (Some(true), _) => Transit::Required,
        _ => Transit::Off,
    }
}

/// The token that a group asks for: ElastiCache does not say which, its tag does.
fn token(tags: &AllTags, like: &ReplicationGroup) -> Token {
    let unknown = || Link::Known(String::new());
    Token {
        secret: like.auth_token.as_ref().map_or_else(unknown, |token| token.secret.clone()),
        version: tags.get(AUTH_TAG).cloned().map_or_else(unknown, Link::Known),
    }
}

fn readiness(status: &str) -> Readiness {
    match status {
        "available" => Readiness::Ready,
        "create-failed" => Readiness::Failed(status.to_owned()),
        other => Readiness::Pending(other.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use aws_sdk_elasticache::types::{
        CacheCluster, ReplicationGroup as ElastiCacheReplicationGroup, TransitEncryptionMode,
    };
    use pointsman_core::resource::{
        AUTH_TAG, Link, Readiness, ReplicationGroup, Resource, Tags, Token, Transit,
    };

    use super::{Known, observed};

    fn like() -> ReplicationGroup {
        ReplicationGroup {
            name: "web".to_owned(),
            description: "cache.web of test".to_owned(),
            engine: "redis".to_owned(),
            engine_version: "7.1".to_owned(),
            node_type: "cache.t3.micro".to_owned(),
            nodes: 1,
            parameter_group: Link::Known("parameters".to_owned()),
            subnet_group: Link::Known("subnets".to_owned()),
            security_groups: vec![Link::Known("sg-1".to_owned())],
            port: 6379,
            at_rest: true,
            in_transit: Transit::Required,
            auth_token: Some(Token {
                secret: Link::Known("arn".to_owned()),
                version: Link::Known("v2".to_owned()),
            }),
            maintenance_window: None,
            tags: Tags::default(),
        }
    }

    #[test]
    fn while_it_is_made_what_is_not_told_yet_is_no_difference() {
        let group = ElastiCacheReplicationGroup::builder()
            .replication_group_id("web")
            .description("cache.web of test")
            .status("creating")
            .at_rest_encryption_enabled(true)
            .transit_encryption_enabled(true)
            .auth_token_enabled(true)
            .build();
        let observed = observed(&group, None, "arn", Known::NotYet, &like());
        assert_eq!(observed.resource, Resource::ReplicationGroup(like()));
        assert_eq!(observed.readiness, Readiness::Pending("creating".to_owned()));
    }

    #[test]
    fn a_version_with_a_patch_is_the_version_that_was_asked_for() {
        let group =
            ElastiCacheReplicationGroup::builder().replication_group_id("web").status("available").build();
        let member = CacheCluster::builder()
            .engine("redis")
            .engine_version("7.1.0")
            .preferred_maintenance_window("sun:05:00-sun:06:00")
            .build();
        let Resource::ReplicationGroup(spec) =
            observed(&group, Some(&member), "arn", Known::As(BTreeMap::new()), &like()).resource
        else {
            panic!("another kind");
        };
        assert_eq!(spec.engine_version, "7.1");
        assert_eq!(spec.maintenance_window.as_deref(), Some("sun:05:00-sun:06:00"));
        assert!(!spec.at_rest, "what AWS says counts, not what was asked for");
        assert_eq!((spec.in_transit, spec.auth_token), (Transit::Off, None));
    }

    #[test]
    fn which_token_a_group_asks_for_is_told_by_its_tag() {
        let group = ElastiCacheReplicationGroup::builder()
            .replication_group_id("web")
            .status("available")
            .transit_encryption_enabled(true)
            .transit_encryption_mode(TransitEncryptionMode::Preferred)
            .auth_token_enabled(true)
            .build();
        let tags = BTreeMap::from([(AUTH_TAG.to_owned(), "v1".to_owned())]);
        let Resource::ReplicationGroup(spec) =
            observed(&group, None, "arn", Known::As(tags), &like()).resource
        else {
            panic!("another kind");
        };
        assert_eq!(spec.in_transit, Transit::Preferred);
        assert_eq!(spec.auth_token.map(|token| token.version), Some(Link::Known("v1".to_owned())));
        assert_eq!(spec.tags, Tags::default());
    }
}
