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
    policy::{Finding, PolicyInput, PolicySet, Verdict, test},
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

fn shipped() -> BTreeMap<String, String> {
    folder("policies").into_iter().filter(|(path, _)| path.ends_with(".rego")).collect()
}

fn set() -> PolicySet {
    PolicySet::load(&shipped()).unwrap_or_else(|errors| panic!("{errors:#?}"))
}

fn judged(name: &str, document: &Value, plan: Value) -> Verdict {
    let mut input = PolicyInput::of_environment(name, document, "2031-02-03T04:05:06Z");
    input.plan = plan;
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
    assert_eq!(report.coverage.len(), shipped().len() / 2);
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
    insta::assert_snapshot!(all.join("\n"), @r#"
production/gravity-ai-chat
warn openwebui.warn policies/openwebui.rego:15: service `webui3-scaled` runs more than one process without `REDIS_URL`: sessions and settings are not shared between them (service.webui3-scaled.environment.REDIS_URL)
warn openwebui.warn policies/openwebui.rego:23: service `webui3-scaled` runs 2 workers in each of up to 10 tasks: each worker has its own database pool and its own copy of the models in memory; scale by tasks alone (service.webui3-scaled.environment.UVICORN_WORKERS)
warn openwebui.warn policies/openwebui.rego:31: service `webui3-scaled` has a thread pool of 20, less than the default of 40: under load the whole task stands still, health checks included (service.webui3-scaled.environment.THREAD_POOL_SIZE)
warn openwebui.warn policies/openwebui.rego:54: service `webui3-scaled` runs more than one process on the vector database `chroma`, which is a file: processes that write at once damage it; use `pgvector` or another server (service.webui3-scaled.environment.VECTOR_DB)
warn openwebui.warn policies/openwebui.rego:62: service `webui3-scaled` lets every task run the migrations at its start: started together on a new schema, tasks fail; start one task first, or set `ENABLE_DB_MIGRATIONS = "false"` and migrate in a task of its own (service.webui3-scaled.environment.ENABLE_DB_MIGRATIONS)
staging/gravity-ai-chat
"#);
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
    service["scaling"]["min"] = json!(1);
    // The words of a real plan.
    let plan = json!({ "changes": [
        { "address": "cache.sessions", "kind": Kind::ReplicationGroup, "action": Action::Replace, "stateful": true, "fields": [] },
        { "address": "external.database", "kind": "aurora", "action": Action::Update, "stateful": true, "fields": [] },
    ], "held": [] });
    let found = lines(&judged("production/gravity-ai-chat", &estate, plan));
    insta::assert_snapshot!(found.join("\n"), @r#"
deny destructive_changes.deny policies/destructive_changes.rego:5: `cache.sessions` (replication_group) would be replaced and what it holds is lost; this needs an approval on its pull request (cache.sessions)
deny encrypted_caches.deny policies/encrypted_caches.rego:5: cache `sessions` is not encrypted in transit (cache.sessions.encryption.in_transit)
deny images_by_digest.deny policies/images_by_digest.rego:5: service `webui3-scaled` runs `ghcr.io/example/web:latest`, which is not fixed by its digest; write `NAME@sha256:…` (service.webui3-scaled.image)
deny internal_load_balancers.deny policies/internal_load_balancers.rego:5: load balancer `webui` has the scheme `internet_facing`; only `internal` is allowed (load_balancer.webui.scheme)
deny literal_secrets.deny policies/literal_secrets.rego:6: `OPENAI_API_KEY` of service `webui3-scaled` has the name of a secret and a literal value; put it into Secrets Manager and refer to it under `secrets` (service.webui3-scaled.environment.OPENAI_API_KEY)
deny log_retention.deny policies/log_retention.rego:13: service `webui3-scaled` keeps its logs for `1d`, less than 14 days (service.webui3-scaled.log_retention)
deny no_open_ingress.deny policies/no_open_ingress.rego:5: load balancer `webui` lets in `0.0.0.0/0`; name the networks that need it (load_balancer.webui.allow_from.0)
deny private_subnets.deny policies/private_subnets.rego:5: load_balancer `webui` is placed in the `public` subnets; only `private` is allowed (load_balancer.webui.subnets)
deny production_capacity.deny policies/production_capacity.rego:7: service `webui3-scaled` may run with 1 task(s) in production; it needs at least 2 (service.webui3-scaled.scaling.min)
deny protected_externals.deny policies/protected_externals.rego:5: the plan would update `external.database`, which is external: it is referred to and never written (external.database)
"#);
}

#[test]
fn an_environment_with_nothing_in_it_is_allowed() {
    let verdict = judged("staging/empty", &json!({ "schema": 1 }), Value::Null);
    assert_eq!(lines(&verdict), Vec::<String>::new());
}
