//! What is required before an apply, through the real agent: who approves what, and what is applied then.

use std::time::Duration;

use pointsman_tests::{
    agent::Running,
    github::Repository,
    story::{PRODUCTION, PRODUCTION_FILE, World},
};

use crate::{PATIENCE, estate, in_place, road::deployed, world};

/// One approval by alice.
const BY_ALICE: &str = "[requirements.production]\napprovals = 1\napprovers = [\"alice\"]\n";

/// This policy wants two approvals as soon as reviews are read.
const TWO: [&str; 2] = ["policies/production_approvals.rego", "policies/production_approvals_test.rego"];

/// A world whose base branch requires something, and whose people may write; `mallory` may not.
pub(crate) fn requiring(requirements: &str, environment: Option<&str>) -> World {
    let world = world();
    let mut files = vec![("pointsman.toml", Some(requirements))];
    files.extend(TWO.map(|policy| (policy, None)));
    if let Some(environment) = environment {
        world.git.commit("main", &[(PRODUCTION_FILE, Some(environment))], "Describe OpenWebUI");
        world.clone_of("main").run(&["apply", PRODUCTION, "--yes"]).expect_code(0);
    }
    world.git.commit("main", &files, "Say what is required");
    for login in ["alice", "bob"] {
        world.github.set_permission(login, "write");
    }
    world
}

