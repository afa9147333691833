//! Conftest's conventions, in the styles that people write.

use serde_json::json;

use super::{judge, lines, load};
use crate::policy::{PolicyError, Verdict};

#[test]
fn a_verdict_as_data() {
    let set = load(&[
        (
            "policies/size.rego",
            r#"package size

deny contains {"msg": msg, "path": path, "limit": data.limits.cpu} if {
	some name, service in input.environment.service
	service.cpu > data.limits.cpu
	msg := sprintf("service `%s` is too large", [name])
	path := sprintf("service.%s.cpu", [name])
}

warn contains "the service has no owner" if not input.environment.owner

warn_never contains "unreachable" if false
"#,
        ),
        ("policies/data/limits.toml", "cpu = 4096\n"),
        ("policies/README.md", "not a policy"),
    ]);
    let input = json!({ "environment": { "service": { "web": { "cpu": 8192 }, "api": { "cpu": 256 } } } });
    let verdict = set.evaluate(&input);
    assert!(!verdict.is_allowed());
    insta::assert_json_snapshot!(verdict);

    let text = serde_json::to_string(&verdict).unwrap();
    assert_eq!(serde_json::from_str::<Verdict>(&text).unwrap(), verdict, "a child process can hand it back");
    assert_eq!(set.evaluate(&input), verdict, "asked again, it says the same");
}

