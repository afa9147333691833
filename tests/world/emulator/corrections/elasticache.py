"""ElastiCache: replication groups as AWS names and times them, and what refuses to go."""

import copy
import hashlib
import threading
import time
from xml.sax.saxutils import escape

from corrections import settings
from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import ec2
from ministack.services import elasticache as cache

# Asked for the left, AWS reports the right.
ENGINE_VERSIONS = {"7.1": "7.1.0", "7.0": "7.0.7", "6.2": "6.2.6"}


def apply(_engine):
    cache._create_replication_group = create(cache._create_replication_group)
    cache._modify_replication_group = modify(cache._modify_replication_group)
    cache._delete_replication_group = delete(cache._delete_replication_group)
    cache._delete_param_group = delete_parameter_group(cache._delete_param_group)
    cache._describe_cache_parameters = describe_parameters(cache._describe_cache_parameters)
    cache._increase_replica_count = resize(cache._increase_replica_count, "IncreaseReplicaCount")
    cache._decrease_replica_count = resize(cache._decrease_replica_count, "DecreaseReplicaCount")
    render = cache._rg_xml
    # The addresses exist when the group does.
    cache._rg_xml = lambda group: render({**group, "NodeGroups": []} if group["Status"] == "creating" else group)
    for name in ("_list_tags", "_add_tags", "_remove_tags"):
        setattr(cache, name, escaped(getattr(cache, name)))


def group_of(params):
    return cache._replication_groups.get(cache._p(params, "ReplicationGroupId"))


def create(handler):
    def checked(params):
        name = cache._p(params, "ReplicationGroupId")
        if len(name) > 40 or not name:
            return cache._error("InvalidParameterValue", "The parameter ReplicationGroupId must be 1 to 40 characters", 400)
        subnets = cache._p(params, "CacheSubnetGroupName")
        if subnets and subnets not in cache._subnet_groups:
            return cache._error("CacheSubnetGroupNotFoundFault", f"Cache subnet group {subnets} not found.", 400)
        parameters = cache._p(params, "CacheParameterGroupName")
        if parameters and parameters not in cache._param_groups:
            return cache._error("CacheParameterGroupNotFound", f"CacheParameterGroup {parameters} not found.", 404)
        for group in cache._extract_configs(params, "SecurityGroupIds", ("SecurityGroupId", "member")):
            if group not in ec2._security_groups:
                return cache._error("InvalidParameterValue", f"Some security groups are invalid: {group}", 400)
        nodes = int(cache._p(params, "NumCacheClusters") or cache._p(params, "ReplicasPerNodeGroup", "0") or 1)
        if cache._p(params, "AutomaticFailoverEnabled").lower() == "true" and nodes < 2 and not cache._p(
                params, "NumNodeGroups"):
            return cache._error("InvalidParameterValue",
                                "Replication group with automatic failover must have at least two nodes", 400)
        status, headers, body = handler(params)
        if status != 200:
            return status, headers, body
        group = cache._replication_groups[name]
        rename(group, int(cache._p(params, "Port") or 6379))
        become(group, "creating", "available")
        return answer("CreateReplicationGroup", group)

    return checked


def rename(group, port):
    """Members and addresses as AWS names them when cluster mode is off."""
    name, region = group["ReplicationGroupId"], get_region().replace("us-east-1", "use1")
    owner = hashlib.sha256(f"{get_account_id()}{name}".encode()).hexdigest()[:6]
    domain = f"{name}.{owner}.{region}.cache.amazonaws.com"
    version = ENGINE_VERSIONS.get(group["EngineVersion"], group["EngineVersion"])
    group["EngineVersion"], members = version, []
    for shard in group["NodeGroups"]:
        shard["PrimaryEndpoint"] = {"Address": f"master.{domain}", "Port": port}
        shard["ReaderEndpoint"] = {"Address": f"replica.{domain}", "Port": port}
        for number, member in enumerate(shard["NodeGroupMembers"], 1):
            old = member["CacheClusterId"]
            new = f"{name}-{number:03d}" if len(group["NodeGroups"]) == 1 else old
            endpoint = {"Address": f"{new}.{domain}", "Port": port}
            member.update(CacheClusterId=new, ReadEndpoint=endpoint)
            cluster = cache._clusters.pop(old)
            cache._tags[cache._arn_cluster(new)] = cache._tags.pop(cluster["CacheClusterArn"], [])
            cluster.update(CacheClusterId=new, CacheClusterArn=cache._arn_cluster(new), EngineVersion=version,
                           _endpoint=endpoint)
            cluster["CacheNodes"][0]["Endpoint"] = endpoint
            cache._clusters[new] = cluster
            members.append(new)
    group["MemberClusters"] = members


