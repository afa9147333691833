//! What would fail half-way is found before the first write, all at once.

use pointsman_tests::story::{PRODUCTION, PRODUCTION_FILE, World};

use crate::{described, estate, settled, world};

/// The example with other values for some keys.
fn edited(edits: &[(&str, &str)]) -> String {
    edits.iter().fold(World::example_environment(), |file, (from, to)| {
        assert!(file.contains(from), "the example has no {from}");
        file.replace(from, to)
    })
}

/// What `check --live` says beside the policies, which have stories of their own.
fn live(world: &World, code: i32) -> String {
    let clone = world.clone_of("main");
    std::fs::remove_dir_all(clone.path().join("policies")).expect("the example has policies");
    clone.run(&["check", PRODUCTION, "--live"]).expect_code(code).out
}

#[test]
fn a_sound_account_passes_and_what_cannot_be_asked_is_said() {
    let world = described();
    insta::assert_snapshot!("live_sound", settled(&live(&world, 0)));
    let mutations: Vec<String> = world.aws.proxy().mutations().iter().map(ToString::to_string).collect();
    assert_eq!(mutations, Vec::<String>::new(), "preflight writes nothing");
}

#[test]
fn many_wrong_things_come_in_one_report() {
    let world = world();
    world.aws.python(WRONG);
    let file = edited(&[
        ("cluster        = \"webUIcluster2\"", "cluster        = \"nowhere\""),
        (
            "ghcr.io/open-webui/open-webui@sha256",
            "908027381725.dkr.ecr.us-east-1.amazonaws.com/open-webui@sha256",
        ),
        ("role/webui-task", "role/nobody"),
        ("namespace = \"webui.local\"", "namespace = \"webui.internal\""),
        (
            "name         = \"gravity-ai-chat\"\naccess_point = { name = \"webui-data\" }",
            "name         = \"plain\"",
        ),
        ("count          = 3 ", "count          = 12 "),
        ("max                = 10", "max                = 24"),
        (
            "[external.database]",
            "[network]\nprivate_subnets = { tags = { Tier = \"small\" } }\n\n[external.database]",
        ),
    ]);
    world.git.commit("main", &[(PRODUCTION_FILE, Some(&file))], "Everything wrong");
    let checked = live(&world, 1);
    insta::assert_snapshot!("live_wrong", settled(&checked));
    for code in [
        "unversioned",
        "no-external",
        "no-cluster",
        "no-repository",
        "no-role",
        "role-not-allowed",
        "not-encrypted",
        "no-mount-target",
        "one-zone",
        "few-addresses",
        "quota",
    ] {
        assert!(checked.contains(&format!("[{code}]")), "{code} is not reported:\n{checked}");
    }
    assert!(world.aws.proxy().mutations().is_empty());
}

/// Versions off, a secret gone, a role that may do nothing, files in the clear, one small subnet,
/// few vCPUs.
const WRONG: &str = r#"
client("s3").put_bucket_versioning(Bucket="gg-ai-terraform-states", VersioningConfiguration={"Status": "Suspended"})
client("iam").delete_role_policy(RoleName="ecsTaskExecutionRole", PolicyName="work")
client("secretsmanager").delete_secret(SecretId="gravity-ai-chat/webui-secret-key", ForceDeleteWithoutRecovery=True)
client("efs").create_file_system(CreationToken="plain", Encrypted=False, Tags=[{"Key": "Name", "Value": "plain"}])
ec2 = client("ec2")
vpc = ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": ["gg-production"]}])["Vpcs"][0]["VpcId"]
ec2.create_subnet(VpcId=vpc, CidrBlock="10.20.200.0/28", AvailabilityZone="us-east-1a", TagSpecifications=[
    {"ResourceType": "subnet", "Tags": [{"Key": "Tier", "Value": "small"}]}])
client("service-quotas").request_service_quota_increase(ServiceCode="fargate", QuotaCode="L-3032A538", DesiredValue=8)
"#;

#[test]
fn a_deploy_that_would_fail_half_way_writes_nothing() {
    let world = described();
    world.aws.python("client('iam').delete_role_policy(RoleName='ecsTaskExecutionRole', PolicyName='work')");
    world.aws.proxy().clear();
    let ended = world.clone_of("main").run(&["apply", PRODUCTION, "--yes", "--quiet"]).expect_code(1);
    insta::assert_snapshot!("unready", settled(&ended.err));
    assert_eq!(estate::inventory(&world), "");
    // The lock is taken and given back; nothing else is written.
    let written: Vec<String> = world
        .aws
        .proxy()
        .mutations()
        .iter()
        .filter(|call| call.service != "dynamodb")
        .map(ToString::to_string)
        .collect();
    assert_eq!(written, Vec::<String>::new());
    let status = world.clone_of("main").run(&["status", PRODUCTION]).expect_code(0);
    assert!(!status.out.contains("held by"), "the lock was given back: {}", status.out);
    world.aws.python(
        "client('iam').put_role_policy(RoleName='ecsTaskExecutionRole', PolicyName='work', PolicyDocument=json.dumps({\
         'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Action': '*', 'Resource': '*'}]}))",
    );
    world.clone_of("main").run(&["apply", PRODUCTION, "--yes", "--quiet"]).expect_code(0);
}

#[test]
fn a_priority_that_is_taken_is_found_on_the_living_listener() {
    let world = described();
    let clone = world.clone_of("main");
    clone.run(&["apply", PRODUCTION, "--yes", "--quiet"]).expect_code(0);
    world.aws.python(
        "elb = client('elbv2')\nbalancer = elb.describe_load_balancers()['LoadBalancers'][0]['LoadBalancerArn']\n\
         listener = elb.describe_listeners(LoadBalancerArn=balancer)['Listeners'][0]['ListenerArn']\n\
         elb.create_rule(ListenerArn=listener, Priority=77, Conditions=[{'Field': 'path-pattern', 'Values': ['/x']}], \
         Actions=[{'Type': 'fixed-response', 'FixedResponseConfig': {'StatusCode': '404'}}])",
    );
    let file = edited(&[(
        "listener   = \"${load_balancer.webui.listener.http}\"",
        "listener   = \"${load_balancer.webui.listener.http}\"\npriority   = 77",
    )]);
    world.git.commit("main", &[(PRODUCTION_FILE, Some(&file))], "A taken priority");
    world.aws.proxy().clear();
    let checked = live(&world, 1);
    assert!(checked.contains("[priority-taken]"), "{checked}");
    let ended = world.clone_of("main").run(&["apply", PRODUCTION, "--yes", "--quiet"]).expect_code(1);
    assert!(ended.err.contains("priority-taken"), "{}", ended.err);
}
