use super::{Context, Wanted, desired};
use crate::{
    Address,
    environment::block::{self, CacheEngine},
    plan::{Held, HeldReason},
    resource::{
        CacheParameterGroup, CacheSubnetGroup, Ingress, Link, Peer, ReplicationGroup, SecurityGroup, names,
    },
    scalar::Template,
};

pub(super) fn expand(context: &Context<'_>, name: &str, block: &block::Cache, wanted: &mut Wanted) {
    let address = Address::block("cache", name);
    let group = address.part("security_group");
    let subnet_group = address.part("subnet_group");
    let parameter_group = address.part("parameter_group");
    let vpc = &context.network.vpc;

    let mut ingress: Vec<Ingress> = context
        .environment
        .file
        .tasks()
        .filter(|task| refers_to(task, name))
        .map(|task| {
            let group = Address::block(task.kind, task.name).part("security_group");
            Ingress::tcp(block.port, Peer::Group(Link::to(&group)))
        })
        .collect();
    ingress.sort();
    wanted.objects.push(desired(
        group.clone(),
        SecurityGroup {
            name: names::limited(&[context.leaf(), name, "cache"], 255),
            description: context.description(&address),
            vpc: vpc.clone(),
            ingress,
            tags: context.tags(&group),
        },
    ));

    wanted.objects.push(desired(
        subnet_group.clone(),
        CacheSubnetGroup {
            name: names::lower(&names::versioned(&[context.leaf(), name], &[vpc], 200)),
            description: context.description(&address),
            subnets: context.subnets(&block.subnets),
            tags: context.tags(&subnet_group),
        },
    ));

    let family = family(block.engine, &block.engine_version);
    wanted.objects.push(desired(
        parameter_group.clone(),
        CacheParameterGroup {
            name: names::lower(&names::versioned(&[context.leaf(), name], &[&family], 200)),
            family,
            description: context.description(&address),
            parameters: block.parameters.clone(),
            tags: context.tags(&parameter_group),
        },
    ));

    let fixed = [
        block.engine.as_str(),
        if block.encryption.at_rest { "encrypted" } else { "plain" },
        &block.port.to_string(),
        vpc,
    ];
    wanted.objects.push(desired(
        address.clone(),
        ReplicationGroup {
            name: names::lower(&names::versioned(&[context.leaf(), name], &fixed, 40)),
            description: context.description(&address),
            engine: block.engine.as_str().to_owned(),
            engine_version: major_minor(&block.engine_version),
            node_type: block.node_type.clone(),
            nodes: block.nodes,
            parameter_group: Link::to(&parameter_group),
            subnet_group: Link::to(&subnet_group),
            security_groups: vec![Link::to(&group)],
            port: block.port,
            at_rest: block.encryption.at_rest,
            in_transit: block.encryption.in_transit,
            maintenance_window: block.maintenance_window.clone(),
            tags: context.tags(&address),
        },
    ));

    if block.auth {
        wanted.held.push(Held::new(address.part("auth"), HeldReason::NotYetManaged));
    }
}

/// Whether a task reads anything of this cache: then it may connect to it.
fn refers_to(task: &block::Task<'_>, cache: &str) -> bool {
    task.environment
        .values()
        .chain(task.secrets.values())
        .flat_map(Template::references)
        .any(|reference| matches!(reference.segments().as_slice(), ["cache", name, ..] if *name == cache))
}

/// The parameter group family of an engine's version, in AWS's spelling.
fn family(engine: CacheEngine, version: &str) -> String {
    let major = version.split('.').next().unwrap_or(version);
    match (engine, major) {
        (CacheEngine::Redis, "6") => "redis6.x".to_owned(),
        (CacheEngine::Redis, "5") => "redis5.0".to_owned(),
        (CacheEngine::Redis, major) => format!("redis{major}"),
        (CacheEngine::Valkey, major) => format!("valkey{major}"),
    }
}

/// AWS answers `7.1.0` where `7.1` was asked for: only the first two parts count.
pub fn major_minor(version: &str) -> String {
    version.split('.').take(2).collect::<Vec<_>>().join(".")
}
