//! What changes disrupt, and for how long: a case for each row of the table
//! that a field leads to.

use pointsman_core::{
    forecast::{Basis, Consequence, Span, Work},
    plan::{Disruption, Plan},
    render::forecast,
};

use crate::{account::Account, generated::Shape};

/// The plan from one shape to another.
fn plan(before: &Shape, after: &Shape) -> Plan {
    let mut account = Account::default();
    account.deploy(&before.environment());
    account.plan(&after.environment()).unwrap()
}

fn at(plan: &Plan, address: &str) -> (Consequence, Option<Span>) {
    let change = plan.changes.iter().find(|change| change.address.as_str() == address).unwrap();
    assert_eq!(change.disruption, change.impact.disruption());
    (change.impact.consequence, change.impact.lasts)
}

fn said(plan: &Plan) -> String {
    forecast::sentence(plan, ToString::to_string)
}

#[test]
fn what_is_made_disrupts_nobody_and_takes_as_long_as_its_slowest() {
    let plan = Account::default().plan(&Shape::default().environment()).unwrap();
    assert_eq!(plan.forecast.disruption, Disruption::None);
    assert_eq!(plan.forecast.lasts, Some(Span::NONE));
    let sum: u64 = plan.changes.iter().map(|change| change.impact.takes().high).sum();
    let slowest = plan.changes.iter().map(|change| change.impact.takes().high).max().unwrap();
    assert!(plan.forecast.takes.high >= slowest && plan.forecast.takes.high < sum, "{:?}", plan.forecast);
    insta::assert_snapshot!(said(&plan), @"nothing; about 6–21 min in all");
}

#[test]
fn a_rollout_drains_as_long_as_its_target_group_says() {
    let shape = Shape { drain: 120, ..Shape::default() };
    let plan = plan(&shape, &Shape { image: 2, ..shape.clone() });
    // A wave of both tasks: 120 s of draining, 30 s to stop.
    assert_eq!(at(&plan, "service.web"), (Consequence::ConnectionsDrain, Some(Span::up_to(150))));
    assert_eq!(at(&plan, "service.web.task_definition"), (Consequence::None, Some(Span::NONE)));
    insta::assert_snapshot!(said(&plan), @"connections of service.web drain for up to 3 min; about 1–8 min in all");
}

#[test]
fn more_tasks_disrupt_nobody_and_fewer_drain() {
    let (two, four) = (Shape::default(), Shape { count: 4, ..Shape::default() });
    assert_eq!(at(&plan(&two, &four), "service.web").0, Consequence::None);
    assert_eq!(at(&plan(&four, &two), "service.web"), (Consequence::FewerTasks, Some(Span::up_to(330))));
}

#[test]
fn a_lone_node_is_out_for_minutes_and_one_of_several_fails_over() {
    let lone = Shape { engine_version: "7.0", ..Shape::default() };
    let several = Shape { nodes: 2, ..lone.clone() };
    let newer = |shape: &Shape| plan(shape, &Shape { engine_version: "7.1", ..shape.clone() });
    let larger = |shape: &Shape| plan(shape, &Shape { node_type: "cache.t3.small", ..shape.clone() });
    let cache = "cache.sessions";
    assert_eq!(at(&newer(&lone), cache).0, Consequence::Restart);
    assert_eq!(at(&newer(&several), cache).0, Consequence::Failover);
    assert_eq!(at(&larger(&lone), cache).0, Consequence::NodeReplaced);
    assert_eq!(at(&larger(&several), cache).0, Consequence::Failover);
    // It takes longer than another setting of the same object.
    let described = larger(&lone);
    assert_eq!(described.forecast.takes, Work::CacheChanged.span());
    insta::assert_snapshot!(said(&newer(&lone)), @"cache.sessions cannot be reached for 1–15 min, while its only node restarts; about 10–30 min in all");
}

#[test]
fn clients_are_told_what_they_must_follow() {
    let shape = Shape::default();
    let moved = plan(&shape, &Shape { listener_port: 8080, ..shape.clone() });
    assert_eq!(at(&moved, "load_balancer.main.listener.http"), (Consequence::PortMoves, None));
    assert_eq!(moved.forecast.lasts, None);
    insta::assert_snapshot!(said(&moved), @"load_balancer.main.security_group refuses connections that it let in before; clients of load_balancer.main.listener.http must follow to another port or protocol; about 1–5 s in all");

    let public = plan(&shape, &Shape { internal: false, ..shape.clone() });
    assert_eq!(at(&public, "load_balancer.main").0, Consequence::AddressMoves);

    let fewer = plan(&shape, &Shape { hosts: r#""a.example""#, ..shape.clone() });
    assert_eq!(at(&fewer, "service.web.listener_rule").0, Consequence::Outage);
    let more = plan(&shape, &Shape { hosts: r#""b.example", "a.example", "c.example""#, ..shape.clone() });
    assert_eq!(at(&more, "service.web.listener_rule").0, Consequence::None);
}

#[test]
fn another_port_leaves_the_rule_without_tasks_until_new_ones_are_well() {
    let shape = Shape::default();
    let plan = plan(&shape, &Shape { port: 9090, ..shape.clone() });
    let (consequence, lasts) = at(&plan, "service.web.target_group");
    assert_eq!(consequence, Consequence::TargetsMove);
    // The start of a task, and its first good answer within 30 s; two of them if it was not well at once.
    let start = Work::TaskStarts.span();
    assert_eq!(lasts.unwrap().low, start.low + 30);
    assert!(lasts.unwrap().high >= start.high + 60, "{lasts:?}");
    insta::assert_snapshot!(said(&plan), @"service.web.security_group refuses connections that it let in before; service.web.target_group cannot be reached for 1–5 min, until new tasks are well; connections of service.web drain for up to 6 min; about 1–11 min in all");
}

#[test]
fn who_may_not_connect_any_more_is_disrupted() {
    let both = Shape { second_service: true, ..Shape::default() };
    let plan = plan(&both, &Shape::default());
    assert_eq!(at(&plan, "cache.sessions.security_group"), (Consequence::AccessEnds, None));
    assert_eq!(at(&plan, "service.other"), (Consequence::Outage, None));
    insta::assert_snapshot!(said(&plan), @"service.other is gone; cache.sessions.security_group refuses connections that it let in before; up to 11 min in all");
}

#[test]
fn what_is_lost_is_said_first() {
    let mut account = Account::default();
    account.deploy(&Shape::default().environment());
    let plan = account.plan_to_destroy(&Shape::default().environment());
    assert_eq!(plan.forecast.disruption, Disruption::DataLost);
    insta::assert_snapshot!(said(&plan), @"the data of cache.sessions is lost; load_balancer.main and service.web are gone; about 3–31 min in all");
}

#[test]
fn every_row_says_what_it_rests_on_and_the_documentation_has_it() {
    let documented = include_str!("../../../../docs/forecast.md");
    let rows = Consequence::ALL.iter().map(|row| row.basis()).chain(Work::ALL.iter().map(|row| row.basis()));
    for basis in rows {
        let words = Basis::words(basis);
        assert!(documented.contains(&words), "docs/forecast.md lacks: {words}");
    }
    for work in Work::ALL {
        let times = forecast::span(work.span());
        assert!(documented.contains(&format!("| {times} |")), "docs/forecast.md lacks: {work:?} {times}");
        assert!(work.span().low <= work.span().high);
    }
}
