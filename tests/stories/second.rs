//! The same program against a second emulator that others wrote: what it can do comes out the same.

use pointsman_tests::aws::Moto;

use crate::{settled, world};

const SECOND: &str = "staging/second";
const FILE: &str = "environments/staging/second.toml";
const ACCOUNT: &str = "111122223333";

/// What moto 5.2.1 can do. Without a cache: it has no parameter groups and modifies no group. With no
/// tasks: it starts none. Without alarms and a dashboard: it does not read the protocol that AWS's
/// own library for Rust speaks to CloudWatch. Without scaling, which nothing would move.
const ENVIRONMENT: &str = r#"schema = 1

[aws]
region  = "us-east-1"
account = "111122223333"

[state]
bucket     = "states"
key        = "staging/second/terraform.tfstate"
lock_table = "locks"

[tags]
Application = "web"
Stage       = "staging"

[network]
vpc             = { name = "main" }
private_subnets = { tags = { Tier = "private" } }

[external.database]
kind   = "aurora"
id     = "database"
secret = "database-url"

[external.files]
kind = "efs"
name = "files"

[external.old]
kind    = "ecs_service"
cluster = "main"
service = "old"

[external.entrance]
kind      = "cloud_map"
namespace = "web.local"
service   = "web"

[external.key]
kind = "secret"
id   = "web-key"

[load_balancer.main]
allow_from   = ["10.0.0.0/8"]
idle_timeout = "60s"

[load_balancer.main.listener.http]
port     = 80
protocol = "HTTP"
hosts    = ["web.example.com"]

[service.web]
cluster        = "main"
image          = "ghcr.io/open-webui/open-webui@sha256:7c4f6f8e1a5b3d2c9e0f1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f"
cpu            = 256
memory         = 512
count          = 0
port           = 8080
execution_role = "arn:aws:iam::111122223333:role/execution"
log_retention  = "30d"

[service.web.environment]
MODE = "plain"

[service.web.secrets]
DATABASE_URL = "${external.database.secret}"
SECRET_KEY   = "${external.key.arn}"

[service.web.volumes.data]
files = "${external.files}"
mount = "/data"

[service.web.health]
interval = "30s"

[service.web.expose]
listener   = "${load_balancer.main.listener.http}"
stickiness = { kind = "load_balancer_cookie", duration = "30m" }
drain      = "300s"
"#;

/// What a block says now and then, and which objects the plan changes for it.
type Change = (&'static [(&'static str, &'static str)], &'static [&'static str]);

const CHANGES: &[Change] = &[
    (
        &[
            ("allow_from   = [\"10.0.0.0/8\"]", "allow_from   = [\"10.0.0.0/8\", \"192.168.0.0/16\"]"),
            ("idle_timeout = \"60s\"", "idle_timeout = \"120s\""),
        ],
        &["load_balancer.main", "load_balancer.main.security_group"],
    ),
    (
        &[("hosts    = [\"web.example.com\"]", "hosts    = [\"web.example.com\", \"www.example.com\"]")],
        &["service.web.listener_rule"],
    ),
    (
        &[("log_retention  = \"30d\"", "log_retention  = \"60d\""), ("MODE = \"plain\"", "MODE = \"fancy\"")],
        &["service.web", "service.web.log_group", "service.web.task_definition"],
    ),
    (
        &[
            ("interval = \"30s\"", "interval = \"20s\""),
            ("drain      = \"300s\"", "drain      = \"60s\""),
            ("duration = \"30m\"", "duration = \"40m\""),
        ],
        &["service.web.target_group"],
    ),
];

const SEED: &str = r#"
ec2 = client("ec2")
def tagged(kind, **tags):
    return [{"ResourceType": kind, "Tags": [{"Key": k, "Value": v} for k, v in tags.items()]}]
vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16", TagSpecifications=tagged("vpc", Name="main"))["Vpc"]["VpcId"]
for index, zone in enumerate("abc"):
    ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.20.{index}.0/24", AvailabilityZone=f"us-east-1{zone}",
                      TagSpecifications=tagged("subnet", Tier="private"))
# Without a tag of its own, a cluster breaks moto's index of tags.
client("ecs").create_cluster(clusterName="main", tags=[{"key": "Owner", "value": "platform"}])
trusted = [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]
client("iam").create_role(RoleName="execution", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": trusted}))
# What is not ours: the database, the files, the old service, where people enter, two secrets.
for name in ["database-url", "web-key"]:
    client("secretsmanager").create_secret(Name=name, SecretString="postgresql://u:p@db/web")
client("rds").create_db_cluster(DBClusterIdentifier="database", Engine="aurora-postgresql", MasterUsername="u", MasterUserPassword="of-the-owner")
files = client("efs").create_file_system(CreationToken="files", Encrypted=True, Tags=[{"Key": "Name", "Value": "files"}])["FileSystemId"]
for subnet in ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]:
    client("efs").create_mount_target(FileSystemId=files, SubnetId=subnet["SubnetId"])
ecs = client("ecs")
ecs.register_task_definition(family="old", containerDefinitions=[{"name": "old", "image": "old", "memory": 512}])
ecs.create_service(cluster="main", serviceName="old", taskDefinition="old", desiredCount=1)
namespaces = client("servicediscovery")
namespaces.create_private_dns_namespace(Name="web.local", Vpc=vpc)
found = namespaces.list_namespaces()["Namespaces"][0]["Id"]
namespaces.create_service(Name="web", NamespaceId=found, DnsConfig={"DnsRecords": [{"Type": "A", "TTL": 10}]})
"#;

/// What is not ours, as it stands.
const EXTERNALS: &str = r#"
old = client("ecs").describe_services(cluster="main", services=["old"])["services"][0]
print("old service", old["status"], old["desiredCount"], old["taskDefinition"].split("/")[-1])
secrets = client("secretsmanager")
for name in ["database-url", "web-key"]:
    print("secret", name, len(secrets.list_secret_version_ids(SecretId=name)["Versions"]), secrets.describe_secret(SecretId=name).get("Tags"))
print("files", [(f["Name"], f["LifeCycleState"], f["Tags"]) for f in client("efs").describe_file_systems()["FileSystems"]])
print("database", [(c["DBClusterIdentifier"], c["Status"], c["TagList"]) for c in client("rds").describe_db_clusters()["DBClusters"]])
print("entrance", [(s["Name"], s["DnsConfig"]["DnsRecords"]) for s in client("servicediscovery").list_services()["Services"]])
"#;
const EXTERNAL: &[&str] = &["database", "entrance", "files", "key", "old"];

const STANDING: &str = r#"
elb, ecs, ec2, logs = client("elbv2"), client("ecs"), client("ec2"), client("logs")
groups = {g["GroupId"]: g for g in ec2.describe_security_groups()["SecurityGroups"]}
for group in sorted(groups.values(), key=lambda g: g["GroupName"]):
    if any(t["Key"] == "pointsman:address" for t in group.get("Tags", [])):
        peers = [r["CidrIp"] for p in group["IpPermissions"] for r in p["IpRanges"]]
        peers += [groups[u["GroupId"]]["GroupName"] for p in group["IpPermissions"] for u in p["UserIdGroupPairs"]]
        print("security group", group["GroupName"], "allows", sorted(peers))
for balancer in elb.describe_load_balancers()["LoadBalancers"]:
    arn = balancer["LoadBalancerArn"]
    attributes = {a["Key"]: a["Value"] for a in elb.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]}
    print("load balancer", balancer["Scheme"], len(balancer["AvailabilityZones"]), "zones, idle", attributes["idle_timeout.timeout_seconds"])
    for listener in elb.describe_listeners(LoadBalancerArn=arn)["Listeners"]:
        print("listener", listener["Protocol"], listener["Port"], listener["DefaultActions"][0]["Type"])
        for rule in elb.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]:
            if not rule["IsDefault"]:
                print("rule", sorted(rule["Conditions"][0]["HostHeaderConfig"]["Values"]))
