//! Every field of every kind has a rule, and a change in a file that shows it:
//! the plan is exactly that change, what is applied is what lives, and back
//! again is nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use pointsman_core::{
    Address,
    environment::{Environment, Sources, read},
    plan::{Action, Change, Disruption, Origin, Plan},
    resource::{Kind, Rule},
};

#[path = "rules/edits.rs"]
mod edits;

use self::edits::EDITS;
use super::account::Account;

const ESTATE: &str = include_str!("estate.toml");

/// Why no file shows a field's rule.
enum Other {
    /// The file does not say it; somebody changes what lives.
    ByHand,
    /// Nobody changes it on what lives.
    Fixed(&'static str),
}

const IDENTITY: Other = Other::Fixed("its identity, made of the names of environment and block");
const AT_BIRTH: Other = Other::Fixed("AWS never changes it");

/// Fields that no file can change alone.
const FOLLOWS: &[(&str, &str, Other)] = &[
    ("alarm", "description", Other::ByHand),
    ("alarm", "enabled", Other::ByHand),
    ("alarm", "name", IDENTITY),
    ("alarm", "other_actions", Other::ByHand),
    ("bucket", "name", IDENTITY),
    ("bucket", "other_rules", Other::ByHand),
    ("bucket", "ownership", Other::ByHand),
    ("bucket", "public_access_blocked", Other::ByHand),
    ("cache_parameter_group", "description", AT_BIRTH),
    ("cache_subnet_group", "description", Other::ByHand),
    ("cache_subnet_group", "name", IDENTITY),
    ("dashboard", "name", IDENTITY),
    ("listener", "default_status", Other::ByHand),
    (
        "listener_rule",
        "stickiness",
        Other::Fixed("it is set only while a rollout has two groups in the rule"),
    ),
    ("load_balancer", "security_groups", Other::ByHand),
    ("log_group", "name", IDENTITY),
    ("replication_group", "description", Other::ByHand),
    ("replication_group", "security_groups", Other::ByHand),
    ("replication_group", "subnet_group", AT_BIRTH),
    ("scaling_policy", "metric", Other::ByHand),
    ("scaling_policy", "name", IDENTITY),
    ("scaling_policy", "scale_in", Other::ByHand),
    ("scaling_policy", "type", IDENTITY),
    ("schedule", "description", Other::Fixed("it says whose the schedule is: with another it is not ours")),
    ("schedule", "flexible_minutes", Other::ByHand),
    ("schedule", "name", IDENTITY),
    ("schedule", "security_groups", Other::ByHand),
    ("scheduled_action", "limits", Other::ByHand),
    ("scheduled_action", "name", IDENTITY),
    ("secret", "name", IDENTITY),
    ("security_group", "description", AT_BIRTH),
    ("security_group", "name", IDENTITY),
    ("security_group", "vpc", AT_BIRTH),
    ("service", "container", IDENTITY),
    ("service", "name", IDENTITY),
    (
        "service",
        "native",
        Other::Fixed("nothing that lives becomes native, or is it no more; `native.rs` shows its fields"),
    ),
    ("service", "security_groups", Other::ByHand),
    ("target_group", "protocol", AT_BIRTH),
    ("target_group", "vpc", AT_BIRTH),
    ("task_definition", "family", IDENTITY),
    ("task_definition", "log_group", Other::ByHand),
    ("task_definition", "log_region", Other::ByHand),
    ("task_definition", "volumes.*.encrypted", Other::ByHand),
    ("task_definition", "volumes.*.root", Other::ByHand),
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

/// `environment.LEVEL` is one of `environment.*`, `volumes.data.mount` one of
/// `volumes.*.mount`.
fn pattern(field: &str) -> String {
    const MAPS: [&str; 8] =
        ["tags", "environment", "ingress", "parameters", "secrets", "secret_marks", "dimensions", "widgets"];
    match field.split_once('.') {
        Some((map, _)) if MAPS.contains(&map) => format!("{map}.*"),
        Some(("volumes", volume)) => {
            let (_, field) = volume.split_once('.').expect("a volume has fields");
            format!("volumes.*.{field}")
        }
        _ => field.to_owned(),
    }
}

/// What was seen of a field: its rule, and the edits that change it.
type Seen = BTreeMap<(&'static str, String), (Rule, BTreeSet<String>)>;

fn note(seen: &mut Seen, plan: &Plan, edit: &str) {
    for change in &plan.changes {
        let goes = matches!(change.action, Action::Replace | Action::Delete);
        let lost = change.disruption == Disruption::DataLost;
        assert_eq!(lost, change.stateful && goes, "{}: {edit}", change.address);
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
fn changed_by_hand(base: &Environment, kind: &str, wanted: &str, rule: Rule) {
    let mut account = Account::default();
    account.deploy(base);
    let of_kind: Vec<Address> = account.addresses(kind);
    for address in of_kind {
        for field in account.fields(&address).into_iter().filter(|field| pattern(field) == wanted) {
            account.change_by_hand(&address, &field);
            let plan = goes_to(&mut account, base, &format!("{address}.{field} by hand"));
            let (own, others): (Vec<&Change>, Vec<&Change>) =
                plan.changes.iter().partition(|change| change.address == address);
            let [own] = own.as_slice() else { panic!("{address}.{field}:\n{}", said(&plan)) };
            let fields: Vec<(&str, Rule, Origin)> =
                own.fields.iter().map(|change| (change.field.as_str(), change.rule, change.origin)).collect();
            assert_eq!(fields, [(field.as_str(), rule, Origin::Live)], "{address}");
            // Only a new revision has others that follow: those that run it.
            let follows = |change: &&Change| {
                own.action == Action::Rollout && change.fields.iter().all(|it| it.field == "task_definition")
            };
            assert!(others.iter().all(follows), "{address}.{field}:\n{}", said(&plan));
        }
    }
}

/// Does what a file asks for; then nothing is left to do.
fn goes_to(account: &mut Account, file: &Environment, edit: &str) -> Plan {
    let plan = account.plan(file).unwrap_or_else(|conflicts| panic!("{edit}: {conflicts:?}"));
    assert!(!plan.is_empty(), "{edit} changes nothing");
    account.apply(&plan);
    let again = account.plan(file).expect("it can be planned");
    assert!(again.is_empty(), "after {edit}:\n{}", said(&again));
    plan
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
        let there = goes_to(&mut account, &changed, &edit);
        note(&mut seen, &there, &edit);
        story.push_str(&said(&there));
        let back = goes_to(&mut account, &base, &format!("{edit}, and back"));
        note(&mut seen, &back, &edit);
    }
    let mut account = Account::default();
    account.deploy(&base);
    let end = account.plan_to_destroy(&base);
    note(&mut seen, &end, "the end");
    account.apply(&end);
    assert_eq!(account.standing(), Vec::<String>::new());

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
    assert!(missing.is_empty(), "no edit shows the rule of: {}", missing.join(", "));
    let absent: Vec<&Kind> = Kind::ALL.iter().filter(|kind| !kinds.contains(kind)).collect();
    assert!(absent.is_empty(), "the estate has no {absent:?}");
    let stale = FOLLOWS.iter().filter(|row| !fields.contains_key(&(row.0, row.1.to_owned())));
    let stale: Vec<String> = stale.map(|(kind, field, _)| format!("{kind}.{field}")).collect();
    assert!(stale.is_empty(), "no field is called {stale:?}");
    insta::assert_snapshot!("fields", table);
    insta::assert_snapshot!("edits", story);
}
