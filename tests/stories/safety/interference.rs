use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use super::{NAME, alone, calls_are_done, converge, side_by_side, small, standing};
use crate::{PATIENCE, idempotence::force_unlock, settled};

/// What came of the moments at which a lock was removed.
#[derive(Default)]
struct Came {
    noticed: AtomicUsize,
    finished: AtomicUsize,
}

/// The lock is removed under a deploy, as `terraform force-unlock` does, at a moment of real time.
fn unlocked_after(milliseconds: u64, reference: &str, came: &Came) {
    let world = alone();
    let clone = world.clone_of("main");
    world.aws.proxy().set_latency(Duration::from_millis(150));
    let running = clone.start(&["apply", NAME, "--yes"]);
    running.wait_until_said("lock taken", PATIENCE);
    std::thread::sleep(Duration::from_millis(milliseconds));
    force_unlock(&world);
    let (said, code) = running.ended(PATIENCE);
    match code {
        0 => came.finished.fetch_add(1, Ordering::Relaxed),
        1 => {
            assert!(said.contains("lease"), "it says why it stopped: {said}");
            came.noticed.fetch_add(1, Ordering::Relaxed)
        }
        _ => panic!("it ended with {code}: {said}"),
    };
    world.aws.proxy().set_latency(Duration::ZERO);
    calls_are_done(&world);
    converge(&clone, NAME, 1);
    clone.run(&["plan", NAME, "--detailed-exitcode"]).expect_code(0);
    assert_eq!(settled(&standing(&world)), reference);
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
#[ignore = "100 moments: about ten minutes"]
fn t05_the_lock_is_removed_at_a_hundred_moments() {
    let reference = {
        let world = alone();
        world.clone_of("main").run(&["apply", NAME, "--yes"]).expect_code(0);
        settled(&standing(&world))
    };
    let mut random = fastrand::Rng::with_seed(5);
    let moments: Vec<u64> = (0..100).map(|_| random.u64(0..4_000)).collect();
    let came = Came::default();
    side_by_side(&moments, 3, |moment| unlocked_after(*moment, &reference, &came));
    println!(
        "T5: {} times unlocked under a deploy; {} noticed and stopped, {} had nothing more to announce; all converged \
         at the next apply",
        moments.len(),
        came.noticed.into_inner(),
        came.finished.into_inner(),
    );
}
