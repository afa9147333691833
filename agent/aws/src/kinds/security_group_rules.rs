use std::collections::BTreeSet;

use aws_sdk_ec2::types::{IpPermission, IpRange, Ipv6Range, PrefixListId, UserIdGroupPair};
use pointsman_core::resource::{Ingress, Link, Peer};
use pointsman_engine::ports::{CloudError, CloudErrorKind};

use super::{known, security_group::once_known};
use crate::{
    aws::Aws,
    error::{During, exists_already},
};

/// AWS groups rules by ports; ours stand alone, sorted.
pub(super) fn ingress(permissions: &[IpPermission]) -> Vec<Ingress> {
    let mut rules = BTreeSet::new();
    for permission in permissions {
        let cidrs = permission.ip_ranges().iter().filter_map(IpRange::cidr_ip);
        let cidrs6 = permission.ipv6_ranges().iter().filter_map(Ipv6Range::cidr_ipv6);
        let groups = permission.user_id_group_pairs().iter().filter_map(UserIdGroupPair::group_id);
        let lists = permission.prefix_list_ids().iter().filter_map(PrefixListId::prefix_list_id);
        let peers = cidrs
            .chain(cidrs6)
            .map(|cidr| Peer::Cidr(cidr.to_owned()))
            .chain(groups.map(|id| Peer::Group(Link::Known(id.to_owned()))))
            .chain(lists.map(|id| Peer::PrefixList(id.to_owned())));
        for peer in peers {
            rules.insert(Ingress {
                protocol: permission.ip_protocol().unwrap_or("-1").to_owned(),
                from_port: permission.from_port().unwrap_or(-1),
                to_port: permission.to_port().unwrap_or(-1),
                peer,
            });
        }
    }
    rules.into_iter().collect()
}

fn permission(rule: &Ingress, operation: &'static str) -> Result<IpPermission, CloudError> {
    let Ingress { protocol, from_port, to_port, peer } = rule;
    let mut permission = IpPermission::builder().ip_protocol(protocol);
    if protocol != "-1" {
        permission = permission.from_port(*from_port).to_port(*to_port);
    }
    permission = match peer {
        Peer::Cidr(cidr) if cidr.contains(':') => {
            permission.ipv6_ranges(Ipv6Range::builder().cidr_ipv6(cidr).build())
        }
        Peer::Cidr(cidr) => permission.ip_ranges(IpRange::builder().cidr_ip(cidr).build()),
        Peer::Group(group) => permission
            .user_id_group_pairs(UserIdGroupPair::builder().group_id(known(group, operation)?).build()),
        Peer::PrefixList(id) => {
            permission.prefix_list_ids(PrefixListId::builder().prefix_list_id(id).build())
        }
    };
    Ok(permission.build())
}

/// Adds what is missing; then, where asked, takes away what is too much.
pub(super) async fn bring(
    aws: &Aws,
    id: &str,
    live: &[Ingress],
    wanted: &[Ingress],
    revoke: bool,
) -> Result<(), CloudError> {
    let missing: Vec<&Ingress> = wanted.iter().filter(|rule| !live.contains(rule)).collect();
    match authorize(aws, id, &missing).await {
        // One of them stands already, and AWS added none: each by itself.
        Err(error) if exists_already(&error) => {
            for rule in missing {
                match authorize(aws, id, &[rule]).await {
                    Err(error) if exists_already(&error) => {}
                    other => other?,
                }
            }
        }
        other => other?,
    }
    let surplus: Vec<&Ingress> = live.iter().filter(|rule| !wanted.contains(rule)).collect();
    if !revoke {
        return Ok(());
    }
    match take_away(aws, id, &surplus).await {
        // One of them is gone already, and AWS took none away: each by itself.
        Err(error) if is_gone(&error) => {
            for rule in surplus {
                match take_away(aws, id, &[rule]).await {
                    Err(error) if is_gone(&error) => {}
                    other => other?,
                }
            }
            Ok(())
        }
        other => other,
    }
}

fn is_gone(error: &CloudError) -> bool {
    error.code.as_deref() == Some("InvalidPermission.NotFound")
}

async fn take_away(aws: &Aws, id: &str, rules: &[&Ingress]) -> Result<(), CloudError> {
    let operation = "ec2:RevokeSecurityGroupIngress";
    if rules.is_empty() {
        return Ok(());
    }
    let permissions = rules.iter().map(|rule| permission(rule, operation)).collect::<Result<Vec<_>, _>>()?;
    let revoked = aws.clients.ec2().revoke_security_group_ingress().group_id(id);
    revoked.set_ip_permissions(Some(permissions)).send().await.during(&aws.scope, operation, id).map(|_| ())
}

async fn authorize(aws: &Aws, id: &str, rules: &[&Ingress]) -> Result<(), CloudError> {
    let operation = "ec2:AuthorizeSecurityGroupIngress";
    if rules.is_empty() {
        return Ok(());
    }
    let permissions = rules.iter().map(|rule| permission(rule, operation)).collect::<Result<Vec<_>, _>>()?;
    let call = || async {
        aws.clients
            .ec2()
            .authorize_security_group_ingress()
            .group_id(id)
            .set_ip_permissions(Some(permissions.clone()))
            .send()
            .await
            .during(&aws.scope, operation, id)
    };
    once_known(id, call).await.map(|_| ()).map_err(|mut error| {
        if error.kind == CloudErrorKind::NotFound {
            error.message = format!("a security group that the rules name does not exist: {}", error.message);
        }
        error
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{IpPermission, IpRange, Ipv6Range, UserIdGroupPair};
    use pointsman_core::resource::{Ingress, Link, Peer};

    use super::{ingress, permission};

    #[test]
    fn what_aws_groups_by_ports_stands_alone_and_sorted() {
        let grouped = IpPermission::builder()
            .ip_protocol("tcp")
            .from_port(443)
            .to_port(443)
            .ip_ranges(IpRange::builder().cidr_ip("10.2.0.0/16").build())
            .ip_ranges(IpRange::builder().cidr_ip("10.1.0.0/16").build())
            .ipv6_ranges(Ipv6Range::builder().cidr_ipv6("fd00::/8").build())
            .user_id_group_pairs(UserIdGroupPair::builder().group_id("sg-1").build())
            .build();
        let peers = [
            Peer::Cidr("10.1.0.0/16".to_owned()),
            Peer::Cidr("10.2.0.0/16".to_owned()),
            Peer::Cidr("fd00::/8".to_owned()),
            Peer::Group(Link::Known("sg-1".to_owned())),
        ];
        assert_eq!(ingress(&[grouped]), peers.map(|peer| Ingress::tcp(443, peer)));
    }

    #[test]
    fn a_rule_comes_back_as_it_was_written() {
        let everything = Ingress {
            protocol: "-1".to_owned(),
            from_port: -1,
            to_port: -1,
            peer: Peer::Cidr("10.0.0.0/8".to_owned()),
        };
        let from_group = Ingress::tcp(80, Peer::Group(Link::Known("sg-1".to_owned())));
        for rule in [everything, from_group, Ingress::tcp(80, Peer::PrefixList("pl-1".to_owned()))] {
            let written = permission(&rule, "test").unwrap();
            assert_eq!(ingress(&[written]), [rule]);
        }
    }
}
