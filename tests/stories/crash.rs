//! The agent dies with SIGKILL, before or after a call of its first deploy; the next one ends it.

use std::time::{Duration, Instant};

use pointsman_tests::{
    agent::{Program, Running},
    aws::Options,
    story::{PRODUCTION, PRODUCTION_FILE, World},
};

use crate::{PATIENCE, estate, settled, world};

/// Kills the agent at a call of the first deploy, starts it again, and looks at what stands.
fn killed_at(service: &str, operation: &str, after: bool) {
    let world = world();
    let proxy = world.aws.proxy();
    let held = if after { proxy.hold_answer(service, operation) } else { proxy.hold(service, operation) };
    world.git.commit("main", &[(PRODUCTION_FILE, Some(&World::example_environment()))], "Describe OpenWebUI");
    let first: Running = world.agent("");
    assert!(held.wait_reached(PATIENCE), "{service}:{operation} is never called; it said\n{}", first.said());
    first.kill();
    assert!(held.wait_left(PATIENCE), "the dead one\'s call is still held");
    held.release();

    let second = world.agent("");
    second.wait_until_said("deployed", PATIENCE);
    assert!(
        second.said().contains("taken over"),
        "the lock of the dead one is watched, then taken over: {}",
        second.said()
    );
    insta::assert_snapshot!("estate_after_a_crash", settled(&estate::inventory(&world)));
    assert_eq!(second.stop(PATIENCE).1, 0);
    let clone = world.clone_of("main");
    clone.run(&["plan", PRODUCTION, "--detailed-exitcode"]).expect_code(0);
    // Nothing stands that the state does not know: all of it can go.
    clone.run(&["destroy", PRODUCTION, "--yes"]).expect_code(0);
    assert_eq!(estate::inventory(&world), "");
}

#[test]
fn before_the_load_balancer_is_made() {
    killed_at("elasticloadbalancing", "CreateLoadBalancer", false);
}

#[test]
fn after_the_load_balancer_was_made() {
    killed_at("elasticloadbalancing", "CreateLoadBalancer", true);
}

#[test]
fn after_the_task_definition_was_registered() {
    killed_at("ecs", "RegisterTaskDefinition", true);
}

#[test]
fn after_the_replication_group_was_made() {
    killed_at("elasticache", "CreateReplicationGroup", true);
}

#[test]
fn after_the_service_was_made() {
    killed_at("ecs", "CreateService", true);
}

#[test]
fn asked_to_stop_it_ends_the_step_in_hand_and_gives_the_lock_back() {
    let world = world();
    let held = world.aws.proxy().hold("elasticloadbalancing", "CreateLoadBalancer");
    world.git.commit("main", &[(PRODUCTION_FILE, Some(&World::example_environment()))], "Describe OpenWebUI");
    let first = world.agent("");
    assert!(held.wait_reached(PATIENCE), "it does not begin; it said\n{}", first.said());
    first.ask_to_stop();
    first.wait_until_said("asked to stop", PATIENCE);
    held.release();
    let (said, code) = first.ended(PATIENCE);
    assert_eq!(code, 0, "{said}");
    let clone = world.clone_of("main");
    let status = clone.run(&["status", PRODUCTION]).expect_code(0).out;
    assert!(status.contains("lock      free"), "{status}");
    assert!(status.contains("load_balancer.webui "), "the step in hand was ended and recorded: {status}");
    assert!(!status.contains("    service.webui3-scaled arn"), "no further step was begun: {status}");

    let second = world.agent("");
    second.wait_until_said("deployed", PATIENCE);
    assert!(!second.said().contains("taken over"), "{}", second.said());
    assert_eq!(second.stop(PATIENCE).1, 0);
    clone.run(&["plan", PRODUCTION, "--detailed-exitcode"]).expect_code(0);
}

#[test]
fn killed_while_aws_is_still_making_the_cache() {
    let options = Options { ready_after: Duration::from_secs(4), ..Options::default() };
    let world = World::with(Program::at(env!("CARGO_BIN_EXE_pointsman")), &options);
    let file = World::example_environment()
        .replace(
            "[service.webui3-scaled.environment]",
            "[service.webui3-scaled.environment]\nCACHE = \"${cache.sessions.endpoint}\"",
        )
        .replace("[outputs]", "[outputs]\ncache = \"${cache.sessions.endpoint}\"");
    world.git.commit("main", &[(PRODUCTION_FILE, Some(&file))], "Describe OpenWebUI");
    let clone = world.clone_of("main");
    let first = clone.start(&["apply", PRODUCTION, "--yes"]);
    let deadline = Instant::now() + PATIENCE;
    while !clone.run(&["status", PRODUCTION]).out.contains("    cache.sessions ") {
        assert!(Instant::now() < deadline, "the cache is not recorded: {}", first.said());
    }
    first.kill();
    assert!(clone.run(&["status", PRODUCTION]).out.contains("begun, and not ended"));
    clone.run(&["apply", PRODUCTION, "--yes"]).expect_code(0);
    clone.run(&["plan", PRODUCTION, "--detailed-exitcode"]).expect_code(0);
    let endpoint = clone.run(&["outputs", PRODUCTION, "--raw", "cache"]).expect_code(0).out;
    let endpoint = endpoint.trim();
    assert!(!endpoint.is_empty() && estate::inventory(&world).contains(&format!("CACHE={endpoint}")));
}
