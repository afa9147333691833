//! The data plane itself, without the agent: what it promises, and that it notices what it should.

mod account;
mod decisions;
mod lifetime;

use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::Crowd;
use account::{Account, HOST};

const SECOND: Duration = Duration::from_secs(1);
const BLUE: &str = "example/app@sha256:b10eb10eb10eb10eb10eb10eb10eb10eb10eb10eb10eb10eb10eb10eb10eb10e";
const GREEN: &str = "example/app@sha256:93ee93ee93ee93ee93ee93ee93ee93ee93ee93ee93ee93ee93ee93ee93ee93ee";

/// An account with one task on each side.
fn both_sides(drain: Duration, sticky: bool) -> Account {
    let account = Account::new(drain, sticky);
    account.serve("blue", &account.blue, BLUE, 1);
    account.serve("green", &account.green, GREEN, 1);
    account
}

#[test]
fn weights_are_obeyed_and_moving_them_loses_nothing() {
    let account = both_sides(SECOND, false);
    account.set_weights(&[(&account.blue, 75), (&account.green, 25)], false);
    let load = account.plane.load(Crowd { people: 40, sockets: 20, ..Crowd::default() });
    load.run_for(5 * SECOND);
    let sides = load.sides();
    let of = |image: &str| {
        sides.iter().filter(|(side, _)| side.image == image).map(|(_, count)| *count as f64).sum::<f64>()
    };
    let share = of(BLUE) / (of(BLUE) + of(GREEN));
    assert!((0.69..0.81).contains(&share), "75 of 100 were wanted: {sides:?}");

    // New decisions, one after the other, while people are at work.
    load.mark("weights move");
    let before = account.plane.replacements();
    for turn in 0..12 {
        account.set_weights(&[(&account.blue, turn * 8), (&account.green, 100 - turn * 8)], turn % 2 == 0);
    }
    assert!(account.plane.replacements() >= before + 12, "every change reaches the proxy");
    let report = load.stop();
    println!("{}\n{}", report.summary(), report.write("weights").display());
    report.assert_nobody_noticed();
    assert!(report.requests > 1000 && report.dropped.is_empty(), "{}", report.summary());
}

#[test]
fn people_stay_with_their_side_until_the_rule_names_another_one_alone() {
    let account = both_sides(SECOND, true);
    let load = account.plane.load(Crowd { people: 40, ..Crowd::default() });

    account.set_weights(&[(&account.blue, 0), (&account.green, 100)], true);
    load.mark("green 100, blue 0");
    load.run_for(2 * SECOND);
    let sides = load.sides();
    assert!(sides.keys().all(|side| side.image == BLUE), "a weight of 0 moves no cookie holder: {sides:?}");
    let newcomer = account.plane.ask(HOST, "/health", &[]);
    assert_eq!(newcomer.header("x-image"), GREEN, "who is new follows the weights");

    account.set_weights(&[(&account.green, 1)], false);
    load.mark("green alone");
    load.run_for(2 * SECOND);
    let sides = load.sides();
    assert!(sides.keys().all(|side| side.image == GREEN), "who holds a cookie of blue moves: {sides:?}");

    // A cookie of a group that left the rule counts for nothing.
    let cookie = format!("AWSALBTG=blue~{}", 4_000_000_000_u64);
    let moved = account.plane.ask(HOST, "/health", &[("Cookie", &cookie)]);
    assert_eq!(moved.header("x-image"), GREEN);
    load.stop().assert_nobody_noticed();
}

