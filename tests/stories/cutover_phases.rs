//! A cut-over by weights that is turned back, and whose driver is killed, when it enters each of its phases,
//! with 200 WebSockets: nobody notices, and nothing that is external is otherwise than before.

use std::time::Instant;

use pointsman_tests::{
    agent::Running,
    dataplane::{Crowd, Load, Report},
    story::Clone,
};

use crate::{
    cutover::{LONG, NAME, SECOND, Shop, untouched},
    estate::externals,
};

/// They come once those who ask are there, and stay.
const SOCKETS: Crowd = Crowd { people: 0, visitors: 0, sockets: 200 };

const ARRIVING: &str = "Waits until people come by the load balancer";
const LEAVING: &str = "Waits until nobody comes by the load balancer any more";

/// What stands when it went back: what was made waits for the next one.
const OLD_ALONE: &str = "webui3 1\nshop 0\nrule new\n";
const NEW_ALONE: &str = "webui3 0\nshop 2\nrule new\n";

/// Where there is something to turn back, and how the driver says that it is there.
const PHASES: [(&str, &str); 9] = [
    ("SCALE_UP", ", scale up"),
    ("TEST", ", test"),
    ("GATE", ", approval"),
    ("SWITCH", ", switch"),
    ("SHIFT 50", ", shift to 50 %"),
    ("SHIFT 100", ", shift to 100 %"),
    ("BAKE", ", bake"),
    ("COMMIT", ", commit"),
    ("DRAIN", ", drain"),
];

impl Shop {
    /// Says that it goes back while a driver is where it is, however short that is.
    fn abort_there(&self, clone: &Clone<'_>, driver: &Running) -> Running {
        driver.freeze();
        let abort = self.start(clone, &["abort", NAME, "--why", "sign-in fails"]);
        abort.wait_until_said("To be turned back: the rollout of shop.", LONG);
        driver.thaw();
        abort
    }

    fn hold_sockets(&self) -> Load {
        self.plane.load_by(&self.door, SOCKETS)
    }
}

/// What became of everybody's WebSockets.
#[derive(Default)]
struct Sockets {
    opened: usize,
    drained: usize,
    losses: Vec<String>,
}

impl Sockets {
    fn add(&mut self, phase: &str, report: &Report) {
        self.opened += report.sockets;
        self.drained += report.drained;
        self.losses.extend(report.losses().into_iter().map(|loss| format!("{phase}: {loss}")));
    }

    fn assert_nobody_noticed(&self) {
        println!("{} WebSockets, {} ended after their drain", self.opened, self.drained);
        assert!(self.losses.is_empty(), "{}", self.losses.join("\n"));
    }
}

#[test]
#[ignore = "turned back in every phase with 200 WebSockets, two minutes of silence in each: twenty minutes"]
fn a_cut_over_turned_back_in_every_phase_and_nobody_notices() {
    let shop = Shop::open("weights", "2s");
    let before = externals(&shop.world);
    let (load, _meter) = shop.people();
    let clone = shop.clone();
    let (mut all, mut table) = (Sockets::default(), String::new());
    for (phase, words) in PHASES {
        let begun = Instant::now();
        let mut sockets = shop.hold_sockets();
        match phase {
            "SCALE_UP" | "TEST" => {
                let driver = shop.start(&clone, &["apply", NAME, "--yes"]);
                driver.wait_until_said(words, LONG);
                load.mark(phase);
                let _abort = shop.abort_there(&clone, &driver);
                went_back(phase, driver);
            }
            "GATE" => {
                let _ = shop.asked(&clone);
                load.mark(phase);
                let told = shop.run(&clone, &["abort", NAME, "--why", "sign-in fails"]).expect_code(0);
                assert!(told.out.contains("Turned back:"), "{}{}", told.out, told.err);
            }
            _ => {
                let (_, hash) = shop.asked(&clone);
                let driver = shop.start(&clone, &["approve", NAME, "--plan", &hash]);
                if phase != "SWITCH" {
                    driver.wait_until_said(ARRIVING, LONG);
                    shop.switch_to_balancer();
                    // Who has a WebSocket stays with it: others come.
                    all.add(phase, &sockets.stop());
                    sockets = shop.hold_sockets();
                }
                driver.wait_until_said(words, LONG);
                load.mark(phase);
                let _abort = shop.abort_there(&clone, &driver);
                driver.wait_until_said(LEAVING, LONG);
                shop.switch_to_old();
                went_back(phase, driver);
            }
        }
        shop.plane.settle();
        load.run_for(SECOND);
        all.add(phase, &sockets.stop());
        table.push_str(&format!("{phase:<10} turned back, all in all after {:.0?}\n", begun.elapsed()));
        assert_eq!(shop.stands(), OLD_ALONE, "{phase}");
        assert_eq!(externals(&shop.world), before, "{phase}");
    }
    let report = load.stop();
    println!(
        "{table}{}\n{}",
        report.summary(),
        report.write("cut-over-turned-back-in-every-phase").display()
    );
    report.assert_nobody_noticed();
    all.assert_nobody_noticed();
}

