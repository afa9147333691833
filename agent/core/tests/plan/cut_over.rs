//! What a plan says of a cut-over, and what an approval of it binds.

use pointsman_core::{plan::Plan, policy::Verdict, render::rollout, rollout::Begins};

use crate::{account::Account, generated::Shape};

fn begins(way: &str, group: &str, count: u32, schema_change: &str) -> Begins {
    let overlap = if schema_change == "breaking" { "never" } else { "allowed" };
    serde_json::from_value(serde_json::json!({
        "service": "web", "purpose": "cut_over", "to": "a",
        "settings": {"shift": [50, 100], "schema_change": schema_change, "overlap": overlap, "least": 2},
        "snapshot": {
            "live": "b", "tasks": count, "task_definition": "old-web:1",
            "old": {
                "external": "legacy", "cluster": "main", "service": "old-web", "id": "arn", "count": count,
                "task_definition": "old-web:1", "security_groups": [group], "port": 8080, "way": way,
                "host": "web.example.com", "from": "http://old-web.web.local:8080",
                "application": (way == "graph").then_some("03ef14b0-ca33-4840-8f4f-d6e91916010e"),
            },
        },
    }))
    .unwrap()
}

#[test]
fn an_approval_binds_what_is_written_of_others() {
    let mut account = Account::default();
    let shape = Shape::default();
    account.deploy(&shape.environment());
    let plan = account.plan(&shape.environment()).unwrap();
    let hash = |begins: Begins| {
        Plan { rollouts: vec![begins], ..plan.clone() }.approval_hash(&Verdict::default()).unwrap()
    };
    let approved = hash(begins("weights", "sg-1", 1, "none"));
    assert_eq!(approved, hash(begins("weights", "sg-1", 4, "none")), "how many tasks live is no other plan");
    assert_ne!(approved, hash(begins("weights", "sg-2", 1, "none")), "another group is opened");
    assert_ne!(approved, hash(begins("manual", "sg-1", 1, "none")), "no group is opened");
    assert_ne!(approved, hash(begins("weights", "sg-1", 1, "breaking")), "there is an outage");
    assert_ne!(approved, plan.approval_hash(&Verdict::default()).unwrap(), "there is a cut-over");
    let mut elsewhere = begins("graph", "sg-1", 1, "none");
    let approved = hash(elsewhere.clone());
    assert_ne!(approved, hash(begins("manual", "sg-1", 1, "none")), "the agent switches");
    if let Some(old) = &mut elsewhere.snapshot.old {
        old.application = Some("631a96bc-a705-4eda-9f99-fdaf9f54f6a2".to_owned());
    }
    assert_ne!(approved, hash(elsewhere), "another application is switched");
    assert!(
        plan.is_empty() && !Plan { rollouts: vec![begins("manual", "sg-1", 1, "none")], ..plan }.is_empty()
    );
}

#[test]
fn a_plan_says_what_a_cut_over_writes() {
    let said = ["manual", "weights", "graph"].map(|way| rollout::begins(&begins(way, "sg-1", 1, "none")));
    let breaking = rollout::begins(&begins("manual", "sg-1", 3, "breaking"));
    insta::assert_snapshot!(format!("{}\n\n{breaking}", said.join("\n\n")));
}
