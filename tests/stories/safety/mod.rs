//! What must never happen, whatever dies, stalls, repeats or lies: seen from the outside, by the
//! proxy's list of who wrote when and by what stands afterwards. Each story prints what it
//! counted. The whole matrices run with `--ignored`, a part of each always.

mod canaries;
mod clock;
mod commands;
mod contention;
mod interference;
mod kill;
mod lease;
mod permissions;
mod replicas;
mod soak;
mod state;
mod storm;
mod twice;

use pointsman_tests::story::{Clone, World};

use crate::{kinds, world};

/// The small environment: queues, buckets, a scheduled task with its task definition.
const NAME: &str = kinds::NAME;

/// A world in which the small environment stands on `main`.
fn small() -> World {
    let world = world();
    world.git.commit("main", &[(kinds::FILE, Some(kinds::TEXT))], "Describe reports");
    world
}

/// Applies until it succeeds, so many times at most; answers how often it took.
fn converge(clone: &Clone<'_>, name: &str, most: usize) -> usize {
    let mut last = None;
    for tries in 1..=most {
        let ended = clone.run(&["apply", name, "--yes"]);
        if ended.code == 0 {
            return tries;
        }
        println!(
            "a try that failed: {}",
            ended.err.lines().filter(|line| line.contains("failed")).collect::<Vec<_>>().join("; ")
        );
        last = Some(ended);
    }
    panic!("{name} does not converge in {most} tries: {last:?}");
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