/// Whoever drove it says that it went back.
fn went_back(phase: &str, driver: Running) {
    let (said, code) = driver.ended(LONG);
    assert_eq!(code, 1, "{phase}: {said}");
    assert!(said.contains("Turned back:") && said.contains("sign-in fails"), "{phase}: {said}");
}

/// Waits until a driver enters a phase, and kills it there.
fn killed(load: &Load, driver: Running, phase: &str, words: &str) {
    driver.wait_until_said(words, LONG);
    load.mark(phase);
    driver.kill();
}

#[test]
#[ignore = "killed in every phase with 200 WebSockets: five minutes"]
fn a_cut_over_killed_in_every_phase_goes_on_and_nobody_notices() {
    let shop = Shop::open("weights", "2s");
    let rest = untouched(&shop.world);
    let (load, _meter) = shop.people();
    let clone = shop.clone();
    let mut driver = shop.start(&clone, &["apply", NAME, "--yes"]);
    let mut sockets = None;
    for (phase, words) in PHASES.into_iter().chain([("CLEANUP", ", clean up")]) {
        if phase == "SHIFT 50" {
            driver.wait_until_said(ARRIVING, LONG);
            shop.switch_to_balancer();
            sockets = Some(shop.hold_sockets());
        }
        killed(&load, driver, phase, words);
        driver = if phase == "GATE" {
            let (_, hash) = shop.asked(&clone);
            shop.start(&clone, &["approve", NAME, "--plan", &hash])
        } else {
            shop.start(&clone, &["apply", NAME, "--yes"])
        };
    }
    let (said, code) = driver.ended(LONG);
    assert_eq!(code, 0, "{said}");
    shop.plane.settle();
    assert_eq!(shop.stands(), NEW_ALONE);
    assert_eq!(untouched(&shop.world), rest);
    let _ = shop.run(&clone, &["plan", NAME, "--detailed-exitcode"]).expect_code(0);
    load.run_for(SECOND);
    ends(load, sockets.expect("they came"), "cut-over-killed-in-every-phase");
}

#[test]
#[ignore = "killed in every phase of the way back with 200 WebSockets: six minutes"]
fn a_cut_over_killed_on_its_way_back_and_nobody_notices() {
    let shop = Shop::open("weights", "10m");
    let before = externals(&shop.world);
    let (load, _meter) = shop.people();
    let clone = shop.clone();
    let (_, hash) = shop.asked(&clone);
    let mut driver = shop.start(&clone, &["approve", NAME, "--plan", &hash]);
    driver.wait_until_said(ARRIVING, LONG);
    shop.switch_to_balancer();
    let sockets = shop.hold_sockets();
    driver.wait_until_said("Watches this step", LONG);
    load.mark("both sides");
    load.run_for(2 * SECOND);
    // Who says it waits for the lock, and is not there any more when whoever drives it is killed.
    drop(shop.abort_there(&clone, &driver));
    for (phase, words) in [
        ("ABORT: old one's tasks", ", blue's tasks first"),
        ("ABORT: traffic", ", traffic to blue"),
        ("ABORT: switch", ", switch back"),
        ("ABORT: drain", ", drain green"),
        ("ABORT: discard", ", discard green"),
    ] {
        if phase == "ABORT: drain" {
            driver.wait_until_said(LEAVING, LONG);
            shop.switch_to_old();
        }
        killed(&load, driver, phase, words);
        driver = shop.start(&clone, &["apply", NAME, "--yes"]);
    }
    went_back("the last one", driver);
    shop.plane.settle();
    load.run_for(SECOND);
    assert_eq!(shop.stands(), OLD_ALONE);
    assert_eq!(externals(&shop.world), before);
    ends(load, sockets, "cut-over-killed-on-the-way-back");
}

/// What everybody noticed of it: nothing.
fn ends(load: Load, sockets: Load, name: &str) {
    let report = load.stop();
    println!("{}\n{}", report.summary(), report.write(name).display());
    report.assert_nobody_noticed();
    let mut all = Sockets::default();
    all.add(name, &sockets.stop());
    all.assert_nobody_noticed();
}
