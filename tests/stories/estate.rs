//! What stands in an account, as text for people: by boto3, not by the program under test.

use pointsman_tests::story::World;

/// Every object that carries the tags of an environment, and what is in it.
pub fn inventory(world: &World) -> String {
    world.aws.python(INVENTORY).trim().to_owned()
}

/// The parts of the estate that are not ours, as they stand: to show that they are untouched.
pub fn externals(world: &World) -> String {
    world.aws.python(EXTERNALS)
}

const INVENTORY: &str = r#"
def ours(tags):
    return {t.get("Key", t.get("key")): t.get("Value", t.get("value")) for t in tags}.get("pointsman:address")

lines = []
elb = client("elbv2")
ecs = client("ecs")
ec2 = client("ec2")
cache = client("elasticache")
logs = client("logs")

groups = {g["GroupId"]: g for g in ec2.describe_security_groups()["SecurityGroups"]}
def named(group):
    return groups[group]["GroupName"] if group in groups else group
for group in groups.values():
    if ours(group.get("Tags", [])):
        lines.append(f'security group {group["GroupName"]}: {group["Description"]}')
        for rule in group["IpPermissions"]:
            peers = [r["CidrIp"] for r in rule.get("IpRanges", [])]
            peers += [named(p["GroupId"]) for p in rule.get("UserIdGroupPairs", [])]
            for peer in sorted(peers):
                lines.append(f'  allows {rule["IpProtocol"]} {rule["FromPort"]}-{rule["ToPort"]} from {peer}')

for balancer in elb.describe_load_balancers()["LoadBalancers"]:
    arn = balancer["LoadBalancerArn"]
    if not ours(elb.describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"]):
        continue
    attributes = {a["Key"]: a["Value"] for a in elb.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]}
    lines.append(f'load balancer {balancer["LoadBalancerName"]}: {balancer["Scheme"]}, {len(balancer["AvailabilityZones"])} zones, '
                 f'idle timeout {attributes.get("idle_timeout.timeout_seconds")} s, groups {[named(g) for g in balancer["SecurityGroups"]]}')
    for listener in elb.describe_listeners(LoadBalancerArn=arn)["Listeners"]:
        default = listener["DefaultActions"][0]
        lines.append(f'  listener {listener["Protocol"]}:{listener["Port"]}: otherwise {default["Type"]} '
                     f'{default.get("FixedResponseConfig", {}).get("StatusCode")}')
        for rule in elb.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]:
            if rule["IsDefault"]:
                continue
            hosts = [v for c in rule["Conditions"] for v in c.get("HostHeaderConfig", {}).get("Values", c.get("Values", []))]
            action = rule["Actions"][0]
            target = action.get("TargetGroupArn") or action["ForwardConfig"]["TargetGroups"][0]["TargetGroupArn"]
            lines.append(f'    rule {rule["Priority"]}: {hosts} to {target.split("/")[1]}')

for group in elb.describe_target_groups()["TargetGroups"]:
    arn = group["TargetGroupArn"]
    if not ours(elb.describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"]):
        continue
    attributes = {a["Key"]: a["Value"] for a in elb.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]}
    health = [t["TargetHealth"]["State"] for t in elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]]
    lines.append(f'target group {group["TargetGroupName"]}: {group["Protocol"]}:{group["Port"]} {group["TargetType"]}, '
                 f'health {group["HealthCheckPath"]} every {group["HealthCheckIntervalSeconds"]} s, '
                 f'sticky {attributes.get("stickiness.enabled")} {attributes.get("stickiness.lb_cookie.duration_seconds")} s, '
                 f'drain {attributes.get("deregistration_delay.timeout_seconds")} s, targets {sorted(h for h in health if h != "draining")}')

for cluster in ecs.list_clusters()["clusterArns"]:
    for arn in ecs.list_services(cluster=cluster)["serviceArns"]:
        service = ecs.describe_services(cluster=cluster, services=[arn], include=["TAGS"])["services"][0]
        if not ours(service.get("tags", [])):
            continue
        lines.append(f'service {service["serviceName"]} in {cluster.split("/")[-1]}: {service["runningCount"]} of {service["desiredCount"]} tasks run, '
                     f'{[d["rolloutState"] for d in service["deployments"]]}')
        task = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
        container = task["containerDefinitions"][0]
        environment = {v["name"]: v["value"] for v in container["environment"]}
        lines.append(f'  task {task["family"]}: {task["cpu"]} cpu, {task["memory"]} MiB, {container["image"]}')
        for name in sorted(environment):
            lines.append(f'    {name}={environment[name]}')
        for secret in sorted(container.get("secrets", []), key=lambda secret: secret["name"]):
            lines.append(f'    {secret["name"]} from {secret["valueFrom"].split(":secret:")[1][:-7]}')
        for volume in task.get("volumes", []):
            files = volume["efsVolumeConfiguration"]
            access = files["authorizationConfig"]
            mount = [m for m in container["mountPoints"] if m["sourceVolume"] == volume["name"]][0]
            lines.append(f'    volume {volume["name"]} at {mount["containerPath"]}: {files["fileSystemId"]}{files["rootDirectory"]}, '
                         f'in transit {files["transitEncryption"]}, access point {access["accessPointId"]}, iam {access["iam"]}')

