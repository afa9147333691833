//! What people do about lock, journal and state by hand, and what they read there.

use pointsman_tests::{
    aws::Place,
    document::document,
    story::{Clone, World},
};
use serde_json::Value;

use super::{NAME, small, standing};
use crate::{PATIENCE, settled};

/// The state's object and the tables, as boto3 knows them.
const GROUND: &str = "s3, dynamodb, sqs = client('s3'), client('dynamodb'), client('sqs')\n\
                      bucket, key = 'gg-ai-terraform-states', 'production/reports/terraform.pointsman/state.json'\n\
                      lock = bucket + '/production/reports/terraform.tfstate'\n";

fn python(world: &World, script: &str) -> String {
    world.aws.python(&format!("{GROUND}{script}"))
}

fn json(clone: &Clone<'_>, arguments: &[&str], code: i32, kind: &str) -> Value {
    document(&clone.run(&[arguments, &["--json"][..]].concat()).expect_code(code).out, kind)
}

/// What was printed, without what differs from run to run, in 80 columns.
fn shown(text: &str) -> String {
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "longer than 80 columns: {line}");
    }
    told(text)
}

/// The same of what may be longer.
fn told(text: &str) -> String {
    let counts = r"\d+ (writes? announced|done|failed|of its writes|to add|to change|to destroy)";
    let patterns = [
        // What goes on in the next line depends on how long names and times are.
        (r"\n {5,}", " "),
        (r"\(\d+ \w+ ago\)", "(AGE)"),
        (counts, "N $1"),
        (r"serial \d+", "serial N"),
        (r"\b[0-9a-f]{40}\b", "COMMIT"),
    ];
    patterns.iter().fold(settled(text), |text, (pattern, instead)| {
        regex::Regex::new(pattern).unwrap().replace_all(&text, *instead).into_owned()
    })
}

#[test]
fn a_lost_state_is_made_anew_from_tags() {
    let world = small();
    let clone = world.clone_of("main");
    clone.run(&["apply", NAME, "--yes"]).expect_code(0);
    // The state is lost, and something stands that only its tags tell of.
    python(
        &world,
        "s3.delete_object(Bucket=bucket, Key=key)\n\
         tags = {'pointsman:environment': 'production/reports', 'pointsman:address': 'queue.forgotten'}\n\
         sqs.create_queue(QueueName='forgotten', tags=tags)",
    );
    let refused = clone.run(&["apply", NAME, "--yes"]).expect_code(1);
    assert!(refused.err.contains("pointsman adopt production/reports --from-tags"), "{}", refused.err);

    let adopt = ["adopt", NAME, "--from-tags"];
    let nobody = clone.run(&adopt).expect_code(1);
    assert!(nobody.err.contains("nobody can be asked"), "{}", nobody.err);
    let looked = json(&clone, &[&adopt[..], &["--plan"]].concat(), 0, "adoption");
    assert_eq!(looked["serial"], Value::Null);
    clone.run(&["apply", NAME, "--yes"]).expect_code(1);

    let adopted = clone.run(&[&adopt[..], &["--yes"]].concat()).expect_code(0);
    insta::assert_snapshot!("adopted", shown(&adopted.out));
    clone.run(&["plan", NAME, "--detailed-exitcode"]).expect_code(0);
    let status = clone.run(&["status", NAME]).expect_code(0).out;
    assert!(
        status.contains("9 objects recorded from tags") && !status.contains("nothing to the end"),
        "{status}"
    );
    clone.run(&["destroy", NAME, "--yes"]).expect_code(0);
    assert_eq!(
        python(&world, "print(*[url.split('/')[-1] for url in sqs.list_queues()['QueueUrls']])").trim(),
        "forgotten",
        "what is not in the file is told, and left alone"
    );
    python(&world, "sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName='forgotten')['QueueUrl'])");
    assert_eq!(standing(&world), "");
}

#[test]
fn a_run_whose_journal_is_broken_is_closed_by_adopting() {
    let world = small();
    let clone = world.clone_of("main");
    cut_off(&world, &clone, 21);
    python(
        &world,
        "items = dynamodb.query(TableName='pointsman-runs', KeyConditionExpression='pk = :pk AND begins_with(sk, :run)', \
         ExpressionAttributeValues={':pk': {'S': lock}, ':run': {'S': 'RUN#'}})['Items']\n\
         dynamodb.delete_item(TableName='pointsman-runs', Key={'pk': items[1]['pk'], 'sk': items[1]['sk']})",
    );
    let refused = clone.run(&["apply", NAME, "--yes"]).expect_code(1);
    assert!(refused.err.contains("is missing or was changed"), "{}", refused.err);
    let history = clone.run(&["history", NAME]).expect_code(0).out;
    assert!(history.contains("broken: entry 1 is missing or was changed"), "{history}");
    assert_eq!(json(&clone, &["history", NAME], 0, "history")["whole"], false);

    clone.run(&["adopt", NAME, "--from-tags", "--yes"]).expect_code(0);
    let history = json(&clone, &["history", NAME], 0, "history");
    assert_eq!(history["runs"][1]["ended"]["how"], "sealed", "{history}");
    clone.run(&["apply", NAME, "--yes"]).expect_code(0);
    clone.run(&["plan", NAME, "--detailed-exitcode"]).expect_code(0);
    clone.run(&["destroy", NAME, "--yes"]).expect_code(0);
    assert_eq!(standing(&world), "", "what the broken run made is known");
}

