"""Makes what exists in the account before the first deploy of the example estate.

usage: seed.py ENDPOINT     prints the ids of what it made, as JSON

Plain HTTP with the standard library: loading an SDK takes longer than all of these calls.
"""

import http.client
import json
import sys
import time
import urllib.parse
import xml.etree.ElementTree as ElementTree

REGION = "us-east-1"
PREFIXES = {"ecs": "AmazonEC2ContainerServiceV20141113", "secretsmanager": "secretsmanager",
            "dynamodb": "DynamoDB_20120810", "servicediscovery": "Route53AutoNaming_v20170314"}
VERSIONS = {"ec2": "2016-11-15", "iam": "2010-05-08", "sns": "2010-03-31", "rds": "2014-10-31", "sts": "2011-06-15"}


class World:
    def __init__(self, endpoint):
        self.connection = http.client.HTTPConnection(urllib.parse.urlsplit(endpoint).netloc, timeout=30)

    def send(self, service, method, path, body=b"", headers=None):
        scope = f"AKIASEED/20260101/{REGION}/{service}/aws4_request"
        self.connection.request(method, path, body, {
            "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0", **(headers or {})})
        response = self.connection.getresponse()
        content = response.read()
        if response.status >= 300:
            sys.exit(f"seed: {service} {method} {path} {body!r}: {response.status} {content.decode(errors='replace')}")
        return content

    def json(self, service, operation, **parameters):
        return json.loads(self.send(service, "POST", "/", json.dumps(parameters).encode(), {
            "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"{PREFIXES[service]}.{operation}"}) or b"{}")

    def rest(self, service, method, path, **parameters):
        content = self.send(service, method, path, json.dumps(parameters).encode(), {"Content-Type": "application/json"})
        return json.loads(content or b"{}")

    def query(self, service, operation, parameters):
        """The first element of the answer with the wanted name is found with `text`."""
        body = urllib.parse.urlencode({"Action": operation, "Version": VERSIONS[service], **parameters}).encode()
        return self.send(service, "POST", "/", body, {"Content-Type": "application/x-www-form-urlencoded"})


def text(document, name):
    for element in ElementTree.fromstring(document).iter():
        if element.tag.rpartition("}")[2] == name:
            return element.text
    raise SystemExit(f"seed: no {name} in {document!r}")


def tagged(kind, **tags):
    flat = {"TagSpecification.1.ResourceType": kind}
    for index, (key, value) in enumerate(tags.items(), 1):
        flat[f"TagSpecification.1.Tag.{index}.Key"] = key
        flat[f"TagSpecification.1.Tag.{index}.Value"] = value
    return flat


def network(world):
    vpc = text(world.query("ec2", "CreateVpc", {"CidrBlock": "10.20.0.0/16", **tagged("vpc", Name="gg-production")}),
               "vpcId")
    made = {"vpc": vpc, "private_subnets": [], "public_subnets": []}
    for tier, zones, base in (("private", "abc", 0), ("public", "ab", 100)):
        for index, zone in enumerate(zones):
            subnet = text(world.query("ec2", "CreateSubnet", {
                "VpcId": vpc, "CidrBlock": f"10.20.{base + index}.0/24", "AvailabilityZone": f"{REGION}{zone}",
                **tagged("subnet", Name=f"gg-production-{tier}-{zone}", Tier=tier)}), "subnetId")
            made[f"{tier}_subnets"].append(subnet)
    made["legacy_security_group"] = text(world.query("ec2", "CreateSecurityGroup", {
        "GroupName": "webui3", "GroupDescription": "The old service", "VpcId": vpc,
        **tagged("security-group", Name="webui3")}), "groupId")
    world.query("ec2", "AuthorizeSecurityGroupIngress", {
        "GroupId": made["legacy_security_group"], "IpPermissions.1.IpProtocol": "tcp",
        "IpPermissions.1.FromPort": "8080", "IpPermissions.1.ToPort": "8080",
        "IpPermissions.1.IpRanges.1.CidrIp": "10.0.0.0/8"})
    return made


def identity(world):
    """The two roles, whose names the environment's file gives."""
    trust = json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
    roles = {}
    for role, actions in (("ecsTaskExecutionRole", ["secretsmanager:GetSecretValue", "logs:CreateLogStream",
                                                    "logs:PutLogEvents", "ecr:*"]),
                          ("webui-task", ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"])):
        roles[role] = text(world.query("iam", "CreateRole", {"RoleName": role, "AssumeRolePolicyDocument": trust}), "Arn")
        world.query("iam", "PutRolePolicy", {
            "RoleName": role, "PolicyName": "work", "PolicyDocument": json.dumps({
                "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]})})
    return {"execution_role": roles["ecsTaskExecutionRole"], "task_role": roles["webui-task"]}


def backend(world):
    """Terraform's state bucket and lock table, which the agent shares, and the agent's own table."""
    world.send("s3", "PUT", "/gg-ai-terraform-states")
    world.send("s3", "PUT", "/gg-ai-terraform-states?versioning", (
        b'<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>Enabled</Status>'
        b"</VersioningConfiguration>"))
    world.json("dynamodb", "CreateTable", TableName="terraform-state-locks", BillingMode="PAY_PER_REQUEST",
               AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
               KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}])
    world.json("dynamodb", "CreateTable", TableName="pointsman-runs", BillingMode="PAY_PER_REQUEST",
               AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"},
                                     {"AttributeName": "sk", "AttributeType": "S"}],
               KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}])
    world.json("dynamodb", "UpdateTimeToLive", TableName="pointsman-runs",
               TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"})
    return {"bucket": "gg-ai-terraform-states", "lock_table": "terraform-state-locks"}


def data(world, made):
    """The database, the files, and the secrets: never the agent's to write."""
    secrets = {}
    for name, value in (("webui-secret-key", "t0p-secret-of-the-old-service"),
                        ("database-url", "postgresql://webui:pass@gravity-ai-chat-aurora.local:5432/webui")):
        secrets[name] = world.json("secretsmanager", "CreateSecret", Name=f"gravity-ai-chat/{name}",
                                   SecretString=value)["ARN"]
    subnets = {f"SubnetIds.SubnetIdentifier.{i}": subnet for i, subnet in enumerate(made["private_subnets"], 1)}
    world.query("rds", "CreateDBSubnetGroup", {"DBSubnetGroupName": "gravity-ai-chat",
                                               "DBSubnetGroupDescription": "private subnets", **subnets})
    world.query("rds", "CreateDBCluster", {
        "DBClusterIdentifier": "gravity-ai-chat-aurora", "Engine": "aurora-postgresql", 
        "MasterUsername": "webui", "MasterUserPassword": "not-a-secret-here", "StorageEncrypted": "true",
        "DBSubnetGroupName": "gravity-ai-chat", "DeletionProtection": "true"})
    files = world.rest("elasticfilesystem", "POST", "/2015-02-01/file-systems", CreationToken="gravity-ai-chat",
                       Encrypted=True, Tags=[{"Key": "Name", "Value": "gravity-ai-chat"}])["FileSystemId"]
    for subnet in made["private_subnets"]:
        world.rest("elasticfilesystem", "POST", "/2015-02-01/mount-targets", FileSystemId=files, SubnetId=subnet)
    access = world.rest("elasticfilesystem", "POST", "/2015-02-01/access-points", ClientToken="webui-data",
                        FileSystemId=files, Tags=[{"Key": "Name", "Value": "webui-data"}],
                        RootDirectory={"Path": "/webui"})["AccessPointId"]
    topic = text(world.query("sns", "CreateTopic", {"Name": "ops"}), "TopicArn")
    return {"webui_secret_key": secrets["webui-secret-key"], "database_url": secrets["database-url"],
            "file_system": files, "access_point": access, "topic": topic, "database": "gravity-ai-chat-aurora"}


def legacy(world, made):
    """The old service, running, registered in Cloud Map: where the traffic enters today."""
    world.json("ecs", "CreateCluster", clusterName="webUIcluster2")
    world.json("servicediscovery", "CreatePrivateDnsNamespace", Name="webui.local", Vpc=made["vpc"],
               CreatorRequestId="webui.local")
    namespace = world.json("servicediscovery", "ListNamespaces")["Namespaces"][0]["Id"]
    registry = world.json("servicediscovery", "CreateService", Name="webui3", NamespaceId=namespace, DnsConfig={
        "DnsRecords": [{"Type": "A", "TTL": 60}], "RoutingPolicy": "MULTIVALUE"})["Service"]["Arn"]
    world.json("ecs", "RegisterTaskDefinition", family="webui3", requiresCompatibilities=["FARGATE"],
               networkMode="awsvpc", cpu="4096", memory="16384", executionRoleArn=made["execution_role"],
               taskRoleArn=made["task_role"], containerDefinitions=[{
                   "name": "webui3", "image": "ghcr.io/open-webui/open-webui:main", "essential": True,
                   "portMappings": [{"containerPort": 8080}],
                   "secrets": [{"name": "WEBUI_SECRET_KEY", "valueFrom": made["webui_secret_key"]},
                               {"name": "DATABASE_URL", "valueFrom": made["database_url"]}]}])
    world.json("ecs", "CreateService", cluster="webUIcluster2", serviceName="webui3", taskDefinition="webui3",
               desiredCount=1, launchType="FARGATE", serviceRegistries=[{"registryArn": registry}],
               networkConfiguration={"awsvpcConfiguration": {
                   "subnets": made["private_subnets"], "securityGroups": [made["legacy_security_group"]]}})
    return {"namespace": namespace}


def settle(world):
    """The old service is steady before anything else begins."""
    until = time.monotonic() + 30
    while True:
        service = world.json("ecs", "DescribeServices", cluster="webUIcluster2", services=["webui3"])["services"][0]
        if service["runningCount"] == 1 and service["deployments"][0]["rolloutState"] == "COMPLETED":
            return
        if time.monotonic() > until:
            sys.exit(f"seed: webui3 did not become steady: {service['events']}")
        time.sleep(0.02)


def main():
    world = World(sys.argv[1])
    made = {**network(world), **identity(world)}
    made.update(data(world, made))
    made.update(legacy(world, made))
    made.update(backend(world))
    settle(world)
    print(json.dumps(made))


if __name__ == "__main__":
    main()
