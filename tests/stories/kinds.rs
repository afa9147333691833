//! The kinds beyond the first user's estate: made, changed, found again, taken down.

use pointsman_tests::story::{Clone, World};

use crate::{settled, world};

const NAME: &str = "production/jobs";
const FILE: &str = "environments/production/jobs.toml";
const TEXT: &str = include_str!("kinds.toml");

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
            print("  ", key, attributes[key])
    print("   tags", text(sqs.list_queue_tags(QueueUrl=url).get("Tags", {})))
"#;

fn inventory(world: &World) -> String {
    world.aws.python(INVENTORY).trim().to_owned()
}

fn environment(world: &World) -> Clone<'_> {
    world.git.commit("main", &[(FILE, Some(TEXT))], "Describe jobs");
    world.clone_of("main")
}

/// Changes of the file, each block's in one.
const CHANGES: &[(&str, &str)] = &[
    ("visibility_timeout = \"5m\"", "visibility_timeout = \"10m\""),
    ("retention = \"14d\"", "retention = \"13d\""),
    ("encryption = \"alias/aws/sqs\"", "encryption = \"sqs\""),
    ("after = 5", "after = 3"),
];

#[test]
fn made_changed_and_taken_down() {
    let world = world();
    let clone = environment(&world);
    let plan = clone.run(&["plan", NAME, "--detailed-exitcode"]).expect_code(2);
    insta::assert_snapshot!("kinds_plan", settled(&plan.out));
    clone.run(&["apply", NAME, "--yes"]).expect_code(0);
    insta::assert_snapshot!("kinds_made", settled(&inventory(&world)));
    clone.run(&["plan", NAME, "--detailed-exitcode"]).expect_code(0);

    let changed = CHANGES.iter().fold(TEXT.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "the file does not say `{from}`");
        text.replace(from, to)
    });
    clone.write(FILE, &changed);
    let applied = clone.run(&["apply", NAME, "--yes"]).expect_code(0);
    insta::assert_snapshot!("kinds_changed", settled(&applied.out));
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
