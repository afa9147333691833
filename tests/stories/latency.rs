//! How long a plan takes when every call to AWS takes longer: hardly more than its longest chain
//! of calls that must wait for each other; and how many calls it makes.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use pointsman_tests::{aws::Call, story::PRODUCTION};

use crate::described;

/// The most calls that a plan of the example environment makes, identity and state included.
const BUDGET: usize = 25;

/// The calls of the longest chain in which each began after the one before had ended.
fn longest_chain(calls: &[Call]) -> usize {
    let mut longest = vec![1; calls.len()];
    for later in 0..calls.len() {
        for earlier in 0..calls.len() {
            let ended = calls[earlier].ended.expect("every call has ended");
            if ended <= calls[later].started && longest[earlier] + 1 > longest[later] {
                longest[later] = longest[earlier] + 1;
            }
        }
    }
    longest.into_iter().max().unwrap_or_default()
}

/// What a plan asks, by service.
fn listed(calls: &[Call]) {
    let mut by_operation: BTreeMap<String, usize> = BTreeMap::new();
    for call in calls {
        *by_operation.entry(format!("{}:{}", call.service, call.operation)).or_default() += 1;
    }
    println!("\n{} calls:", calls.len());
    for (operation, count) in by_operation {
        println!("- {operation}{}", if count > 1 { format!(" × {count}") } else { String::new() });
    }
    println!();
}

#[test]
fn a_plan_takes_little_more_than_its_chain_of_calls() {
    let world = described();
    let clone = world.clone_of("main");
    clone.run(&["apply", PRODUCTION, "--yes"]).expect_code(0);
    println!("| latency per call | calls | chain | the chain alone | the plan | ratio |");
    println!("| ---: | ---: | ---: | ---: | ---: | ---: |");
    let mut base = Duration::MAX;
    for milliseconds in [0, 50, 100] {
        let latency = Duration::from_millis(milliseconds);
        world.aws.proxy().set_latency(latency);
        let mut best: Option<(Duration, Vec<Call>)> = None;
        for _ in 0..3 {
            world.aws.proxy().clear();
            clone.run(&["plan", PRODUCTION, "--detailed-exitcode"]).expect_code(0);
            let calls = world.aws.proxy().calls();
            let first = calls.iter().map(|call| call.started).min().expect("a plan asks AWS");
            let last: Instant = calls.iter().filter_map(|call| call.ended).max().expect("AWS answers");
            let took = last - first;
            if best.as_ref().is_none_or(|(least, _)| took < *least) {
                best = Some((took, calls));
            }
        }
        let (took, calls) = best.expect("three runs");
        if milliseconds == 0 {
            // What the emulator and the proxy take by themselves, on this machine.
            base = took;
            listed(&calls);
            assert!(calls.len() <= BUDGET, "{} calls are more than {BUDGET}", calls.len());
            println!(
                "| 0 ms | {} | – | – | {} ms (the emulator's own time) | – |",
                calls.len(),
                took.as_millis()
            );
            continue;
        }
        let chain = longest_chain(&calls);
        let alone = latency * u32::try_from(chain).unwrap();
        let ratio = took.saturating_sub(base).as_secs_f64() / alone.as_secs_f64();
        println!(
            "| {milliseconds} ms | {} | {chain} | {} ms | {} ms | {ratio:.2} |",
            calls.len(),
            alone.as_millis(),
            took.as_millis()
        );
        assert!(
            ratio <= 1.2,
            "the plan took {took:?} for a chain of {chain} calls of {latency:?}, and {base:?} without"
        );
        assert!(chain <= 6, "a chain of {chain} calls is longer than the design says");
    }
}
