//! Bad input and bad luck: each ends with a clear error and the right code, and loses nothing.

use pointsman_tests::{
    github::Failure,
    story::{PRODUCTION, PRODUCTION_FILE, World},
};

use crate::{PATIENCE, described, estate, settled, world};

/// What a command says on standard error when it is refused, and that nothing was made.
fn refused(world: &World, arguments: &[&str], code: i32) -> String {
    let ended = world.clone_of("main").run(arguments).expect_code(code);
    assert_eq!(estate::inventory(world), "", "a refusal makes nothing");
    settled(&ended.err)
}

const APPLY: &[&str] = &["apply", PRODUCTION, "--yes", "--quiet"];

#[test]
fn another_account() {
    let world = described();
    let file =
        World::example_environment().replace("[state]", "[aws]\naccount = \"111122223333\"\n\n[state]");
    world.git.commit("main", &[(PRODUCTION_FILE, Some(&file))], "Another account");
    insta::assert_snapshot!("another_account", refused(&world, APPLY, 1));
    assert!(world.aws.proxy().mutations().is_empty());
}

#[test]
fn a_missing_bucket_and_a_missing_lock_table() {
    let world = described();
    world.aws.python("client('dynamodb').delete_table(TableName='terraform-state-locks')");
    insta::assert_snapshot!("missing_lock_table", refused(&world, APPLY, 1));
    world.aws.python("client('s3').delete_bucket(Bucket='gg-ai-terraform-states')");
    insta::assert_snapshot!("missing_bucket", refused(&world, APPLY, 1));
}

#[test]
fn a_missing_run_table() {
    let world = described();
    world.aws.python("client('dynamodb').delete_table(TableName='pointsman-runs')");
    insta::assert_snapshot!("missing_run_table", refused(&world, APPLY, 1));
}

#[test]
fn a_lock_table_with_another_key() {
    let world = described();
    world.aws.python(
        "d = client('dynamodb')\nd.delete_table(TableName='terraform-state-locks')\n\
         d.create_table(TableName='terraform-state-locks', BillingMode='PAY_PER_REQUEST', \
         KeySchema=[{'AttributeName': 'Id', 'KeyType': 'HASH'}], AttributeDefinitions=[{'AttributeName': 'Id', 'AttributeType': 'S'}])",
    );
    insta::assert_snapshot!("another_lock_key", refused(&world, APPLY, 1));
}

#[test]
fn denied_credentials() {
    let world = described();
    let message = "User: arn:aws:sts::908027381725:assumed-role/plan/robin is not authorized to perform: ecs:DescribeServices";
    world.aws.proxy().fail("ecs", "DescribeServices", 400, "AccessDeniedException", message, 1);
    insta::assert_snapshot!("denied_read", refused(&world, APPLY, 1));
    world.aws.proxy().fail(
        "sts",
        "GetCallerIdentity",
        403,
        "InvalidClientTokenId",
        "The security token included in the request is invalid.",
        1,
    );
    insta::assert_snapshot!("invalid_credentials", refused(&world, APPLY, 1));
}

#[test]
fn a_lock_that_someone_else_holds_is_left_alone() {
    let world = described();
    world.aws.python(FOREIGN_LOCK);
    insta::assert_snapshot!("locked", refused(&world, APPLY, 3));
    let stands = world.aws.python("print(client('dynamodb').get_item(TableName='terraform-state-locks', Key={'LockID': {'S': 'gg-ai-terraform-states/production/gravity-ai-chat/terraform.tfstate'}})['Item']['Info']['S'])");
    assert!(stands.contains("OperationTypePlan"), "{stands}");
    let status = world.clone_of("main").run(&["status", PRODUCTION]).expect_code(0);
    assert!(status.out.contains("held by alice@laptop"), "{}", status.out);
}

const FOREIGN_LOCK: &str = r#"
client("dynamodb").put_item(TableName="terraform-state-locks", Item={
    "LockID": {"S": "gg-ai-terraform-states/production/gravity-ai-chat/terraform.tfstate"},
    "Info": {"S": json.dumps({"ID": "6d0e5b0e-1111-2222-3333-444455556666", "Operation": "OperationTypePlan", "Info": "",
        "Who": "alice@laptop", "Version": "1.11.4", "Created": "2026-11-01T10:00:00.000000Z",
        "Path": "gg-ai-terraform-states/production/gravity-ai-chat/terraform.tfstate"})}})
"#;

