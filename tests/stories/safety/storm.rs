use pointsman_tests::{aws::Weather, story::World};

use super::{NAME, alone, converge, locks, side_by_side, standing, with_lock_file};
use crate::{kinds, settled};

/// The weather, from a seed.
type Of = fn(u64) -> Weather;

/// What came of one world's applies.
struct Counted {
    succeeded: usize,
    harmed: usize,
    calls: usize,
    most: usize,
    quiet: usize,
    tries: usize,
}

/// Applies two versions of the small environment in turn while calls are harmed, and looks at what
/// stands when the weather is calm again.
fn applies(weather: Weather, lock_file: bool, runs: usize) -> Counted {
    let world: World = alone();
    let clone = world.clone_of("main");
    let text = if lock_file { with_lock_file(kinds::TEXT) } else { kinds::TEXT.to_owned() };
    let changed = text.replace("visibility_timeout = \"15m\"", "visibility_timeout = \"14m\"");
    clone.write(kinds::FILE, &text);
    let proxy = world.aws.proxy();
    proxy.clear();
    clone.run(&["apply", NAME, "--yes"]).expect_code(0);
    let quiet = proxy.calls().len();
    let reference = settled(&standing(&world));

    proxy.set_weather(weather);
    let (mut succeeded, mut calls, mut most, mut harmed) = (0, 0, 0, 0);
    for run in 0..runs {
        clone.write(kinds::FILE, if run % 2 == 0 { &changed } else { &text });
        proxy.clear();
        let ended = clone.run(&["apply", NAME, "--yes"]);
        // It may fail, but not as a defect of ours, and never by a panic.
        assert!([0, 1, 3].contains(&ended.code), "{ended:?}");
        assert!(!ended.err.contains("panicked"), "{}", ended.err);
        let made = proxy.calls();
        succeeded += usize::from(ended.code == 0);
        harmed += made.iter().filter(|call| call.harm.is_some()).count();
        calls += made.len();
        most = most.max(made.len());
    }
    proxy.calm();

    clone.write(kinds::FILE, &text);
    let tries = converge(&clone, NAME, 2);
    clone.run(&["plan", NAME, "--detailed-exitcode"]).expect_code(0);
    assert_eq!(settled(&standing(&world)), reference, "something was made twice, or lost");
    assert_eq!(locks(&world), "", "a lock stays");
    // Retries are bounded: per call, and so altogether.
    assert!(most < 12 * quiet, "{most} calls in one apply, {quiet} in a quiet one");
    clone.run(&["destroy", NAME, "--yes"]).expect_code(0);
    assert_eq!(standing(&world), "", "something stands that the state does not know");
    Counted { succeeded, harmed, calls, most, quiet, tries }
}

/// So many applies, half of them without and half of them with the lock file, in so many worlds of each.
fn storm(title: &str, weather: Of, seed: u64, runs: usize, worlds: usize) {
    let seeds = (seed..).take(2 * worlds);
    let all: Vec<(u64, bool)> = seeds.map(|seed| (seed, seed % 2 == 1)).collect();
    side_by_side(&all, 2, |(seed, lock_file)| {
        let runs = runs / all.len();
        let Counted { succeeded, harmed, calls, most, quiet, tries } =
            applies(weather(*seed), *lock_file, runs);
        println!(
            "{title}, seed {seed}, {} lock file: {runs} applies, {succeeded} succeeded at once, {harmed} of {calls} \
             calls harmed, at most {most} calls in one apply (quiet: {quiet}); converged in {tries} after it",
            if *lock_file { "with the" } else { "without a" },
        );
    });
    println!("{title}: {runs} applies in {} worlds: nothing twice, nothing lost, no lock stuck", all.len());
}

#[test]
fn t10_a_fifth_of_all_calls_is_harmed() {
    storm("T10 (part)", |seed| Weather::rough(seed, 20), 10, 4, 1);
}

#[test]
fn t02_answers_are_lost_after_aws_acted() {
    storm("T2 (part)", |seed| Weather::lossy(seed, 15), 2, 4, 1);
}

#[test]
#[ignore = "200 applies: about twenty minutes"]
fn t10_two_hundred_applies_in_rough_weather() {
    storm("T10", |seed| Weather::rough(seed, 20), 10, 200, 2);
}

#[test]
#[ignore = "500 applies: about half an hour"]
fn t02_five_hundred_applies_with_lost_answers() {
    storm("T2", |seed| Weather::lossy(seed, 15), 2, 500, 2);
}
