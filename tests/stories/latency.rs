//! How long a plan takes when every call to AWS takes longer: hardly more than its longest chain
//! of calls that must wait for each other; and how many calls it makes.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use pointsman_tests::{aws::Call, story::PRODUCTION};

use crate::described;

/// The most calls that a plan of the example environment makes, identity and state included.
const BUDGET: usize = 25;

/// The most that a plan takes, in its chain of calls.
const MOST: f64 = 1.2;

/// The most calls of a plan that must wait for each other.
const LONGEST: usize = 3;

/// The most plans that are made for one figure.
const MOST_RUNS: usize = 12;

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

/// A plan's calls, and how long it took from the first to the last.
struct Asked {
    calls: Vec<Call>,
    took: Duration,
}

/// What plans have in common that were made under one latency. Another process may take the
/// machine from one of them, which makes it slower and lets calls follow each other that do not
/// wait for each other: the quickest tells what a plan takes, and the shortest of their chains
/// which calls had to wait.
struct Best {
    latency: Duration,
    calls: Vec<Call>,
    took: Duration,
    chain: usize,
}

impl Best {
    fn new(latency: Duration) -> Self {
        Self { latency, calls: Vec::new(), took: Duration::MAX, chain: usize::MAX }
    }

    fn hears_of(&mut self, Asked { calls, took }: Asked) {
        self.chain = self.chain.min(longest_chain(&calls));
        if took < self.took {
            (self.calls, self.took) = (calls, took);
        }
    }

    /// What the chain takes when nothing else does.
    fn alone(&self) -> Duration {
        self.latency * u32::try_from(self.chain).expect("a short chain")
    }

    /// What the plan takes beyond what it takes without latency, in its chains.
    fn ratio(&self, base: &Self) -> f64 {
        self.took.saturating_sub(base.took).as_secs_f64() / self.alone().as_secs_f64()
    }

    fn is_good(&self, base: &Self) -> bool {
        self.chain <= LONGEST && self.ratio(base) <= MOST
    }
}

#[test]
fn a_plan_takes_little_more_than_its_chain_of_calls() {
    let world = described();
    let clone = world.clone_of("main");
    clone.run(&["apply", PRODUCTION, "--yes"]).expect_code(0);
    let proxy = world.aws.proxy();
    let plan = |latency| {
        proxy.set_latency(latency);
        proxy.clear();
        clone.run(&["plan", PRODUCTION, "--detailed-exitcode"]).expect_code(0);
        let calls = proxy.calls();
        let first = calls.iter().map(|call| call.started).min().expect("a plan asks AWS");
        let last: Instant = calls.iter().filter_map(|call| call.ended).max().expect("AWS answers");
        Asked { calls, took: last - first }
    };
    // Without latency: what the emulator and the proxy take by themselves, on this machine.
    let mut best = [0, 50, 100].map(|milliseconds| Best::new(Duration::from_millis(milliseconds)));
    for run in 1..=MOST_RUNS {
        // In turns: all of them see the same machine.
        for best in &mut best {
            best.hears_of(plan(best.latency));
        }
        let [base, late @ ..] = &best;
        if run >= 3 && late.iter().all(|late| late.is_good(base)) {
            break;
        }
    }
    let [base, late @ ..] = &best;
    listed(&base.calls);
    println!("| latency per call | calls | chain | the chain alone | the plan | ratio |");
    println!("| ---: | ---: | ---: | ---: | ---: | ---: |");
    let own = base.took.as_millis();
    println!("| 0 ms | {} | – | – | {own} ms (the emulator's own time) | – |", base.calls.len());
    for late in late {
        println!(
            "| {} ms | {} | {} | {} ms | {} ms | {:.2} |",
            late.latency.as_millis(),
            late.calls.len(),
            late.chain,
            late.alone().as_millis(),
            late.took.as_millis(),
            late.ratio(base)
        );
    }
    for late in late {
        let Best { latency, calls, took, chain } = late;
        assert!(calls.len() <= BUDGET, "{} calls are more than {BUDGET}", calls.len());
        assert!(*chain <= LONGEST, "a chain of {chain} calls is longer than the design says");
        assert!(
            late.ratio(base) <= MOST,
            "the plan took {took:?} for a chain of {chain} calls of {latency:?}, and {:?} without",
            base.took
        );
    }
}
