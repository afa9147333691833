//! Releases as people live through them: from blue to green behind a real proxy, with sessions, WebSockets
//! and a database, while the agent moves the weights.

use std::{collections::BTreeSet, net::SocketAddr, sync::mpsc, time::Instant};

use pointsman_tests::{
    dataplane::Crowd,
    visitor::{get, server_of},
};

use crate::{
    PATIENCE,
    shop::{NAME, QUICK, SCALED, SECOND, Shop, has_comment, image, text},
};

#[test]
fn a_release_goes_from_blue_to_green_and_nobody_notices() {
    let shop = Shop::open(QUICK);
    assert_eq!(shop.stands(), "shop 2 11\nrule a\n");
    let load = shop.plane.load(Crowd { people: 40, sockets: 40, visitors: 5 });
    load.run_for(2 * SECOND);

    shop.merge('2', QUICK);
    load.mark("release");
    let clone = shop.clone();
    let released = shop.run(&clone, &["apply", NAME, "--yes"]).expect_code(0);
    assert!(released.out.contains("Released:"), "{}", released.out);
    shop.plane.settle();
    load.mark("released");
    assert_eq!(shop.stands(), "shop 0 11\nshop--b 2 22\nrule b\n");
    let _ = shop.run(&clone, &["plan", NAME, "--detailed-exitcode"]).expect_code(0);
    let status = shop.run(&clone, &["status", NAME]).expect_code(0).out;
    assert!(status.contains("shop serves from shop--b; the release before waits as shop\n"), "{status}");

    load.mark("rollback");
    shop.world.aws.proxy().clear();
    let begun = Instant::now();
    let _ = shop.run(&clone, &["rollback", NAME, "--yes"]).expect_code(0);
    let calls = shop.world.aws.proxy().calls();
    let moved = calls.iter().position(|call| call.operation == "ModifyRule").expect("traffic moved");
    let took = calls[moved].started.duration_since(begun);
    let named = |operation: &str| calls[..moved].iter().filter(|call| call.operation == operation).count();
    let seen = calls[..moved].iter().rposition(|call| call.operation == "DescribeTargetHealth").unwrap();
    let asked = calls.iter().find(|call| call.operation == "UpdateService").unwrap();
    println!(
        "rollback: tasks are asked for after {:.1?}, the rule changes after {took:.1?} and {moved} calls; since the last look \
         at health {:.1?} and {} calls",
        asked.started.duration_since(begun),
        calls[moved].started.duration_since(calls[seen].started),
        moved - seen,
    );
    assert_eq!(named("DescribeLoadBalancers"), 1, "everything is looked at once");
    assert!(moved - seen <= CALLS_AFTER_HEALTH, "{} calls", moved - seen);
    let again = shop.run(&clone, &["rollback", NAME, "--yes"]).expect_code(0);
    assert!(again.out.contains("Gone back:"), "{}", again.out);
    let _ = shop.run(&clone, &["rollback", NAME, "--yes"]).expect_code(0);
    shop.plane.settle();
    load.run_for(2 * SECOND);
    assert_eq!(shop.stands(), "shop 2 11\nshop--b 0 22\nrule a\n");
    let report = load.stop();
    println!("{}\n{}", report.summary(), report.write("release").display());
    report.assert_nobody_noticed();
}

/// Between the look that proves a side and the rule's change: the service's own objects in one round, and
/// the journal; a few of the lease.
const CALLS_AFTER_HEALTH: usize = 20;

