//! What load balancers, target groups, listeners and rules have in common:
//! ARNs as ids, tags that are asked for apart, and looking for all at once.

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types::Tag;
use futures::future::try_join_all;
use pointsman_core::{
    Address,
    resource::{Link, Listener, ListenerRule, LoadBalancer, Observed, Tags, TargetGroup},
};
use pointsman_engine::ports::{CloudError, CloudErrorKind};

use super::{
    Asked, Changes, Found, asked::ids, listener, listener_rule, load_balancer, tag_index::Index, tags_of,
    target_group,
};
use crate::{aws::Aws, error::During};

/// As many ARNs as one call takes.
const AT_ONCE: usize = 20;

/// Everything of this service that is looked for.
pub(super) struct Sought<'a> {
    pub(super) target_groups: Vec<Asked<'a, TargetGroup>>,
    pub(super) load_balancers: Vec<Asked<'a, LoadBalancer>>,
    pub(super) listeners: Vec<Asked<'a, Listener>>,
    pub(super) listener_rules: Vec<Asked<'a, ListenerRule>>,
}

/// What stands, by the address it was sought under; its tags come last.
pub(super) type Standing = BTreeMap<Address, Observed>;

/// What is recorded is asked for by its ARN, beside its tags, in one round. Only
/// what is not found that way is looked for below what it belongs to.
pub(super) async fn observe(aws: &Aws, sought: &Sought<'_>, index: &Index<'_>) -> Result<Found, CloudError> {
    let Sought { target_groups, load_balancers, listeners, listener_rules } = sought;
    let recorded: BTreeMap<&str, &Tags> = target_groups
        .iter()
        .map(|asked| (asked.id, &asked.spec.tags))
        .chain(load_balancers.iter().map(|asked| (asked.id, &asked.spec.tags)))
        .chain(listeners.iter().map(|asked| (asked.id, &asked.spec.tags)))
        .chain(listener_rules.iter().map(|asked| (asked.id, &asked.spec.tags)))
        .filter_map(|(id, tags)| Some((id?, tags)))
        .collect();
    let (mut tags, groups, balancers, by_arn, rules_by_arn) = futures::try_join!(
        tags_of_recorded(aws, &recorded, index),
        target_group::find(aws, target_groups),
        load_balancer::find(aws, load_balancers),
        listener::by_arn(aws, listeners),
        listener_rule::by_arn(aws, listener_rules),
    )?;
    let found_listeners = listener::below(aws, listeners, by_arn, &balancers).await?;
    let found_rules = listener_rule::below(aws, listener_rules, rules_by_arn, &found_listeners).await?;
    let mut found: Vec<(Address, Observed)> =
        [groups, balancers, found_listeners, found_rules].into_iter().flatten().collect();
    let untagged = found.iter().map(|(_, object)| object.id.clone()).filter(|arn| !tags.contains_key(arn));
    let untagged = tags_by_arn(aws, untagged.collect()).await?;
    tags.extend(untagged);
    for (_, object) in &mut found {
        set_tags(object, tags.get(&object.id));
    }
    Ok(found)
}

/// Puts an object's tags in their place.
fn set_tags(object: &mut Observed, tags: Option<&Tags>) {
    let tags = tags.cloned().unwrap_or_default();
    object.owner = tags.owner();
    if let Some(own) = object.resource.tags_mut() {
        *own = tags;
    }
}

/// The same object with its tags, asked for by themselves.
pub(super) async fn tagged(aws: &Aws, mut object: Observed) -> Result<Observed, CloudError> {
    let tags = tags_by_arn(aws, vec![object.id.clone()]).await?;
    let own = tags.get(&object.id);
    set_tags(&mut object, own);
    Ok(object)
}

/// Tags by ARN, as the index confirms them; the rest are asked for.
async fn tags_of_recorded(
    aws: &Aws,
    recorded: &BTreeMap<&str, &Tags>,
    index: &Index<'_>,
) -> Result<BTreeMap<String, Tags>, CloudError> {
    if recorded.is_empty() {
        return Ok(BTreeMap::new());
    }
    let index = index.said_to_readers().await;
    let confirmed =
        recorded.iter().filter_map(|(arn, tags)| Some(((*arn).to_owned(), index.confirms(arn, tags)?)));
    let mut tags: BTreeMap<String, Tags> = confirmed.collect();
    let others = recorded.keys().filter(|arn| !tags.contains_key(**arn)).map(|arn| (*arn).to_owned());
    tags.extend(tags_by_arn(aws, others.collect()).await?);
    Ok(tags)
}

/// Tags by ARN, without those of what does not exist.
async fn tags_by_arn(aws: &Aws, arns: Vec<String>) -> Result<BTreeMap<String, Tags>, CloudError> {
    let found = in_batches(&arns, |arns| async move {
        let described = aws.clients.elb().describe_tags().set_resource_arns(Some(arns)).send().await.during(
            &aws.scope,
            "elasticloadbalancing:DescribeTags",
            "",
        )?;
        Ok(described.tag_descriptions.unwrap_or_default())
    })
    .await?;
    Ok(found
        .into_iter()
        .map(|described| {
            let tags = described.tags().iter().map(|tag| {
                (tag.key().unwrap_or_default().to_owned(), tag.value().unwrap_or_default().to_owned())
            });
            let tags = Tags::observed(tags);
            (described.resource_arn.unwrap_or_default(), tags)
        })
        .collect())
}

