use std::collections::{BTreeMap, BTreeSet};

use pointsman_core::preflight::Answer;

use crate::{aws::Aws, error::During, network::filter};

/// How many addresses are free, by subnet.
pub(super) async fn free_addresses(aws: &Aws, subnets: &BTreeSet<String>) -> Answer<BTreeMap<String, u64>> {
    let mut free = BTreeMap::new();
    let mut token = None;
    loop {
        let page = aws
            .clients
            .ec2()
            .describe_subnets()
            .filters(filter("subnet-id", subnets.iter().cloned()))
            .set_next_token(token)
            .send()
            .await
            .during(&aws.scope, "ec2:DescribeSubnets", "network")?;
        for subnet in page.subnets.unwrap_or_default() {
            let count = subnet.available_ip_address_count.and_then(|count| u64::try_from(count).ok());
            if let (Some(id), Some(count)) = (subnet.subnet_id, count) {
                free.insert(id, count);
            }
        }
        token = page.next_token;
        if token.is_none() {
            return Ok(free);
        }
    }
}
