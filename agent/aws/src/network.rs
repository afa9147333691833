//! The network that an environment selects: found, checked, never changed.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{Filter, Subnet as Ec2Subnet, Tag, Vpc};
use futures::future::try_join_all;
use pointsman_core::{
    desired::{Network, Subnet},
    environment::block::{self, SubnetSelection, VpcSelection},
};
use pointsman_engine::ports::{CloudError, CloudErrorKind};

use crate::{
    aws::Aws,
    error::{During, failure},
    named::Names,
};

/// Asks for the VPC and for the subnets side by side: subnets are asked for by
/// their own marks, and those of other VPCs are left out afterwards. A VPC that
/// the names tell is believed when every selected subnet lies in it.
pub(crate) async fn network(
    aws: &Aws,
    selection: &block::Network,
    names: Names<'_>,
) -> Result<Network, CloudError> {
    let wanted: Vec<(&str, &SubnetSelection)> =
        ["private", "public"].into_iter().filter_map(|name| Some((name, selection.subnets(name)?))).collect();
    let within = match &selection.vpc {
        VpcSelection::Id(id) => vec![filter("vpc-id", [id.clone()])],
        VpcSelection::Name(_) => Vec::new(),
    };
    let asked = wanted.iter().map(|(_, selection)| subnets(aws, selection, &within));
    let told = async {
        match &selection.vpc {
            VpcSelection::Name(named) if !wanted.is_empty() => {
                names.await.vpc(&named.name).map(ToOwned::to_owned)
            }
            VpcSelection::Name(_) | VpcSelection::Id(_) => None,
        }
    };
    let found_vpc = async {
        match told.await {
            Some(told) => Ok(told),
            None => vpc(aws, &selection.vpc).await,
        }
    };
    let (mut in_vpc, found) = futures::try_join!(found_vpc, try_join_all(asked))?;
    if wanted
        .iter()
        .zip(&found)
        .any(|((_, selection), found)| missing(selection, &of(found, &in_vpc)).is_some())
    {
        in_vpc = vpc(aws, &selection.vpc).await?;
    }
    let mut network = Network { vpc: in_vpc, subnets: BTreeMap::new() };
    for ((name, selection), found) in wanted.into_iter().zip(found) {
        let found = of(&found, &network.vpc);
        if let Some(missing) = missing(selection, &found) {
            return Err(no_subnets(aws, &network.vpc, name, &missing).await?);
        }
        let mut subnets: Vec<Subnet> = found
            .iter()
            .map(|subnet| Subnet {
                id: subnet.subnet_id().unwrap_or_default().to_owned(),
                zone: subnet.availability_zone().unwrap_or_default().to_owned(),
            })
            .collect();
        subnets.sort();
        subnets.dedup();
        network.subnets.insert(name.to_owned(), subnets);
    }
    Ok(network)
}

/// Those of a VPC.
fn of(found: &[Ec2Subnet], vpc: &str) -> Vec<Ec2Subnet> {
    found.iter().filter(|subnet| subnet.vpc_id() == Some(vpc)).cloned().collect()
}

async fn vpc(aws: &Aws, selection: &VpcSelection) -> Result<String, CloudError> {
    let (mark, wanted) = match selection {
        VpcSelection::Id(id) => (filter("vpc-id", [id.clone()]), format!("with the id `{id}`")),
        VpcSelection::Name(vpc) => {
            (filter("tag:Name", [vpc.name.clone()]), format!("with the Name tag `{}`", vpc.name))
        }
    };
    let found = vpcs(aws, Some(mark)).await?;
    if let [only] = found.as_slice() {
        return Ok(only.vpc_id().unwrap_or_default().to_owned());
    }
    let (message, candidates) = if found.is_empty() {
        let all = vpcs(aws, None).await?;
        (format!("there is no VPC {wanted} in {}", aws.scope.region), all)
    } else {
        (format!("there are {} VPCs {wanted} in {}", found.len(), aws.scope.region), found)
    };
    let candidates = listed(candidates.iter().map(|vpc| named(vpc.vpc_id(), vpc.tags())));
    let help = format!("correct `vpc` in `[network]`; candidates: {candidates}");
    Err(failure(CloudErrorKind::Unsuitable, "ec2:DescribeVpcs", "network.vpc", message, Some(help)))
}

async fn vpcs(aws: &Aws, mark: Option<Filter>) -> Result<Vec<Vpc>, CloudError> {
    let mut found = Vec::new();
    let mut token = None;
    loop {
        let page = aws
            .clients
            .ec2()
            .describe_vpcs()
            .set_filters(mark.clone().map(|mark| vec![mark]))
            .set_next_token(token)
            .send()
            .await
            .during(&aws.scope, "ec2:DescribeVpcs", "network.vpc")?;
        found.extend(page.vpcs.unwrap_or_default());
        token = page.next_token;
        if token.is_none() {
            return Ok(found);
        }
    }
}

