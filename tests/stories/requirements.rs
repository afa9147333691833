//! What is required before an apply, through the real agent: who approves what, and what is applied then.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use pointsman_tests::{
    agent::Running,
    github::{RecordedRequest, Repository, reactions},
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

/// Waits until a pull request's plan is reported.
pub(crate) fn planned(world: &World, number: u64) {
    let head = world.github.pull(number).head_sha();
    world.github.wait_until(PATIENCE, "the plan is reported", |repository| {
        let mut checks = repository.checks.iter().filter(|check| check.head_sha == head).peekable();
        checks.peek().is_some() && checks.all(|check| check.status == "completed")
    });
}

/// Waits until it is kept that the plan of a commit is shown, and until whoever reviews it now did so
/// after that.
pub(crate) fn read(world: &World, commit: &str) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let shown = kept(world, "SHOWN#").pop().filter(|shown| shown["commit"] == commit);
        if let Some(at_ms) = shown.and_then(|shown| shown["at_ms"].as_u64()) {
            return another_second(at_ms);
        }
        assert!(Instant::now() < deadline, "the plan of {commit} is not kept as shown");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Sleeps until this second is over (Unix milliseconds): GitHub says no more than the second of a review,
/// and one of the second in which a plan appeared may be older.
pub(crate) fn another_second(at_ms: u64) {
    let next = Duration::from_millis((at_ms / 1_000 + 1) * 1_000);
    std::thread::sleep(next.saturating_sub(SystemTime::now().duration_since(UNIX_EPOCH).unwrap()));
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

/// Writes a command, and answers what the agent put under it.
fn command(world: &World, number: u64, who: &str, line: &str) -> String {
    let comment = world.github.comment(number, who, line);
    let ends = |repository: &Repository| {
        let reactions = reactions(repository, number, comment);
        reactions.into_iter().find(|one| ["rocket", "confused", "-1"].contains(&one.as_str()))
    };
    world
        .github
        .wait_until(PATIENCE, &format!("what comes of `{line}`"), |repository| ends(repository).is_some());
    world.github.read(ends).unwrap()
}

/// The command that a comment asks for.
fn asked_for(comment: &str, what: &str) -> String {
    let (_, after) = comment.split_once(&format!("writes the comment `{what}")).expect(comment);
    format!("{what}{}", after.split('`').next().unwrap())
}

/// Waits until the agent has looked at what is required twice more, from the beginning to the end.
fn looks_again(world: &World, number: u64) {
    let path = format!("/pulls/{number}/reviews");
    let looks = |requests: &[RecordedRequest]| requests.iter().filter(|it| it.path.ends_with(&path)).count();
    let before = looks(&world.github.requests());
    world.github.wait_until_asked(PATIENCE, "it looks again", |_, requests| looks(requests) >= before + 3);
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
    read(&world, &commit);
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
    read(&world, &world.github.pull(number).head_sha());
    world.github.review(number, "alice", "APPROVED");
    let commit = world.github.merge(number);
    world.github.wait_until(PATIENCE, "it is deployed", |repository| deployed(repository, &commit));
    assert!(!agent.said().contains("waiting for what is required"), "{}", agent.said());
    assert!(estate::inventory(&world).contains("THREAD_POOL_SIZE=64"));

    // What lives changes between the approval and the merge.
    let number = world.propose("more", PRODUCTION_FILE, &threads(128), "Even more threads");
    read(&world, &world.github.pull(number).head_sha());
    let earlier = kept(&world, "SHOWN#").pop().unwrap()["plan"].as_str().unwrap().to_owned();
    world.github.review(number, "alice", "APPROVED");
    let _ = world
        .aws
        .python("client('cloudwatch').disable_alarm_actions(AlarmNames=['gravity-ai-chat-redis-cpu'])");
    let commit = world.github.merge(number);
    let comment = wait_for_comment(&world, number, "Nothing was applied");
    assert!(comment.contains("What `alice` said does not count: they approved another plan"), "{comment}");
    assert!(estate::inventory(&world).contains("THREAD_POOL_SIZE=64"), "nothing is applied");

    // A command is for the plan that it names, and counts by whom it is asked for.
    let approve = asked_for(&comment, &format!("/pointsman approve {PRODUCTION} --plan "));
    let of_earlier = format!("/pointsman approve {PRODUCTION} --plan {earlier}");
    for (who, line, comes_of_it) in [
        ("alice", of_earlier.as_str(), "confused"),
        ("alice", &approve[..approve.len() - 1], "confused"),
        ("bob", &approve, "confused"),
        ("robin", &approve, "confused"),
        ("mallory", &approve, "-1"),
    ] {
        assert_eq!(command(&world, number, who, line), comes_of_it, "{who}: {line}");
    }
    looks_again(&world, number);
    assert!(estate::inventory(&world).contains("THREAD_POOL_SIZE=64"), "nothing is applied");
    assert_eq!(command(&world, number, "alice", &approve), "rocket");
    world.github.wait_until(PATIENCE, "the second is deployed", |repository| deployed(repository, &commit));
    assert!(estate::inventory(&world).contains("THREAD_POOL_SIZE=128"));
    wait_for_comment(&world, number, "was approved by `alice`");
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
    let pass = asked_for(&comment, &format!("/pointsman apply {PRODUCTION} --break-glass -- "));
    let pass = |why: &str| pass.replace("REASON", why);
    read(&world, &commit);
    // Who is not named does not pass it, and nobody does without saying why.
    assert_eq!(command(&world, number, "bob", &pass("I want to")), "confused");
    assert_eq!(command(&world, number, "mallory", &pass("I want to")), "-1");
    assert_eq!(command(&world, number, "alice", pass("").trim_end()), "confused");
    // To try again passes nothing, whether it looks at that moment or not.
    let _ = command(&world, number, "alice", &format!("/pointsman apply {PRODUCTION}"));
    looks_again(&world, number);
    assert!(estate::inventory(&world).contains("THREAD_POOL_SIZE=20"), "nothing is applied");
    assert_eq!(command(&world, number, "alice", &pass("people cannot log in")), "rocket");
    world.github.wait_until(PATIENCE, "it is deployed", |repository| deployed(repository, &commit));
    let comment = wait_for_comment(&world, number, "people cannot log in");
    assert!(comment.contains("`alice` passed the freeze until `2099-01-01T00:00:00Z`"), "{comment}");
    assert!(!comment.contains("`bob` passed"), "{comment}");
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
    // What is required stands where an agent's configuration could: commands are not misled by it.
    clone.write("pointsman.toml", BY_ALICE);
    for command in ["plan", "status", "history"] {
        clone.run(&[command, PRODUCTION]).expect_code(0);
    }
    assert_eq!(estate::inventory(&world), "", "nothing is made");
    stop(agent);
    world.github.assert_no_violations();
}