#[test]
fn a_rollout_waits_for_a_person_and_can_be_turned_back() {
    let rollout = format!("{QUICK}\napprove_traffic = true");
    let shop = Shop::open(&rollout);
    shop.merge('2', &rollout);
    let clone = shop.clone();
    let waits = shop.run(&clone, &["apply", NAME, "--yes"]).expect_code(0);
    assert!(waits.out.contains("waits for a person"), "{}", waits.out);
    assert!(waits.out.contains("Rollout: shop gets a new side, shop--b, with 2 tasks."), "{}", waits.out);
    assert_eq!(shop.stands(), "shop 2 11\nshop--b 2 22\ntest rule b\nrule a\n");
    let _ = shop.run(&clone, &["approve", NAME, "--plan", "0000000000000000"]).expect_code(1);
    let status = shop.run(&clone, &["status", NAME]).expect_code(0).out;
    assert!(status.contains("rollout   shop from shop to shop--b: waits for approval of plan"), "{status}");
    assert!(status.contains("left a rollout open"), "{status}");
    let planned = shop.run(&clone, &["plan", NAME]).expect_code(0);
    assert!(
        planned.out.contains("service.shop--b") || planned.out.contains("Nothing to do"),
        "{}",
        planned.out
    );
    let back = shop.run(&clone, &["abort", NAME, "--why", "not today"]).expect_code(0);
    assert!(back.out.contains("not today"), "{}", back.out);
    assert_eq!(shop.stands(), "shop 2 11\nrule a\n");

    let waits = shop.run(&clone, &["apply", NAME, "--yes"]).expect_code(0);
    let hash = regex::Regex::new("approve production/shop --plan ([0-9a-f]{16})").unwrap();
    let hash = hash.captures(&waits.out).expect("it says what to approve")[1].to_owned();
    let goes_on = shop.run(&clone, &["approve", NAME, "--plan", &hash]).expect_code(0);
    assert!(goes_on.out.contains("Released:"), "{}", goes_on.out);
    assert_eq!(shop.stands(), "shop 0 11\nshop--b 2 22\nrule b\n");
}

#[test]
fn what_is_merged_meanwhile_is_the_next_release() {
    let shop = Shop::open(QUICK);
    shop.merge('2', QUICK);
    let clone = shop.clone();
    let running = shop.start(&clone, &["apply", NAME, "--yes"]);
    running.wait_until_said(", test", PATIENCE);
    running.kill();
    shop.merge('3', QUICK);
    let clone = shop.clone();
    let _ = shop.run(&clone, &["apply", NAME, "--yes"]).expect_code(0);
    assert_eq!(shop.stands(), "shop 2 33\nshop--b 0 22\nrule a\n");
    let _ = shop.run(&clone, &["plan", NAME, "--detailed-exitcode"]).expect_code(0);
}

#[test]
fn turned_back_while_both_sides_have_traffic_and_nobody_notices() {
    let shop = Shop::open("hold = \"10m\"");
    let load = shop.plane.load(Crowd { people: 40, sockets: 40, visitors: 5 });
    shop.merge('2', "hold = \"10m\"");
    let clone = shop.clone();
    let running = shop.start(&clone, &["apply", NAME, "--yes"]);
    running.wait_until_said("Watches this step", PATIENCE);
    load.mark("both sides");
    load.run_for(2 * SECOND);
    load.mark("abort");
    let told = shop.run(&clone, &["abort", NAME, "--why", "sign-in fails"]).expect_code(0);
    // Whoever drives it may be done before this command looks for the lock.
    assert!(told.err.contains("To be turned back: the rollout of shop."), "{}{}", told.out, told.err);
    let (said, code) = running.ended(PATIENCE);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("Turned back:") && said.contains("sign-in fails"), "{said}");
    shop.plane.settle();
    assert_eq!(shop.stands(), "shop 2 11\nrule a\n");
    let report = load.stop();
    println!("{}\n{}", report.summary(), report.write("abort").display());
    report.assert_nobody_noticed();
}

