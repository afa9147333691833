use std::time::Duration;

use super::{NAME, converge, small, standing};
use crate::{PATIENCE, idempotence::force_unlock, settled};

/// The lock is removed under a deploy, as `terraform force-unlock` does; then again and again.
fn unlocked(moments: impl IntoIterator<Item = u64>) {
    let reference = {
        let world = small();
        world.clone_of("main").run(&["apply", NAME, "--yes"]).expect_code(0);
        settled(&standing(&world))
    };
    let (mut rounds, mut noticed, mut finished) = (0, 0, 0);
    for milliseconds in moments {
        let world = small();
        let clone = world.clone_of("main");
        world.aws.proxy().set_latency(Duration::from_millis(150));
        let running = clone.start(&["apply", NAME, "--yes"]);
        running.wait_until_said("lock taken", PATIENCE);
        std::thread::sleep(Duration::from_millis(milliseconds));
        force_unlock(&world);
        let (said, code) = running.ended(PATIENCE);
        match code {
            0 => finished += 1,
            1 => {
                assert!(said.contains("lease"), "it says why it stopped: {said}");
                noticed += 1;
            }
            _ => panic!("it ended with {code}: {said}"),
        }
        world.aws.proxy().set_latency(Duration::ZERO);
        converge(&clone, NAME, 1);
        clone.run(&["plan", NAME, "--detailed-exitcode"]).expect_code(0);
        assert_eq!(settled(&standing(&world)), reference);
        rounds += 1;
    }
    println!(
        "T5: {rounds} times unlocked under a deploy; {noticed} noticed and stopped, {finished} had nothing more to \
         announce; all converged at the next apply"
    );
}

/// The calls at whose answers a deploy is held when its lock goes: others are to be announced after each.
const HELD_AT: [(&str, &str); 2] = [("ec2", "CreateSecurityGroup"), ("ecs", "RegisterTaskDefinition")];

#[test]
fn t05_the_lock_is_removed_under_a_deploy() {
    for (service, operation) in HELD_AT {
        let world = small();
        let clone = world.clone_of("main");
        world.aws.proxy().clear();
        let held = world.aws.proxy().hold_answer(service, operation);
        let running = clone.start(&["apply", NAME, "--yes"]);
        assert!(held.wait_reached(PATIENCE), "it does not get so far; it said\n{}", running.said());
        force_unlock(&world);
        let before = world.aws.proxy().mutations().len();
        held.release();
        let (said, code) = running.ended(PATIENCE);
        assert_eq!(code, 1, "{said}");
        assert!(said.contains("terraform force-unlock"), "it says why it stopped: {said}");
        let later = world.aws.proxy().mutations().split_off(before);
        let landed = later.iter().filter(|call| call.service != "dynamodb" && call.service != "s3").count();
        // What was announced before may still leave; nothing is announced any more.
        assert!(landed <= 10, "{later:?}");
        converge(&clone, NAME, 1);
        clone.run(&["plan", NAME, "--detailed-exitcode"]).expect_code(0);
        clone.run(&["destroy", NAME, "--yes"]).expect_code(0);
        assert_eq!(standing(&world), "");
        println!("T5: unlocked at {operation}: {landed} announced calls still left, then nothing; converged");
    }
}

#[test]
#[ignore = "100 moments: about half an hour"]
fn t05_the_lock_is_removed_at_a_hundred_moments() {
    let mut random = fastrand::Rng::with_seed(5);
    unlocked((0..100).map(|_| random.u64(0..4_000)).collect::<Vec<_>>());
}