#[test]
fn a_test_rule_leads_who_knows_its_header_to_the_idle_side() {
    let account = both_sides(SECOND, true);
    account.add_rule("10", &[("X-Pointsman-Test", "sesame")], &[(&account.green, 1)]);
    account.plane.settle();
    let image =
        |headers: &[(&str, &str)]| account.plane.ask(HOST, "/health", headers).header("x-image").to_owned();
    assert_eq!(image(&[("x-pointsman-test", "sesame")]), GREEN);
    assert_eq!(image(&[("x-pointsman-test", "open")]), BLUE);
    assert_eq!(image(&[]), BLUE);
    let stranger = account.plane.ask("elsewhere.example.org", "/health", &[]);
    assert_eq!((stranger.status, stranger.header("x-balancer")), (404, "fixed response"));

    // Who holds a cookie of a group without targets is told 503, whatever another group could do.
    let first = account.plane.ask(HOST, "/health", &[]);
    let cookie = first.headers.iter().find(|(_, cookie)| cookie.starts_with("AWSALBTG=")).unwrap();
    account.set_weights(&[(&account.blue, 0), (&account.green, 100)], true);
    account.scale("blue", 0);
    let held = || account.plane.ask(HOST, "/health", &[("Cookie", &cookie.1)]);
    let until = Instant::now() + 20 * SECOND;
    while held().status != 503 {
        assert!(Instant::now() < until, "blue still answers");
        sleep(SECOND / 10);
    }
    assert_eq!(held().header("x-balancer"), "no target in blue");
    assert_eq!(image(&[]), GREEN);
}

#[test]
fn who_leaves_drains_first() {
    let drain = 3 * SECOND;
    let account = Account::new(drain, true);
    account.serve("blue", &account.blue, BLUE, 2);
    let load = account.plane.load(Crowd { people: 40, sockets: 200, ..Crowd::default() });
    load.mark("one of two leaves");
    account.scale("blue", 1);
    account.await_draining(&account.blue, 1);
    load.run_for(SECOND);
    load.mark("it drains");
    account.await_draining(&account.blue, 0);
    load.mark("it is gone");
    load.run_for(SECOND);
    let report = load.stop();
    println!("{}\n{}", report.summary(), report.write("draining").display());
    report.assert_nobody_noticed();
    assert!(report.drained >= 50, "about 100 of 200 sockets were on it: {}", report.summary());
}

#[test]
fn a_release_done_right_is_not_noticed() {
    let account = Account::new(2 * SECOND, true);
    account.serve("blue", &account.blue, BLUE, 2);
    let load = account.plane.load(Crowd { people: 20, visitors: 20, sockets: 60 });
    account.serve("green", &account.green, GREEN, 2);
    for share in [25, 50, 100] {
        load.mark(&format!("{share} %"));
        account.set_weights(&[(&account.blue, 100 - share), (&account.green, share)], true);
        load.run_for(SECOND / 2);
    }
    load.mark("green alone");
    account.set_weights(&[(&account.green, 1)], false);
    account.scale("blue", 0);
    account.await_draining(&account.blue, 2);
    account.await_draining(&account.blue, 0);
    load.run_for(SECOND);
    let report = load.stop();
    println!("{}\n{}", report.summary(), report.write("release").display());
    report.assert_nobody_noticed();
    assert!(report.drained >= 60, "every socket was on blue: {}", report.summary());
    assert!(report.share_of("blue") > 0.0 && report.share_of("green") > 0.0, "{}", report.summary());
}

#[test]
fn a_killed_task_is_noticed() {
    let account = Account::new(SECOND, true);
    account.serve("blue", &account.blue, BLUE, 2);
    let load = account.plane.load(Crowd { people: 40, sockets: 40, ..Crowd::default() });
    load.run_for(SECOND);
    let pid = account.plane.ask(HOST, "/health", &[]).json()["pid"].as_u64().unwrap();
    load.mark("kill -9");
    assert!(Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap().success());
    load.run_for(3 * SECOND);
    let report = load.stop();
    println!("{}\n{}", report.summary(), report.write("killed").display());
    assert!(!report.failed.is_empty(), "requests to it failed: {}", report.summary());
    assert!(report.dropped.len() >= 5, "its sockets were dropped: {}", report.summary());
    assert!(report.lost_sessions.is_empty(), "sessions are in Redis: {:?}", report.lost_sessions);
    assert!(report.losses().len() >= 2);
}
