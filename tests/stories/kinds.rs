//! The kinds beyond the first user's estate: made, changed, found again, taken down.

use pointsman_tests::story::{Clone, World};

use crate::{
    PATIENCE, idempotence::interrupted, requirements::wait_for_comment, road::deployed, settled, world,
};

pub(crate) const NAME: &str = "production/reports";
pub(crate) const FILE: &str = "environments/production/reports.toml";
pub(crate) const TEXT: &str = include_str!("../../environments/production/reports.toml");

/// What stands of these kinds, by boto3.
const INVENTORY: &str = r#"
def text(tags):
    return " ".join(f"{k}={tags[k]}" for k in sorted(tags) if k != "pointsman:token")

sqs = client("sqs")
for url in sorted(sqs.list_queues().get("QueueUrls", [])):
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    print("queue", url.split("/")[-1])
    for key in ("FifoQueue", "ContentBasedDeduplication", "VisibilityTimeout", "MessageRetentionPeriod", "DelaySeconds",
                "MaximumMessageSize", "ReceiveMessageWaitTimeSeconds", "SqsManagedSseEnabled", "KmsMasterKeyId", "RedrivePolicy"):
        if key in attributes:
            # With commas, a number is not taken for a commit.
            print("  ", key, f"{int(attributes[key]):,}" if attributes[key].isdigit() else attributes[key])
    print("   tags", text(sqs.list_queue_tags(QueueUrl=url).get("Tags", {})))

s3 = client("s3")
def part(call, **parameters):
    try:
        return call(**parameters)
    except s3.exceptions.ClientError as error:
        return {"none": error.response["Error"]["Code"]}

for bucket in sorted(b["Name"] for b in s3.list_buckets()["Buckets"]):
    tags = {t["Key"]: t["Value"] for t in part(s3.get_bucket_tagging, Bucket=bucket).get("TagSet", [])}
    if "pointsman:address" not in tags:
        continue
    print("bucket", bucket)
    print("   versioned", part(s3.get_bucket_versioning, Bucket=bucket).get("Status") == "Enabled")
    print("   public", part(s3.get_public_access_block, Bucket=bucket).get("PublicAccessBlockConfiguration"))
    print("   owner", part(s3.get_bucket_ownership_controls, Bucket=bucket).get("OwnershipControls"))
    print("   encryption", part(s3.get_bucket_encryption, Bucket=bucket).get("ServerSideEncryptionConfiguration"))
    print("   lifecycle", part(s3.get_bucket_lifecycle_configuration, Bucket=bucket).get("Rules"))
    print("   tags", text(tags))

scheduler = client("scheduler")
for schedule in sorted(s["Name"] for s in scheduler.list_schedules()["Schedules"]):
    found = scheduler.get_schedule(Name=schedule)
    target = found["Target"]
    tasks = target["EcsParameters"]
    network = tasks["NetworkConfiguration"]["awsvpcConfiguration"]
    print("schedule", schedule, "-", found["Description"])
    print("  ", found["State"], found["ScheduleExpression"], found["ScheduleExpressionTimezone"], found["FlexibleTimeWindow"]["Mode"])
    print("  ", target["Arn"].split(":")[-1], target["RoleArn"].split(":")[-1], tasks["LaunchType"], tasks["TaskCount"],
          tasks["TaskDefinitionArn"].split("/")[-1].split(":")[0], len(network["Subnets"]), "subnets",
          len(network["SecurityGroups"]), "group", network["AssignPublicIp"])
    definition = client("ecs").describe_task_definition(taskDefinition=tasks["TaskDefinitionArn"])["taskDefinition"]
    container = definition["containerDefinitions"][0]
    print("   task", definition["cpu"], definition["memory"], container["command"], container["portMappings"],
          container["logConfiguration"]["options"]["awslogs-group"])
    for variable in sorted(container["environment"], key=lambda v: v["name"]):
        print("    ", variable["name"], variable["value"])
for group in client("logs").describe_log_groups(logGroupNamePrefix="/pointsman/")["logGroups"]:
    print("log group", group["logGroupName"], group.get("retentionInDays"))
for group in sorted(g["GroupName"] for g in client("ec2").describe_security_groups()["SecurityGroups"] if "reports-" in g["GroupName"]):
    print("security group", group)
"#;

