//! Every field of every kind has a rule, and a change in a file that shows it:
//! the plan is exactly that change, what is applied is what lives, and back
//! again is nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use pointsman_core::{
    Address,
    environment::{Environment, Sources, read},
    plan::{Conflict, Origin, Plan},
    resource::{Kind, Rule},
};

use super::account::Account;

const ESTATE: &str = include_str!("estate.toml");

/// What is written in the estate, and what is written instead.
const EDITS: &[(&str, &str)] = &[
    ("Purpose = \"one\"", "Purpose = \"two\""),
    ("scheme = \"internal\"", "scheme = \"internet_facing\""),
    ("subnets = \"private\"\nallow_from", "subnets = \"public\"\nallow_from"),
    ("allow_from = [\"10.0.0.0/8\"]", "allow_from = [\"192.168.0.0/16\"]"),
    ("idle_timeout = \"300s\"", "idle_timeout = \"60s\""),
    ("deletion_protection = false", "deletion_protection = true"),
    ("drop_invalid_headers = false", "drop_invalid_headers = true"),
    ("port = 80\n", "port = 81\n"),
    ("hosts = [\"a.example\"]", "hosts = [\"b.example\"]"),
    (
        "port = 443\nprotocol = \"HTTPS\"\ncertificate = \"arn:aws:acm:us-east-1:123456789012:certificate/one\"\nssl_policy = \"ELBSecurityPolicy-TLS13-1-2-2021-06\"",
        "port = 443\nprotocol = \"HTTP\"",
    ),
    ("certificate/one", "certificate/two"),
    ("ELBSecurityPolicy-TLS13-1-2-2021-06", "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"),
    ("engine = \"redis\"\nengine_version = \"7.0\"", "engine = \"valkey\"\nengine_version = \"7.2\""),
    ("engine_version = \"7.0\"", "engine_version = \"7.1\""),
    ("engine_version = \"7.0\"", "engine_version = \"6.2\""),
    ("node_type = \"cache.t3.micro\"", "node_type = \"cache.t3.small\""),
    ("nodes = 1", "nodes = 2"),
    ("port = 6379\nsubnets = \"private\"", "port = 6380\nsubnets = \"private\""),
    ("port = 6379\nsubnets = \"private\"", "port = 6379\nsubnets = \"public\""),
    ("at_rest = true", "at_rest = false"),
    ("in_transit = true", "in_transit = false"),
    ("sun:05:00-sun:06:00", "mon:05:00-mon:06:00"),
    ("allkeys-lru", "volatile-lru"),
    ("cluster = \"main\"", "cluster = \"other\""),
    ("registry.example/web:1", "registry.example/web:2"),
    ("cpu = 256", "cpu = 512"),
    ("memory = 1024", "memory = 2048"),
    ("architecture = \"x86_64\"", "architecture = \"arm64\""),
    ("count = 2", "count = 3"),
    ("port = 8080", "port = 9090"),
    ("command = [\"serve\"]", "command = [\"serve\", \"--fast\"]"),
    ("role/execution", "role/other-execution"),
    ("role/task", "role/other-task"),
    ("subnets = \"private\"\nlog_retention", "subnets = \"public\"\nlog_retention"),
    ("log_retention = \"30d\"", "log_retention = \"60d\""),
    ("stop_timeout = \"30s\"", "stop_timeout = \"60s\""),
    ("LEVEL = \"info\"", "LEVEL = \"debug\""),
    ("path = \"/health\"", "path = \"/ready\""),
    ("interval = \"30s\"", "interval = \"20s\""),
    ("timeout = \"5s\"", "timeout = \"6s\""),
    ("healthy = 2\n", "healthy = 3\n"),
    ("unhealthy = 3", "unhealthy = 4"),
    ("codes = \"200\"", "codes = \"200-299\""),
    ("grace = \"60s\"", "grace = \"90s\""),
    (
        "listener = \"${load_balancer.main.listener.http}\"",
        "listener = \"${load_balancer.main.listener.https}\"",
    ),
    ("priority = 10", "priority = 11"),
    ("drain = \"300s\"", "drain = \"60s\""),
    ("duration = \"30m\"", "duration = \"40m\""),
    ("visibility_timeout = \"31s\"", "visibility_timeout = \"32s\""),
    ("retention = \"1d\"", "retention = \"2d\""),
    ("delay = \"1s\"", "delay = \"2s\""),
    ("max_message_size = 65536", "max_message_size = 131072"),
    ("receive_wait = \"2s\"", "receive_wait = \"3s\""),
    ("encryption = \"sqs\"", "encryption = \"alias/queues\""),
    ("${queue.dead}", "${queue.other}"),
    ("after = 5", "after = 6"),
    ("fifo = true\ncontent_deduplication = false", "fifo = false"),
    ("content_deduplication = false", "content_deduplication = true"),
    (
        "versioned = true\nencryption = \"s3\"\nexpire_after = \"90d\"\nnoncurrent_expire_after = \"30d\"",
        "versioned = false\nencryption = \"s3\"\nexpire_after = \"90d\"",
    ),
    ("encryption = \"s3\"", "encryption = \"alias/files\""),
    ("\nexpire_after = \"90d\"", "\nexpire_after = \"60d\""),
    ("noncurrent_expire_after = \"30d\"", "noncurrent_expire_after = \"20d\""),
    (
        "[service.web.expose]\nlistener = \"${load_balancer.main.listener.http}\"\npriority = 10\ndrain = \"300s\"\nstickiness = { kind = \"load_balancer_cookie\", duration = \"30m\" }\n",
        "",
    ),
];

