use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use pointsman_tests::{agent::Running, clock::Clock, story::Clone};

use super::{Ends, NAME, small};
use crate::{PATIENCE, kinds};

const DAY: i64 = 86_400;
/// What a lock must stand still for, in the stories: `QUICK_LEASE`.
const WATCH: Duration = Duration::from_secs(6);

/// Moves the clock a day on, back, and two days back, as long as something goes on; answers how often.
fn jumping<T>(clock: &Clock, during: impl FnOnce() -> T) -> (T, u32) {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let jumps = scope.spawn(|| {
            let mut jumps = 0;
            for by in [DAY, 0, -DAY].into_iter().cycle() {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                clock.move_by(by);
                jumps += 1;
                std::thread::sleep(Duration::from_millis(150));
            }
            jumps
        });
        let ends = Ends(&over);
        let done = during();
        drop(ends);
        (done, jumps.join().unwrap())
    })
}

fn start(clock: &Clock, clone: &Clone<'_>) -> Running {
    Running::start(clock.lead(&mut clone.command(&["apply", NAME, "--yes"])))
}

/// The wall clocks of holder and contender jump by days: the one keeps its lease for longer than a lock is
/// watched, the other never takes it; once the holder is dead, the other takes it after the watch, not before.
#[test]
fn t07_no_jump_of_a_wall_clock_decides_about_a_lease() {
    let world = small();
    let clock = Clock::in_folder(world.folder());
    let (one, other) = (world.clone_of("main"), world.clone_of("main"));
    // The holder works for longer than a lock is watched.
    world.aws.proxy().set_latency(Duration::from_millis(400));
    let mut holder = start(&clock, &one);
    holder.wait_until_said("lock taken", PATIENCE);
    let began = Instant::now();
    let (refused, kept) = jumping(&clock, || {
        let mut refused = 0;
        while !holder.has_ended() {
            let (said, code) = start(&clock, &other).ended(PATIENCE);
            if !holder.has_ended() {
                assert_eq!(code, 3, "a living holder's lock is not taken: {said}");
                refused += 1;
            }
        }
        refused
    });
    assert!(began.elapsed() > WATCH && refused > 0, "{refused} in {:?}", began.elapsed());
    let (said, code) = holder.ended(PATIENCE);
    assert_eq!(code, 0, "{said}");

    // Another one dies.
    world.aws.proxy().set_latency(Duration::ZERO);
    let changed = kinds::TEXT.replace("visibility_timeout = \"15m\"", "visibility_timeout = \"16m\"");
    one.write(kinds::FILE, &changed);
    other.write(kinds::FILE, &changed);
    let held = world.aws.proxy().hold("sqs", "SetQueueAttributes");
    let holder = start(&clock, &one);
    assert!(held.wait_reached(PATIENCE), "{}", holder.said());
    holder.kill();
    assert!(held.wait_left(PATIENCE), "the dead one's call is still held");
    held.release();
    let began = Instant::now();
    let (took, taken) = jumping(&clock, || {
        let second = start(&clock, &other);
        second.wait_until_said("taken over from a dead agent", PATIENCE);
        let took = began.elapsed();
        let (said, code) = second.ended(PATIENCE);
        assert_eq!(code, 0, "{said}");
        took
    });
    assert!(took >= WATCH, "taken over after {took:?}");
    clock.move_by(0);
    other.run(&["plan", NAME, "--detailed-exitcode"]).expect_code(0);
    println!(
        "T7: {kept} jumps of a day while one held the lock: {refused} others were refused; dead, it was taken over after \
         {:.1} s and {taken} more jumps (watched for {} s)",
        took.as_secs_f64(),
        WATCH.as_secs()
    );
}
