//! Releases that change the database, turned back and killed in the phases that only they have: where blue
//! serves, nobody notices; where the change is breaking, nobody is served in its window, and nothing else is
//! lost. The database itself tells which versions were on it at the same time.

use std::{ops::Range, time::Duration};

use pointsman_tests::{
    agent::Running,
    aws::Options,
    dataplane::{Crowd, Load},
};

use crate::{
    PATIENCE,
    rollout_aborts::greeting,
    rollout_kills::{
        Moment::{self, Call, Said},
        Table, approve,
    },
    shop::{NAME, QUICK, SECOND, Shop, named},
};

const ADDITIVE: &str = "schema_change = \"additive\"\nshift = [\"50%\", \"100%\"]";
const BREAKING: &str = "schema_change = \"breaking\"\nshift = [\"100%\"]";

/// Blue serves all the time.
const MANY: Crowd = Crowd { people: 40, sockets: 200, visitors: 5 };
/// Who comes again and again while nobody is served.
const FEWER: Crowd = Crowd { people: 40, sockets: 40, visitors: 5 };

const BLUE_ALONE: &str = "shop 2 11\nrule a\n";

/// The shop's file, of a release that changes the database so.
fn text(digit: char, said: &str, change: &str, rollout: &str) -> String {
    let plain = greeting(&image(digit), said, rollout);
    let changed = plain.replace("schema_change = \"none\"\nshift         = [\"50%\", \"100%\"]", change);
    assert_ne!(changed, plain, "what the release does to the database is written");
    changed
}

/// Its tasks run the command that they are given.
fn image(digit: char) -> String {
    named("shop-runs-its-command", digit)
}

fn open() -> Shop {
    Shop::described(&greeting(&image('1'), "hello", QUICK), Options::default())
}

impl Shop {
    /// How a task migrates the database before the release.
    fn migrating(&self, change: &str) -> String {
        format!("{change}\nmigration = {{ command = {:?} }}", self.plane.migration())
    }
}

/// Whoever drove it says that it went back.
fn went_back(phase: &str, driver: Running) {
    let (said, code) = driver.ended(PATIENCE);
    assert_eq!(code, 1, "{phase}: {said}");
    assert!(said.contains("Turned back:") && said.contains("sign-in fails"), "{phase}: {said}");
}

/// From when blue is told to stop until traffic is where it is to be; the proxy learns of it a moment later.
fn window(from: Duration, load: &Load) -> Range<Duration> {
    from..load.now() + SECOND
}

#[test]
#[ignore = "turned back in three phases with 200 WebSockets: a minute"]
fn what_migrates_first_is_turned_back_and_nobody_notices() {
    let shop = open();
    let load = shop.plane.load(MANY);
    load.run_for(SECOND);
    let by_task = shop.migrating(ADDITIVE);
    for (phase, words, change) in [
        ("PREPARE", ", prepare", by_task.as_str()),
        ("MIGRATE", ", migrate", &by_task),
        ("FIRST", ", first task", ADDITIVE),
    ] {
        let clone = shop.merged(&text('2', phase, change, QUICK));
        let driver = shop.start(&clone, &["apply", NAME, "--yes"]);
        driver.wait_until_said(words, PATIENCE);
        load.mark(phase);
        let _abort = shop.abort_there(&clone, &driver);
        went_back(phase, driver);
        shop.plane.settle();
        assert_eq!(shop.stands(), BLUE_ALONE, "{phase}");
    }
    let report = load.stop();
    println!("{}\n{}", report.summary(), report.write("migrating-turned-back").display());
    report.assert_nobody_noticed();
}

#[test]
#[ignore = "killed in three phases with 200 WebSockets: two minutes"]
fn what_migrates_first_is_killed_and_goes_on_and_nobody_notices() {
    let shop = open();
    let load = shop.plane.load(MANY);
    load.run_for(SECOND);
    let mut table = Table::default();
    let by_task = [
        ("PREPARE", Said(", prepare")),
        ("MIGRATE", Said(", migrate")),
        ("MIGRATES", Call("ecs", "RunTask")),
    ];
    let by_first = [("FIRST", Said(", first task"))];
    for (digit, change, moments, stands) in [
        ('2', shop.migrating(ADDITIVE), &by_task[..], "shop 0 11\nshop--b 2 22\nrule b\n"),
        ('3', ADDITIVE.to_owned(), &by_first[..], "shop 2 33\nshop--b 0 22\nrule a\n"),
    ] {
        let clone = shop.merged(&text(digit, "hello", &change, QUICK));
        for (phase, moment) in moments {
            table.row(&shop, &load, phase, moment, || shop.start(&clone, &["apply", NAME, "--yes"]));
        }
        let ended = shop.run(&clone, &["apply", NAME, "--yes"]).expect_code(0);
        assert!(ended.out.contains("Released:"), "{}", ended.out);
        shop.plane.settle();
        assert_eq!(shop.stands(), stands);
    }
    assert_eq!(shop.plane.migrations().len(), 1, "the task is found again, not started again");
    assert!(!shop.plane.met().is_empty(), "the database sees who meets");
    let report = load.stop();
    println!("{}{}\n{}", table.0, report.summary(), report.write("migrating-killed").display());
    report.assert_nobody_noticed();
}