#[test]
fn the_styles_that_people_write() {
    let set = load(&[
        (
            "policies/v0.rego",
            r#"package main

deny[msg] {
  input.kind == "Deployment"
  not input.spec.template.spec.securityContext.runAsNonRoot
  msg = "Containers must not run as root"
}

deny[msg] {
  input.kind = "Deployment"
  not labelled
  msg := sprintf("%s must be labelled", [input.metadata.name])
}

labelled { input.metadata.labels["app"] }

violation[{"msg": msg, "details": {"replicas": n}}] {
  n := input.spec.replicas
  n < 2
  msg := "too few replicas"
}
"#,
        ),
        (
            "policies/v1.rego",
            r#"package kubernetes.images

import rego.v1

deny_latest contains msg if {
	some container in input.spec.template.spec.containers
	endswith(container.image, ":latest")
	msg := sprintf("%s uses latest", [container.name])
}

warn_registry contains msg if {
	some container in input.spec.template.spec.containers
	not startswith(container.image, "ghcr.io/")
	msg := sprintf("%s comes from elsewhere", [container.name])
}

denylist contains "not a rule that judges" if true

deny_(x) := x

warning contains "neither is this" if true
"#,
        ),
        (
            "policies/future.rego",
            r#"package future
import future.keywords.if
import future.keywords.in
import future.keywords.contains

deny contains msg if {
	some key in ["a", "b"]
	key in input.metadata.annotations
	msg := concat(" ", ["annotation", key])
}
"#,
        ),
    ]);
    let verdict = set.evaluate(&json!({
        "kind": "Deployment",
        "metadata": { "name": "web", "annotations": ["a"] },
        "spec": { "replicas": 1, "template": { "spec": { "containers": [{ "name": "web", "image": "nginx:latest" }] } } },
    }));
    insta::assert_snapshot!(lines(&verdict).join("\n"), @r#"
deny future.deny policies/future.rego:6: annotation a
deny kubernetes.images.deny_latest policies/v1.rego:5: web uses latest
deny main.deny policies/v0.rego:3: Containers must not run as root
deny main.deny policies/v0.rego:9: web must be labelled
deny main.violation policies/v0.rego:17: too few replicas
warn kubernetes.images.warn_registry policies/v1.rego:11: web comes from elsewhere
"#);
    assert_eq!(
        verdict.findings.iter().find(|f| f.rule == "violation").unwrap().details["details"],
        json!({ "replicas": 1 })
    );
}

#[test]
fn shapes_that_are_understood_and_shapes_that_are_not() {
    let said = |rule: &str| lines(&judge(&format!("package p\n{rule}\n"), &json!({})));
    for understood in [
        r#"deny contains "no""#,
        r#"deny contains {"msg": "no"}"#,
        r#"deny := ["no"]"#,
        r#"deny := "no""#,
        r#"deny := {"msg": "no"}"#,
        r#"deny := {"any": "no"}"#,
        r#"deny["any"] := {"msg": "no"}"#,
        r#"deny := {"no"}"#,
        r#"deny.any := "no""#,
    ] {
        assert_eq!(said(understood), ["deny p.deny policies/a.rego:2: no"], "{understood}");
    }
    for silent in [
        "deny contains 1 if false",
        "deny := 1 if false",
        "deny := []",
        "deny := {}",
        "deny(x) := x",
        "deny.size contains 1 if false",
    ] {
        assert!(said(silent).is_empty(), "{silent}");
    }
    let wrong: Vec<String> = [
        "deny := true",
        "deny := false",
        "deny if true",
        "deny := null",
        "warn := 7",
        "deny contains 7",
        r#"deny contains {"message": "no"}"#,
        r#"deny contains {"msg": 7}"#,
        r#"deny := [["no"]]"#,
        "violation_x contains {{1}}",
    ]
    .iter()
    .flat_map(|rule| said(rule))
    .collect();
    insta::assert_snapshot!(wrong.join("\n"), @r#"
deny p.deny policies/a.rego:2: the rule `p.deny` has a wrong shape: it gives `true`; write `deny contains message if { … }` with a string, or an object with a string `msg`
deny p.deny policies/a.rego:2: the rule `p.deny` has a wrong shape: it gives `false`; write `deny contains message if { … }` with a string, or an object with a string `msg`
deny p.deny policies/a.rego:2: the rule `p.deny` has a wrong shape: it gives `true`; write `deny contains message if { … }` with a string, or an object with a string `msg`
deny p.deny policies/a.rego:2: the rule `p.deny` has a wrong shape: it gives `null`; write `deny contains message if { … }` with a string, or an object with a string `msg`
deny p.warn policies/a.rego:2: the rule `p.warn` has a wrong shape: it gives a number; write `warn contains message if { … }` with a string, or an object with a string `msg`
deny p.deny policies/a.rego:2: the rule `p.deny` has a wrong shape: it gives a number; write `deny contains message if { … }` with a string, or an object with a string `msg`
deny p.deny policies/a.rego:2: the rule `p.deny` has a wrong shape: it gives an object without a string `msg`; write `deny contains message if { … }` with a string, or an object with a string `msg`
deny p.deny policies/a.rego:2: the rule `p.deny` has a wrong shape: it gives an object without a string `msg`; write `deny contains message if { … }` with a string, or an object with a string `msg`
deny p.deny policies/a.rego:2: the rule `p.deny` has a wrong shape: it gives an array within the result; write `deny contains message if { … }` with a string, or an object with a string `msg`
deny p.violation_x policies/a.rego:2: the rule `p.violation_x` has a wrong shape: it gives a set within the result; write `violation_x contains message if { … }` with a string, or an object with a string `msg`
"#);
}

#[test]
fn exceptions_take_back_the_rules_of_their_package() {
    let set = load(&[
        (
            "policies/a.rego",
            r#"package a
deny contains "all" if true
deny_size contains "too large" if true
violation_size contains "much too large" if true
warn_size contains "large" if true
deny_age contains "too old" if true

exception contains rules if {
	input.environment.name == "staging/web"
	rules := ["size", ""]
}
"#,
        ),
        ("policies/b.rego", "package b\ndeny_size contains \"too large\" if true\n"),
    ]);
    let verdict = set.evaluate(&json!({ "environment": { "name": "staging/web" } }));
    insta::assert_snapshot!(lines(&verdict).join("\n"), @r#"
deny a.deny policies/a.rego:2: all except policies/a.rego:8
deny a.deny_age policies/a.rego:6: too old
deny a.deny_size policies/a.rego:3: too large except policies/a.rego:8
deny a.violation_size policies/a.rego:4: much too large except policies/a.rego:8
deny b.deny_size policies/b.rego:2: too large
warn a.warn_size policies/a.rego:5: large except policies/a.rego:8
"#);
    assert_eq!(verdict.denials().count(), 2);
    let verdict = set.evaluate(&json!({ "environment": { "name": "production/web" } }));
    assert_eq!((verdict.excepted().count(), verdict.denials().count()), (0, 5));
}

#[test]
fn exceptions_of_a_wrong_shape_and_for_failures_deny() {
    for exception in ["exception := true", "exception contains \"size\"", "exception contains [1]"] {
        let verdict =
            judge(&format!("package p\ndeny_size contains \"no\" if true\n{exception}\n"), &json!({}));
        assert_eq!(verdict.denials().count(), 2, "{exception}: {verdict:#?}");
    }
    let verdict = judge("package p\ndeny_size := 7\nexception contains [\"size\"] if true\n", &json!({}));
    assert!(!verdict.is_allowed(), "a rule that fails cannot be excepted");
}

#[test]
fn a_message_names_the_definition_that_gave_it() {
    let text = r#"package p

deny contains "one" if input.one

deny contains "two" if {
	input.two
}

deny contains "both" if input.one
deny contains "both" if input.two
"#;
    let verdict = judge(text, &json!({ "one": false, "two": true }));
    let lines: Vec<_> = verdict.findings.iter().map(|f| (f.message.as_str(), f.line)).collect();
    assert_eq!(lines, [("two", 5), ("both", 10)]);
}

#[test]
fn every_error_of_every_file_at_once() {
    let errors = crate::policy::PolicySet::load(&super::files(&[
        ("policies/a.rego", "package a\n\ndeny contains msg if {\n\tmsg := \n}\n"),
        ("policies/a_test.rego", "package a\ntest_x if {\n"),
        ("policies/b.rego", "package b\nimport rego.v1\ndeny[msg] { msg := \"v0\" }\n"),
        ("policies/c.rego", "package c\ndeny[msg] {\n  msg := \"v0\"\n  x := \n}\n"),
        ("policies/data/x.json", "{\n"),
        ("policies/data/x.toml", "a = 1\n"),
        ("policies/data/y.toml", "a = 1\nb = = 2\n"),
    ]))
    .unwrap_err();
    insta::assert_snapshot!(errors.iter().map(PolicyError::to_string).collect::<Vec<_>>().join("\n"), @r#"
policies/a.rego:4:9: expecting `}` while parsing set
  help: correct the syntax (Rego v1): `deny contains message if { … }`
policies/a_test.rego:3:1: expecting expression
  help: correct the syntax (Rego v1): `deny contains message if { … }`
policies/b.rego:3:11: `if` keyword is required before rule body
  help: correct the syntax (Rego v1): `deny contains message if { … }`
policies/c.rego:5:1: expecting expression
  help: this is neither Rego v1 nor v0; it is easiest to correct it towards v1: `deny contains message if { … }`
policies/data/x.json:2: this is not JSON: EOF while parsing an object at line 2 column 0
  help: correct the data file; policies read it as `data.NAME`
policies/data/x.toml: `policies/data/x.json` has the same name, and both would be `data.x`
  help: rename one of them
policies/data/y.toml:2:5: this is not TOML: extra `=`, expected nothing
  help: correct the data file; policies read it as `data.NAME`
"#);
}

#[test]
fn data_files_and_packages_do_not_overwrite_each_other() {
    let errors = crate::policy::PolicySet::load(&super::files(&[
        ("policies/a.rego", "package limits.cpu\ndeny contains \"no\" if false\n"),
        ("policies/data/limits.json", "{}"),
    ]))
    .unwrap_err();
    assert!(errors[0].to_string().contains("`limits`"), "{errors:?}");
}

#[test]
fn shapes_of_policies_in_the_wild() {
    let set = load(&[
        (
            // Imported under another name, iterated with `_`, functions and `else`.
            "policies/terraform.rego",
            r#"package terraform.analysis

import input as tfplan

weights := {"cache": {"delete": 100, "create": 10}}

limit = 50

score = total {
	all := [weight |
		change := tfplan.plan.changes[_]
		weight := weights[change.kind][change.action]
	]
	total := sum(all)
}

severity(n) = "high" {
	n > 90
} else = "low" {
	true
}

deny[msg] {
	score > limit
	msg := sprintf("the change scores %d, %s", [score, severity(score)])
}
"#,
        ),
        (
            // `violation` with details, as for Gatekeeper, and a data file.
            "policies/registries.rego",
            r#"package main

import data.registries
import future.keywords.every
import future.keywords.in

violation[{"msg": msg, "details": {"image": image}}] {
	image := input.environment.service[name].image
	every registry in registries.allowed { not startswith(image, registry) }
	msg := sprintf("%v: %v is from elsewhere", [name, image])
}

warn_owner[msg] {
	not has_key(input.environment, "owner")
	msg := "nobody owns it"
}

has_key(object, key) { _ = object[key] }

exception[rules] {
	input.environment.name == "staging/web"
	rules := ["", "owner"]
}
"#,
        ),
        (
            "policies/modern.rego",
            r#"package kubernetes

import rego.v1

import data.lib.services

deny_replicas contains {"msg": msg} if {
	some name in services.names
	object.get(input.environment.service[name], "count", 1) < 2
	msg := sprintf("%s has one task", [name])
}
"#,
        ),
        (
            "policies/lib/services.rego",
            "package lib.services\nimport rego.v1\nnames contains name if some name, _ in input.environment.service\n",
        ),
        ("policies/data/registries.json", r#"{ "allowed": ["ghcr.io/", "registry.example/"] }"#),
    ]);
    let input = |name: &str| {
        json!({
            "environment": { "name": name, "service": { "web": { "image": "docker.io/web", "count": 1 } } },
            "plan": { "changes": [{ "kind": "cache", "action": "delete" }] },
        })
    };
    let verdict = set.evaluate(&input("production/web"));
    insta::assert_snapshot!(lines(&verdict).join("\n"));
    let staging = set.evaluate(&input("staging/web"));
    assert_eq!((staging.excepted().count(), staging.denials().count()), (2, 2));
}