#[test]
fn an_object_that_exists_and_is_not_ours() {
    let world = described();
    world.aws.python(
        "client('ecs').create_service(cluster='webUIcluster2', serviceName='webui3-scaled', taskDefinition='webui3', desiredCount=0, launchType='FARGATE', \
         networkConfiguration={'awsvpcConfiguration': {'subnets': [client('ec2').describe_subnets()['Subnets'][0]['SubnetId']]}})\n\
         client('logs').create_log_group(logGroupName='/pointsman/production/gravity-ai-chat/webui3-scaled')",
    );
    let ended = world.clone_of("main").run(APPLY).expect_code(1);
    insta::assert_snapshot!("not_ours", settled(&ended.err));
    assert!(!estate::inventory(&world).contains("load balancer"));
}

#[test]
fn the_policies_deny() {
    let world = described();
    let file = World::example_environment()
        .replace("scheme       = \"internal\"", "scheme       = \"internet_facing\"");
    assert_ne!(file, World::example_environment());
    world.git.commit("main", &[(PRODUCTION_FILE, Some(&file))], "Open it up");
    let clone = world.clone_of("main");
    let plan = clone.run(&["plan", PRODUCTION]);
    let ended = clone.run(APPLY);
    assert_eq!(ended.code, if plan.code == 0 { 4 } else { 1 }, "{}{}", ended.out, ended.err);
    insta::assert_snapshot!("denied_by_policy", settled(&ended.err));
    assert_eq!(estate::inventory(&world), "");
}

#[test]
fn a_failure_half_way_loses_nothing() {
    let world = described();
    let clone = world.clone_of("main");
    world.aws.proxy().fail(
        "elasticloadbalancing",
        "CreateListener",
        400,
        "TooManyListeners",
        "You've reached the limit",
        1,
    );
    let ended = clone.run(APPLY).expect_code(1);
    insta::assert_snapshot!("half_way", settled(&ended.err));
    let status = clone.run(&["status", PRODUCTION]).expect_code(0).out;
    assert!(status.contains("load_balancer.webui ") && status.contains("failed"), "{status}");
    clone.run(APPLY).expect_code(0);
    clone.run(&["plan", PRODUCTION, "--detailed-exitcode"]).expect_code(0);
}

#[test]
fn a_broken_file_on_a_pull_request_is_reported_on_its_lines() {
    let world = world();
    let agent = world.agent("");
    let file = World::example_environment().replace("engine_version", "engine_versoin");
    let number = world.propose("broken", PRODUCTION_FILE, &file, "Break it");
    let head = world.github.pull(number).head_sha();
    world.github.wait_until(PATIENCE, "the errors are reported", |repository| {
        let mut checks = repository.checks.iter().filter(|check| check.head_sha == head).peekable();
        checks.peek().is_some() && checks.all(|check| check.status == "completed")
    });
    let check = world.github.pull(number).check("pointsman / production/gravity-ai-chat").expect("a check");
    assert_eq!(check.conclusion.as_deref(), Some("failure"));
    assert!(!check.annotations.is_empty(), "{check:?}");
    insta::assert_snapshot!("broken_comment", settled(&world.github.pull(number).bot_comments()[0].body));
    assert_eq!(agent.stop(PATIENCE).1, 0);
    world.github.assert_no_violations();
}

#[test]
fn an_empty_and_an_unreachable_repo_leave_the_agent_alive() {
    let world = world();
    world.github.set_git_outage(true);
    let agent = world.agent("");
    agent.wait_until_said("acme/config", PATIENCE);
    world.github.set_git_outage(false);
    let number =
        world.propose("openwebui", PRODUCTION_FILE, &World::example_environment(), "Deploy OpenWebUI");
    world.github.wait_until(PATIENCE, "it is planned all the same", |repository| {
        repository.pulls[&number].comments.iter().any(|comment| comment.body.contains("Plan:"))
    });
    assert_eq!(agent.stop(PATIENCE).1, 0);
}

#[test]
fn github_in_trouble_never_stops_a_deploy() {
    for (status, message) in [
        (401, "Bad credentials"),
        (403, "Resource not accessible by integration"),
        (404, "Not Found"),
        (422, "Validation Failed"),
        (502, "Bad Gateway"),
    ] {
        let world = world();
        world.git.commit(
            "main",
            &[(PRODUCTION_FILE, Some(&World::example_environment()))],
            "Describe OpenWebUI",
        );
        world.github.fail(Failure::new(status, message).times(100_000));
        let agent = world.agent("");
        agent.wait_until_said("deployed", PATIENCE);
        assert!(agent.said().contains(&status.to_string()), "it says what GitHub answered: {}", agent.said());
        world.github.recover();
        assert_eq!(agent.stop(PATIENCE).1, 0);
        world.clone_of("main").run(&["plan", PRODUCTION, "--detailed-exitcode"]).expect_code(0);
    }
}
