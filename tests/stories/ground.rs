//! What state and lock stand on: found missing, made, found well; and each way in which AWS refuses.

use pointsman_tests::story::{PRODUCTION, World};

use crate::{PATIENCE, described, settled};

/// An account in which nothing of it was made yet.
fn empty() -> World {
    let world = described();
    world.aws.python(
        "client('dynamodb').delete_table(TableName='terraform-state-locks')\n\
         client('dynamodb').delete_table(TableName='pointsman-runs')\n\
         client('s3').delete_bucket(Bucket='gg-ai-terraform-states')",
    );
    world
}

fn init(world: &World, arguments: &[&str], code: i32) -> String {
    let clone = world.clone_of("main");
    settled(&clone.run(&[&["init", PRODUCTION], arguments].concat()).expect_code(code).out)
}

/// What stands, by boto3.
const GROUND: &str = r#"
s3, db, bucket = client("s3"), client("dynamodb"), "gg-ai-terraform-states"
print("versioning", s3.get_bucket_versioning(Bucket=bucket).get("Status"))
rules = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
print("encryption", rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"])
print("public access", json.dumps(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"], sort_keys=True))
print("ownership", s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"][0]["ObjectOwnership"])
for table in ("terraform-state-locks", "pointsman-runs"):
    found = db.describe_table(TableName=table)["Table"]
    types = {a["AttributeName"]: a["AttributeType"] for a in found["AttributeDefinitions"]}
    print(table, [(k["AttributeName"], k["KeyType"], types[k["AttributeName"]]) for k in found["KeySchema"]],
          found["BillingModeSummary"]["BillingMode"])
print("expiry", db.describe_time_to_live(TableName="pointsman-runs")["TimeToLiveDescription"])
"#;

#[test]
fn what_is_missing_is_said_then_made_then_well() {
    let world = empty();
    insta::assert_snapshot!("init_missing", init(&world, &[], 1));
    assert!(world.aws.proxy().mutations().is_empty(), "looking writes nothing");
    insta::assert_snapshot!("init_create", init(&world, &["--create"], 0));
    insta::assert_snapshot!("ground", world.aws.python(GROUND));
    world.aws.proxy().clear();
    insta::assert_snapshot!("init_well", init(&world, &["--create"], 0));
    assert!(world.aws.proxy().mutations().is_empty(), "what stands is left as it is");
    world.clone_of("main").run(&["apply", PRODUCTION, "--yes", "--quiet"]).expect_code(0);
}

#[test]
fn two_at_once_come_to_the_same() {
    let world = empty();
    let clone = world.clone_of("main");
    let started: Vec<_> = (0..3).map(|_| clone.start(&["init", PRODUCTION, "--create", "--json"])).collect();
    for one in started {
        let (said, code) = one.ended(PATIENCE);
        assert_eq!(code, 0, "{said}");
    }
    init(&world, &[], 0);
}

#[test]
fn the_three_refusals_of_a_backend() {
    let world = described();
    let clone = world.clone_of("main");
    let refused = |name: &str| {
        let said = clone.run(&["init", PRODUCTION]).expect_code(1).out;
        insta::assert_snapshot!(name, settled(&said));
    };
    world.aws.proxy().fail("s3", "HeadBucket", 403, "AccessDenied", "Access Denied", 1);
    refused("init_denied_and_ours");
    world.aws.proxy().fail("s3", "HeadBucket", 403, "AccessDenied", "Access Denied", 1);
    world.aws.proxy().fail("s3", "ListBuckets", 403, "AccessDenied", "Access Denied", 1);
    world.aws.proxy().fail(
        "dynamodb",
        "DescribeTable",
        400,
        "AccessDeniedException",
        "User: arn:aws:sts::908027381725:assumed-role/plan/robin is not authorized to perform: dynamodb:DescribeTable",
        2,
    );
    refused("init_denied");
    world.aws.python("client('dynamodb').delete_table(TableName='terraform-state-locks')");
    refused("init_no_table");
    world.aws.python("client('s3').delete_bucket(Bucket='gg-ai-terraform-states')");
    world.aws.proxy().fail("s3", "HeadBucket", 403, "AccessDenied", "Access Denied", 1);
    refused("init_foreign_bucket");
}

#[test]
fn the_policies_are_printed_without_asking_aws() {
    let world = described();
    world.aws.proxy().clear();
    let printed = world.clone_of("main").run(&["init", PRODUCTION, "--iam"]).expect_code(0);
    let policies: serde_json::Value = serde_json::from_str(&printed.out).unwrap();
    assert!(policies["writing"]["Statement"].as_array().is_some_and(|all| all.len() > 5), "{policies}");
    assert!(world.aws.proxy().calls().is_empty());
}
