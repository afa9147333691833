//! `data/overrides.toml`: who takes the responsibility.

use serde_json::json;

use super::{files, load};
use crate::policy::{Cause, PolicyError, PolicySet, Verdict};

const POLICY: &str = r#"package size

deny contains {"msg": "too large", "path": "service.web.cpu"} if input.cpu > 10
deny contains {"msg": "too much memory", "path": "service.web.memory"} if input.cpu > 10
deny_age contains "too old" if true
"#;

const OVERRIDE: &str = r#"
[[override]]
rule        = "size.deny"
environment = "production/web"
who         = "ann"
role        = "platform lead"
reason      = "the import of March needs it"
until       = 2031-02-03
"#;

fn verdict(overrides: &str, name: &str, now: &str) -> Verdict {
    let set = load(&[("policies/size.rego", POLICY), ("policies/data/overrides.toml", overrides)]);
    set.evaluate(&json!({ "environment": { "name": name }, "cpu": 11, "now": now }))
}

fn told(verdict: &Verdict) -> Vec<String> {
    let line = |f: &crate::policy::Finding| {
        let by = f.overridden.as_ref().map(crate::render::plan::by).unwrap_or_default();
        let effect = format!("{:?}", f.effect).to_lowercase();
        format!("{effect} {}: {} {by}", crate::render::plan::place(f), f.message).trim().to_owned()
    };
    verdict.findings.iter().map(line).collect()
}

#[test]
fn an_override_takes_back_one_rule_in_one_environment() {
    let here = verdict(OVERRIDE, "production/web", "2031-02-03T23:59:59Z");
    insta::assert_snapshot!(told(&here).join("\n"));
    assert_eq!((here.overridden().count(), here.denials().count()), (2, 1));
    let elsewhere = verdict(OVERRIDE, "production/api", "2031-02-03T23:59:59Z");
    assert_eq!((elsewhere.overridden().count(), elsewhere.denials().count()), (0, 3));
}

#[test]
fn with_a_path_it_is_about_one_value() {
    let narrow = format!("{OVERRIDE}path = \"service.web.cpu\"\n");
    let verdict = verdict(&narrow, "production/web", "2031-01-01T00:00:00Z");
    assert_eq!((verdict.overridden().count(), verdict.denials().count()), (1, 2));
}

#[test]
fn an_override_that_ran_out_is_told_and_counts_no_more() {
    let late = verdict(OVERRIDE, "production/web", "2031-02-04T00:00:00Z");
    assert_eq!((late.overridden().count(), late.denials().count()), (0, 3));
    insta::assert_snapshot!(told(&late).join("\n"));
    assert!(late.findings.iter().any(|f| f.cause == Cause::Override));
    // Without a date nothing is known to be in time.
    assert_eq!(verdict(OVERRIDE, "production/web", "").denials().count(), 3);
}

#[test]
fn failures_are_never_overridden() {
    let set = load(&[
        ("policies/size.rego", "package size\ndeny contains \"x\" if to_number(\"y\") > 1\n"),
        ("policies/data/overrides.toml", OVERRIDE),
    ]);
    let verdict =
        set.evaluate(&json!({ "environment": { "name": "production/web" }, "now": "2031-01-01T00:00:00Z" }));
    assert!(!verdict.is_allowed());
}

#[test]
fn what_is_wrong_with_overrides_is_told_at_once() {
    let wrong = [
        OVERRIDE.replace("size.deny", "size.dney"),
        OVERRIDE.replace("the import of March needs it", " "),
        OVERRIDE.replace("2031-02-03", "12:00:00"),
    ]
    .concat();
    let refused = |path: &str, text: &str| {
        let errors = PolicySet::load(&files(&[("policies/size.rego", POLICY), (path, text)])).unwrap_err();
        errors.iter().map(PolicyError::to_string).collect::<Vec<_>>().join("\n")
    };
    let toml = "policies/data/overrides.toml";
    let said = [
        refused(toml, &wrong),
        refused(toml, &OVERRIDE.replace("until ", "untill")),
        refused("policies/data/overrides.json", "{}"),
    ];
    insta::assert_snapshot!(said.join("\n"));
}