for group in elb.describe_target_groups()["TargetGroups"]:
    attributes = {a["Key"]: a["Value"] for a in elb.describe_target_group_attributes(TargetGroupArn=group["TargetGroupArn"])["Attributes"]}
    print("target group", group["Protocol"], group["Port"], group["TargetType"], group["HealthCheckIntervalSeconds"],
          attributes["deregistration_delay.timeout_seconds"], attributes["stickiness.lb_cookie.duration_seconds"])
for arn in ecs.list_services(cluster="main")["serviceArns"]:
    service = ecs.describe_services(cluster="main", services=[arn])["services"][0]
    if service["status"] == "INACTIVE" or service["serviceName"] == "old":  # AWS lists what is deleted no more, moto does
        continue
    task = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    print("service", service["serviceName"], service["desiredCount"], task["cpu"], task["memory"],
          task["containerDefinitions"][0]["environment"])
for group in logs.describe_log_groups()["logGroups"]:
    print("log group", group["logGroupName"], group.get("retentionInDays"))
"#;

#[test]
fn a_second_emulator_tells_the_same_story() {
    let moto = Moto::start(ACCOUNT).unwrap_or_else(|error| panic!("moto did not start: {error:#}"));
    moto.python(SEED);
    let untouched = moto.python(EXTERNALS);
    assert_eq!(untouched.lines().count(), 6, "{untouched}");
    let world = world();
    let clone = world.clone_of("main");
    clone.write(FILE, ENVIRONMENT);
    let run = |arguments: &[&str], code: i32| {
        let mut command = clone.command(arguments);
        moto.lead(&mut command);
        pointsman_tests::agent::ended(&mut command).expect_code(code)
    };
    run(&["init", SECOND, "--create"], 0);
    run(&["plan", SECOND, "--detailed-exitcode"], 2);
    run(&["apply", SECOND, "--yes"], 0);
    run(&["plan", SECOND, "--detailed-exitcode"], 0);
    insta::assert_snapshot!("second_emulator", settled(&moto.python(STANDING)));

    let mut text = ENVIRONMENT.to_owned();
    for (edits, addresses) in CHANGES {
        for (from, to) in *edits {
            assert_eq!(text.matches(from).count(), 1, "the file says `{from}` once");
            text = text.replace(from, to);
        }
        clone.write(FILE, &text);
        let applied = run(&["apply", SECOND, "--yes", "--json"], 0);
        let applied: serde_json::Value = serde_json::from_str(&applied.out).unwrap();
        let changes = applied["judged"]["plan"]["changes"].as_array().unwrap();
        let changed: Vec<&str> = changes.iter().filter_map(|change| change["address"].as_str()).collect();
        assert_eq!(changed, *addresses, "{edits:?}");
        run(&["plan", SECOND, "--detailed-exitcode"], 0);
    }
    insta::assert_snapshot!("second_emulator_changed", settled(&moto.python(STANDING)));
    let destroyed = run(&["destroy", SECOND, "--yes"], 0);
    assert_eq!(moto.python(STANDING), "");
    for external in EXTERNAL {
        assert!(destroyed.out.contains(&format!("external.{external}")), "{external}: {}", destroyed.out);
    }
    assert_eq!(moto.python(EXTERNALS), untouched);
    println!(
        "moto: founded, applied, {} changes one by one, each followed by an empty plan, destroyed; \
         {} externals named, and as they were",
        CHANGES.len(),
        EXTERNAL.len(),
    );
}