#[test]
fn a_merged_pull_request_waits_for_approval_and_is_released() {
    let rollout = format!("{QUICK}\napprove_traffic = true");
    let shop = Shop::open(&rollout);
    let world = &shop.world;
    let agent = shop.agent();
    let server = server_of(&agent, PATIENCE);
    let number = shop.propose("image", &text(&image('2'), &rollout));
    let commit = world.github.merge(number);
    world.github.wait_until(PATIENCE, "somebody is asked", |repository| {
        has_comment(repository, number, "waits for approval of plan")
    });
    assert_eq!(shop.stands(), "shop 2 11\nshop--b 2 22\ntest rule b\nrule a\n");
    assert_eq!(on_the_page(server), ["shop: 100 %, 2 of 2", "shop--b: none, 2 of 2"]);

    // While it waits, it is looked at and nothing is said or written.
    std::thread::sleep(3 * SECOND);
    world.aws.proxy().clear();
    world.github.forget_requests();
    std::thread::sleep(5 * SECOND);
    let written: Vec<String> =
        world.aws.proxy().calls().iter().filter(|call| call.mutating).map(ToString::to_string).collect();
    assert!(written.is_empty(), "{written:?}");
    assert!(!world.aws.proxy().calls().is_empty(), "it is looked at");
    let said = world.github.requests().iter().filter(|request| request.is_write()).count();
    assert_eq!(said, 0, "nothing new is said");

    let clone = shop.clone();
    let status = shop.run(&clone, &["status", NAME]).expect_code(0).out;
    let hash = regex::Regex::new("waits for approval of plan ([0-9a-f]{16})").unwrap();
    let hash = hash.captures(&status).expect("it says which plan")[1].to_owned();
    let seen = std::thread::scope(|scope| {
        let (over, is_over) = mpsc::channel::<()>();
        let watching = scope.spawn(move || {
            let mut seen = BTreeSet::new();
            while is_over.recv_timeout(SECOND / 10) == Err(mpsc::RecvTimeoutError::Timeout) {
                seen.insert(on_the_page(server));
            }
            seen
        });
        world.github.comment(number, "robin", &format!("/pointsman approve {NAME} --plan {hash}"));
        let is_deployed = |repository: &_| crate::road::deployed(repository, &commit);
        world.github.wait_until(PATIENCE, "it is released", is_deployed);
        drop(over);
        watching.join().unwrap()
    });
    for tracks in
        [["shop: 50 %, 2 of 2", "shop--b: 50 %, 2 of 2"], ["shop: none, 2 of 2", "shop--b: 100 %, 2 of 2"]]
    {
        assert!(seen.iter().any(|shown| *shown == tracks), "{tracks:?} in {seen:#?}");
    }
    assert_eq!(shop.stands(), "shop 0 11\nshop--b 2 22\nrule b\n");

    // A rollback whose command dies half-way is gone on with at a poll.
    let running = shop.start(&clone, &["rollback", NAME, "--yes"]);
    running.wait_until_said(", shift to 100 %", PATIENCE);
    running.kill();
    shop.wait_until_stands("shop 2 11\nshop--b 0 22\nrule a\n");
    agent.wait_until_said("Gone back:", PATIENCE);
    let (said, code) = agent.stop(PATIENCE);
    assert_eq!(code, 0, "{said}");
    world.github.assert_no_violations();
}

/// Both sides as the agent's page shows them now: what share of the traffic each has, and how many of its
/// targets are healthy.
fn on_the_page(server: SocketAddr) -> Vec<String> {
    let page = get(server, &format!("/environments/{NAME}")).text;
    let track = regex::Regex::new(
        r#"(?s)<p class="side">.*?<code>([\w-]+)</code>.*?<span>(?:(\d+ %) of the traffic|no traffic)</span> <span>(\d+ of \d+|no)"#,
    );
    let tracks = track.unwrap();
    let tracks = tracks.captures_iter(&page);
    let said = |of: &regex::Captures<'_>, part| of.get(part).map_or("none", |it| it.as_str()).to_owned();
    tracks.map(|of| format!("{}: {}, {}", said(&of, 1), said(&of, 2), said(&of, 3))).collect()
}

/// How many tasks live is the autoscaler's: what was approved stays approved when it moves them.
#[test]
fn a_plan_that_was_read_is_the_same_after_the_autoscaler_moved() {
    let rollout = format!("{QUICK}{SCALED}");
    let shop = Shop::open(&rollout);
    shop.merge('2', &rollout);
    let clone = shop.clone();
    let _ = shop.run(&clone, &["plan", NAME, "--out", "read.plan"]).expect_code(0);
    shop.count("shop", 3);
    let released = shop.run(&clone, &["apply", NAME, "--yes", "--plan", "read.plan"]);
    assert_eq!(released.code, 0, "{}{}", released.out, released.err);
    assert_eq!(shop.stands(), "shop 0 11\nshop--b 3 22\nrule b\n");
}
