//! A rollout whose driver is killed when it enters a phase, under load: whoever comes next goes on, and
//! nobody notices. A few phases always; every phase with `--ignored`.

use std::time::Instant;

use pointsman_tests::{
    agent::Running,
    aws::Held,
    dataplane::{Crowd, Load},
};

use crate::{
    PATIENCE,
    shop::{NAME, QUICK, SECOND, Shop},
};

/// The moment at which a driver is killed.
pub(crate) enum Moment {
    /// It says that it entered this phase; nothing of it was brought about yet.
    Said(&'static str),
    /// AWS has done this call, and the driver does not know yet.
    Call(&'static str, &'static str),
}

use Moment::{Call, Said};

/// On the way forward, as 4-rollout.md names them.
const FORWARD: [(&str, Moment); 12] = [
    ("LOCK", Call("dynamodb", "TransactWriteItems")),
    ("PREFLIGHT", Call("elasticloadbalancing", "DescribeAccountLimits")),
    // It is recorded, and nothing was made yet.
    ("SNAPSHOT", Call("ecs", "RegisterTaskDefinition")),
    ("SCALE_UP", Said(", scale up")),
    ("TEST", Said(", test")),
    ("GATE", Said(", approval")),
    ("SHIFT 50", Said(", shift to 50 %")),
    ("SHIFT 100", Said(", shift to 100 %")),
    ("BAKE", Said(", bake")),
    ("COMMIT", Said(", commit")),
    ("DRAIN", Said(", drain")),
    ("CLEANUP", Said(", clean up")),
];

const ABORT: [(&str, Moment); 4] = [
    ("ABORT: blue's tasks", Said(", blue's tasks first")),
    ("ABORT: traffic", Said(", traffic to blue")),
    ("ABORT: drain", Said(", drain green")),
    ("ABORT: discard", Said(", discard green")),
];

#[test]
#[ignore = "takes minutes: run with the whole"]
fn killed_in_phase_after_phase_it_goes_on_and_nobody_notices() {
    let some = ["TEST", "SHIFT 50", "COMMIT", "CLEANUP"];
    let moments = FORWARD.iter().filter(|(name, _)| some.contains(name));
    released_all_the_same(&moments.collect::<Vec<_>>(), QUICK, 40, "killed");
}

#[test]
#[ignore = "every phase with 200 WebSockets: about five minutes"]
fn killed_in_every_phase_it_goes_on_and_nobody_notices() {
    let approved = format!("{QUICK}\napprove_traffic = true");
    released_all_the_same(&FORWARD.iter().collect::<Vec<_>>(), &approved, 200, "killed-in-every-phase");
}

fn released_all_the_same(moments: &[&(&str, Moment)], rollout: &str, sockets: usize, name: &str) {
    let shop = Shop::open(rollout);
    let load = shop.plane.load(Crowd { people: 40, sockets, visitors: 5 });
    load.run_for(SECOND);
    shop.merge('2', rollout);
    let clone = shop.clone();
    let mut table = Table::default();
    for (phase, moment) in moments {
        table.row(&shop, &load, phase, moment, || shop.start(&clone, &["apply", NAME, "--yes"]));
        if *phase == "GATE" {
            approve(&shop);
        }
    }
    let ended = shop.run(&clone, &["apply", NAME, "--yes"]).expect_code(0);
    assert!(ended.out.contains("Released:") || moments.is_empty(), "{}", ended.out);
    shop.plane.settle();
    assert_eq!(shop.stands(), "shop 0 11\nshop--b 2 22\nrule b\n");
    let _ = shop.run(&clone, &["plan", NAME, "--detailed-exitcode"]).expect_code(0);
    let report = load.stop();
    println!("{}{}\n{}", table.0, report.summary(), report.write(name).display());
    report.assert_nobody_noticed();
}

#[test]
#[ignore = "every phase of the way back with 200 WebSockets: about two minutes"]
fn killed_in_every_phase_of_the_way_back_and_nobody_notices() {
    let shop = Shop::open("hold = \"10m\"");
    let load = shop.plane.load(Crowd { people: 40, sockets: 200, visitors: 5 });
    shop.merge('2', "hold = \"10m\"");
    let clone = shop.clone();
    let mut driver = Some(shop.start(&clone, &["apply", NAME, "--yes"]));
    driver.as_ref().unwrap().wait_until_said("Watches this step", PATIENCE);
    load.mark("both sides");
    load.run_for(2 * SECOND);
    // Who says it finds the lock held, or takes over: whoever drives it goes back.
    let mut said = Some(shop.start(&clone, &["abort", NAME, "--why", "sign-in fails"]));
    let mut table = Table::default();
    for (phase, moment) in &ABORT {
        let first = driver.take();
        table.row(&shop, &load, phase, moment, || {
            first.unwrap_or_else(|| shop.start(&clone, &["apply", NAME, "--yes"]))
        });
        drop(said.take());
    }
    let ended = shop.run(&clone, &["apply", NAME, "--yes"]).expect_code(1);
    assert!(ended.err.contains("Turned back:") && ended.err.contains("sign-in fails"), "{}", ended.err);
    shop.plane.settle();
    assert_eq!(shop.stands(), "shop 2 11\nrule a\n");
    let report = load.stop();
    println!("{}{}\n{}", table.0, report.summary(), report.write("killed-on-the-way-back").display());
    report.assert_nobody_noticed();
}

/// A row for each kill: when it came, and how long people had been served by then.
#[derive(Default)]
pub(crate) struct Table(pub(crate) String);

impl Table {
    pub(crate) fn row(
        &mut self,
        shop: &Shop,
        load: &Load,
        phase: &str,
        moment: &Moment,
        start: impl FnOnce() -> Running,
    ) {
        let begun = Instant::now();
        let held: Option<Held> = match moment {
            Said(_) => None,
            Call(service, operation) => Some(shop.world.aws.proxy().hold_answer(service, operation)),
        };
        let running = start();
        match (moment, &held) {
            (Said(words), _) => running.wait_until_said(words, PATIENCE),
            (Call(..), Some(held)) => {
                assert!(held.wait_reached(PATIENCE), "{phase}: never called\n{}", running.said());
            }
            (Call(..), None) => {}
        }
        load.mark(phase);
        running.kill();
        if let Some(held) = held {
            assert!(held.wait_left(PATIENCE), "{phase}: its call is still there");
            held.release();
        }
        self.0.push_str(&format!("{phase:<20} killed after {:.1?}\n", begun.elapsed()));
    }
}

/// Somebody agrees to what waits, without driving it.
pub(crate) fn approve(shop: &Shop) {
    let clone = shop.clone();
    let status = shop.run(&clone, &["status", NAME]).expect_code(0).out;
    let hash = regex::Regex::new("waits for approval of plan ([0-9a-f]{16})").unwrap();
    let hash = hash.captures(&status).expect("it says which plan")[1].to_owned();
    let running = shop.start(&clone, &["approve", NAME, "--plan", &hash]);
    running.wait_until_said("Approved:", PATIENCE);
    running.kill();
}