/// The example environment with more threads.
pub(crate) fn threads(many: u32) -> String {
    let file = in_place()
        .replace(r#"THREAD_POOL_SIZE         = "20""#, &format!(r#"THREAD_POOL_SIZE         = "{many}""#));
    assert_ne!(file, in_place(), "the example says THREAD_POOL_SIZE");
    file
}

fn comment_says(repository: &Repository, number: u64, what: &str) -> bool {
    repository.pulls[&number]
        .comments
        .iter()
        .any(|comment| comment.author.is_bot && comment.body.contains(what))
}

pub(crate) fn wait_for_comment(world: &World, number: u64, what: &str) -> String {
    let waited = format!("the comment of #{number} says `{what}`");
    world.github.wait_until(PATIENCE, &waited, |repository| comment_says(repository, number, what));
    world.github.pull(number).bot_comments()[0].body.clone()
}

/// Waits until a pull request's plan is reported, and a second more: GitHub says no more than the
/// second of a review, and one of the second in which the plan appeared may be older.
pub(crate) fn planned(world: &World, number: u64) {
    let head = world.github.pull(number).head_sha();
    world.github.wait_until(PATIENCE, "the plan is reported", |repository| {
        let mut checks = repository.checks.iter().filter(|check| check.head_sha == head).peekable();
        checks.peek().is_some() && checks.all(|check| check.status == "completed")
    });
    std::thread::sleep(Duration::from_millis(2_500));
}

/// What is kept in the run table under a prefix, the oldest first, as JSON lines.
fn kept(world: &World, prefix: &str) -> Vec<serde_json::Value> {
    let lines = world.aws.python(&format!(
        "items = client('dynamodb').scan(TableName='pointsman-runs', ConsistentRead=True)['Items']\n\
         for item in sorted(items, key=lambda item: item['sk']['S']):\n    \
         if item['sk']['S'].startswith('{prefix}'): print(item['approval']['S'])"
    ));
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Keeps a person's word as the command does: for the plan that was shown last.
fn say(world: &World, who: &str, how: &str, why: &str) -> String {
    let shown = kept(world, "SHOWN#").pop().expect("a plan that was shown");
    let at_ms = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    let word = serde_json::json!({
        "environment": shown["environment"], "pull": shown["pull"], "commit": shown["commit"], "plan": shown["plan"],
        "who": who, "at_ms": u64::try_from(at_ms).unwrap(), "how": how, "why": why,
    });
    let _ = world.aws.python(&format!(
        "db = client('dynamodb')\n\
         pk = [i for i in db.scan(TableName='pointsman-runs')['Items'] if i['sk']['S'] == 'FENCE'][0]['pk']\n\
         db.put_item(TableName='pointsman-runs', Item={{'pk': pk, 'sk': {{'S': 'APPROVED#{at_ms:020}#story'}}, \
         'approval': {{'S': '''{word}'''}}}})"
    ));
    shown["plan"].as_str().unwrap().to_owned()
}

pub(crate) fn stop(agent: Running) {
    let (said, code) = agent.stop(PATIENCE);
    assert_eq!(code, 0, "{said}");
}

#[test]
fn a_merge_waits_for_the_approval_of_those_who_are_named() {
    let world = requiring(BY_ALICE, None);
    let agent = world.agent("");
    let number = world.propose("openwebui", PRODUCTION_FILE, &in_place(), "Deploy OpenWebUI");
    planned(&world, number);
    // The author, who may write but is not named, a stranger; and who is named takes it back.
    for login in ["robin", "bob", "mallory", "alice"] {
        world.github.review(number, login, "APPROVED");
    }
    world.github.dismiss(number, "alice");
    let commit = world.github.merge(number);
    let comment = wait_for_comment(&world, number, "Nothing was applied");
    for said in [
        "it needs 1 approval by `alice`; it was given by nobody",
        "What `robin` said does not count: they opened the pull request",
        "What `bob` said does not count: they are not among those who are asked",
        "What `mallory` said does not count: they may not write to this repository",
    ] {
        assert!(comment.contains(said), "{said}\n{comment}");
    }
    let command = format!("/pointsman approve {PRODUCTION} ");
    assert!(comment.contains(&command), "{comment}");
    assert_eq!(estate::inventory(&world), "", "nothing is made");

    // Whatever dies meanwhile, it still waits.
    agent.kill();
    let agent = world.agent("");
    agent.wait_until_said("waiting for what is required", PATIENCE);
    let states = || {
        let deployments = world.github.pull(number).deployments();
        deployments[0].statuses.iter().map(|status| status.state.clone()).collect::<Vec<_>>()
    };
    assert_eq!(states().last().map(String::as_str), Some("queued"));
    assert_eq!(estate::inventory(&world), "", "nothing is made");

    // She who is named reads it and approves.
    std::thread::sleep(Duration::from_millis(2_500));
    world.github.review(number, "alice", "APPROVED");
    world.github.wait_until(PATIENCE, "it is deployed", |repository| deployed(repository, &commit));
    let comment = wait_for_comment(&world, number, "was approved by `alice`");
    assert!(comment.contains("Deployed"), "{comment}");
    assert!(estate::inventory(&world).contains("THREAD_POOL_SIZE=20"));
    stop(agent);
    world.github.assert_no_violations();
}

#[test]
fn an_approval_is_of_the_plan_that_was_read() {
    let world = requiring(BY_ALICE, Some(&in_place()));
    let agent = world.agent("");
    agent.wait_until_said("deployed before", PATIENCE);
    let number = world.propose("threads", PRODUCTION_FILE, &threads(64), "More threads");
    planned(&world, number);
    world.github.review(number, "alice", "APPROVED");
    let commit = world.github.merge(number);
    world.github.wait_until(PATIENCE, "it is deployed", |repository| deployed(repository, &commit));
    assert!(!agent.said().contains("waiting for what is required"), "{}", agent.said());
    assert!(estate::inventory(&world).contains("THREAD_POOL_SIZE=64"));

    // What lives changes between the approval and the merge.
    let number = world.propose("more", PRODUCTION_FILE, &threads(128), "Even more threads");
    planned(&world, number);
    world.github.review(number, "alice", "APPROVED");
    let _ = world
        .aws
        .python("client('cloudwatch').disable_alarm_actions(AlarmNames=['gravity-ai-chat-redis-cpu'])");
    let commit = world.github.merge(number);
    let comment = wait_for_comment(&world, number, "Nothing was applied");
    assert!(comment.contains("What `alice` said does not count: they approved another plan"), "{comment}");
    assert!(estate::inventory(&world).contains("THREAD_POOL_SIZE=64"), "nothing is applied");

    // A word for another plan is no word for this one; hers for this one is.
    world.github.wait_until(PATIENCE, "the plan is kept as shown", |_| {
        kept(&world, "SHOWN#").last().is_some_and(|shown| shown["commit"] == commit.as_str())
    });
    say(&world, "alice", "command", "");
    world.github.wait_until(PATIENCE, "the second is deployed", |repository| deployed(repository, &commit));
    assert!(estate::inventory(&world).contains("THREAD_POOL_SIZE=128"));
    stop(agent);
    world.github.assert_no_violations();
}

#[test]
fn a_freeze_holds_until_somebody_breaks_the_glass_and_is_named_for_it() {
    let world = requiring("", Some(&in_place()));
    let freeze = "[requirements.production]\nbreak_glass = [\"@acme/operations\"]\n\
                  freeze = [{ from = 2020-01-01T00:00:00Z, to = 2099-01-01T00:00:00Z, reason = \"the fair\" }]\n";
    world.github.set_team(world.git.owner(), "operations", &["alice"]);
    let freeze = freeze.replace("acme", world.git.owner());
    let agent = world.agent(&freeze);
    agent.wait_until_said("deployed before", PATIENCE);
    let number = world.propose("threads", PRODUCTION_FILE, &threads(64), "More threads");
    planned(&world, number);
    let commit = world.github.merge(number);
    let comment =
        wait_for_comment(&world, number, "nothing is applied here until `2099-01-01T00:00:00Z`: the fair");
    assert!(comment.contains("--break-glass -- REASON"), "{comment}");
    world.github.wait_until(PATIENCE, "the plan is kept as shown", |_| {
        kept(&world, "SHOWN#").last().is_some_and(|shown| shown["commit"] == commit.as_str())
    });
    // Who is not named does not pass it.
    say(&world, "bob", "break_glass", "I want to");
    std::thread::sleep(Duration::from_secs(5));
    assert!(estate::inventory(&world).contains("THREAD_POOL_SIZE=20"), "nothing is applied");
    say(&world, "alice", "break_glass", "people cannot log in");
    world.github.wait_until(PATIENCE, "it is deployed", |repository| deployed(repository, &commit));
    let comment = wait_for_comment(&world, number, "people cannot log in");
    assert!(comment.contains("`alice` passed the freeze until `2099-01-01T00:00:00Z`"), "{comment}");
    assert!(!comment.contains("I want to"), "{comment}");
    let stands = estate::inventory(&world);
    assert!(stands.contains("THREAD_POOL_SIZE=64"), "{comment}\n{stands}\n{}", agent.said());
    stop(agent);
    world.github.assert_no_violations();
}

#[test]
fn what_a_pull_request_says_of_its_own_requirements_is_not_asked() {
    let world = requiring(BY_ALICE, None);
    let agent = world.agent("");
    world.git.branch("openwebui", "main");
    let environment = in_place();
    let files = [(PRODUCTION_FILE, Some(environment.as_str())), ("pointsman.toml", None)];
    world.git.commit("openwebui", &files, "Deploy OpenWebUI, and require nothing");
    let number = world.github.open_pull("openwebui", "main", "Deploy OpenWebUI", "");
    planned(&world, number);
    world.github.merge(number);
    let comment = wait_for_comment(&world, number, "Nothing was applied");
    assert!(comment.contains("it needs 1 approval by `alice`"), "{comment}");
    assert_eq!(estate::inventory(&world), "", "nothing is made");

    // A file that cannot be read requires what nobody can know.
    world.git.commit(
        "main",
        &[("pointsman.toml", Some("[requirements.production]\napprovals = 9\n"))],
        "Nine",
    );
    let comment = wait_for_comment(&world, number, "so nothing is applied");
    assert!(comment.contains("`pointsman.toml:2:13`: "), "{comment}");
    assert!(comment.contains("`approvals` is out of range"), "{comment}");
    let clone = world.clone_of("main");
    clone.write("pointsman.toml", "[requirements.production]\napprovals = 9\n");
    let checked = clone.run(&["check"]).expect_code(1);
    assert!(format!("{}{}", checked.out, checked.err).contains("`approvals` is out of range"), "{checked:?}");
    assert_eq!(estate::inventory(&world), "", "nothing is made");
    stop(agent);
    world.github.assert_no_violations();
}