/// Why no file shows a field's rule.
enum Other {
    /// The file does not say it; somebody changes what lives.
    ByHand,
    /// Nobody changes it on what lives.
    Fixed(&'static str),
}

const IDENTITY: Other = Other::Fixed("its identity, made of the names of environment and block");
const AT_BIRTH: Other = Other::Fixed("AWS never changes it");
const REVISION: Other = Other::Fixed("a revision never changes; it follows from the names and the region");

/// Fields that no file can change alone.
const FOLLOWS: &[(&str, &str, Other)] = &[
    ("bucket", "name", IDENTITY),
    ("bucket", "other_rules", Other::Fixed("rules of others, which a bucket of ours does not have")),
    ("bucket", "ownership", Other::ByHand),
    ("bucket", "public_access_blocked", Other::ByHand),
    ("cache_parameter_group", "description", AT_BIRTH),
    ("cache_subnet_group", "description", Other::ByHand),
    ("cache_subnet_group", "name", IDENTITY),
    ("listener", "default_status", Other::ByHand),
    ("load_balancer", "security_groups", Other::ByHand),
    ("log_group", "name", IDENTITY),
    ("replication_group", "description", Other::ByHand),
    ("replication_group", "security_groups", Other::ByHand),
    ("replication_group", "subnet_group", AT_BIRTH),
    ("security_group", "description", AT_BIRTH),
    ("security_group", "name", IDENTITY),
    ("security_group", "vpc", AT_BIRTH),
    ("service", "circuit_breaker", Other::ByHand),
    ("service", "container", IDENTITY),
    ("service", "maximum_percent", Other::ByHand),
    ("service", "minimum_healthy_percent", Other::ByHand),
    ("service", "name", IDENTITY),
    ("service", "security_groups", Other::ByHand),
    ("target_group", "protocol", AT_BIRTH),
    ("target_group", "vpc", AT_BIRTH),
    ("task_definition", "family", IDENTITY),
    ("task_definition", "log_group", REVISION),
    ("task_definition", "log_region", REVISION),
];

fn environment(text: &str) -> Environment {
    let mut sources = Sources::new();
    sources.insert_file("environments/test/web.toml", text.to_owned());
    let reading = read(&sources);
    let errors: Vec<&String> = reading.diagnostics.iter().map(|diagnostic| &diagnostic.message).collect();
    reading
        .environment("test/web")
        .cloned()
        .unwrap_or_else(|| panic!("the file is not right: {errors:?}\n{text}"))
}

/// `environment.LEVEL` is one of `environment.*`.
fn pattern(field: &str) -> String {
    const MAPS: [&str; 5] = ["tags", "environment", "ingress", "parameters", "secrets"];
    match field.split_once('.') {
        Some((map, _)) if MAPS.contains(&map) => format!("{map}.*"),
        _ => field.to_owned(),
    }
}

/// What was seen of a field: its rule, and the edits that change it.
type Seen = BTreeMap<(&'static str, String), (Rule, BTreeSet<String>)>;

fn note(seen: &mut Seen, plan: &Plan, edit: &str) {
    for change in &plan.changes {
        for field in &change.fields {
            let key = (change.kind.as_str(), pattern(&field.field));
            let entry = seen.entry(key).or_insert_with(|| (field.rule, BTreeSet::new()));
            assert_eq!(entry.0, field.rule, "{} {}", change.address, field.field);
            entry.1.insert(edit.to_owned());
        }
    }
}

fn said(plan: &Plan) -> String {
    let mut text = String::new();
    for change in &plan.changes {
        let fields: Vec<&str> = change.fields.iter().map(|field| field.field.as_str()).collect();
        let _ = writeln!(text, "    {:?} {} {}", change.action, change.address, fields.join(", "));
    }
    text
}

/// Somebody changes a field of each object of a kind; the next plan is exactly
/// the way back.
fn changed_by_hand(base: &Environment, kind: &str, field: &str, rule: Rule) {
    let mut account = Account::default();
    account.deploy(base);
    let of_kind: Vec<Address> = account.addresses(kind);
    for address in of_kind {
        account.change_by_hand(&address, field);
        let plan = account.plan(base).expect("it can be planned");
        let [change] = plan.changes.as_slice() else { panic!("{address}.{field}:\n{}", said(&plan)) };
        let fields: Vec<(&str, Rule)> =
            change.fields.iter().map(|change| (change.field.as_str(), change.rule)).collect();
        assert_eq!((&change.address, fields.as_slice()), (&address, [(field, rule)].as_slice()));
        assert_eq!(change.fields[0].origin, Origin::Live, "{address}.{field}");
        account.apply(&plan);
        let again = account.plan(base).expect("it can be planned");
        assert!(again.is_empty(), "after {address}.{field}:\n{}", said(&again));
    }
}

#[test]
fn every_field_of_every_kind_has_its_rule_and_a_change_that_shows_it() {
    let base = environment(ESTATE);
    let mut seen = Seen::new();
    let mut story = String::new();
    let mut fields: BTreeMap<(&'static str, String), Rule> = BTreeMap::new();
    let mut kinds: BTreeSet<Kind> = BTreeSet::new();
    for (from, to) in EDITS {
        assert_eq!(ESTATE.matches(from).count(), 1, "the estate says `{from}` once");
        let edit = format!("{} → {}", from.trim().replace('\n', "; "), to.trim().replace('\n', "; "));
        let changed = environment(&ESTATE.replace(from, to));
        let mut account = Account::default();
        account.deploy(&base);
        for resource in account.resources() {
            kinds.insert(resource.kind());
            for field in resource.spec().fields() {
                fields.insert((resource.kind().as_str(), pattern(&field.name)), field.rule);
            }
        }
        let _ = writeln!(story, "{edit}");
        match account.plan(&changed) {
            Ok(plan) => {
                assert!(!plan.is_empty(), "{edit} changes nothing");
                note(&mut seen, &plan, &edit);
                story.push_str(&said(&plan));
                account.apply(&plan);
                let again = account.plan(&changed).expect("it can be planned");
                assert!(again.is_empty(), "after {edit}:\n{}", said(&again));
                match account.plan(&base) {
                    Ok(back) => {
                        note(&mut seen, &back, &edit);
                        account.apply(&back);
                        let again = account.plan(&base).expect("it can be planned");
                        assert!(again.is_empty(), "after {edit} and back:\n{}", said(&again));
                    }
                    Err(conflicts) => panic!("no way back from {edit}: {conflicts:?}"),
                }
            }
            Err(conflicts) => {
                for conflict in &conflicts {
                    let Conflict::Impossible { address, field, .. } = conflict else {
                        panic!("{edit}: {conflict:?}")
                    };
                    let _ = writeln!(story, "    Impossible {address} {field}");
                    let kind = account.live(address.as_str()).kind().as_str();
                    let entry = seen.entry((kind, pattern(field)));
                    entry.or_insert((Rule::Impossible, BTreeSet::new())).1.insert(edit.clone());
                }
            }
        }
    }
    insta::assert_snapshot!("edits", story);

    let mut table = String::from("| kind | field | rule | shown by |\n| --- | --- | --- | --- |\n");
    let mut missing = Vec::new();
    for ((kind, field), rule) in &fields {
        let follows = FOLLOWS.iter().find(|row| (row.0, row.1) == (*kind, field.as_str())).map(|row| &row.2);
        let by = match (seen.get(&(*kind, field.clone())), follows) {
            (Some((_, edits)), None) if edits.len() == 1 => "a change of the file".to_owned(),
            (Some((_, edits)), None) => format!("{} changes of the file", edits.len()),
            (None, Some(Other::Fixed(why))) => format!("none: {why}"),
            (None, Some(Other::ByHand)) => {
                changed_by_hand(&base, kind, field, *rule);
                "a change by hand".to_owned()
            }
            (Some(_), Some(_)) => {
                panic!("{kind}.{field} is changed by an edit: take it out of the exceptions")
            }
            (None, None) => {
                missing.push(format!("{kind}.{field}"));
                continue;
            }
        };
        let _ = writeln!(table, "| {kind} | {field} | {rule:?} | {by} |");
    }
    println!("{table}");
    assert!(missing.is_empty(), "no edit shows the rule of: {}", missing.join(", "));
    let absent: Vec<&Kind> = Kind::ALL.iter().filter(|kind| !kinds.contains(kind)).collect();
    assert!(absent.is_empty(), "the estate has no {absent:?}");
    insta::assert_snapshot!("fields", table);
}
