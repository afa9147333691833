"""Elastic Load Balancing: load balancers, target groups and listeners as AWS describes them."""

import time
from xml.sax.saxutils import escape

from corrections import elb_actions, settings
from ministack.services import alb, ec2

LOAD_BALANCER_ATTRIBUTES = {
    "access_logs.s3.bucket": "", "access_logs.s3.enabled": "false", "access_logs.s3.prefix": "",
    "client_keep_alive.seconds": "3600", "connection_logs.s3.bucket": "", "connection_logs.s3.enabled": "false",
    "connection_logs.s3.prefix": "", "deletion_protection.enabled": "false", "idle_timeout.timeout_seconds": "60",
    "load_balancing.cross_zone.enabled": "true", "routing.http.desync_mitigation_mode": "defensive",
    "routing.http.drop_invalid_header_fields.enabled": "false", "routing.http.preserve_host_header.enabled": "false",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
    "routing.http.xff_client_port.enabled": "false", "routing.http.xff_header_processing.mode": "append",
    "routing.http2.enabled": "true", "waf.fail_open.enabled": "false", "zonal_shift.config.enabled": "false",
}
TARGET_GROUP_ATTRIBUTES = {
    "deregistration_delay.timeout_seconds": "300", "load_balancing.algorithm.anomaly_mitigation": "off",
    "load_balancing.algorithm.type": "round_robin",
    "load_balancing.cross_zone.enabled": "use_load_balancer_configuration", "slow_start.duration_seconds": "0",
    "stickiness.app_cookie.cookie_name": "", "stickiness.app_cookie.duration_seconds": "86400",
    "stickiness.enabled": "false", "stickiness.lb_cookie.duration_seconds": "86400", "stickiness.type": "lb_cookie",
    "target_group_health.dns_failover.minimum_healthy_targets.count": "1",
    "target_group_health.dns_failover.minimum_healthy_targets.percentage": "off",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": "1",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
}


def apply(_engine):
    actions = alb._ACTION_MAP
    actions["CreateLoadBalancer"] = create_load_balancer(actions["CreateLoadBalancer"])
    actions["DescribeLoadBalancers"] = all_known(
        actions["DescribeLoadBalancers"], alb._lbs, "LoadBalancer", "LoadBalancerArn", "LoadBalancerNotFound")
    actions["DeleteLoadBalancer"] = delete_load_balancer(actions["DeleteLoadBalancer"])
    actions["CreateTargetGroup"] = create_target_group(actions["CreateTargetGroup"])
    actions["DescribeTargetGroups"] = describe_target_groups(all_known(
        actions["DescribeTargetGroups"], alb._tgs, "TargetGroup", "TargetGroupArn", "TargetGroupNotFound"))
    actions["CreateListener"] = create_listener(actions["CreateListener"])
    actions["DescribeListeners"] = describe_listeners(actions["DescribeListeners"])
    actions["DescribeTags"] = describe_tags
    alb._attrs_xml = lambda attributes: "".join(
        f"<member><Key>{escape(a['Key'])}</Key><Value>{escape(a['Value'])}</Value></member>" for a in attributes)

    load_balancer_xml, group_xml = alb._lb_xml, alb._tg_xml
    alb._lb_xml = lambda balancer: load_balancer_view(load_balancer_xml, balancer)
    alb._tg_xml = lambda group: group_xml(
        {**group, "LoadBalancerArns": sorted(elb_actions.users_of(group["TargetGroupArn"]))}
    ).removesuffix("</member>") + "<ProtocolVersion>HTTP1</ProtocolVersion><IpAddressType>ipv4</IpAddressType></member>"


def load_balancer_view(render, balancer):
    """The zones of the subnets, and `provisioning` until it is ready."""
    ready = time.time() >= balancer.get("_ready_at", 0)
    zones = "".join(
        f"<member><ZoneName>{ec2._subnets[subnet]['AvailabilityZone']}</ZoneName><SubnetId>{subnet}</SubnetId>"
        "<LoadBalancerAddresses/></member>" for subnet in balancer["Subnets"] if subnet in ec2._subnets)
    head, _, rest = render({**balancer, "State": "active" if ready else "provisioning"}).partition("<AvailabilityZones>")
    return f"{head}<AvailabilityZones>{zones}</AvailabilityZones>{rest.partition('</AvailabilityZones>')[2]}"


def create_load_balancer(handler):
    def create(params):
        name, subnets = alb._p(params, "Name"), alb._parse_member_list(params, "Subnets")
        groups, scheme = alb._parse_member_list(params, "SecurityGroups"), alb._p(params, "Scheme", "internet-facing")
        if len(name) > 32:
            return alb._error("ValidationError", f"The load balancer name '{name}' cannot be longer than '32' characters")
        for subnet in subnets:
            if subnet not in ec2._subnets:
                return alb._error("SubnetNotFound", f"The subnet ID '{subnet}' is not valid")
        for group in groups:
            if group not in ec2._security_groups:
                return alb._error("InvalidSecurityGroup", f"The security group ID '{group}' is not valid")
        if len({ec2._subnets[subnet]["AvailabilityZone"] for subnet in subnets}) < 2:
            return alb._error("ValidationError",
                              "At least two subnets in two different Availability Zones must be specified")
        for existing in alb._lbs.values():
            if existing["LoadBalancerName"] == name:
                same = (existing["Scheme"] == scheme and set(existing["Subnets"]) == set(subnets)
                        and set(existing["SecurityGroups"]) == set(groups))
                return answer("CreateLoadBalancer", "LoadBalancers", alb._lb_xml(existing)) if same else alb._error(
                    "DuplicateLoadBalancerName",
                    f"A load balancer with the same name '{name}' exists, but with different settings")
        handler({**params, "VpcId": ec2._subnets[subnets[0]]["VpcId"]})
        balancer = next(lb for lb in alb._lbs.values() if lb["LoadBalancerName"] == name)
        if scheme == "internal":
            balancer["DNSName"] = f"internal-{balancer['DNSName']}"
        # The answer to the create says `provisioning`, however fast the world is.
        balancer["_ready_at"] = time.time() + max(settings.READY_SECONDS, 0.001)
        alb._lb_attrs[balancer["LoadBalancerArn"]] = attributes(LOAD_BALANCER_ATTRIBUTES)
        return answer("CreateLoadBalancer", "LoadBalancers", alb._lb_xml(balancer))

    return create