def clusters_of(group):
    return [cache._clusters[name] for name in group["MemberClusters"] if name in cache._clusters]


def become(group, now, later, then=None):
    """Shows `now` in the answer, and `later` (or what `then` does) when the world's time for it is over."""

    def show(state):
        group["Status"] = state
        for shard in group["NodeGroups"]:
            shard["Status"] = state
        for cluster in clusters_of(group):
            cluster["CacheClusterStatus"] = state

    show(now)
    scope = get_account_id(), get_region()

    def finish():
        time.sleep(max(settings.READY_SECONDS, 0.02))
        with request_scope(*scope):
            if then:
                then()
            else:
                show(later)

    threading.Thread(target=finish, name=f"cache-{now}", daemon=True).start()


def answer(action, group):
    return cache._xml(200, f"{action}Response", f"<{action}Result><ReplicationGroup>{cache._rg_xml(group)}"
                                                f"</ReplicationGroup></{action}Result>")


def unavailable(group):
    if group["Status"] == "available":
        return None
    return cache._error("InvalidReplicationGroupState",
                        f"Replication group {group['ReplicationGroupId']} is not in available state, "
                        f"it is {group['Status']}", 400)


def resize(handler, action):
    """A group has its primary and so many replicas: each is a cluster of its own, with the group's settings."""

    def checked(params):
        group = group_of(params)
        if group and (error := unavailable(group)):
            return error
        status, headers, body = handler(params)
        if status != 200:
            return status, headers, body
        like = cache._clusters[group["MemberClusters"][0]]
        members = [member for shard in group["NodeGroups"] for member in shard["NodeGroupMembers"]]
        for gone in group["MemberClusters"][len(members):]:
            cache._tags.pop(cache._clusters.pop(gone)["CacheClusterArn"], None)
        for number, member in enumerate(members, 1):
            name = f'{group["ReplicationGroupId"]}-{number:03d}'
            address = like["_endpoint"]["Address"].partition(".")[2]
            endpoint = {"Address": f"{name}.{address}", "Port": like["_endpoint"]["Port"]}
            member.update(CacheClusterId=name, ReadEndpoint=endpoint)
            if name not in cache._clusters:
                arn = cache._arn_cluster(name)
                cluster = {**copy.deepcopy(like), "CacheClusterId": name, "CacheClusterArn": arn, "_endpoint": endpoint}
                cluster["CacheNodes"][0]["Endpoint"] = endpoint
                cache._clusters[name], cache._tags[arn] = cluster, list(cache._tags.get(like["CacheClusterArn"], []))
        group["MemberClusters"] = [member["CacheClusterId"] for member in members]
        become(group, "modifying", "available")
        return answer(action, group)

    return checked


def modify(handler):
    def checked(params):
        group = group_of(params)
        if not group:
            return handler(params)
        if error := unavailable(group):
            return error
        parameters = cache._p(params, "CacheParameterGroupName")
        if parameters and parameters not in cache._param_groups:
            return cache._error("CacheParameterGroupNotFound", f"CacheParameterGroup {parameters} not found.", 404)
        if error := modify_transit(group, params) or modify_token(group, params):
            return error
        status, headers, body = handler(params)
        if status != 200:
            return status, headers, body
        group["EngineVersion"] = ENGINE_VERSIONS.get(group["EngineVersion"], group["EngineVersion"])
        security = cache._extract_configs(params, "SecurityGroupIds", ("SecurityGroupId", "member"))
        for record in [group, *clusters_of(group)]:
            if window := cache._p(params, "PreferredMaintenanceWindow"):
                record["PreferredMaintenanceWindow"] = window
            if minor := cache._p(params, "AutoMinorVersionUpgrade"):
                record["AutoMinorVersionUpgrade"] = minor.lower() == "true"
            if security:
                record["SecurityGroups"] = [{"SecurityGroupId": item, "Status": "active"} for item in security]
        for cluster in clusters_of(group):
            for key in ("CacheNodeType", "EngineVersion", "SnapshotRetentionLimit", "SnapshotWindow",
                        "TransitEncryptionEnabled", "TransitEncryptionMode"):
                cluster[key] = group[key]
            cluster["CacheParameterGroup"] = {"CacheParameterGroupName": group["CacheParameterGroupName"],
                                              "ParameterApplyStatus": "in-sync"}
        become(group, "modifying", "available")
        return answer("ModifyReplicationGroup", group)

    return checked