pub(crate) fn inventory(world: &World) -> String {
    world.aws.python(INVENTORY).trim().to_owned()
}

/// What a plan would do, line by line; what is held, judged and paid is other stories'.
fn changes(said: &str) -> String {
    // A change has its sign, and what is below it six spaces; a finding's place has seven.
    let marks = ["  + ", "  ~ ", "  - ", "      "];
    let lines = said
        .lines()
        .filter(|line| marks.iter().any(|mark| line.starts_with(mark)) && !line.starts_with("       "));
    settled(&lines.collect::<Vec<_>>().join("\n"))
}

fn environment(world: &World) -> Clone<'_> {
    world.git.commit("main", &[(FILE, Some(TEXT))], "Describe reports");
    world.clone_of("main")
}

/// Changes of the file, each block's in one.
pub(crate) const CHANGES: &[(&str, &str)] = &[
    ("visibility_timeout = \"15m\"", "visibility_timeout = \"10m\""),
    ("retention  = \"14d\"", "retention  = \"13d\""),
    ("encryption = \"alias/aws/sqs\"", "encryption = \"sqs\""),
    ("after = 5", "after = 3"),
    ("content_deduplication = true", "content_deduplication = false"),
    ("expire_after            = \"90d\"", "expire_after            = \"60d\""),
    (
        "versioned  = false                    # they are in Git\nencryption = \"alias/aws/s3\"",
        "versioned = true",
    ),
    ("cron           = \"0 6 * * MON-FRI\"\ntimezone       = \"Europe/London\"", "rate = \"12h\""),
    ("[\"render\", \"--all\"]", "[\"render\"]"),
];

#[test]
fn made_changed_and_taken_down() {
    let world = world();
    let clone = environment(&world);
    let plan = clone.run(&["plan", NAME, "--detailed-exitcode"]).expect_code(2);
    insta::assert_snapshot!("kinds_plan", changes(&plan.out));
    clone.run(&["apply", NAME, "--yes"]).expect_code(0);
    insta::assert_snapshot!("kinds_made", settled(&inventory(&world)));
    clone.run(&["plan", NAME, "--detailed-exitcode"]).expect_code(0);

    let changed = CHANGES.iter().fold(TEXT.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "the file does not say `{from}`");
        text.replace(from, to)
    });
    clone.write(FILE, &changed);
    let applied = clone.run(&["apply", NAME, "--yes"]).expect_code(0);
    insta::assert_snapshot!("kinds_changed", changes(&applied.out));
    clone.run(&["plan", NAME, "--detailed-exitcode"]).expect_code(0);
    clone.write(FILE, TEXT);
    clone.run(&["apply", NAME, "--yes"]).expect_code(0);
    clone.run(&["plan", NAME, "--detailed-exitcode"]).expect_code(0);
    insta::assert_snapshot!("kinds_made", settled(&inventory(&world)));

    clone.run(&["destroy", NAME, "--yes"]).expect_code(0);
    assert_eq!(inventory(&world), OTHERS);
    // A deleted queue's name is free again only after a while: it is waited for.
    clone.run(&["apply", NAME, "--yes"]).expect_code(0);
    clone.run(&["plan", NAME, "--detailed-exitcode"]).expect_code(0);
    clone.run(&["destroy", NAME, "--yes"]).expect_code(0);
    assert_eq!(inventory(&world), OTHERS);
}

/// What stands before and after.
const OTHERS: &str = "";

