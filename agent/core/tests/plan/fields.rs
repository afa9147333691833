//! A change of each field of a kind is exactly that change, at the price that
//! its rule says; and back again, nothing is left to do.

use std::collections::BTreeSet;

use pointsman_core::{
    environment::{Environment, Sources, read},
    plan::{Action, Disruption},
};

use crate::account::Account;

const HEAD: &str = r#"
schema = 1
[aws]
region = "us-east-1"
account = "123456789012"
[state]
bucket = "states"
key = "test/kinds.tfstate"
lock_table = "locks"
[network]
vpc = "vpc-0a"
private_subnets = ["subnet-0a", "subnet-0b"]
public_subnets = ["subnet-0c", "subnet-0d"]
"#;

fn environment(blocks: &str) -> Environment {
    let mut sources = Sources::new();
    sources.insert_file("environments/test/kinds.toml", format!("{HEAD}{blocks}"));
    let reading = read(&sources);
    let errors: Vec<&String> = reading.diagnostics.iter().map(|diagnostic| &diagnostic.message).collect();
    reading.environment("test/kinds").cloned().unwrap_or_else(|| panic!("{errors:?}\n{blocks}"))
}

/// What is replaced in the file, and what the plan then says of the object.
type Case = (&'static str, &'static str, Action, &'static [&'static str]);

/// Each case alone, there and back. Fields that no case changes must be named.
fn each(address: &str, file: &str, cases: &[Case], never: &[&str]) {
    let original = environment(file);
    let mut account = Account::default();
    account.deploy(&original);
    let mut left: BTreeSet<String> =
        account.live(address).spec().fields().into_iter().map(|field| field.name).collect();
    for (from, to, action, fields) in cases {
        assert_eq!(file.matches(from).count(), 1, "`{from}` must stand in the file once");
        let changed = environment(&file.replace(from, to));
        let plan = account.plan(&changed).expect("it can be planned");
        let own = plan.changes.iter().find(|change| change.address.as_str() == address);
        let own = own.unwrap_or_else(|| panic!("nothing is done to {address} when it says `{to}`"));
        let found: Vec<&str> = own.fields.iter().map(|field| field.field.as_str()).collect();
        assert_eq!((own.action, found.as_slice()), (*action, *fields), "{to}");
        let lost = own.stateful && *action == Action::Replace;
        assert_eq!(own.disruption == Disruption::DataLost, lost, "{to}");
        account.apply(&plan);
        let live: Vec<String> =
            account.live(address).spec().fields().into_iter().map(|field| field.name).collect();
        left.extend(live);
        for field in *fields {
            left.remove(*field);
        }
        assert!(account.plan(&changed).expect("it can be planned").is_empty(), "{to}");
        account.deploy(&original);
        assert!(account.plan(&original).expect("it can be planned").is_empty(), "{from}");
    }
    let covered: BTreeSet<&str> = cases.iter().flat_map(|(_, _, _, fields)| fields.iter().copied()).collect();
    left.retain(|field| !covered.contains(field.as_str()) && !field.starts_with("tags."));
    assert_eq!(left.iter().map(String::as_str).collect::<Vec<_>>(), never, "fields that no case changes");
    let plan = account.plan_to_destroy(&original);
    account.apply(&plan);
    assert_eq!(account.standing(), Vec::<String>::new());
}

#[test]
fn queues() {
    let file = r#"
[queue.jobs]
fifo = true
content_deduplication = true
visibility_timeout = "31s"
retention = "5d"
delay = "1s"
max_message_size = 2048
receive_wait = "2s"
encryption = "sqs"
dead_letter = { queue = "${queue.dead}", after = 5 }
[queue.dead]
fifo = true
[queue.other]
fifo = true
"#;
    let update = Action::Update;
    each(
        "queue.jobs",
        file,
        &[
            (
                "fifo = true\ncontent_deduplication = true",
                "fifo = true\ncontent_deduplication = false",
                update,
                &["content_deduplication"],
            ),
            ("\"31s\"", "\"12h\"", update, &["visibility_timeout"]),
            ("\"5d\"", "\"14d\"", update, &["retention"]),
            ("\"1s\"", "\"15m\"", update, &["delay"]),
            ("2048", "1048576", update, &["max_message_size"]),
            ("\"2s\"", "\"20s\"", update, &["receive_wait"]),
            ("\"sqs\"", "\"alias/jobs\"", update, &["encryption"]),
            ("after = 5", "after = 6", update, &["dead_letter.after"]),
            ("${queue.dead}", "${queue.other}", update, &["dead_letter.queue"]),
            (
                "dead_letter = { queue = \"${queue.dead}\", after = 5 }\n",
                "",
                update,
                &["dead_letter.after", "dead_letter.queue"],
            ),
        ],
        &["fifo", "name"],
    );
    each(
        "queue.jobs",
        "[queue.jobs]\nfifo = false\n",
        &[("false", "true", Action::Replace, &["fifo", "name"])],
        &[
            "content_deduplication",
            "dead_letter.after",
            "dead_letter.queue",
            "delay",
            "encryption",
            "max_message_size",
            "receive_wait",
            "retention",
            "visibility_timeout",
        ],
    );
}

#[test]
fn buckets() {
    let file = r#"
[bucket.files]
versioned = true
encryption = "s3"
expire_after = "90d"
noncurrent_expire_after = "30d"
"#;
    let update = Action::Update;
    each(
        "bucket.files",
        file,
        &[
            (
                "versioned = true\nencryption = \"s3\"\nexpire_after = \"90d\"\nnoncurrent_expire_after = \"30d\"",
                "versioned = false\nexpire_after = \"90d\"",
                update,
                &["noncurrent_expire_after", "versioned"],
            ),
            ("\"s3\"", "\"alias/files\"", update, &["encryption"]),
            ("\"90d\"", "\"91d\"", update, &["expire_after"]),
            ("\"30d\"", "\"31d\"", update, &["noncurrent_expire_after"]),
        ],
        &["name", "other_rules", "ownership", "public_access_blocked"],
    );
}

#[test]
fn schedules() {
    let file = r#"
[scheduled_task.report]
cron = "0 6 * * MON-FRI"
timezone = "Europe/London"
enabled = true
count = 1
cluster = "main"
image = "registry.example/report@sha256:0000000000000000000000000000000000000000000000000000000000000000"
cpu = 256
memory = 512
command = ["report"]
schedule_role = "arn:aws:iam::123456789012:role/schedule"
execution_role = "arn:aws:iam::123456789012:role/execution"
subnets = "private"
"#;
    let update = Action::Update;
    each(
        "scheduled_task.report",
        file,
        &[
            ("cron = \"0 6 * * MON-FRI\"", "rate = \"90m\"", update, &["expression"]),
            ("Europe/London", "UTC", update, &["timezone"]),
            ("enabled = true", "enabled = false", update, &["enabled"]),
            ("count = 1", "count = 2", update, &["count"]),
            ("\"main\"", "\"other\"", update, &["cluster"]),
            ("role/schedule", "role/clock", update, &["schedule_role"]),
            ("\"private\"", "\"public\"", update, &["subnets"]),
            // The next run brings the new revision.
            ("[\"report\"]", "[\"report\", \"--all\"]", update, &["task_definition"]),
        ],
        &["description", "flexible_minutes", "name", "security_groups"],
    );
}
