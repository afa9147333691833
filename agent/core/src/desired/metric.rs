//! Where CloudWatch keeps what is measured of a block.

use std::collections::BTreeMap;

use super::{Context, native::ALTERNATE_TARGET_GROUP};
use crate::{
    Address,
    environment::block::External,
    resource::{Link, Text},
};

/// A thing that CloudWatch measures.
pub(super) struct Measured {
    /// Its part of the block, where the block has several.
    pub(super) part: Option<String>,
    pub(super) namespace: &'static str,
    pub(super) dimensions: BTreeMap<String, Text>,
}

/// The metrics of what people watch.
pub(super) struct Watched {
    pub(super) cpu: &'static str,
    pub(super) memory: &'static str,
    /// Whether it says nothing while nobody asks.
    pub(super) is_silent: bool,
    pub(super) each: Vec<Measured>,
}

/// What is measured of a block; none where nothing is.
pub(super) fn watched(context: &Context<'_>, on: &str) -> Option<Watched> {
    let (kind, name) = on.split_once('.')?;
    let file = &context.environment.file;
    match kind {
        "service" => file.service.get(name).map(|service| Watched {
            cpu: CPU,
            memory: MEMORY,
            is_silent: false,
            each: vec![ecs(&service.cluster, &context.live(name))],
        }),
        "load_balancer" => Some(Watched { cpu: "", memory: "", is_silent: true, each: vec![balancer(name)] }),
        "cache" => file.cache.get(name).map(|cache| Watched {
            cpu: cache_cpu(&cache.node_type),
            memory: "DatabaseMemoryUsagePercentage",
            is_silent: false,
            each: nodes(name, cache.nodes),
        }),
        "external" => match file.external.get(name)? {
            External::Aurora { id, .. } => Some(Watched {
                cpu: CPU,
                memory: "",
                is_silent: false,
                each: vec![measured("AWS/RDS", [("DBClusterIdentifier", Text::known(id))])],
            }),
            External::EcsService { cluster, service } => Some(Watched {
                cpu: CPU,
                memory: MEMORY,
                is_silent: false,
                each: vec![ecs(cluster, service)],
            }),
            External::Efs { .. } | External::CloudMap { .. } | External::Secret { .. } => None,
        },
        _ => None,
    }
}

pub(super) const CPU: &str = "CPUUtilization";
pub(super) const MEMORY: &str = "MemoryUtilization";
pub(super) const RESPONSE_TIME: &str = "TargetResponseTime";

/// Whether CloudWatch has a metric for each target group of a load balancer.
pub(crate) fn is_of_target_groups(metric: &str) -> bool {
    metric.starts_with("HTTPCode_Target_")
        || ["RequestCount", "RequestCountPerTarget", RESPONSE_TIME, "TargetConnectionErrorCount"]
            .contains(&metric)
        || is_of_target_groups_only(metric)
}

/// Whether it has it for nothing else.
pub(crate) fn is_of_target_groups_only(metric: &str) -> bool {
    metric.ends_with("HostCount")
}

fn measured<const N: usize>(namespace: &'static str, dimensions: [(&str, Text); N]) -> Measured {
    let dimensions = dimensions.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Measured { part: None, namespace, dimensions }
}

pub(super) fn ecs(cluster: &str, service: &str) -> Measured {
    measured("AWS/ECS", [("ClusterName", Text::known(cluster)), ("ServiceName", Text::known(service))])
}

/// What CloudWatch calls a load balancer or target group is the end of its ARN.
fn metric_name(address: &Address) -> Text {
    Text(vec![Link::attribute(address, "metric_name")])
}

pub(super) fn balancer(name: &str) -> Measured {
    let address = Address::block("load_balancer", name);
    measured("AWS/ApplicationELB", [("LoadBalancer", metric_name(&address))])
}

/// A service's own part of its load balancer's traffic.
pub(super) fn target_group(balancer: &str, service: &str) -> Measured {
    of_group(balancer, &Address::block("service", service).part("target_group"))
}

/// The same through the target group of every second release, where ECS itself
/// carries them out.
pub(super) fn alternate_target_group(balancer: &str, service: &str) -> Measured {
    let group = Address::block("service", service).part(ALTERNATE_TARGET_GROUP);
    Measured { part: Some("alternate".to_owned()), ..of_group(balancer, &group) }
}

fn of_group(balancer: &str, group: &Address) -> Measured {
    let balancer = Address::block("load_balancer", balancer);
    measured(
        "AWS/ApplicationELB",
        [("LoadBalancer", metric_name(&balancer)), ("TargetGroup", metric_name(group))],
    )
}

/// Every node by itself: whichever is the primary after a failover is watched
/// all the same, and a replica that is overloaded matters as well. ElastiCache
/// numbers the nodes of a group and keeps their numbers.
pub(super) fn nodes(name: &str, count: u32) -> Vec<Measured> {
    let address = Address::block("cache", name);
    (1..=count)
        .map(|number| {
            let node = Text(vec![Link::to(&address), Link::Known(format!("-{number:03}"))]);
            let part = (count > 1).then(|| format!("node-{number:03}"));
            Measured { part, ..measured("AWS/ElastiCache", [("CacheClusterId", node)]) }
        })
        .collect()
}

/// An engine uses one core. Up to two, the whole machine's load is what says
/// when it is full, its other work included; with more, the engine's own.
pub(super) fn cache_cpu(node_type: &str) -> &'static str {
    match node_type.rsplit('.').next() {
        Some("micro" | "small" | "medium" | "large") => CPU,
        _ => "EngineCPUUtilization",
    }
}