for group in cache.describe_replication_groups()["ReplicationGroups"]:
    lines.append(f'replication group {group["ReplicationGroupId"]}: {group["CacheNodeType"]}, {len(group["MemberClusters"])} node, '
                 f'at rest {group["AtRestEncryptionEnabled"]}, in transit {group["TransitEncryptionEnabled"]}, token {group["AuthTokenEnabled"]}, {group["Status"]}')
for group in cache.describe_cache_subnet_groups()["CacheSubnetGroups"]:
    if group["CacheSubnetGroupName"] != "default":
        lines.append(f'cache subnet group {group["CacheSubnetGroupName"]}: {len(group["Subnets"])} subnets')
for group in cache.describe_cache_parameter_groups()["CacheParameterGroups"]:
    if not group["CacheParameterGroupName"].startswith("default."):
        lines.append(f'cache parameter group {group["CacheParameterGroupName"]}: {group["CacheParameterGroupFamily"]}')
for group in logs.describe_log_groups(logGroupNamePrefix="/pointsman/")["logGroups"]:
    lines.append(f'log group {group["logGroupName"]}: {group.get("retentionInDays")} days')

for secret in client("secretsmanager").list_secrets()["SecretList"]:
    if ours(secret.get("Tags", [])):
        lines.append(f'secret {secret["Name"]}: {secret["Description"]}')
scaling = client("application-autoscaling")
for target in scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]:
    if "pointsman:address" not in scaling.list_tags_for_resource(ResourceARN=target["ScalableTargetARN"])["Tags"]:
        continue
    place = dict(ServiceNamespace="ecs", ResourceId=target["ResourceId"])
    lines.append(f'scalable target {target["ResourceId"]}: {target["MinCapacity"]} to {target["MaxCapacity"]} tasks')
    for policy in sorted(scaling.describe_scaling_policies(**place)["ScalingPolicies"], key=lambda p: p["PolicyName"]):
        if tracking := policy.get("TargetTrackingScalingPolicyConfiguration"):
            lines.append(f'  {policy["PolicyName"]}: {tracking["PredefinedMetricSpecification"]["PredefinedMetricType"]} at {tracking["TargetValue"]}, '
                         f'in {tracking["ScaleInCooldown"]} s, out {tracking["ScaleOutCooldown"]} s, {len(policy["Alarms"])} alarms')
        else:
            step = policy["StepScalingPolicyConfiguration"]
            lines.append(f'  {policy["PolicyName"]}: {step["AdjustmentType"]} {[s["ScalingAdjustment"] for s in step["StepAdjustments"]]}, {step["Cooldown"]} s')
    for action in scaling.describe_scheduled_actions(**place)["ScheduledActions"]:
        lines.append(f'  {action["ScheduledActionName"]}: {action["Schedule"]} {action["ScalableTargetAction"]}')

cloudwatch = client("cloudwatch")
for alarm in cloudwatch.describe_alarms()["MetricAlarms"]:
    if not ours(cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]):
        continue
    dimensions = [f'{d["Name"]} {d["Value"]}' for d in sorted(alarm["Dimensions"], key=lambda d: d["Name"])]
    actions = sorted(a.split(":")[2] + " " + a.split(":")[-1] for a in alarm["AlarmActions"])
    lines.append(f'alarm {alarm["AlarmName"]}: {alarm["Statistic"]} of {alarm["Namespace"]} {alarm["MetricName"]} {alarm["ComparisonOperator"]} '
                 f'{alarm["Threshold"]}, {alarm["DatapointsToAlarm"]} of {alarm["EvaluationPeriods"]} times {alarm["Period"]} s, '
                 f'{alarm["TreatMissingData"]}')
    lines += [f"  of {d}" for d in dimensions] + [f"  does {a}" for a in actions]
for entry in cloudwatch.list_dashboards()["DashboardEntries"]:
    if not ours(cloudwatch.list_tags_for_resource(ResourceARN=entry["DashboardArn"])["Tags"]):
        continue
    lines.append(f'dashboard {entry["DashboardName"]}')
    for widget in json.loads(cloudwatch.get_dashboard(DashboardName=entry["DashboardName"])["DashboardBody"])["widgets"]:
        what = widget["properties"]
        shown = [a.split(":")[-1] for a in what.get("alarms", [])] or [m[1] for m in what["metrics"]]
        lines.append(f'  {what["title"]}: {", ".join(shown)}')

heads = []
for line in lines:
    if line.startswith(" "):
        heads[-1].append(line)
    else:
        heads.append([line])
print("\n".join("\n".join(head) for head in sorted(heads)))
"#;

const EXTERNALS: &str = r#"
ecs = client("ecs")
old = ecs.describe_services(cluster="webUIcluster2", services=["webui3"])["services"][0]
print("webui3", old["status"], old["desiredCount"], old["taskDefinition"].split("/")[-1])
secrets = client("secretsmanager").list_secrets()["SecretList"]
print("secrets", sorted(s["Name"] for s in secrets if not any(t["Key"] == "pointsman:address" for t in s.get("Tags", []))))
print("files", [(f["Name"], f["Encrypted"]) for f in client("efs").describe_file_systems()["FileSystems"]])
print("database", [(c["DBClusterIdentifier"], c["Status"]) for c in client("rds").describe_db_clusters()["DBClusters"]])
print("vpcs", sorted(v["VpcId"] for v in client("ec2").describe_vpcs()["Vpcs"]))
print("groups", sorted(g["GroupName"] for g in client("ec2").describe_security_groups()["SecurityGroups"]
      if not any(t["Key"] == "pointsman:address" for t in g.get("Tags", []))))
"#;