/// A breaking release before it stops blue, and from there to its end; what migrates is a task, or the first
/// of green's.
const BREAKS: [(&str, &str); 10] = [
    ("PREPARE", ", prepare"),
    ("GATE", ", approval"),
    ("STOP", ", stop blue"),
    ("MIGRATE", ", migrate"),
    ("FIRST", ", first task"),
    ("SCALE_UP", ", scale up"),
    ("TEST", ", test"),
    ("SHIFT 100", ", shift to 100 %"),
    ("BAKE", ", bake"),
    ("COMMIT", ", commit"),
];

#[test]
#[ignore = "a breaking release that is turned back in every phase: some minutes"]
fn a_breaking_release_turned_back_in_every_phase_loses_nothing_but_its_window() {
    let shop = open();
    let load = shop.plane.load(FEWER);
    load.run_for(SECOND);
    let (mut windows, mut table) = (Vec::new(), String::new());
    let (mut met, mut meetings) = (0, Vec::new());
    for (phase, words) in BREAKS {
        let change = if phase == "FIRST" { BREAKING.to_owned() } else { shop.migrating(BREAKING) };
        let clone = shop.merged(&text('2', phase, &change, QUICK));
        match phase {
            "PREPARE" => {
                let driver = shop.start(&clone, &["apply", NAME, "--yes"]);
                driver.wait_until_said(words, PATIENCE);
                load.mark(phase);
                let _abort = shop.abort_there(&clone, &driver);
                went_back(phase, driver);
            }
            "GATE" => {
                let _ = shop.run(&clone, &["apply", NAME, "--yes"]).expect_code(0);
                load.mark(phase);
                let told = shop.run(&clone, &["abort", NAME, "--why", "not tonight"]).expect_code(0);
                assert!(told.out.contains("Turned back:"), "{}{}", told.out, told.err);
            }
            _ => {
                let driver = shop.agreed(&clone);
                driver.wait_until_said(", stop blue", PATIENCE);
                let stops = load.now();
                driver.wait_until_said(words, PATIENCE);
                load.mark(phase);
                let _abort = shop.abort_there(&clone, &driver);
                driver.wait_until_said(", drain green", PATIENCE);
                let window = window(stops, &load);
                table.push_str(&format!(
                    "{phase:<10} nobody was served for {:.1?} at most\n",
                    length(&window)
                ));
                windows.push(window);
                went_back(phase, driver);
            }
        }
        shop.plane.settle();
        assert_eq!(shop.stands(), BLUE_ALONE, "{phase}");
        let all = shop.plane.met();
        meetings.extend(all.iter().skip(met).map(|met| format!("{phase}: {met}")));
        met = all.len();
    }
    load.run_for(SECOND);
    let report = load.stop();
    println!("{table}{}\n{}", report.summary(), report.write("breaking-turned-back").display());
    report.assert_nobody_noticed_outside(&windows);
    assert_eq!(meetings, Vec::<String>::new(), "two versions never meet");
}

fn length(window: &Range<Duration>) -> Duration {
    window.end.saturating_sub(window.start)
}

const FORWARD: [(&str, Moment); 10] = [
    ("STOP", Said(", stop blue")),
    ("STOPS", Call("ecs", "UpdateService")),
    ("MIGRATE", Said(", migrate")),
    ("MIGRATES", Call("ecs", "RunTask")),
    ("SCALE_UP", Said(", scale up")),
    ("TEST", Said(", test")),
    ("SHIFT 100", Said(", shift to 100 %")),
    ("BAKE", Said(", bake")),
    ("COMMIT", Said(", commit")),
    ("CLEANUP", Said(", clean up")),
];

