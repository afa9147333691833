//! What is known by a Name tag and not by an id: AWS's index of tags tells the
//! ids of several services' objects in one call. It lags behind, so that an id
//! is believed only where another answer shows it, and only for looking.

use std::{collections::BTreeMap, sync::Arc};

use aws_sdk_resourcegroupstagging::types::TagFilter;
use futures::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use pointsman_core::environment::block::{self, External, Referred, VpcSelection};
use pointsman_engine::ports::CloudError;

use crate::{aws::Aws, client::Access, error::During};

/// The types of what is found by its name, as ARNs have them.
const VPC: &str = "vpc";
const FILE_SYSTEM: &str = "file-system";

/// The index as network and externals wait for it; who never waits never asks.
pub(crate) type Names<'a> = Shared<BoxFuture<'a, Arc<Named>>>;

/// Types, ids and names.
#[derive(Debug, Default)]
pub(crate) struct Named(Vec<(String, String, String)>);

impl Named {
    /// The id of the only VPC of this name.
    pub(crate) fn vpc(&self, name: &str) -> Option<&str> {
        self.only(VPC, name)
    }

    /// The id of the only file system of this name.
    pub(crate) fn file_system(&self, name: &str) -> Option<&str> {
        self.only(FILE_SYSTEM, name)
    }

    fn only(&self, kind: &str, name: &str) -> Option<&str> {
        let mut found = self.0.iter().filter(|(found, _, of)| found == kind && of == name);
        match (found.next(), found.next()) {
            (Some((_, id, _)), None) => Some(id),
            _ => None,
        }
    }
}

/// The names of these. One by itself is asked of its own service, and so is
/// everything for who writes afterwards.
pub(crate) fn of<'a>(
    aws: &'a Aws,
    network: &'a block::Network,
    externals: &'a BTreeMap<String, Referred>,
) -> Names<'a> {
    let vpc = match &network.vpc {
        VpcSelection::Name(vpc) => Some(vpc.name.as_str()),
        VpcSelection::Id(_) => None,
    };
    let file_systems = externals.values().filter_map(|referred| match &referred.external {
        External::Efs { id: None, name: Some(name), access_point: Some(_) } => Some(name.as_str()),
        _ => None,
    });
    let names: Vec<String> = vpc.into_iter().chain(file_systems).map(ToOwned::to_owned).collect();
    if names.len() < 2 || aws.access == Access::Write {
        return unasked();
    }
    async move { Arc::new(tagged(aws, names).await.unwrap_or_default()) }.boxed().shared()
}

/// No names: each is asked of its own service.
pub(crate) fn unasked<'a>() -> Names<'a> {
    async { Arc::default() }.boxed().shared()
}

async fn tagged(aws: &Aws, names: Vec<String>) -> Result<Named, CloudError> {
    let mut pages = aws
        .clients
        .tagging()
        .get_resources()
        .tag_filters(TagFilter::builder().key("Name").set_values(Some(names)).build())
        .resource_type_filters("ec2:vpc")
        .resource_type_filters("elasticfilesystem:file-system")
        .resources_per_page(100)
        .into_paginator()
        .items()
        .send();
    let mut named = Named::default();
    while let Some(object) = pages.next().await {
        let object = object.during(&aws.scope, "tag:GetResources", "names")?;
        let name = object.tags().iter().find(|tag| tag.key() == "Name").map(|tag| tag.value().to_owned());
        let place = object.resource_arn().and_then(|arn| arn.rsplit(':').next()?.split_once('/'));
        if let (Some(name), Some((kind, id))) = (name, place) {
            named.0.push((kind.to_owned(), id.to_owned(), name));
        }
    }
    Ok(named)
}

#[cfg(test)]
mod tests {
    use super::{FILE_SYSTEM, Named, VPC};

    #[test]
    fn a_name_that_two_have_means_neither() {
        let one = |kind: &str, id: &str, name: &str| (kind.to_owned(), id.to_owned(), name.to_owned());
        let named = Named(vec![
            one(VPC, "vpc-1", "main"),
            one(VPC, "vpc-2", "twice"),
            one(VPC, "vpc-3", "twice"),
            one(FILE_SYSTEM, "fs-1", "main"),
        ]);
        assert_eq!((named.vpc("main"), named.file_system("main")), (Some("vpc-1"), Some("fs-1")));
        assert_eq!((named.vpc("twice"), named.vpc("none")), (None, None));
    }
}