def modify_transit(group, params):
    """In-transit encryption is switched on in two steps: `preferred` first, `required` after."""
    wanted, mode = cache._p(params, "TransitEncryptionEnabled").lower(), cache._p(params, "TransitEncryptionMode")
    if not wanted and not mode:
        return None
    mode = mode or ("required" if wanted == "true" else "")
    if not group["TransitEncryptionEnabled"] and wanted == "true" and mode == "required":
        return cache._error("InvalidParameterCombination",
                            "Transit encryption can be enabled with transit encryption mode preferred only", 400)
    if group["TransitEncryptionMode"] == "required" and wanted == "false":
        return cache._error("InvalidParameterCombination",
                            "Transit encryption can be disabled from transit encryption mode preferred only", 400)
    if group["AuthTokenEnabled"] and mode != "required":
        return cache._error("InvalidParameterCombination", "Transit encryption can be made optional or disabled only "
                            "when the access control is removed", 400)
    group["TransitEncryptionEnabled"] = wanted != "false"
    group["TransitEncryptionMode"] = mode if wanted != "false" else None
    return None


def modify_token(group, params):
    """Another token is added with ROTATE; SET leaves it alone, and comes after."""
    token, strategy = cache._p(params, "AuthToken"), cache._p(params, "AuthTokenUpdateStrategy")
    if not token:
        if strategy in ("SET", "ROTATE"):
            return cache._error("InvalidParameterCombination", "The parameter AuthToken must be provided", 400)
        return None
    if not 16 <= len(token) <= 128:
        return cache._error("InvalidParameterValue", "The AUTH token must be 16 to 128 characters", 400)
    if strategy == "SET" and token not in group["_auth_tokens"]:
        return cache._error("InvalidParameterCombination", "The strategy SET is allowed only after ROTATE", 400)
    return None


def delete(handler):
    def checked(params):
        group = group_of(params)
        if not group:
            return handler(params)
        if error := unavailable(group):
            return error
        become(group, "deleting", None, then=lambda: handler(params))
        return answer("DeleteReplicationGroup", group)

    return checked


def delete_parameter_group(handler):
    def unused(params):
        name = cache._p(params, "CacheParameterGroupName")
        if any(group["CacheParameterGroupName"] == name for group in cache._replication_groups.values()):
            return cache._error("InvalidCacheParameterGroupState",
                                f"One or more cache clusters are still members of this parameter group {name}.", 400)
        return handler(params)

    return unused


def describe_parameters(handler):
    """The emulator ignores `Source`, by which one asks for the changed parameters only."""

    def describe(params):
        name, source = cache._p(params, "CacheParameterGroupName"), cache._p(params, "Source")
        everything = cache._param_group_params.get(name)
        if not source or everything is None:
            return handler(params)
        chosen = {key: value for key, value in everything.items() if value.get("Source", "system") == source}
        cache._param_group_params[name] = chosen
        try:
            return handler(params)
        finally:
            cache._param_group_params[name] = everything

    return describe


def escaped(handler):
    """Tag values with & or < made the answer unreadable."""

    def safe(params):
        status, headers, body = handler(params)
        if status != 200 or b"<TagList>" not in body:
            return status, headers, body
        tags = "".join(f"<Tag><Key>{escape(tag['Key'])}</Key><Value>{escape(tag['Value'])}</Value></Tag>"
                       for tag in cache._tags.get(cache._p(params, "ResourceName"), []))
        head, _, rest = body.decode().partition("<TagList>")
        return status, headers, f"{head}<TagList>{tags}</TagList>{rest.partition('</TagList>')[2]}".encode()

    return safe
