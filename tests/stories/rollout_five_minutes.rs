//! A release that is well for five minutes, and then is not.

use std::time::Duration;

use pointsman_tests::aws::Options;

use crate::{
    PATIENCE,
    rollout_failures::{BLUE_ALONE, CROWD},
    shop::{SECOND, Shop, has_comment, named},
};

/// For so long its tasks live; whoever takes their place takes its time, as at AWS: `engine.py` of the emulator.
const FIVE_MINUTES: Duration = Duration::from_secs(300);
const MORTAL: &str = "lives-five-minutes-and-starts-slowly";

/// Green is well for five minutes, and then its tasks end by themselves, while it is watched with all of the
/// traffic. Who is with them then is not answered until it went back, and nobody else notices.
#[test]
#[ignore = "its tasks live for five minutes: seven minutes"]
fn tasks_that_stop_after_five_minutes() {
    let watched = "hold = \"1s\"\nbake = \"20m\"";
    let shop = Shop::with(watched, Options { grace: 60 * SECOND, ..Options::default() });
    let agent = shop.agent();
    let load = shop.plane.load(CROWD);
    let begun = load.now();
    let merged = shop.propose_and_merge("image", &named(MORTAL, '2'), watched);
    shop.says(&merged, "Watches green with all of the traffic");
    load.mark("all of the traffic");
    shop.world.github.wait_until(3 * FIVE_MINUTES, "it went back", |repository| {
        has_comment(repository, merged.number, "Turned back:")
    });
    load.mark("turned back");
    let dies = begun + FIVE_MINUTES..load.now();
    let comment = shop.ended(&merged, "Turned back:");
    assert!(comment.contains("Green lost healthy tasks under traffic: 0 of 2 were left."), "{comment}");
    assert!(comment.contains("what stood before stands"), "{comment}");
    assert!(comment.contains("exit code 3") && comment.contains("no memory is left"), "{comment}");
    shop.plane.settle();
    assert_eq!(shop.stands(), BLUE_ALONE);
    load.run_for(5 * SECOND);
    let report = load.stop();
    let noticed = (report.failed.first(), report.failed.last());
    println!("{}\n{noticed:?}\n{}", report.summary(), report.write("five-minutes").display());
    let lost = report.failed.iter().chain(&report.dropped);
    let outside: Vec<_> = lost.filter(|(at, _)| !dies.contains(at)).collect();
    assert!(outside.is_empty(), "outside of {dies:.1?}: {outside:?}");
    assert!(report.lost_sessions.is_empty(), "{:?}", report.lost_sessions);
    let written = report.rows_acknowledged..=report.rows_acknowledged + report.rows_uncertain;
    assert!(written.contains(&report.rows_found), "{} rows of {written:?}", report.rows_found);
    let _ = agent.stop(PATIENCE);
    shop.world.github.assert_no_violations();
}

/// Each is replaced within seconds, between two looks at which as many run as should: it is seen all the same.
#[test]
#[ignore = "its tasks live for five minutes, twice: twelve minutes"]
fn tasks_that_are_replaced_within_seconds_are_seen_all_the_same() {
    let watched = "hold = \"1s\"\nbake = \"20m\"";
    let shop = Shop::with(watched, Options { grace: 60 * SECOND, ..Options::default() });
    let agent = shop.agent();
    let merged = shop.propose_and_merge("image", &named("lives-five-minutes", '2'), watched);
    shop.says(&merged, "Watches green with all of the traffic");
    shop.world.github.wait_until(3 * FIVE_MINUTES, "it went back", |repository| {
        has_comment(repository, merged.number, "Turned back:")
    });
    let comment = shop.ended(&merged, "Turned back:");
    assert!(comment.contains("Three tasks stopped for the same reason"), "{comment}");
    assert!(comment.contains("exit code 3"), "{comment}");
    shop.plane.settle();
    assert_eq!(shop.stands(), BLUE_ALONE);
    let _ = agent.stop(PATIENCE);
    shop.world.github.assert_no_violations();
}
