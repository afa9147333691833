//! Plans as people read them at a terminal of 80 columns.

use std::collections::BTreeMap;

use pointsman_core::{
    plan::Plan,
    policy::{Cause, Effect, Finding, Verdict},
    render,
    report::Judged,
};

use crate::{account::Account, generated::Shape};

fn shown(plan: Plan, verdict: Verdict) -> String {
    let text = render::plan::terminal(&Judged { plan, verdict });
    let plain = anstream::adapter::strip_str(&text).to_string();
    for line in plain.lines() {
        assert!(line.chars().count() <= 80, "longer than 80: {line}");
    }
    plain
}

fn finding(effect: Effect, message: &str) -> Finding {
    Finding {
        effect,
        cause: Cause::Policy,
        package: "images".to_owned(),
        rule: "deny".to_owned(),
        message: message.to_owned(),
        path: None,
        details: BTreeMap::new(),
        file: "policies/images.rego".to_owned(),
        line: 12,
        excepted: None,
        overridden: None,
    }
}

fn deployed() -> (Account, Shape) {
    let mut account = Account::default();
    let shape = Shape::default();
    account.deploy(&shape.environment());
    (account, shape)
}

#[test]
fn a_new_image() {
    let (account, shape) = deployed();
    let plan = account.plan(&Shape { image: 2, ..shape }.environment()).unwrap();
    insta::assert_snapshot!("new_image", shown(plan, Verdict::default()));
}

#[test]
fn what_destroys() {
    let (account, shape) = deployed();
    let after = Shape { cache: false, port: 9090, internal: false, count: 1, ..shape };
    let plan = account.plan(&after.environment()).unwrap();
    insta::assert_snapshot!("destructive", shown(plan, Verdict::default()));
}

#[test]
fn nothing_to_do() {
    let (account, shape) = deployed();
    let plan = account.plan(&shape.environment()).unwrap();
    insta::assert_snapshot!("empty", shown(plan, Verdict::default()));
}

#[test]
fn denied() {
    let (account, shape) = deployed();
    let plan = account.plan(&Shape { image: 2, ..shape }.environment()).unwrap();
    let findings = vec![
        finding(
            Effect::Deny,
            "the image `registry.example/web` has no digest, so that nobody can say what was deployed when something goes wrong at night",
        ),
        finding(Effect::Warn, "logs are kept for 3 days"),
    ];
    let verdict = Verdict { findings, rules: Vec::new() };
    insta::assert_snapshot!("denied", shown(plan, verdict));
}

#[test]
fn colours_are_escape_codes_that_can_be_stripped() {
    let (account, shape) = deployed();
    let plan = account.plan(&Shape { count: 1, ..shape }.environment()).unwrap();
    let text = render::plan::terminal(&Judged { plan, verdict: Verdict::default() });
    insta::assert_snapshot!("coloured", text.replace('\u{1b}', "␛"));
}
