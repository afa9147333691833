use crate::aws::{ACCOUNT, Emulator, Options, PROFILE};

#[test]
fn the_seeded_account_is_what_the_estate_expects() {
    let emulator = Emulator::start();
    let estate = emulator.seed();
    let said = emulator.python(
        r#"
print(client("sts").get_caller_identity()["Account"])
subnets = client("ec2").describe_subnets(Filters=[{"Name": "tag:Tier", "Values": ["private"]}])["Subnets"]
print(sorted(s["AvailabilityZone"] for s in subnets))
old = client("ecs").describe_services(cluster="webUIcluster2", services=["webui3"])["services"][0]
print(old["runningCount"], old["deployments"][0]["rolloutState"])
print(client("servicediscovery").list_services()["Services"][0]["Name"])
print(client("rds").describe_db_clusters(DBClusterIdentifier="gravity-ai-chat-aurora")["DBClusters"][0]["Status"])
print(client("efs").describe_access_points()["AccessPoints"][0]["Name"])
print(client("secretsmanager").get_secret_value(SecretId="gravity-ai-chat/database-url")["SecretString"][:10])
print(client("s3").get_bucket_versioning(Bucket="gg-ai-terraform-states")["Status"])
print(client("dynamodb").describe_table(TableName="terraform-state-locks")["Table"]["KeySchema"])
print(client("sns").list_topics()["Topics"][0]["TopicArn"])
print(client("iam").get_role(RoleName="webui-task")["Role"]["Arn"])
print(boto3.Session(profile_name="908027381725_AdministratorAccess").region_name)
"#,
    );
    assert_eq!(
        said.lines().collect::<Vec<_>>(),
        [
            ACCOUNT,
            "['us-east-1a', 'us-east-1b', 'us-east-1c']",
            "1 COMPLETED",
            "webui3",
            "available",
            "webui-data",
            "postgresql",
            "Enabled",
            "[{'AttributeName': 'LockID', 'KeyType': 'HASH'}]",
            "arn:aws:sns:us-east-1:908027381725:ops",
            &estate.task_role,
            "us-east-1"
        ]
    );
    assert!(PROFILE.starts_with(ACCOUNT));
}

#[test]
fn worlds_are_apart_and_may_be_other_accounts() {
    let here = Emulator::start();
    let there =
        Emulator::with(&Options { account: "111122223333".to_owned(), ..Options::default() }).unwrap();
    let _ = here.python(r#"client("s3").create_bucket(Bucket="only-here")"#);
    let buckets = r#"[b["Name"] for b in client("s3").list_buckets()["Buckets"]]"#;
    assert_eq!(here.value(buckets), serde_json::json!(["only-here"]));
    assert_eq!(there.value(buckets), serde_json::json!([]));
    assert_eq!(there.value(r#"client("sts").get_caller_identity()["Account"]"#), "111122223333");
}
