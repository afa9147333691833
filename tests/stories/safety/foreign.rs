//! T4: a lock that is no agent's stands for a day of the agent's own time.

use std::time::{Duration, Instant};

use pointsman_tests::{clock::Clock, github::RecordedRequest, story::World};

use super::soak::{pass, start};
use crate::{
    PATIENCE, kinds,
    requirements::{planned, wait_for_comment},
    road::deployed,
    world,
};

const DAY: Duration = Duration::from_secs(86_400);
/// The agent looks once in so many minutes.
const POLL_MINUTES: u64 = 10;
const POLLS: u64 = 24 * 60 / POLL_MINUTES;

/// As a person's Terraform writes it.
const LOCK: &str = r#"
client("dynamodb").put_item(TableName="terraform-state-locks", Item={
    "LockID": {"S": "gg-ai-terraform-states/production/reports/terraform.tfstate"},
    "Info": {"S": json.dumps({
        "ID": "3f0d4c1e-8a52-5d0e-9d4b-6f1f7f0c2a77", "Operation": "OperationTypeApply", "Info": "",
        "Who": "anna@laptop", "Version": "1.11.4", "Created": "2026-01-05T09:00:00.123456789Z",
        "Path": "gg-ai-terraform-states/production/reports/terraform.tfstate"}, separators=(",", ":"))}})
"#;
const UNLOCK: &str = r#"
client("dynamodb").delete_item(TableName="terraform-state-locks",
    Key={"LockID": {"S": "gg-ai-terraform-states/production/reports/terraform.tfstate"}})
"#;

/// Everything in the lock table, as it stands there.
fn items(world: &World) -> String {
    world.aws.python(
        "print(json.dumps(client('dynamodb').scan(TableName='terraform-state-locks')['Items'], sort_keys=True))",
    )
}

#[test]
fn t04_a_persons_lock_stands_for_a_day() {
    let world = world();
    let clock = Clock::in_folder(world.folder());
    let began = Instant::now();
    let agent = start(&world, &clock, POLL_MINUTES);
    let number = world.propose("reports", kinds::FILE, kinds::TEXT, "Reports");
    planned(&world, number);
    let _ = world.aws.python(LOCK);
    let locked = items(&world);
    let commit = world.github.merge(number);
    let held = "is locked by `anna@laptop` for OperationTypeApply since `2026-01-05T09:00:00";
    let said = wait_for_comment(&world, number, held);
    let unlock = "`/pointsman unlock production/reports LOCK-ID`";
    assert!(
        said.contains("lock ID `3f0d4c1e-8a52-5d0e-9d4b-6f1f7f0c2a77`") && said.contains(unlock),
        "{said}"
    );
    let edits = || {
        let comments = world.github.pull(number).bot_comments();
        assert_eq!(comments.len(), 1, "one comment, edited in place");
        comments[0].edits
    };

    let before = edits();
    world.github.forget_requests();
    world.aws.proxy().clear();
    pass(&world, POLLS);
    // It asks for a token once an hour: that writes nothing that anybody reads.
    let writes = |request: &&RecordedRequest| request.is_write() && !request.path.ends_with("/access_tokens");
    let written = world.github.requests().iter().filter(writes).count();
    let edited = edits() - before;
    let looks = world.aws.proxy().calls().iter().filter(|call| call.service == "dynamodb").count();
    assert_eq!(world.aws.proxy().mutations().len(), 0, "nothing is written to AWS");
    assert_eq!(items(&world), locked, "the lock is touched");
    assert_eq!(kinds::inventory(&world), "");
    assert!(!world.github.read(|repository| deployed(repository, &commit)));

    let _ = world.aws.python(UNLOCK);
    world.github.wait_until(PATIENCE, "it is deployed", |repository| {
        let mut deployments = repository.deployments.iter().filter(|deployment| deployment.sha == commit);
        deployments.any(|deployment| deployment.statuses.last().is_some_and(|it| it.state == "success"))
    });
    let _ = wait_for_comment(&world, number, "Deployed");
    assert!(kinds::inventory(&world).contains("queue"));
    assert_eq!(agent.stop(PATIENCE).1, 0);
    let lived = clock.skipped();
    println!(
        "T4: a person's lock stood for {:.1} h of the agent's own time ({:.0?} of real time): {POLLS} polls, {looks} looks \
         at it, 0 writes to AWS, {written} to GitHub, {edited} edits of the comment; untouched; deployed once it was gone",
        lived.as_secs_f64() / 3_600.0,
        began.elapsed(),
    );
    assert!(lived >= DAY, "{lived:?}");
    // Said once, not at each poll.
    assert!(edited <= 2 && written <= 4, "{edited} edits, {written} writes");
    world.github.assert_no_violations();
}
