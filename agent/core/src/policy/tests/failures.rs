//! Failure is denial, and says where.

use serde_json::json;

use super::{files, judge, lines, load};
use crate::policy::{Cause, Effect, PolicySet, limits};

#[test]
fn an_error_while_evaluating_denies_and_the_other_rules_are_heard() {
    let set = load(&[
        ("policies/a.rego", "package a\n\nwarn contains \"x\" if {\n\tto_number(input.text) > 3\n}\n"),
        ("policies/b.rego", "package b\nwarn contains \"heard\" if true\n"),
    ]);
    let verdict = set.evaluate(&json!({ "text": "many" }));
    assert!(!verdict.is_allowed());
    insta::assert_snapshot!(lines(&verdict).join("\n"), @r#"
deny a.warn policies/a.rego:4: the rule `a.warn` cannot be evaluated: could not parse string as number
warn b.warn policies/b.rego:2: heard
"#);
}

#[test]
fn a_name_that_the_input_does_not_have_denies() {
    let text = r#"package p

deny contains "never" if {
	input.environmnt.service.web.cpu > 10
}

warn contains "default" if object.get(input, "labels", []) == ["x"]

deny_more contains "replaced" if helper with input.colour as "red"

helper if input["colours"].red
"#;
    let verdict = judge(text, &json!({ "environment": {}, "plan": null }));
    insta::assert_snapshot!(lines(&verdict).join("\n"), @r#"
deny p.deny policies/a.rego:4: the rule `p.deny` reads `input.environmnt`, which does not exist: the rule would be silent, not satisfied. The input has: environment, plan
deny p.helper policies/a.rego:11: the rule `p.helper` reads `input.colours`, which does not exist: the rule would be silent, not satisfied. The input has: environment, plan
"#);
    assert!(verdict.findings.iter().all(|f| f.cause == Cause::Failure));
}

#[test]
fn an_input_that_is_no_document_denies() {
    for input in [json!(null), json!([]), json!("x")] {
        let verdict = judge("package p\ndeny contains \"x\" if input.environment.x\n", &input);
        assert!(!verdict.is_allowed(), "{input}");
    }
}

#[test]
fn conflicting_results_deny() {
    let verdict = judge("package p\ndeny := \"a\" if true\ndeny := \"b\" if true\n", &json!({}));
    assert!(!verdict.is_allowed(), "{verdict:#?}");
}

#[test]
fn rules_that_need_themselves_deny() {
    let text = "package p\ndeny contains \"x\" if a\na if b\nb if a\n";
    let allowed = PolicySet::load(&files(&[("policies/a.rego", text)]))
        .map(|set| set.evaluate(&json!({})).is_allowed());
    assert_ne!(allowed, Ok(true));
}

#[test]
fn loops_are_stopped() {
    let text = r#"package p
deny contains "x" if {
	some a in numbers.range(1, 3000)
	some b in numbers.range(1, 3000)
	some c in numbers.range(1, 3000)
	a + b + c < 0
}
deny_after contains "not asked" if true
"#;
    let verdict = judge(text, &json!({}));
    assert!(!verdict.is_allowed());
    insta::assert_snapshot!(lines(&verdict).join("\n"), @r#"
deny p.deny policies/a.rego:2: the rule `p.deny` takes longer than 1s; no more rules were asked
"#);
}

#[test]
fn messages_are_bounded() {
    let verdict = judge(
        "package p\nwarn contains sprintf(\"%d\", [n]) if some n in numbers.range(1, 5000)\n",
        &json!({}),
    );
    assert_eq!(verdict.findings.len(), limits::MESSAGES + 1);
    assert_eq!(verdict.denials().count(), 1);
    let long = format!(
        "package p\nwarn contains concat(\"\", [\"é\" | some _ in numbers.range(1, {})])\n",
        limits::MESSAGE_CHARACTERS + 5
    );
    let verdict = judge(&long, &json!({}));
    assert_eq!(verdict.findings[0].message.chars().count(), limits::MESSAGE_CHARACTERS + 1);
    assert_eq!(verdict.findings[0].effect, Effect::Warn);
}

#[test]
fn files_are_bounded() {
    let large = format!("package p\n# {}", "x\n# ".repeat(limits::FILE_BYTES / 4));
    let errors = PolicySet::load(&files(&[("policies/a.rego", &large)])).unwrap_err();
    assert!(errors[0].message.contains("the limit is"), "{errors:?}");
    let rules = format!("package p\n{}", "deny contains \"x\" if false\n".repeat(limits::RULES + 1));
    let errors = PolicySet::load(&files(&[("policies/a.rego", &rules)])).unwrap_err();
    assert!(errors[0].message.contains("1001 rules"), "{errors:?}");
}

#[test]
fn a_chain_as_long_as_allowed_is_evaluated() {
    let length = limits::RULES - 2;
    let chain: String = (0..length).map(|n| format!("a{n} if a{}\n", n + 1)).collect();
    let text = format!("package p\ndeny contains \"reached\" if a0\n{chain}a{length} if true\n");
    assert_eq!(lines(&judge(&text, &json!({}))), ["deny p.deny policies/a.rego:2: reached"]);
}

#[test]
fn nesting_is_bounded() {
    let refused = |path: &str, text: String| match PolicySet::load(&files(&[(path, &text)])) {
        Ok(_) => "read".to_owned(),
        Err(errors) => errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
    };
    let nested = |depth: usize, open: &str, close: &str| {
        let text =
            format!("package p\ndeny contains {}1{} if false\n", open.repeat(depth), close.repeat(depth));
        refused("policies/a.rego", text)
    };
    let slow = "policies/a.rego:2: reading the literals within literals up to here takes too long\n  help: look for brackets that are not closed, give inner parts names of their own, or split the file";
    assert_eq!(nested(20, "(", ")"), "read");
    for (open, close) in [("(\n", ")\n"), ("-\n", ""), ("f(\n", ")\n"), ("[x | x := ", "]"), ("x[\n", "]\n")]
    {
        assert_ne!(nested(10_000, open, close), "read", "{open}");
    }
    assert_eq!(nested(12, "[", "]"), "read");
    assert_eq!(nested(12, "{\"a\": ", "}"), "read");
    assert_eq!(nested(30, "[", "]"), slow);
    assert_eq!(nested(30, "{\"a\": ", "}"), slow);
    assert_eq!(nested(20, "[[1], ", "]"), "read");

    for (path, text) in [
        ("policies/data/a.toml", format!("a = {}{}", "[".repeat(100_000), "]".repeat(100_000))),
        ("policies/data/a.toml", format!("a{} = 1", ".a".repeat(10_000))),
        ("policies/data/a.json", "[".repeat(5_000)),
    ] {
        assert_ne!(refused(path, text), "read", "{path}");
    }
}

#[test]
fn long_expressions_do_not_exhaust_the_stack() {
    let load = |part: &str, times: usize| {
        let text = format!("package p\nx := 1{}\ndeny contains \"x\" if x == 7\n", part.repeat(times));
        PolicySet::load(&files(&[("policies/a.rego", &text)]))
    };
    for part in [" +\n1", " -\n1", " in\n[1]", " |\n{1}", " ==\n1", " <\n1"] {
        if let Ok(set) = load(part, limits::OPERATORS - 2) {
            drop(set.evaluate(&json!({})));
        }
        let errors = load(part, 15_000).unwrap_err();
        assert!(errors[0].message.contains("operators"), "{errors:?}");
    }
    for part in [".a\n", "[1]\n", "; 1", "(1)"] {
        if let Ok(set) = load(part, 15_000) {
            drop(set.evaluate(&json!({})));
        }
    }
}

#[test]
fn no_policies_allow() {
    assert!(load(&[]).evaluate(&json!({})).is_allowed());
    assert!(load(&[("policies/a.rego", "package a\n")]).evaluate(&json!({})).is_allowed());
}

#[test]
fn nothing_outside_can_be_reached() {
    for call in [
        "http.send({\"method\": \"get\", \"url\": \"http://127.0.0.1/\"})",
        "net.lookup_ip_addr(\"localhost\")",
    ] {
        let text = format!("package p\ndeny contains \"x\" if {call}\n");
        let denied = PolicySet::load(&files(&[("policies/a.rego", &text)]))
            .map(|set| set.evaluate(&json!({})))
            .map_or(true, |verdict| verdict.findings.iter().any(|f| f.cause == Cause::Failure));
        assert!(denied, "{call}");
    }
}
