//! What must never happen, whatever dies, stalls, repeats or lies: seen from the outside, by the
//! proxy's list of who wrote when and by what stands afterwards. Each story prints what it
//! counted. The whole matrices run with `--ignored`, a part of each always.

mod canaries;
mod clock;
mod commands;
mod contention;
mod foreign;
mod interference;
mod kill;
mod lease;
mod permissions;
mod refused;
mod release;
mod replicas;
mod soak;
mod state;
mod storm;
mod twice;

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Duration,
};

use pointsman_tests::{
    agent::Running,
    aws::Place,
    story::{Clone, World},
};

use crate::{PATIENCE, kinds, world};

/// The small environment: queues, buckets, a scheduled task with its task definition.
const NAME: &str = kinds::NAME;

/// How long ECS lets a task be that does not answer yet: so many worlds at a time are slow.
const GRACE: Duration = Duration::from_secs(60);

/// A world in which the small environment stands on `main`.
fn small() -> World {
    let world = world();
    world.git.commit("main", &[(kinds::FILE, Some(kinds::TEXT))], "Describe reports");
    world
}

/// The same, in which programs skip what they sleep through: watching a lock and waiting out a dead
/// agent's calls cost next to nothing. That is right in stories in which one program lives at a time:
/// what a watch must find out is whether the holder lives, and it is dead; what a quiesce waits out is
/// the dead one's calls, and [`calls_are_done`] saw the last of them come back. Who is alive keeps its
/// own lease by the same clock that runs faster: heartbeats, freshness and patience move together.
fn alone() -> World {
    small().skipping()
}

/// The same world's environment, whose agents take Terraform's lock file as well.
fn with_lock_file(text: &str) -> String {
    let with = text.replace("[state]\n", "[state]\nlockfile = true\n");
    assert_ne!(with, text, "it says where its state is");
    with
}

/// A call at which a program is killed, by its number from 1.
#[derive(Clone, Copy, Debug)]
enum Point {
    /// One that changes something: before AWS sees it, or before it is told that it was done.
    Mutation(usize, Place),
    /// One that reads.
    Read(usize),
}

impl Point {
    /// The same so many times halved: what comes next does less.
    fn halved(self, times: usize) -> Self {
        let earlier = |number: usize| (number >> times).max(1);
        match self {
            Self::Mutation(number, place) => Self::Mutation(earlier(number), place),
            Self::Read(number) => Self::Read(earlier(number)),
        }
    }
}

/// Kills a program at one of its calls, and waits until nothing of it is on its way; false when it made
/// fewer.
fn killed_at(world: &World, point: Point, start: impl FnOnce() -> Running) -> bool {
    let proxy = world.aws.proxy();
    proxy.clear();
    let held = match point {
        Point::Mutation(number, place) => proxy.hold_mutation(number, place),
        Point::Read(number) => proxy.hold_read(number),
    };
    let mut running = start();
    let reached = loop {
        if held.wait_reached(Duration::from_millis(200)) {
            break true;
        }
        if running.has_ended() {
            break false;
        }
    };
    running.kill();
    assert!(held.wait_left(PATIENCE), "the dead one's call is still held");
    held.release();
    calls_are_done(world);
    reached
}

/// Waits until AWS has done what a dead agent had asked.
fn calls_are_done(world: &World) {
    assert!(world.aws.proxy().wait_done(PATIENCE), "a call of the dead one is still with AWS");
}

/// Whose locks stand: items of the lock table, and lock files.
fn locks(world: &World) -> String {
    world.aws.python(
        "for item in client('dynamodb').scan(TableName='terraform-state-locks')['Items']:\n    \
         print('item', item['LockID']['S'])\n\
         for found in client('s3').list_objects_v2(Bucket='gg-ai-terraform-states').get('Contents', []):\n    \
         if found['Key'].endswith('.tflock'): print('file', found['Key'])",
    )
}

/// Says that something is over, also when it ended in a panic: who waits for that would wait for ever.
struct Ends<'o>(&'o AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Does something with each of many, so many at a time.
pub(crate) fn side_by_side<T: Sync>(all: &[T], at_a_time: usize, each: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..at_a_time {
            scope.spawn(|| {
                while let Some(one) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    each(one);
                }
            });
        }
    });
}

/// Applies until it succeeds, so many times at most; answers how often it took.
fn converge(clone: &Clone<'_>, name: &str, most: usize) -> usize {
    succeeds(clone, &["apply", name, "--yes"], most)
}

/// Runs a command until it succeeds, so many times at most; answers how often it took.
fn succeeds(clone: &Clone<'_>, command: &[&str], most: usize) -> usize {
    let mut last = None;
    for tries in 1..=most {
        let ended = clone.run(command);
        if ended.code == 0 {
            return tries;
        }
        let failed = ended.err.lines().map(str::trim_start).filter(|line| line.starts_with("failed "));
        let failed: Vec<String> = failed.map(|line| line.chars().take(160).collect()).collect();
        println!("a try that failed: {}", failed.join("; "));
        last = Some(ended);
    }
    panic!("{command:?} does not succeed in {most} tries: {last:?}");
}

/// Every object with the environment's tags, as the tagging API and the services list them.
fn standing(world: &World) -> String {
    kinds::inventory(world)
}

/// The middle one of some durations, in seconds.
fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds.get(seconds.len() / 2).copied().unwrap_or_default()
}