#[test]
#[ignore = "a breaking release that is killed in every phase: some minutes"]
fn a_breaking_release_killed_in_every_phase_is_released() {
    let shop = open();
    let load = shop.plane.load(FEWER);
    load.run_for(SECOND);
    let clone = shop.merged(&text('2', "hello", &shop.migrating(BREAKING), QUICK));
    let apply = || shop.start(&clone, &["apply", NAME, "--yes"]);
    let mut table = Table::default();
    for (phase, moment) in [("PREPARE", Said(", prepare")), ("GATE", Said(", approval"))] {
        table.row(&shop, &load, phase, &moment, apply);
    }
    let before = shop.run(&clone, &["apply", NAME, "--yes"]).expect_code(0);
    assert!(before.out.contains("waits for a person"), "{}", before.out);
    assert_eq!(
        shop.stands(),
        "shop 2 11\nshop--b 0 22\ntest rule b\nrule a\n",
        "nothing stops before somebody agreed"
    );
    let stops = load.now();
    approve(&shop);
    let mut serves = None;
    for (phase, moment) in &FORWARD {
        table.row(&shop, &load, phase, moment, apply);
        // It was watched with all of the traffic before.
        if *phase == "BAKE" {
            serves = Some(window(stops, &load));
        }
    }
    let ended = shop.run(&clone, &["apply", NAME, "--yes"]).expect_code(0);
    assert!(ended.out.contains("Released:"), "{}", ended.out);
    shop.plane.settle();
    assert_eq!(shop.stands(), "shop 0 11\nshop--b 2 22\nrule b\n");
    let _ = shop.run(&clone, &["plan", NAME, "--detailed-exitcode"]).expect_code(0);
    load.run_for(SECOND);
    assert_eq!(shop.plane.migrations().len(), 1, "the task is found again, not started again");
    let meetings = shop.plane.met();
    let report = load.stop();
    let window = serves.expect("it was served again");
    println!("{}nobody was served for {:.1?} at most", table.0, length(&window));
    println!("{}\n{}", report.summary(), report.write("breaking-killed").display());
    report.assert_nobody_noticed_outside(&[window]);
    assert_eq!(meetings, Vec::<String>::new(), "two versions never meet");
}

const BACK: [(&str, Moment); 5] = [
    ("ABORT: green stops", Said(", stop green")),
    ("ABORT: blue's tasks", Said(", blue's tasks first")),
    ("ABORT: traffic", Said(", traffic to blue")),
    ("ABORT: drain", Said(", drain green")),
    ("ABORT: discard", Said(", discard green")),
];

#[test]
#[ignore = "a breaking release that is killed on its way back: two minutes"]
fn a_breaking_release_killed_on_its_way_back_ends_with_what_stood() {
    let shop = open();
    let load = shop.plane.load(FEWER);
    load.run_for(SECOND);
    let long = "hold = \"10m\"";
    let clone = shop.merged(&text('2', "hello", &shop.migrating(BREAKING), long));
    let driver = shop.agreed(&clone);
    driver.wait_until_said(", stop blue", PATIENCE);
    let stops = load.now();
    driver.wait_until_said("Watches this step", PATIENCE);
    let first = window(stops, &load);
    load.mark("released");
    load.run_for(2 * SECOND);
    let back = load.now();
    let (mut driver, mut second) = (Some(driver), None);
    let mut said = Some(shop.start(&clone, &["abort", NAME, "--why", "sign-in fails"]));
    let mut table = Table::default();
    for (phase, moment) in &BACK {
        let first = driver.take();
        table.row(&shop, &load, phase, moment, || {
            first.unwrap_or_else(|| shop.start(&clone, &["apply", NAME, "--yes"]))
        });
        drop(said.take());
        if *phase == "ABORT: drain" {
            second = Some(window(back, &load));
        }
    }
    let ended = shop.run(&clone, &["apply", NAME, "--yes"]).expect_code(1);
    assert!(ended.err.contains("Turned back:") && ended.err.contains("sign-in fails"), "{}", ended.err);
    shop.plane.settle();
    assert_eq!(shop.stands(), BLUE_ALONE);
    load.run_for(SECOND);
    let meetings = shop.plane.met();
    let report = load.stop();
    let windows = [first, second.expect("blue had traffic again")];
    println!("{}nobody was served for {:.1?} at most", table.0, windows.each_ref().map(length));
    println!("{}\n{}", report.summary(), report.write("breaking-killed-on-the-way-back").display());
    report.assert_nobody_noticed_outside(&windows);
    assert_eq!(meetings, Vec::<String>::new(), "two versions never meet");
}
