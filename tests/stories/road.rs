//! The road: a pull request is planned, merged, and deployed.

use std::time::{Duration, Instant};

use pointsman_tests::{
    github::Repository,
    story::{PRODUCTION, PRODUCTION_FILE, World},
};

use crate::{PATIENCE, estate, settled, world};

/// A poll of a second, and a plan, on a machine that does much else; `docs/performance.md` has the
/// figures of a quiet one.
const FOUND: Duration = Duration::from_secs(20);

const CHECK: &str = "pointsman / production/gravity-ai-chat";

/// Whether all that was begun on a commit has ended.
fn judged(repository: &Repository, sha: &str) -> bool {
    let mut checks = repository.checks.iter().filter(|check| check.head_sha == sha).peekable();
    checks.peek().is_some() && checks.all(|check| check.status == "completed")
}

/// Whether a commit's deployment came to an end.
pub fn deployed(repository: &Repository, sha: &str) -> bool {
    repository.deployments.iter().any(|deployment| {
        let last = deployment.statuses.last().map(|status| status.state.as_str());
        deployment.sha == sha && matches!(last, Some("success" | "failure" | "error"))
    })
}

fn the_comment(world: &World, number: u64) -> String {
    let comments = world.github.pull(number).bot_comments();
    assert_eq!(comments.len(), 1, "one comment, edited in place");
    settled(&comments[0].body)
}

#[test]
fn a_merged_pull_request_is_deployed() {
    let world = world();
    let untouched = estate::externals(&world);
    let agent = world.agent("");

    // Somebody proposes the estate.
    let number =
        world.propose("openwebui", PRODUCTION_FILE, &World::example_environment(), "Deploy OpenWebUI");
    let head = world.github.pull(number).head_sha();
    world.github.wait_until(PATIENCE, "the plan is reported", |repository| judged(repository, &head));
    insta::assert_snapshot!("plan_comment", the_comment(&world, number));
    assert_eq!(estate::inventory(&world), "", "a plan makes nothing");
    let check = world.github.pull(number).check(CHECK).expect("a check of the environment");
    assert_eq!(check.conclusion.as_deref(), Some("success"), "{check:?}");
    assert!(
        world.github.pull(number).check("pointsman").is_some(),
        "the check that branch protection asks for"
    );
    assert!(world.github.pull(number).deployments().is_empty());

    // Somebody merges it. No webhook says so: the next poll finds it.
    world.aws.proxy().clear();
    let merged = Instant::now();
    let commit = world.github.merge(number);
    world.github.wait_until(PATIENCE, "it is deployed", |repository| deployed(repository, &commit));
    let calls = world.aws.proxy().calls();
    let first = calls.iter().filter(|call| call.mutating).map(|call| call.started).min();
    let took = first.expect("something is written") - merged;
    println!("from the merge to the first write to AWS, with a poll each second: {took:?}");
    assert!(took < FOUND, "{took:?}");
    world.github.wait_until(PATIENCE, "the comment says so", |repository| {
        judged(repository, &commit)
            && repository.pulls[&number].comments.iter().any(|c| c.body.contains("Deployed"))
    });
    insta::assert_snapshot!("deployed_comment", the_comment(&world, number));
    insta::assert_snapshot!("estate", settled(&estate::inventory(&world)));
    assert_eq!(estate::externals(&world), untouched);
    let deployment = &world.github.pull(number).deployments()[0];
    let states: Vec<&str> = deployment.statuses.iter().map(|status| status.state.as_str()).collect();
    assert_eq!(
        (deployment.environment.as_str(), states.last()),
        (PRODUCTION, Some(&"success")),
        "{states:?}"
    );
    assert!(states.contains(&"in_progress"), "{states:?}");

    // What people ask afterwards.
    let clone = world.clone_of("main");
    let outputs = clone.run(&["outputs", PRODUCTION]).expect_code(0);
    insta::assert_snapshot!("outputs", settled(&outputs.out));
    let name = clone.run(&["outputs", PRODUCTION, "--raw", "alb_dns_name"]).expect_code(0).out;
    assert!(name.ends_with(".amazonaws.com\n") || name.contains("elb"), "{name}");
    let status = clone.run(&["status", PRODUCTION]).expect_code(0).out;
    assert!(status.contains(&commit[..7]) && status.contains("lock      free"), "{status}");
    clone.run(&["plan", PRODUCTION, "--detailed-exitcode"]).expect_code(0);

    // A second pull request changes one line.
    let file =
        crate::in_place().replace(r#"THREAD_POOL_SIZE         = "20""#, r#"THREAD_POOL_SIZE         = "64""#);
    assert_ne!(file, crate::in_place(), "the example says THREAD_POOL_SIZE");
    let number = world.propose("threads", PRODUCTION_FILE, &file, "More threads");
    let head = world.github.pull(number).head_sha();
    world.github.wait_until(PATIENCE, "the second plan is reported", |repository| judged(repository, &head));
    insta::assert_snapshot!("one_line_comment", the_comment(&world, number));
    let commit = world.github.merge(number);
    world.github.wait_until(PATIENCE, "the second is deployed", |repository| deployed(repository, &commit));
    assert!(estate::inventory(&world).contains("THREAD_POOL_SIZE=64"), "{}", estate::inventory(&world));

    let (said, code) = agent.stop(PATIENCE);
    assert_eq!(code, 0, "{said}");
    world.github.assert_no_violations();
}

#[test]
fn bare_git_without_github_works_too() {
    let world = crate::described();
    let configuration = world.folder().join("bare.toml");
    let text = format!(
        "[repo]\nurl = \"{}\"\npoll = \"1s\"\n[agent]\ndata_dir = \"{}\"\n",
        world.git.path().display(),
        world.folder().join("bare-data").display()
    );
    std::fs::write(&configuration, text).unwrap();
    let mut command = world.command();
    command.arg("run").arg("--config").arg(&configuration);
    let agent = pointsman_tests::agent::Running::start(&mut command);
    agent.wait_until_said("deployed", PATIENCE);
    let clone = world.clone_of("main");
    clone.run(&["plan", PRODUCTION, "--detailed-exitcode"]).expect_code(0);
    assert_eq!(agent.stop(PATIENCE).1, 0);
    assert!(world.github.requests().is_empty());
}
