use super::on_the_road;

#[test]
fn a_replication_group_lives_its_whole_life() {
    let said = on_the_road(
        r#"
cache = client("elasticache")
wanted = dict(
    ReplicationGroupId="sessions", ReplicationGroupDescription="sessions", Engine="redis", EngineVersion="7.1",
    CacheNodeType="cache.t3.micro", NumCacheClusters=1, CacheSubnetGroupName="sessions", CacheParameterGroupName="sessions",
    SecurityGroupIds=[firewall], AtRestEncryptionEnabled=True, TransitEncryptionEnabled=True,
    AuthToken="a-token-of-sixteen-or-more", Tags=[{"Key": "pointsman:address", "Value": "cache.sessions & more"}])
print(code_of(cache.create_replication_group, **wanted))
cache.create_cache_subnet_group(CacheSubnetGroupName="sessions", CacheSubnetGroupDescription="s", SubnetIds=subnets)
cache.create_cache_parameter_group(CacheParameterGroupName="sessions", CacheParameterGroupFamily="redis7", Description="s")
cache.modify_cache_parameter_group(CacheParameterGroupName="sessions", ParameterNameValues=[
    {"ParameterName": "maxmemory-policy", "ParameterValue": "allkeys-lru"}])
print([p["ParameterName"] for p in cache.describe_cache_parameters(
    CacheParameterGroupName="sessions", Source="user")["Parameters"]])
made = cache.create_replication_group(**wanted)["ReplicationGroup"]
group = lambda: cache.describe_replication_groups(ReplicationGroupId="sessions")["ReplicationGroups"][0]
node = lambda: cache.describe_cache_clusters(CacheClusterId="sessions-001")["CacheClusters"][0]
print(made["Status"], made.get("NodeGroups"))
until(lambda: group()["Status"] == "available")
print(group()["AtRestEncryptionEnabled"], group()["TransitEncryptionEnabled"], group()["MemberClusters"])
print(group()["NodeGroups"][0]["PrimaryEndpoint"]["Address"].startswith("master.sessions."), node()["EngineVersion"])
print(cache.list_tags_for_resource(ResourceName=made["ARN"])["TagList"])
print(code_of(cache.create_replication_group, **wanted))
changed = cache.modify_replication_group(ReplicationGroupId="sessions", CacheNodeType="cache.t3.small",
                                         PreferredMaintenanceWindow="mon:05:00-mon:06:00", ApplyImmediately=True)
print(changed["ReplicationGroup"]["Status"])
until(lambda: group()["Status"] == "available")
print(node()["CacheNodeType"], node()["PreferredMaintenanceWindow"])
print(code_of(cache.delete_cache_parameter_group, CacheParameterGroupName="sessions"),
      code_of(cache.delete_cache_subnet_group, CacheSubnetGroupName="sessions"))
print(cache.delete_replication_group(ReplicationGroupId="sessions")["ReplicationGroup"]["Status"])
until(lambda: code_of(cache.describe_replication_groups, ReplicationGroupId="sessions") != "OK")
print(code_of(cache.delete_cache_parameter_group, CacheParameterGroupName="sessions"),
      code_of(cache.delete_cache_subnet_group, CacheSubnetGroupName="sessions"))
"#,
    );
    assert_eq!(
        said,
        [
            "CacheSubnetGroupNotFoundFault",
            "['maxmemory-policy']",
            "creating []",
            "True True ['sessions-001']",
            "True 7.1.0",
            "[{'Key': 'pointsman:address', 'Value': 'cache.sessions & more'}]",
            "ReplicationGroupAlreadyExists",
            "modifying",
            "cache.t3.small mon:05:00-mon:06:00",
            "InvalidCacheParameterGroupState CacheSubnetGroupInUse",
            "deleting",
            "OK OK"
        ]
    );
}

#[test]
fn a_token_and_encryption_come_and_go_in_steps() {
    let said = on_the_road(
        r#"
cache = client("elasticache")
cache.create_cache_subnet_group(CacheSubnetGroupName="sessions", CacheSubnetGroupDescription="s", SubnetIds=subnets)
cache.create_replication_group(
    ReplicationGroupId="sessions", ReplicationGroupDescription="sessions", Engine="redis", EngineVersion="7.1",
    CacheNodeType="cache.t3.micro", NumCacheClusters=1, CacheSubnetGroupName="sessions", TransitEncryptionEnabled=False)
group = lambda: cache.describe_replication_groups(ReplicationGroupId="sessions")["ReplicationGroups"][0]
ready = lambda: until(lambda: group()["Status"] == "available")


def change(**what):
    ready()
    code = code_of(cache.modify_replication_group, ReplicationGroupId="sessions", ApplyImmediately=True, **what)
    ready()
    return code, group()["TransitEncryptionEnabled"], group().get("TransitEncryptionMode"), group()["AuthTokenEnabled"]


one, two = "1" * 32, "2" * 32
print(change(AuthToken=one, AuthTokenUpdateStrategy="ROTATE"))
print(change(TransitEncryptionEnabled=True, TransitEncryptionMode="required"))
print(change(TransitEncryptionEnabled=True, TransitEncryptionMode="preferred"))
print(change(TransitEncryptionEnabled=True, TransitEncryptionMode="required"))
print(change(AuthToken=one, AuthTokenUpdateStrategy="SET"))
print(change(AuthToken=one, AuthTokenUpdateStrategy="ROTATE"))
print(change(AuthToken=one, AuthTokenUpdateStrategy="SET"))
print(change(AuthToken=two, AuthTokenUpdateStrategy="ROTATE"))
print(change(TransitEncryptionEnabled=True, TransitEncryptionMode="preferred"))
print(change(AuthTokenUpdateStrategy="DELETE"))
print(change(TransitEncryptionEnabled=False))
print(change(TransitEncryptionEnabled=True, TransitEncryptionMode="preferred"))
print(change(TransitEncryptionEnabled=False))
"#,
    );
    assert_eq!(
        said,
        [
            "('InvalidParameterValue', False, None, False)",
            "('InvalidParameterCombination', False, None, False)",
            "('OK', True, 'preferred', False)",
            "('OK', True, 'required', False)",
            "('InvalidParameterCombination', True, 'required', False)",
            "('OK', True, 'required', True)",
            "('OK', True, 'required', True)",
            "('OK', True, 'required', True)",
            "('InvalidParameterCombination', True, 'required', True)",
            "('OK', True, 'required', False)",
            "('InvalidParameterCombination', True, 'required', False)",
            "('OK', True, 'preferred', False)",
            "('OK', False, None, False)",
        ]
    );
}
