use super::{Context, Wanted, desired};
use crate::{
    Address,
    environment::block,
    resource::{Ingress, Link, Listener, LoadBalancer, Peer, SecurityGroup, names},
};

/// The address of a load balancer's security group.
pub(super) fn security_group(name: &str) -> Address {
    Address::block("load_balancer", name).part("security_group")
}

pub(super) fn expand(context: &Context<'_>, name: &str, block: &block::LoadBalancer, wanted: &mut Wanted) {
    let address = Address::block("load_balancer", name);
    let group = security_group(name);

    let mut ingress: Vec<Ingress> = block
        .listener
        .values()
        .flat_map(|listener| {
            block.allow_from.iter().map(|cidr| Ingress::tcp(listener.port, Peer::Cidr(cidr.to_string())))
        })
        .collect();
    ingress.sort();
    ingress.dedup();
    wanted.objects.push(desired(
        group.clone(),
        SecurityGroup {
            name: names::limited(&[context.leaf(), name, "load-balancer"], 255),
            description: context.description(&address),
            vpc: context.network.vpc.clone(),
            ingress,
            tags: context.tags(&group),
        },
    ));

    wanted.objects.push(desired(
        address.clone(),
        LoadBalancer {
            name: names::versioned(
                &[context.leaf(), name],
                &[block.scheme.as_str(), &context.network.vpc],
                32,
            ),
            scheme: block.scheme.as_str().to_owned(),
            subnets: context.subnets(&block.subnets),
            security_groups: vec![Link::to(&group)],
            idle_timeout: block.idle_timeout.seconds(),
            deletion_protection: block.deletion_protection,
            drop_invalid_headers: block.drop_invalid_headers,
            tags: context.tags(&address),
        },
    ));

    for (listener_name, listener) in &block.listener {
        let listener_address = address.part("listener").part(listener_name);
        wanted.objects.push(desired(
            listener_address.clone(),
            Listener {
                load_balancer: Link::to(&address),
                port: listener.port,
                protocol: listener.protocol.as_str().to_owned(),
                certificate: listener.certificate.as_ref().map(ToString::to_string),
                ssl_policy: listener.ssl_policy.clone(),
                default_status: Some(404),
                tags: context.tags(&listener_address),
            },
        ));
    }
}