/// What is in a bucket is nobody's to delete but people's.
#[test]
fn a_bucket_that_is_not_empty_stays() {
    let world = world();
    let clone = environment(&world);
    clone.run(&["apply", NAME, "--yes"]).expect_code(0);

    // A merge alone takes nobody's messages away: a second person has to agree.
    let without = TEXT.replace("MAILS     = \"${queue.mails.url}\"\n", "");
    let (before, rest) = without.split_once("[queue.mails]").unwrap();
    let (_, after) = rest.split_once("\n\n").unwrap();
    clone.write(FILE, &format!("{before}{after}"));
    let denied = clone.run(&["apply", NAME, "--yes"]).expect_code(4);
    assert!(
        denied.err.contains("`queue.mails` (queue) would be deleted and what it holds is lost"),
        "{}{}",
        denied.out,
        denied.err
    );
    clone.write(FILE, TEXT);

    let put = "s3 = client('s3')\nname = [b['Name'] for b in s3.list_buckets()['Buckets'] if 'reports-reports-' in b['Name']][0]\n";
    let _ = world.aws.python(&format!("{put}s3.put_object(Bucket=name, Key='kept', Body=b'kept')"));
    let refused = clone.run(&["destroy", NAME, "--yes"]).expect_code(1);
    let (_, said) = refused.err.split_once("\nerror: ").unwrap();
    insta::assert_snapshot!("kinds_not_empty", settled(said));
    let left = inventory(&world);
    assert!(left.starts_with("bucket reports-reports-") && !left.contains("queue"), "{left}");
    let empty = "for v in s3.list_object_versions(Bucket=name).get('Versions', []):\n    \
                 s3.delete_object(Bucket=name, Key=v['Key'], VersionId=v['VersionId'])";
    let _ = world.aws.python(&format!("{put}{empty}"));
    clone.run(&["destroy", NAME, "--yes"]).expect_code(0);
    assert_eq!(inventory(&world), OTHERS);
}

/// The calls that make something, and those that change what was just made.
const MAKING: [(&str, &str); 7] = [
    ("sqs", "CreateQueue"),
    ("s3", "CreateBucket"),
    ("s3", "PutPublicAccessBlock"),
    ("s3", "PutBucketVersioning"),
    ("s3", "PutBucketEncryption"),
    ("s3", "PutBucketLifecycleConfiguration"),
    ("scheduler", "CreateSchedule"),
];

/// The calls that delete something.
const DELETING: [(&str, &str); 3] =
    [("sqs", "DeleteQueue"), ("s3", "DeleteBucket"), ("scheduler", "DeleteSchedule")];

#[test]
fn calls_that_were_done_and_not_answered_are_repeated() {
    let world = world();
    let clone = environment(&world);
    for round in 0..MAKING.len().max(DELETING.len()) {
        if let Some((service, operation)) = MAKING.get(round) {
            interrupted(&world, &clone, &["apply", NAME, "--yes"], service, operation);
        }
        clone.run(&["apply", NAME, "--yes"]).expect_code(0);
        clone.run(&["plan", NAME, "--detailed-exitcode"]).expect_code(0);
        insta::assert_snapshot!("kinds_made", settled(&inventory(&world)));
        if let Some((service, operation)) = DELETING.get(round) {
            interrupted(&world, &clone, &["destroy", NAME, "--yes"], service, operation);
        }
        clone.run(&["destroy", NAME, "--yes"]).expect_code(0);
        assert_eq!(inventory(&world), OTHERS, "after {:?} and {:?}", MAKING.get(round), DELETING.get(round));
    }
    println!(
        "{} calls were interrupted after AWS had done them: nothing twice, nothing left",
        MAKING.len() + DELETING.len()
    );
}

/// A merge of a file that says so takes the environment down, and it stays down.
#[test]
fn a_file_that_is_no_longer_wanted_is_taken_down_by_its_merge() {
    let world = world();
    // Without the rule that wants an approval where data is lost: that is another story's.
    let rule = ["policies/destructive_changes.rego", "policies/destructive_changes_test.rego"];
    world.git.commit("main", &[(FILE, Some(TEXT)), (rule[0], None), (rule[1], None)], "Describe reports");
    let agent = world.agent("");
    agent.wait_until_said("deployed: ", PATIENCE);
    let removed = "schema = 1\nextends = \"_base.toml\"\nremoved = true\n\n\
                   [state]\nkey = \"production/reports/terraform.tfstate\"\n\n[tags]\nApplication = \"reports\"\n";
    let number = world.propose("gone", FILE, removed, "No more reports");
    wait_for_comment(&world, number, "9 to destroy");
    let commit = world.github.merge(number);
    world.github.wait_until(PATIENCE, "it is taken down", |repository| deployed(repository, &commit));
    assert_eq!(inventory(&world), "", "{}", agent.said());
    assert_eq!(agent.stop(PATIENCE).1, 0);
    // It stays down when the agent starts again.
    let agent = world.agent("");
    agent.wait_until_said("deployed before", PATIENCE);
    assert_eq!(agent.stop(PATIENCE).1, 0);
    assert_eq!(inventory(&world), "");
    world.github.assert_no_violations();
}
