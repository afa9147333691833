use pointsman_core::preflight::Answer;

use crate::{
    aws::Aws,
    error::{Absent, During},
};

/// How many services a cluster runs; none when it does not stand.
pub(super) async fn services(aws: &Aws, name: &str) -> Answer<Option<u64>> {
    let described = aws
        .clients
        .ecs()
        .describe_clusters()
        .clusters(name)
        .send()
        .await
        .during(&aws.scope, "ecs:DescribeClusters", name)
        .or_absent()?;
    let standing = described
        .and_then(|described| described.clusters)
        .into_iter()
        .flatten()
        .find(|cluster| cluster.status() == Some("ACTIVE"));
    Ok(standing.map(|cluster| u64::try_from(cluster.active_services_count()).unwrap_or_default()))
}
