use std::time::Instant;

use pointsman_tests::aws::Place;

use super::{NAME, small};
use crate::PATIENCE;

/// Who waits is told where in the queue, and whoever came first is first.
#[test]
fn who_waits_is_told_its_place_and_has_its_turn() {
    let world = small();
    let clone = world.clone_of("main");
    let held = world.aws.proxy().hold_mutation(8, Place::Answer);
    let holds = clone.start(&["apply", NAME, "--yes"]);
    assert!(held.wait_reached(PATIENCE), "it does not get so far; it said\n{}", holds.said());
    let waiting = ["apply", NAME, "--yes", "--lock-timeout", "5m"];
    let first = clone.start(&waiting);
    first.wait_until_said("held by", PATIENCE);
    let second = clone.start(&waiting);
    second.wait_until_said("place 2 of 2 in the queue", PATIENCE);
    first.wait_until_said("place 1 of 2 in the queue", PATIENCE);
    held.release();
    assert_eq!(holds.ended(PATIENCE).1, 0);
    let (said, code) = first.ended(PATIENCE);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("lock taken (fence 2)"), "{said}");
    let (said, code) = second.ended(PATIENCE);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("lock taken (fence 3)"), "{said}");
}

/// Many want the same environment at the same time: each gets it in turn, or is told who has it.
#[test]
fn many_applies_at_once_take_turns() {
    let world = small();
    let clone = world.clone_of("main");
    clone.run(&["apply", NAME, "--yes"]).expect_code(0);
    let begun = Instant::now();
    let ended: Vec<i32> = std::thread::scope(|scope| {
        let started: Vec<_> =
            (0..6).map(|_| scope.spawn(|| clone.run(&["apply", NAME, "--yes"]).code)).collect();
        started.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let (won, told) =
        (ended.iter().filter(|code| **code == 0).count(), ended.iter().filter(|code| **code == 3).count());
    println!(
        "6 applies at once: {won} took turns, {told} were told who holds it, in {:.1} s",
        begun.elapsed().as_secs_f64()
    );
    assert_eq!(won + told, 6, "{ended:?}");
    assert!(won >= 1);
    clone.run(&["plan", NAME, "--detailed-exitcode"]).expect_code(0);
}
