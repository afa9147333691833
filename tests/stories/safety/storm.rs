use pointsman_tests::aws::Weather;

use super::{NAME, converge, small, standing};
use crate::{kinds, settled};

/// Applies two versions of the small environment in turn while calls are harmed, and looks at what
/// stands when the weather is calm again.
fn applies(title: &str, weather: Weather, runs: usize) {
    let world = small();
    let clone = world.clone_of("main");
    let proxy = world.aws.proxy();
    proxy.clear();
    clone.run(&["apply", NAME, "--yes"]).expect_code(0);
    let quiet = proxy.calls().len();
    let reference = settled(&standing(&world));
    let changed = kinds::TEXT.replace("visibility_timeout = \"15m\"", "visibility_timeout = \"14m\"");

    proxy.set_weather(weather);
    let (mut succeeded, mut calls, mut most, mut harmed) = (0, 0, 0, 0);
    for run in 0..runs {
        clone.write(kinds::FILE, if run % 2 == 0 { &changed } else { kinds::TEXT });
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

    clone.write(kinds::FILE, kinds::TEXT);
    let tries = converge(&clone, NAME, 2);
    clone.run(&["plan", NAME, "--detailed-exitcode"]).expect_code(0);
    assert_eq!(settled(&standing(&world)), reference, "something was made twice, or lost");
    println!(
        "{title}: {runs} applies, {succeeded} succeeded at once, {harmed} of {calls} calls harmed, at most {most} \
         calls in one apply (quiet: {quiet}); converged in {tries} after it"
    );
    // Retries are bounded: per call, and so altogether.
    assert!(most < 12 * quiet, "{most} calls in one apply, {quiet} in a quiet one");
    clone.run(&["destroy", NAME, "--yes"]).expect_code(0);
    assert_eq!(standing(&world), "", "something stands that the state does not know");
}

#[test]
fn t10_a_fifth_of_all_calls_is_harmed() {
    applies("T10 (part)", Weather::rough(10, 20), 4);
}

#[test]
fn t02_answers_are_lost_after_aws_acted() {
    applies("T2 (part)", Weather::lossy(2, 15), 4);
}

#[test]
#[ignore = "200 applies: about an hour"]
fn t10_two_hundred_applies_in_rough_weather() {
    applies("T10", Weather::rough(10, 20), 200);
}

#[test]
#[ignore = "500 applies: about an hour"]
fn t02_five_hundred_applies_with_lost_answers() {
    applies("T2", Weather::lossy(2, 15), 500);
}
