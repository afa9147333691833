use std::io::Read;
use std::process::Stdio;
use std::time::Duration;

use crate::aws::Emulator;
use crate::python::printed;

const PATIENCE: Duration = Duration::from_secs(30);

/// What a script prints that calls through the proxy.
fn through(emulator: &Emulator, code: &str) -> String {
    printed(emulator.script(code)).unwrap()
}

#[test]
fn every_call_is_recorded() {
    let emulator = Emulator::start();
    let said = through(
        &emulator,
        r#"
client("ecs").create_cluster(clusterName="one")
client("elbv2").describe_load_balancers()
client("logs").create_log_group(logGroupName="/ecs/one")
client("s3").create_bucket(Bucket="states")
print(code_of(client("s3").get_object, Bucket="states", Key="none"))
client("efs").describe_file_systems()
"#,
    );
    assert_eq!(said, "NoSuchKey\n");
    let calls: Vec<String> = emulator
        .proxy()
        .calls()
        .iter()
        .map(|call| format!("{call}{}", if call.mutating { " mutates" } else { "" }))
        .collect();
    assert_eq!(
        calls,
        [
            "ecs:CreateCluster 200 mutates",
            "elasticloadbalancing:DescribeLoadBalancers 200",
            "logs:CreateLogGroup 200 mutates",
            "s3:CreateBucket 200 mutates",
            "s3:GetObject 404",
            "elasticfilesystem:DescribeFileSystems 200",
        ]
    );
    assert_eq!(emulator.proxy().mutations().len(), 3);
    emulator.proxy().clear();
    assert!(emulator.proxy().calls().is_empty());
}

#[test]
fn latency_is_added_to_each_call() {
    let emulator = Emulator::start();
    let latency = Duration::from_millis(150);
    emulator.proxy().set_latency(latency);
    through(&emulator, r#"client("ecs").list_clusters(); client("sts").get_caller_identity()"#);
    for call in emulator.proxy().calls() {
        let took = call.ended.unwrap() - call.started;
        assert!(took >= latency, "{call} took {took:?}");
    }
}

#[test]
fn errors_have_the_shape_of_each_protocol() {
    let emulator = Emulator::start();
    for (service, operation) in [
        ("ecs", "DescribeServices"),
        ("elasticloadbalancing", "DescribeLoadBalancers"),
        ("ec2", "DescribeVpcs"),
        ("s3", "GetObject"),
        ("elasticfilesystem", "DescribeFileSystems"),
        ("dynamodb", "GetItem"),
        ("monitoring", "DescribeAlarms"),
    ] {
        let message = "not <allowed> & not here";
        emulator.proxy().fail(service, operation, 400, "AccessDenied", message, 1);
    }
    let said = through(
        &emulator,
        r#"
def error_of(call, **arguments):
    try:
        call(**arguments)
        print("OK")
    except ClientError as error:
        print(error.response["Error"]["Code"], error.response["Error"]["Message"])

ecs = client("ecs")
ecs.create_cluster(clusterName="one")
error_of(ecs.describe_services, cluster="one", services=["a"])
error_of(client("elbv2").describe_load_balancers)
error_of(client("ec2").describe_vpcs)
error_of(client("s3").get_object, Bucket="b", Key="k")
error_of(client("efs").describe_file_systems)
error_of(client("dynamodb").get_item, TableName="t", Key={"LockID": {"S": "a"}})
error_of(client("cloudwatch").describe_alarms)
error_of(ecs.describe_services, cluster="one", services=["a"])  # once was asked for
"#,
    );
    let mut expected = vec!["AccessDenied not <allowed> & not here"; 7];
    expected.push("OK");
    assert_eq!(said.lines().collect::<Vec<_>>(), expected);
    assert_eq!(emulator.proxy().calls().iter().filter(|call| call.injected).count(), 7);
}

#[test]
fn large_and_conditional_objects_pass() {
    let emulator = Emulator::start();
    let said = through(
        &emulator,
        r#"
s3 = client("s3")
s3.create_bucket(Bucket="states")
body = bytes(range(256)) * 20_000
made = s3.put_object(Bucket="states", Key="a/b c.tfstate", Body=body, IfNoneMatch="*", ChecksumAlgorithm="SHA256")
print(s3.get_object(Bucket="states", Key="a/b c.tfstate")["Body"].read() == body)
print(code_of(s3.put_object, Bucket="states", Key="a/b c.tfstate", Body=b"x", IfNoneMatch="*"))
print(code_of(s3.put_object, Bucket="states", Key="a/b c.tfstate", Body=b"x", IfMatch='"0123"'))
print(code_of(s3.put_object, Bucket="states", Key="a/b c.tfstate", Body=b"x", IfMatch=made["ETag"]))
print(code_of(s3.put_object, Bucket="states", Key="a/b c.tfstate", Body=b"y", IfMatch=made["ETag"]))
"#,
    );
    assert_eq!(
        said.lines().collect::<Vec<_>>(),
        ["True", "PreconditionFailed", "PreconditionFailed", "OK", "PreconditionFailed"]
    );
}

#[test]
fn a_call_is_held_until_released() {
    let emulator = Emulator::start();
    let held = emulator.proxy().hold("ecs", "CreateCluster");
    let mut caller = emulator
        .script(r#"print(client("ecs").create_cluster(clusterName="one")["cluster"]["status"])"#)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    assert!(held.wait_reached(PATIENCE));
    let clusters = r#"client("ecs").list_clusters()["clusterArns"]"#;
    assert_eq!(emulator.value(clusters), serde_json::json!([]));
    held.release();
    let mut said = String::new();
    caller.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(caller.wait().unwrap().success());
    assert_eq!(said, "ACTIVE\n");
}

#[test]
fn a_killed_caller_takes_a_held_call_with_it_but_not_one_whose_answer_is_held() {
    let emulator = Emulator::start();
    let create = |name: &str| {
        emulator
            .script(&format!(r#"client("ecs").create_cluster(clusterName="{name}")"#))
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    };
    let before = emulator.proxy().hold("ecs", "CreateCluster");
    let mut caller = create("never");
    assert!(before.wait_reached(PATIENCE));
    caller.kill().unwrap();
    caller.wait().unwrap();
    assert!(before.wait_left(PATIENCE));
    before.release();

    let after = emulator.proxy().hold_answer("ecs", "CreateCluster");
    let mut caller = create("done");
    assert!(after.wait_reached(PATIENCE));
    caller.kill().unwrap();
    caller.wait().unwrap();
    let clusters = r#"[arn.rpartition("/")[2] for arn in client("ecs").list_clusters()["clusterArns"]]"#;
    assert_eq!(emulator.value(clusters), serde_json::json!(["done"]));
}
