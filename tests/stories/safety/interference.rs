use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use pointsman_tests::story::World;

use super::{NAME, alone, calls_are_done, converge, locks, side_by_side, small, standing};
use crate::{
    PATIENCE,
    idempotence::force_unlock,
    settled,
    terraform::{self, Locks, Terraform},
};

/// What came of the moments at which a lock was removed.
#[derive(Default)]
struct Came {
    noticed: AtomicUsize,
    finished: AtomicUsize,
    /// The deploy was over before anybody could remove its lock.
    late: AtomicUsize,
}

/// A moment of a deploy, in milliseconds of real time after it took the lock; which locks Terraform takes, and
/// whether the agent takes the lock file.
type Moment = (u64, (Locks, bool));

/// The ID by which Terraform names the lock that stands.
fn lock_id(world: &World) -> Option<String> {
    let said = world.aws.python(
        "for item in client('dynamodb').scan(TableName='terraform-state-locks')['Items']:\n    \
         if 'Info' in item: print(json.loads(item['Info']['S'])['ID'])",
    );
    said.lines().next().map(ToOwned::to_owned)
}

/// The lock is removed under a deploy at a moment: by `terraform force-unlock` where Terraform is installed, or
/// as that does it. False when there was none any more.
fn unlock(world: &World, terraform: Option<&Terraform<'_>>) -> bool {
    let Some(terraform) = terraform else {
        force_unlock(world);
        return true;
    };
    lock_id(world).is_some_and(|id| terraform.try_force_unlock(&id).code == 0)
}

fn unlocked_at((milliseconds, (kind, takes_file)): Moment, installed: bool, reference: &str, came: &Came) {
    let world = alone();
    let _ = terraform::described(&world, takes_file, 15);
    let terraform = if installed { Terraform::of(&world, kind) } else { None };
    let clone = world.clone_of("main");
    world.aws.proxy().set_latency(Duration::from_millis(150));
    let running = clone.start(&["apply", NAME, "--yes"]);
    running.wait_until_said("lock taken", PATIENCE);
    std::thread::sleep(Duration::from_millis(milliseconds));
    let unlocked = unlock(&world, terraform.as_ref());
    let (said, code) = running.ended(PATIENCE);
    let counted = match (code, unlocked) {
        (0, true) => &came.finished,
        (0, false) => &came.late,
        (1, true) => {
            assert!(said.contains("lease"), "it says why it stopped: {said}");
            &came.noticed
        }
        _ => panic!("it ended with {code}, unlocked: {unlocked}: {said}"),
    };
    counted.fetch_add(1, Ordering::Relaxed);
    world.aws.proxy().set_latency(Duration::ZERO);
    calls_are_done(&world);
    converge(&clone, NAME, 1);
    clone.run(&["plan", NAME, "--detailed-exitcode"]).expect_code(0);
    assert_eq!(settled(&standing(&world)), reference);
    assert_eq!(locks(&world), "", "a lock stays");
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
    let installed = terraform::is_installed();
    if !installed {
        terraform::skipped("terraform is not installed: the lock's item was deleted by hand instead");
    }
    let mut random = fastrand::Rng::with_seed(5);
    let kinds = terraform::ALL.into_iter().cycle();
    let moments: Vec<Moment> = kinds.take(100).map(|kind| (random.u64(0..4_000), kind)).collect();
    let came = Came::default();
    side_by_side(&moments, 3, |moment| unlocked_at(*moment, installed, &reference, &came));
    let (noticed, finished, late) =
        (came.noticed.into_inner(), came.finished.into_inner(), came.late.into_inner());
    println!(
        "T5: {} times unlocked under a deploy by {}; {noticed} noticed and stopped, {finished} had nothing more to \
         announce, {late} were over before; all converged at the next apply",
        noticed + finished,
        if installed { "terraform force-unlock, with each kind of lock" } else { "hand" },
    );
    assert!(late <= moments.len() / 10, "{late} deploys were over before");
}
