//! An environment's whole life as scripts and people on call see it.

use std::process::Command;

use pointsman_tests::{
    agent::{Ended, ended},
    document::document,
    story::{Clone, PRODUCTION, World},
};
use serde_json::Value;

use crate::{PATIENCE, described, settled};

/// Fails the next call that makes a listener.
fn fail_listener(world: &World) {
    let message = "You've reached the limit";
    world.aws.proxy().fail("elasticloadbalancing", "CreateListener", 400, "TooManyListeners", message, 1);
}

fn json(clone: &Clone<'_>, arguments: &[&str], code: i32, kind: &str) -> Value {
    let ended = clone.run(&[arguments, &["--json"][..]].concat()).expect_code(code);
    for line in ended.err.lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok(), "no JSON on standard error: {line}");
        if line.contains("\"kind\":\"event\"") {
            document(line, "event");
        }
    }
    document(&ended.out, kind)
}

#[test]
fn what_machines_and_people_on_call_read() {
    let world = described();
    let clone = world.clone_of("main");
    let ages = regex::Regex::new(r"\(\d+ \w+ ago\)").unwrap();
    let status = || {
        let status = settled(&clone.run(&["status", PRODUCTION]).expect_code(0).out);
        ages.replace_all(&status, "(AGE)").into_owned()
    };

    insta::assert_snapshot!("status_before", status());
    assert_eq!(json(&clone, &["status", PRODUCTION], 0, "status")["environments"][0]["serial"], Value::Null);
    assert_eq!(json(&clone, &["drift", PRODUCTION], 0, "drift")["environments"][0]["drifted"], Value::Null);
    assert_eq!(json(&clone, &["outputs", PRODUCTION], 1, "error")["fault"], "input");
    let plan = json(&clone, &["plan", PRODUCTION], 0, "plan");
    assert!(plan["summary"]["add"].as_u64().unwrap() > 5, "{plan}");

    fail_listener(&world);
    let failed = json(&clone, &["apply", PRODUCTION, "--yes"], 1, "error");
    assert_eq!(failed["fault"], "input", "{failed}");
    assert!(failed["outcome"]["changes"].as_array().unwrap().len() > 1, "what was done is told: {failed}");
    assert!(failed["next"].as_str().unwrap().contains("run it again"), "{failed}");
    insta::assert_snapshot!("status_after_a_failure", status());

    let applied = clone.run(&["apply", PRODUCTION, "--yes", "--json"]).expect_code(0);
    assert!(applied.err.lines().any(|line| line.contains("\"event\":\"finished\"")), "{}", applied.err);
    assert!(document(&applied.out, "outcome")["outputs"]["alb_dns_name"].is_string());
    insta::assert_snapshot!("status_deployed", status());
    let known = json(&clone, &["status"], 0, "status");
    assert_eq!(known["environments"][0]["lock"], Value::Null);
    let outputs = json(&clone, &["outputs", PRODUCTION], 0, "outputs");
    let raw = clone.run(&["outputs", PRODUCTION, "--raw", "alb_dns_name"]).expect_code(0).out;
    assert_eq!(raw, format!("{}\n", outputs["outputs"]["alb_dns_name"].as_str().unwrap()));
    assert_eq!(json(&clone, &["drift", "--all"], 0, "drift")["environments"][0]["drifted"], false);
    assert_eq!(
        json(&clone, &["destroy", PRODUCTION, "--yes"], 0, "outcome")["outputs"],
        serde_json::json!({})
    );
}

/// Runs a command in a terminal of 80 columns; everything that is written there.
fn in_a_terminal(command: &Command) -> Ended {
    let quoted = |text: &std::ffi::OsStr| format!("'{}'", text.to_string_lossy());
    let words: Vec<String> =
        std::iter::once(command.get_program()).chain(command.get_args()).map(quoted).collect();
    let mut script = Command::new("script");
    script.args(["-qec", &format!("stty cols 80 rows 40; exec {}", words.join(" ")), "/dev/null"]);
    script.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    script.env("TERM", "xterm-256color").stdin(std::process::Stdio::null());
    script.current_dir(command.get_current_dir().unwrap());
    ended(&mut script)
}

#[test]
fn a_terminal_shows_what_goes_on() {
    let world = described();
    let clone = world.clone_of("main");
    world.aws.proxy().set_latency(std::time::Duration::from_millis(300));
    let applied = in_a_terminal(&clone.command(&["apply", PRODUCTION, "--yes"])).expect_code(0).out;
    if let Some(kept) = std::env::var_os("KEEP_FRAMES") {
        std::fs::write(kept, &applied).unwrap();
    }
    let shown = |pattern: &str| regex::Regex::new(pattern).unwrap().is_match(&applied);
    assert!(
        shown(r"looking at production/gravity-ai-chat, \d+ answers: \w+"),
        "what is asked of AWS: {applied}"
    );
    assert!(shown(r"\d+ of \d+ done"), "how far it is: {applied}");
    assert!(shown(r"creating load_balancer\.webui [\d.]+ s"), "what is in hand: {applied}");
    assert!(shown(r"created .*service\.webui3-scaled"), "what ended stays: {applied}");
    assert!(!applied.contains("\u{1b}[32m"), "NO_COLOR holds for what moves, too: {applied}");

    let message = "resource has a dependent object";
    world.aws.proxy().fail("ec2", "DeleteSecurityGroup", 400, "DependencyViolation", message, 8);
    let destroyed = in_a_terminal(&clone.command(&["destroy", PRODUCTION, "--yes"])).expect_code(0).out;
    // As much of them as 80 columns leave.
    assert!(destroyed.contains("s: “resource has a dependent"), "AWS's own words: {destroyed}");
}

#[test]
fn interrupted_twice_it_says_what_is_left() {
    let world = described();
    let clone = world.clone_of("main");
    let held = world.aws.proxy().hold("elasticloadbalancing", "CreateLoadBalancer");
    let running = clone.start(&["apply", PRODUCTION, "--yes"]);
    assert!(held.wait_reached(PATIENCE), "{}", running.said());
    running.ask_to_stop();
    running.wait_until_said("Ctrl-C once more ends at once", PATIENCE);
    running.ask_to_stop();
    let (said, code) = running.ended(PATIENCE);
    assert_eq!(code, 130, "{said}");
    assert!(said.contains("perhaps half done: creating") && said.contains("load_balancer.webui"), "{said}");
    assert!(said.contains("The lock was not given back. It runs out by itself"), "{said}");
    held.release();
    let status = clone.run(&["status", PRODUCTION]).expect_code(0).out;
    assert!(status.contains("at work") && status.contains("takes its lock over"), "{status}");
    clone.run(&["apply", PRODUCTION, "--yes"]).expect_code(0);
}