async fn subnets(
    aws: &Aws,
    selection: &SubnetSelection,
    within: &[Filter],
) -> Result<Vec<Ec2Subnet>, CloudError> {
    let marks: Vec<Vec<Filter>> = match selection {
        SubnetSelection::Tagged(tagged) => {
            vec![
                tagged
                    .tags
                    .iter()
                    .map(|(key, value)| filter(&format!("tag:{key}"), [value.clone()]))
                    .collect(),
            ]
        }
        SubnetSelection::Listed(listed) => {
            let (ids, names): (Vec<_>, Vec<_>) = listed.iter().cloned().partition(|one| is_id(one));
            [("subnet-id", ids), ("tag:Name", names)]
                .into_iter()
                .filter(|(_, values)| !values.is_empty())
                .map(|(name, values)| vec![filter(name, values)])
                .collect()
        }
    };
    let asked = marks.into_iter().map(|mut filters| {
        filters.extend(within.iter().cloned());
        described(aws, filters)
    });
    Ok(try_join_all(asked).await?.into_iter().flatten().collect())
}

async fn described(aws: &Aws, filters: Vec<Filter>) -> Result<Vec<Ec2Subnet>, CloudError> {
    let mut found = Vec::new();
    let mut token = None;
    loop {
        let page = aws
            .clients
            .ec2()
            .describe_subnets()
            .set_filters(Some(filters.clone()))
            .set_next_token(token)
            .send()
            .await
            .during(&aws.scope, "ec2:DescribeSubnets", "network")?;
        found.extend(page.subnets.unwrap_or_default());
        token = page.next_token;
        if token.is_none() {
            return Ok(found);
        }
    }
}

/// What a selection asks for and was not found, in words.
fn missing(selection: &SubnetSelection, found: &[Ec2Subnet]) -> Option<String> {
    match selection {
        SubnetSelection::Tagged(tagged) => found.is_empty().then(|| {
            let tags = listed(tagged.tags.iter().map(|(key, value)| format!("{key}={value}")));
            format!("no subnet with the tags {tags}")
        }),
        SubnetSelection::Listed(wanted) => {
            let has = |wanted: &str| {
                found
                    .iter()
                    .any(|subnet| subnet.subnet_id() == Some(wanted) || name(subnet.tags()) == Some(wanted))
            };
            let missing: BTreeSet<&String> = wanted.iter().filter(|wanted| !has(wanted)).collect();
            (!missing.is_empty() || found.is_empty())
                .then(|| format!("no subnet `{}`", listed(missing.into_iter().cloned())))
        }
    }
}

async fn no_subnets(aws: &Aws, vpc: &str, selection: &str, missing: &str) -> Result<CloudError, CloudError> {
    let all = described(aws, vec![filter("vpc-id", [vpc.to_owned()])]).await?;
    let candidates = listed(all.iter().map(|subnet| named(subnet.subnet_id(), subnet.tags())));
    Ok(failure(
        CloudErrorKind::Unsuitable,
        "ec2:DescribeSubnets",
        &format!("network.{selection}_subnets"),
        format!("there is {missing} in {vpc}"),
        Some(format!("correct `{selection}_subnets` in `[network]`; candidates: {candidates}")),
    ))
}

fn is_id(text: &str) -> bool {
    text.strip_prefix("subnet-").is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn name(tags: &[Tag]) -> Option<&str> {
    tags.iter().find(|tag| tag.key() == Some("Name")).and_then(Tag::value)
}

fn named(id: Option<&str>, tags: &[Tag]) -> String {
    let id = id.unwrap_or_default();
    name(tags).map_or_else(|| id.to_owned(), |name| format!("{id} ({name})"))
}

/// The first twenty, and how many more.
fn listed(all: impl IntoIterator<Item = String>) -> String {
    const SHOWN: usize = 20;
    let mut all: Vec<String> = all.into_iter().collect();
    if all.is_empty() {
        return "none".to_owned();
    }
    let more = all.len().saturating_sub(SHOWN);
    all.truncate(SHOWN);
    let shown = all.join(", ");
    if more == 0 { shown } else { format!("{shown}, and {more} more") }
}

pub(crate) fn filter(name: &str, values: impl IntoIterator<Item = String>) -> Filter {
    Filter::builder().name(name).set_values(Some(values.into_iter().collect())).build()
}