/// Kills an apply when so many mutations were answered; its lock stands.
fn cut_off(world: &World, clone: &Clone<'_>, number: usize) {
    world.aws.proxy().clear();
    let held = world.aws.proxy().hold_mutation(number, Place::Answer);
    let running = clone.start(&["apply", NAME, "--yes"]);
    assert!(held.wait_reached(PATIENCE), "it does not get so far; it said\n{}", running.said());
    running.kill();
    held.release();
}

#[test]
fn a_lock_is_released_by_its_id_and_everything_is_told() {
    let world = small();
    let clone = world.clone_of("main");
    let history = clone.run(&["history", NAME]).expect_code(0).out;
    assert!(history.contains("nothing is known"), "{history}");
    cut_off(&world, &clone, 21);

    let status = clone.run(&["status", NAME]).expect_code(0).out;
    assert!(status.contains("open run  1") && status.contains("it has its lock still"), "{status}");
    insta::assert_snapshot!("lock_shown", shown(&clone.run(&["lock", "show", NAME]).expect_code(0).out));
    insta::assert_snapshot!(
        "lock_asks_for_id",
        told(&clone.run(&["lock", "release", NAME]).expect_code(3).err.replace("\n  ", " "))
    );
    let another = json(&clone, &["lock", "release", NAME, "--id", "6d0e5b0e"], 3, "error");
    assert_eq!(another["fault"], "someone_else", "{another}");
    let id = json(&clone, &["lock", "show", NAME], 0, "lock")["lock"]["ID"].as_str().unwrap().to_owned();
    let released = json(&clone, &["lock", "release", NAME, "--id", &id], 0, "lock");
    assert_eq!((&released["released"]["ID"], &released["lock"]), (&Value::from(id), &Value::Null));
    assert!(clone.run(&["lock", "show", NAME]).expect_code(0).out.contains("the lock is free"));
    let status = clone.run(&["status", NAME]).expect_code(0).out;
    assert!(status.contains("the next run looks after it"), "{status}");
    assert_eq!(json(&clone, &["status", NAME], 0, "status")["environments"][0]["open_run"]["run"], 1);

    clone.run(&["apply", NAME, "--yes"]).expect_code(0);
    // Terraform's lock goes the same way, and by no other.
    python(
        &world,
        "info = '{\"ID\":\"4f0c8e6e-0000-0000-0000-000000000000\",\"Operation\":\"OperationTypePlan\",\"Who\":\"anna@laptop\",\
         \"Version\":\"1.9.0\",\"Created\":\"2026-11-25T20:00:00Z\"}'\n\
         dynamodb.put_item(TableName='terraform-state-locks', Item={'LockID': {'S': lock}, 'Info': {'S': info}})",
    );
    clone.run(&["apply", NAME, "--yes"]).expect_code(3);
    let release = ["lock", "release", NAME, "--id", "4f0c8e6e-0000-0000-0000-000000000000"];
    clone.run(&release).expect_code(0);
    assert!(clone.run(&release).expect_code(0).out.contains("nothing to release"));
    clone.run(&["apply", NAME, "--yes"]).expect_code(0);

    insta::assert_snapshot!("history", shown(&clone.run(&["history", NAME]).expect_code(0).out));
    let history = json(&clone, &["history", NAME], 0, "history");
    assert_eq!(history["whole"], true, "{history}");
    assert_eq!(history["releases"].as_array().map(Vec::len), Some(2), "{history}");
    assert_eq!(history["releases"][0]["who"], history["releases"][1]["who"]);
    let newest = json(&clone, &["history", NAME, "--limit", "1"], 0, "history");
    assert_eq!((newest["runs"].as_array().map(Vec::len), &newest["whole"]), (Some(1), &true.into()));

    python(&world, "dynamodb.delete_table(TableName='pointsman-runs')");
    let status = clone.run(&["status", NAME]).expect_code(0).out;
    assert!(status.contains("no run table; `pointsman init production/reports --create`"), "{status}");
}
