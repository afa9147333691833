use super::{Context, Wanted, desired, secret::secret};
use crate::{
    Address,
    environment::block::{self, CacheEngine},
    resource::{
        CacheParameterGroup, CacheSubnetGroup, CacheUrl, Ingress, Link, Peer, ReplicationGroup,
        SecretContent, SecurityGroup, Token, Transit, names,
    },
    scalar::Template,
};

/// As many letters and digits as a token that nobody guesses, within ElastiCache's 128.
const TOKEN_LENGTH: u32 = 64;

/// The address of the secret that keeps a cache's URL.
pub(super) fn url_secret(name: &str) -> Address {
    Address::block("cache", name).part("url_secret")
}

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

    let token = block.auth.then(|| token(context, &address, wanted));
    let tls = block.encryption.in_transit;
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
            in_transit: if tls { Transit::Required } else { Transit::Off },
            auth_token: token.clone(),
            maintenance_window: block.maintenance_window.clone(),
            tags: context.tags(&address),
        },
    ));

    let url_secret = url_secret(name);
    if block.auth || url_is_used(context, name) {
        let content = SecretContent::CacheUrl(CacheUrl {
            host: Link::attribute(&address, "endpoint"),
            port: Link::attribute(&address, "port"),
            tls,
            token,
        });
        wanted.objects.push(desired(url_secret.clone(), secret(context, &url_secret, content)));
    }
}

/// The secret with a cache's token, and what refers to it.
fn token(context: &Context<'_>, cache: &Address, wanted: &mut Wanted) -> Token {
    let address = cache.part("auth_token");
    let content = SecretContent::Generated { length: TOKEN_LENGTH };
    wanted.objects.push(desired(address.clone(), secret(context, &address, content)));
    Token { secret: Link::to(&address), version: Link::attribute(&address, "version") }
}

/// Whether something reads the cache's URL.
fn url_is_used(context: &Context<'_>, cache: &str) -> bool {
    let file = &context.environment.file;
    let tasks = file.tasks().flat_map(|task| task.secrets.values());
    tasks.chain(file.outputs.values()).flat_map(Template::references).any(
        |reference| matches!(reference.segments().as_slice(), ["cache", name, "url_secret"] if *name == cache),
    )
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