def attributes(values):
    return [{"Key": key, "Value": value} for key, value in values.items()]


def answer(action, element, content):
    return alb._xml(200, action, f"<{element}>{content}</{element}>")


def all_known(handler, store, label, arn_key, code):
    """AWS refuses a description when a single one of the named objects is missing."""

    def describe(params):
        arns = alb._parse_member_list(params, f"{label}Arns")
        names = alb._parse_member_list(params, "Names")
        known_names = {item[f"{label}Name"] for item in store.values()}
        if any(arn not in store for arn in arns) or any(name not in known_names for name in names):
            return alb._error(code, f"One or more {'load balancers' if arn_key[0] == 'L' else 'target groups'} not found")
        return handler(params)

    return describe


def delete_load_balancer(handler):
    def delete(params):
        arn = alb._p(params, "LoadBalancerArn")
        if {"Key": "deletion_protection.enabled", "Value": "true"} in alb._lb_attrs.get(arn, []):
            return alb._error("OperationNotPermitted",
                              f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled")
        for listener in [item for item in alb._listeners.values() if item["LoadBalancerArn"] == arn]:
            alb._delete_listener({"ListenerArn": [listener["ListenerArn"]]})
        return handler(params)

    return delete


def create_target_group(handler):
    def create(params):
        name = alb._p(params, "Name")
        if len(name) > 32:
            return alb._error("ValidationError", f"Target group name '{name}' cannot be longer than '32' characters")
        interval = int(alb._p(params, "HealthCheckIntervalSeconds", "30"))
        if int(alb._p(params, "HealthCheckTimeoutSeconds", "5")) >= interval:
            return alb._error("ValidationError", "Health check timeout must be smaller than the interval")
        for existing in alb._tgs.values():
            if existing["TargetGroupName"] == name:
                same = all(str(existing[key]) == alb._p(params, key, str(existing[key]))
                           for key in ("Protocol", "Port", "VpcId", "TargetType", "HealthCheckPath",
                                       "HealthCheckIntervalSeconds", "HealthCheckTimeoutSeconds",
                                       "HealthyThresholdCount", "UnhealthyThresholdCount"))
                return answer("CreateTargetGroup", "TargetGroups", alb._tg_xml(existing)) if same else alb._error(
                    "DuplicateTargetGroupName",
                    f"A target group with the same name '{name}' exists, but with different settings")
        result = handler(params)
        for group in alb._tgs.values():
            if group["TargetGroupName"] == name:
                alb._tg_attrs[group["TargetGroupArn"]] = attributes(TARGET_GROUP_ATTRIBUTES)
        return result

    return create


def describe_target_groups(handler):
    def describe(params):
        if arn := alb._p(params, "LoadBalancerArn"):
            if arn not in alb._lbs:
                return alb._error("LoadBalancerNotFound", f"Load balancer '{arn}' not found")
            groups = [tg for tg in alb._tgs.values() if arn in elb_actions.users_of(tg["TargetGroupArn"])]
            return answer("DescribeTargetGroups", "TargetGroups", "".join(map(alb._tg_xml, groups)))
        return handler(params)

    return describe


def create_listener(handler):
    def create(params):
        balancer, port = alb._p(params, "LoadBalancerArn"), alb._p(params, "Port")
        for existing in alb._listeners.values():
            if existing["LoadBalancerArn"] == balancer and str(existing["Port"]) == port:
                same = (existing["Protocol"] == alb._p(params, "Protocol", "HTTP")
                        and existing["DefaultActions"] == alb._parse_actions(params, "DefaultActions"))
                return answer("CreateListener", "Listeners", alb._listener_xml(existing)) if same else alb._error(
                    "DuplicateListener", f"A listener already exists on this port for this load balancer '{balancer}'")
        return handler(params)

    return create


def describe_listeners(handler):
    def describe(params):
        balancer = alb._p(params, "LoadBalancerArn")
        if balancer and balancer not in alb._lbs:
            return alb._error("LoadBalancerNotFound", f"Load balancer '{balancer}' not found")
        if any(arn not in alb._listeners for arn in alb._parse_member_list(params, "ListenerArns")):
            return alb._error("ListenerNotFound", "One or more listeners not found")
        return handler(params)

    return describe


def describe_tags(params):
    described = ""
    for arn in alb._parse_member_list(params, "ResourceArns"):
        arn, error = alb._resolve_taggable_elbv2_arn(arn)
        if error:
            return error
        tags = "".join(f"<member><Key>{escape(tag['Key'])}</Key><Value>{escape(tag['Value'])}</Value></member>"
                       for tag in alb._tags.get(arn, []))
        described += f"<member><ResourceArn>{arn}</ResourceArn><Tags>{tags}</Tags></member>"
    return alb._xml(200, "DescribeTags", f"<TagDescriptions>{described}</TagDescriptions>")