/// Asks for many ARNs in few calls. One that does not exist fails a call as a
/// whole: then each is asked for by itself.
pub(super) async fn in_batches<T, F, R>(arns: &[String], ask: F) -> Result<Vec<T>, CloudError>
where
    F: Fn(Vec<String>) -> R,
    R: Future<Output = Result<Vec<T>, CloudError>>,
{
    let ask = &ask;
    let batches = arns.chunks(AT_ONCE).map(|batch| async move {
        match ask(batch.to_vec()).await {
            Err(error) if error.kind == CloudErrorKind::NotFound && batch.len() > 1 => {
                let each = batch.iter().map(|arn| async { or_none(ask(vec![arn.clone()]).await) });
                try_join_all(each).await.map(|found| found.into_iter().flatten().collect())
            }
            other => or_none(other),
        }
    });
    Ok(try_join_all(batches).await?.into_iter().flatten().collect())
}

fn or_none<T>(found: Result<Vec<T>, CloudError>) -> Result<Vec<T>, CloudError> {
    match found {
        Err(error) if error.kind == CloudErrorKind::NotFound => Ok(Vec::new()),
        other => other,
    }
}

/// Looks for objects with names of their own: recorded ones by ARN beside the
/// others by name, and by name once more what is not there under its ARN.
pub(super) async fn find<'a, S, I, J, N, M>(
    asked: &[Asked<'a, S>],
    by_arns: I,
    by_name: N,
) -> Result<Standing, CloudError>
where
    I: FnOnce(Vec<String>) -> J,
    J: Future<Output = Result<Vec<Observed>, CloudError>>,
    N: Fn(&'a S) -> M,
    M: Future<Output = Result<Option<Observed>, CloudError>>,
{
    let named = |asked: &Asked<'a, S>| {
        let (address, found) = (asked.address.clone(), by_name(asked.spec));
        async move { Ok(found.await?.map(|found| (address, found))) }
    };
    let unrecorded = asked.iter().filter(|asked| asked.id.is_none() && asked.by_name);
    let (by_arn, unrecorded) = futures::try_join!(by_arns(ids(asked)), try_join_all(unrecorded.map(named)))?;
    let mut standing = placed(asked, by_arn);
    let gone = asked
        .iter()
        .filter(|asked| asked.id.is_some() && asked.by_name && !standing.contains_key(asked.address));
    let renamed = try_join_all(gone.map(named)).await?;
    standing.extend(unrecorded.into_iter().chain(renamed).flatten());
    Ok(standing)
}

/// What was found by ARN, under the address that it was recorded for.
pub(super) fn placed<S>(asked: &[Asked<'_, S>], found: Vec<Observed>) -> Standing {
    let found: BTreeMap<String, Observed> =
        found.into_iter().map(|object| (object.id.clone(), object)).collect();
    asked.iter().filter_map(|asked| Some((asked.address.clone(), found.get(asked.id?)?.clone()))).collect()
}

/// The ARN that a link means, as far as its object stands.
pub(super) fn arn_of<'a>(link: &'a Link, standing: &'a Standing) -> Option<&'a str> {
    match link {
        Link::Known(arn) => Some(arn),
        Link::To { address, attribute: _ } => standing.get(address).map(|object| object.id.as_str()),
    }
}

pub(super) fn tag_list(tags: Vec<(String, String)>) -> Vec<Tag> {
    tags.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// The tags of an object that is made.
pub(super) fn new_tags(tags: &Tags, token: &str) -> Vec<Tag> {
    tag_list(tags_of(tags, token))
}

/// Brings changed tags to what they should be.
pub(super) async fn update_tags(
    aws: &Aws,
    arn: &str,
    changes: &Changes<'_>,
    wanted: &Tags,
) -> Result<(), CloudError> {
    let set = changes.tags_set(wanted);
    if !set.is_empty() {
        aws.clients.elb().add_tags().resource_arns(arn).set_tags(Some(tag_list(set))).send().await.during(
            &aws.scope,
            "elasticloadbalancing:AddTags",
            arn,
        )?;
    }
    let removed = changes.tags_removed(wanted);
    if !removed.is_empty() {
        aws.clients.elb().remove_tags().resource_arns(arn).set_tag_keys(Some(removed)).send().await.during(
            &aws.scope,
            "elasticloadbalancing:RemoveTags",
            arn,
        )?;
    }
    Ok(())
}

/// A number that AWS sends signed.
pub(super) fn unsigned(number: Option<i32>) -> u32 {
    number.and_then(|number| u32::try_from(number).ok()).unwrap_or_default()
}

/// A number of ours for AWS: ours are checked to be small when they are read.
pub(super) fn signed(number: impl TryInto<i32>) -> i32 {
    number.try_into().unwrap_or(i32::MAX)
}

/// A port that AWS sends as a number.
pub(super) fn port(number: Option<i32>) -> u16 {
    number.and_then(|number| u16::try_from(number).ok()).unwrap_or_default()
}
