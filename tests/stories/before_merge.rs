//! Where `[requirements]` lets it, a pull request is applied before its merge; as long as it is open nothing
//! undoes that.

use pointsman_tests::{
    github::reactions,
    story::{PRODUCTION, PRODUCTION_FILE, World},
};

use crate::{
    PATIENCE, estate, in_place,
    requirements::{planned, read, requiring, stop, threads, wait_for_comment},
    road::deployed,
};

const EARLY: &str = "[requirements.production]\napply = \"before_merge\"\n";

/// Writes a comment and waits for what the agent puts under it.
fn ask(world: &World, number: u64, text: &str, reaction: &str) {
    let comment = world.github.comment(number, "robin", text);
    world.github.wait_until(PATIENCE, &format!("{reaction} under `{text}`"), |repository| {
        reactions(repository, number, comment).iter().any(|content| content == reaction)
    });
}

fn has_threads(world: &World, many: u32) -> bool {
    estate::inventory(world).contains(&format!("THREAD_POOL_SIZE={many}"))
}

#[test]
fn it_is_applied_with_its_approval_and_the_merge_changes_nothing() {
    let world = requiring(&format!("{EARLY}approvals = 1\n"), Some(&in_place()));
    let agent = world.agent("");
    let number = world.propose("threads", PRODUCTION_FILE, &threads(30), "More threads");
    planned(&world, number);
    ask(&world, number, "/pointsman apply", "rocket");
    let comment = wait_for_comment(&world, number, "it needs 1 approval");
    assert!(comment.contains("Then write the comment"), "{comment}");
    assert!(has_threads(&world, 20), "nothing was applied");

    read(&world, &world.github.pull(number).head_sha());
    world.github.review(number, "alice", "APPROVED");
    ask(&world, number, "/pointsman apply", "rocket");
    let comment = wait_for_comment(&world, number, "applied before its merge");
    assert!(!comment.contains("❌"), "{comment}");
    let comment = wait_for_comment(&world, number, "Pointsman: deployed");
    assert!(comment.contains("was approved by `alice`"), "{comment}");
    assert!(has_threads(&world, 30), "{comment}");

    let commit = world.github.merge(number);
    world.github.wait_until(PATIENCE, "the merge is deployed", |repository| deployed(repository, &commit));
    assert!(has_threads(&world, 30));
    let status = world.clone_of("main").run(&["status", PRODUCTION, "--json"]).expect_code(0);
    assert!(status.out.contains(&commit), "{}", status.out);
    stop(agent);
    world.github.assert_no_violations();
}

#[test]
fn what_was_applied_before_its_merge_is_not_undone_while_it_is_open() {
    let world = requiring(EARLY, Some(&in_place()));
    let agent = world.agent("");
    let first = world.propose("first", PRODUCTION_FILE, &threads(30), "More threads");
    let fork = world.propose("fork", PRODUCTION_FILE, &threads(50), "From elsewhere");
    world.github.make_fork(fork, "mallory");
    planned(&world, first);
    ask(&world, fork, "/pointsman apply", "confused");
    ask(&world, first, "/pointsman apply", "rocket");
    wait_for_comment(&world, first, "Pointsman: deployed");
    assert!(has_threads(&world, 30));

    // A start forgets nothing of it, and what the branch says since waits.
    agent.kill();
    let agent = world.agent("");
    let second = world.propose("second", PRODUCTION_FILE, &threads(40), "Still more threads");
    planned(&world, second);
    ask(&world, second, "/pointsman apply", "rocket");
    wait_for_comment(&world, second, &format!("was applied from pull request {first}"));
    let commit = world.github.merge(second);
    wait_for_comment(&world, second, "would be undone");
    assert!(has_threads(&world, 30), "it is not undone");

    world.github.close(first);
    world.github.wait_until(PATIENCE, "the branch is deployed", |repository| deployed(repository, &commit));
    assert!(has_threads(&world, 40));
    stop(agent);
    world.github.assert_no_violations();
}
