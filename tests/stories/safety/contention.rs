use std::time::Instant;

use super::{NAME, small};

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
