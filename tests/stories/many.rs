//! A check of as many environments as a company has: bounded in work and memory, with the policies
//! in processes of their own. `docs/performance.md` has the figures of a release build.

use pointsman_tests::{agent::Program, many};

/// Processor time for one environment, in seconds. A debug build is some ten times as slow; what
/// grows with the square of their number is slower still.
const EACH: f64 = if cfg!(debug_assertions) { 0.040 } else { 0.0025 };

/// Processor time for whatever is done once, in seconds.
const ONCE: f64 = if cfg!(debug_assertions) { 4.0 } else { 0.5 };

/// The most memory, in MiB, of the program that asks.
fn most_own(environments: usize) -> f64 {
    60.0 + 0.25 * as_number(environments)
}

/// The most memory, in MiB, of a process that answers: it keeps nothing of what it judged.
const MOST_OF_AN_EVALUATOR: f64 = 120.0;

fn as_number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap())
}

#[test]
fn many_environments_are_checked_in_little_time_and_memory() {
    let count = if cfg!(debug_assertions) { 250 } else { 1_000 };
    let folder = tempfile::tempdir().unwrap();
    many::describe(folder.path(), count);
    let taken = many::check(&Program::at(env!("CARGO_BIN_EXE_pointsman")), folder.path());
    println!("{count} environments: {taken:?}");
    let ended = taken.ended.expect_code(0);
    assert!(ended.out.contains(&format!("{count} environments checked")), "{}", ended.out);
    // One reads the policies for many environments.
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    assert!((1..=processors).contains(&taken.evaluators), "{} evaluators", taken.evaluators);
    let most = ONCE + EACH * as_number(count);
    assert!(taken.processor < most, "{} s of processor time, {most} s at most", taken.processor);
    assert!(taken.own < most_own(count), "{} MiB", taken.own);
    assert!(taken.evaluator < MOST_OF_AN_EVALUATOR, "{} MiB in an evaluator", taken.evaluator);
}
