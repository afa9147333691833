//! The policies that ship.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests read the repo's own files"
)]

use std::{collections::BTreeMap, path::Path};

use serde_json::{Value, json};

use pointsman_core::{
    environment::{Environment, Sources, read},
    plan::Action,
    policy::{
        Actor, ActorKind, Finding, OpenFreeze, PolicyInput, PolicySet, PullRequest, Verdict, json_schema,
        test,
    },
    resource::Kind,
};

/// A verdict as people would read it, a line per finding.
fn lines(verdict: &Verdict) -> Vec<String> {
    let line = |f: &Finding| {
        let path = f.path.as_ref().map(|path| format!(" ({path})")).unwrap_or_default();
        let effect = format!("{:?}", f.effect).to_lowercase();
        format!("{effect} {}.{} {}:{}: {}{path}", f.package, f.rule, f.file, f.line, f.message)
    };
    verdict.findings.iter().map(line).collect()
}

/// Every file under a folder of the repo, by path.
fn folder(path: &str) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{path}/{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            files.extend(folder(&path));
        } else {
            files.insert(path, std::fs::read_to_string(entry.path()).unwrap());
        }
    }
    files
}

/// The Rego files.
fn shipped() -> BTreeMap<String, String> {
    folder("policies").into_iter().filter(|(path, _)| path.ends_with(".rego")).collect()
}

fn set() -> PolicySet {
    PolicySet::load(&folder("policies")).unwrap_or_else(|errors| panic!("{errors:#?}"))
}

fn judged(name: &str, document: &Value, plan: Value) -> Verdict {
    let mut input = PolicyInput::of_environment(name, document, "2031-02-03T04:05:06Z");
    input.plan = plan;
    input.actor = Some(Actor { login: "depot".to_owned(), kind: ActorKind::Agent });
    set().evaluate(&input.to_document())
}

/// The example estate's environments, as the agent reads them.
fn estate() -> BTreeMap<String, Value> {
    let mut sources = Sources::new();
    for (path, text) in folder("environments") {
        sources.insert_file(path, text);
    }
    let reading = read(&sources);
    assert!(!reading.has_errors(), "{:?}", reading.diagnostics);
    let named = |e: Environment| (e.name.to_string(), e.document);
    reading.environments.into_iter().map(named).collect()
}

#[test]
fn their_own_tests_pass_and_reach_every_line() {
    let report = test::run(&set()).unwrap_or_else(|errors| panic!("{errors:#?}"));
    let failed: Vec<_> = report.tests.iter().filter(|t| t.outcome != test::TestOutcome::Passed).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert_eq!(report.coverage.len(), shipped().len() / 2, "{:#?}", report.coverage);
    for file in &report.coverage {
        assert!(
            file.not_covered.is_empty(),
            "{}: no test reaches the lines {:?}",
            file.file,
            file.not_covered
        );
    }
}

#[test]
fn each_says_why_it_exists() {
    for (path, text) in shipped() {
        assert!(path.ends_with("_test.rego") || text.starts_with("# Why: "), "{path}");
    }
}

#[test]
fn each_has_tests_beside_it() {
    let files = shipped();
    for path in files.keys().filter(|path| !path.ends_with("_test.rego")) {
        assert!(files.contains_key(&path.replace(".rego", "_test.rego")), "{path}");
    }
}

#[test]
fn the_example_estate_is_allowed_with_warnings() {
    let mut all = Vec::new();
    for (name, document) in estate() {
        let verdict = judged(&name, &document, Value::Null);
        assert!(verdict.is_allowed(), "{name}: {:#?}", lines(&verdict));
        all.push(name);
        all.extend(lines(&verdict));
    }
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn everything_wrong_at_once() {
    let mut estate = estate();
    let mut estate = estate.remove("production/gravity-ai-chat").unwrap();
    estate["load_balancer"]["webui"] =
        json!({ "scheme": "internet_facing", "subnets": "public", "allow_from": ["0.0.0.0/0"] });
    estate["cache"]["sessions"]["encryption"] = json!({ "in_transit": false });
    let service = &mut estate["service"]["webui3-scaled"];
    service["image"] = json!("ghcr.io/example/web:latest");
    service["environment"]["OPENAI_API_KEY"] = json!("correct-horse");
    service["log_retention"] = json!("1d");
    service["scaling"] = json!({ "min": 1, "max": 100 });
    service["task_role"] = service["execution_role"].clone();
    service["health"] = json!({});
    service["expose"]["stickiness"]["duration"] = json!("1d");
    estate["aws"]["account"] = json!("111122223333");
    estate["network"]["private_subnets"] = json!(["subnet-a"]);
    estate["tags"] = json!({});
    estate["alarms"] = json!({});
    // The words of a real plan.
    let plan = json!({ "changes": [
        { "address": "cache.sessions", "kind": Kind::ReplicationGroup, "action": Action::Replace, "stateful": true, "fields": [] },
        { "address": "external.database", "kind": "aurora", "action": Action::Update, "stateful": true, "fields": [] },
        { "address": "service.webui3-scaled", "kind": Kind::Service, "action": Action::Update, "stateful": false, "fields": [{ "field": "count", "before": 7, "after": 3 }] },
    ], "held": [], "cost": { "prices": "2026-11", "before": { "usual": "284.02" }, "after": { "usual": "1284.02" } } });
    let mut input =
        PolicyInput::of_environment("production/gravity-ai-chat", &estate, "2031-02-07T20:00:00Z");
    input.plan = plan;
    input.actor = Some(Actor { login: "depot".to_owned(), kind: ActorKind::Agent });
    input.pull_request = Some(PullRequest { approvals: Some(Vec::new()), ..PullRequest::default() });
    input.freeze = Some(OpenFreeze { until: "2031-02-10T05:00:00Z".to_owned() });
    let found = lines(&set().evaluate(&input.to_document()));
    insta::assert_snapshot!(found.join("\n"));
}

#[test]
fn an_environment_with_nothing_in_it_is_allowed() {
    let verdict = judged("staging/empty", &json!({ "schema": 1 }), Value::Null);
    assert_eq!(lines(&verdict), Vec::<String>::new());
}

#[test]
fn the_schema_of_the_input_is_current_and_true() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema/policy-input.json");
    let schema = json_schema();
    let wanted = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == wanted,
        "schema/policy-input.json is not what the types say: run `UPDATE_SCHEMA=1 cargo test -p pointsman-core --test policies`"
    );
    let validator = jsonschema::validator_for(&schema).unwrap();
    for (name, document) in estate() {
        let mut input = PolicyInput::of_environment(&name, &document, "2031-02-03T04:05:06Z");
        let accepts = |input: &PolicyInput| {
            let errors: Vec<_> =
                validator.iter_errors(&input.to_document()).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{name}: {errors:#?}");
        };
        accepts(&input);
        input.plan = json!({
            "schema": 1, "account": "1", "region": "us-east-1", "held": [{ "address": "external.database", "reason": "protected" }],
            "changes": [{ "address": "service.web", "kind": Kind::Service, "action": Action::Update, "stateful": false,
                "disruption": "none", "fields": [{ "field": "count", "before": 1, "after": 2 }] }],
        });
        accepts(&input);
        let mut document = input.to_document();
        document["plan"]["changes"][0].as_object_mut().unwrap().remove("address");
        assert!(!validator.is_valid(&document), "a change without an address is no change");
    }
}
