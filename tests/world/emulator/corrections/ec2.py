"""EC2: security group rules, each with an identity of its own, and what refuses to be deleted."""

import ipaddress
import re
from xml.sax.saxutils import escape

from ministack.services import ec2

# What EC2 takes in names and descriptions of security groups and their rules.
DESCRIPTION = re.compile(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{0,255}")
PEERS = (("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6"),
         ("PrefixListIds", "PrefixListId"), ("UserIdGroupPairs", "GroupId"))


def apply(_engine):
    parse = ec2._parse_ip_permissions
    ec2._parse_ip_permissions = lambda params, prefix: [single for rule in parse(params, prefix) for single in split(rule)]
    ec2._rules_match = lambda one, other: identity(one) == identity(other)
    actions = ec2._ACTION_MAP
    for direction, egress in (("Ingress", False), ("Egress", True)):
        authorize, revoke = f"AuthorizeSecurityGroup{direction}", f"RevokeSecurityGroup{direction}"
        actions[authorize] = refusing_duplicates(actions[authorize], egress)
        actions[revoke] = refusing_unknown(actions[revoke], egress)
    actions["CreateSecurityGroup"] = create_group(actions["CreateSecurityGroup"])
    actions["DeleteSecurityGroup"] = refusing_used(actions["DeleteSecurityGroup"])
    actions["CreateSubnet"] = counting_addresses(actions["CreateSubnet"])
    actions["DescribeSecurityGroups"] = filtered_by_id(actions["DescribeSecurityGroups"])
    group_xml = ec2._sg_xml
    ec2._sg_xml = lambda group: group_xml({
        **group, "Description": escape(group["Description"]), "GroupName": escape(group["GroupName"]),
        "IpPermissions": merged(group["IpPermissions"]),
        "IpPermissionsEgress": merged(group["IpPermissionsEgress"])})


def description_error(parameter, value):
    if DESCRIPTION.fullmatch(value or ""):
        return None
    return ec2._error("InvalidParameterValue", f"Value ({escape(value)}) for parameter {parameter} is invalid. Valid are up to "
                      "255 characters of a-z, A-Z, 0-9, spaces, and ._-:/()#,@[]+=&amp;;{}!$*", 400)


def create_group(handler):
    """The answer shows the tags; groups are made in a VPC that exists."""

    def create(params):
        for parameter in ("GroupName", "GroupDescription"):
            if error := description_error(parameter, ec2._p(params, parameter)):
                return error
        vpc = ec2._p(params, "VpcId")
        if vpc and vpc not in ec2._vpcs:
            return ec2._error("InvalidVpcID.NotFound", f"The vpc ID '{vpc}' does not exist", 400)
        status, headers, body = handler(params)
        if status != 200:
            return status, headers, body
        text = body.decode()
        group = text.partition("<groupId>")[2].partition("</groupId>")[0]
        return status, headers, text.replace("</groupId>", f"</groupId>{ec2._tag_set_xml(group)}", 1).encode()

    return create


def counting_addresses(handler):
    """A subnet has as many addresses as its block, less the five that AWS keeps."""

    def create(params):
        answer = handler(params)
        for subnet in ec2._subnets.values():
            if subnet["CidrBlock"] == ec2._p(params, "CidrBlock") and subnet["VpcId"] == ec2._p(params, "VpcId"):
                subnet["AvailableIpAddressCount"] = ipaddress.ip_network(subnet["CidrBlock"]).num_addresses - 5
        return answer

    return create


def split(rule):
    """One rule for each peer: on AWS every peer has a rule id of its own."""
    shared = {key: value for key, value in rule.items() if key not in dict(PEERS)}
    empty = {kind: [] for kind, _ in PEERS}
    return [{**shared, **empty, kind: [peer]} for kind, _ in PEERS for peer in rule.get(kind) or []] or [rule]


def merged(rules):
    """As DescribeSecurityGroups shows them: one permission for each protocol and port range."""
    permissions = {}
    for rule in rules:
        place = (rule.get("IpProtocol", "-1"), rule.get("FromPort"), rule.get("ToPort"))
        permission = permissions.setdefault(place, {**rule, **{kind: [] for kind, _ in PEERS}})
        for kind, _ in PEERS:
            permission[kind] = permission[kind] + list(rule.get(kind) or [])
    return list(permissions.values())


def identity(rule):
    """What makes two rules the same: everything but the description."""
    peers = tuple((kind, peer.get(name) if isinstance(peer, dict) else peer)
                  for kind, name in PEERS for peer in rule.get(kind) or [])
    return rule.get("IpProtocol", "-1"), rule.get("FromPort"), rule.get("ToPort"), peers


def in_words(rule):
    protocol, low, high, peers = identity(rule)
    peer = peers[0][1] if peers else ""
    if protocol == "-1":
        return f"peer: {peer}, ALL, ALLOW"
    return f"peer: {peer}, {protocol.upper()}, from port: {low}, to port: {high}, ALLOW"


def existing(params, egress):
    group = ec2._security_groups.get(ec2._p(params, "GroupId"), {})
    return {identity(rule) for rule in group.get("IpPermissionsEgress" if egress else "IpPermissions", [])}


def refusing_duplicates(handler, egress):
    def authorize(params):
        seen = existing(params, egress)
        for rule in ec2._parse_ip_permissions(params, "IpPermissions"):
            for _, peer in [item for item in identity(rule)[3] if item[0] == "UserIdGroupPairs"]:
                if peer not in ec2._security_groups:
                    return ec2._error("InvalidGroup.NotFound", f"The security group '{peer}' does not exist", 400)
            for kind, _ in PEERS:
                for peer in rule.get(kind) or []:
                    if error := description_error("Description", peer.get("Description")):
                        return error
            if identity(rule) in seen:
                return ec2._error("InvalidPermission.Duplicate",
                                  f'the specified rule "{in_words(rule)}" already exists', 400)
            seen.add(identity(rule))
        return handler(params)

    return authorize


def refusing_unknown(handler, egress):
    def revoke(params):
        known = existing(params, egress)
        for rule in ec2._parse_ip_permissions(params, "IpPermissions"):
            if ec2._p(params, "GroupId") in ec2._security_groups and identity(rule) not in known:
                return ec2._error("InvalidPermission.NotFound",
                                  "The specified rule does not exist in this security group.", 400)
        return handler(params)

    return revoke


def users_of(group):
    """What still uses the group: load balancers, caches, running services, and other groups' rules."""
    from ministack.services import alb, ecs, elasticache

    for balancer in alb._lbs.values():
        if group in balancer["SecurityGroups"]:
            yield balancer["LoadBalancerArn"]
    for cluster in elasticache._clusters.values():
        if any(item.get("SecurityGroupId") == group for item in cluster.get("SecurityGroups") or []):
            yield cluster["CacheClusterId"]
    for service in ecs._services.values():
        network = (service.get("networkConfiguration") or {}).get("awsvpcConfiguration") or {}
        if service["status"] == "ACTIVE" and group in (network.get("securityGroups") or []):
            yield service["serviceArn"]
    for other in ec2._security_groups.values():
        rules = other["IpPermissions"] + other["IpPermissionsEgress"]
        if other["GroupId"] != group and any(
                pair.get("GroupId") == group for rule in rules for pair in rule.get("UserIdGroupPairs") or []):
            yield other["GroupId"]


def refusing_used(handler):
    def delete(params):
        group = ec2._p(params, "GroupId")
        if next(users_of(group), None):
            return ec2._error("DependencyViolation", f"resource {group} has a dependent object", 400)
        return handler(params)

    return delete


def filtered_by_id(handler):
    """The emulator knows GroupId, but not the filter `group-id`."""

    def describe(params):
        wanted = ec2._parse_filters(params).get("group-id", [])
        if not wanted:
            return handler(params)
        known = [group for group in wanted if group in ec2._security_groups]
        if not known:
            return ec2._xml(200, "DescribeSecurityGroupsResponse", "<securityGroupInfo></securityGroupInfo>")
        return handler({**params, **{f"GroupId.{i}": [group] for i, group in enumerate(known, 1)}})

    return describe
