//! Plans, from environment files to steps, against an imaginary account that
//! does what it is told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

#[path = "plan/account.rs"]
mod account;
#[path = "plan/cost.rs"]
mod cost;
#[path = "plan/cut_over.rs"]
mod cut_over;
#[path = "plan/forecast.rs"]
mod forecast;
#[path = "plan/generated.rs"]
mod generated;
#[path = "plan/native.rs"]
mod native;
#[path = "plan/rendered.rs"]
mod rendered;
#[path = "plan/rules.rs"]
mod rules;

use account::Account;
use generated::{Shape, shape};
use pointsman_core::{
    Address,
    plan::{Action, Conflict, HeldReason, Origin, Reason, StepKind, steps},
    render,
    report::Judged,
    resource::{Owner, Resource},
};
use proptest::prelude::*;

fn names(plan: &pointsman_core::plan::Plan) -> Vec<(String, Action)> {
    plan.changes.iter().map(|change| (change.address.to_string(), change.action)).collect()
}

#[test]
fn the_first_plan_makes_everything_and_the_second_is_empty() {
    let mut account = Account::default();
    let shape = Shape::default();
    let plan = account.plan(&shape.environment()).unwrap();
    let verdict = pointsman_core::policy::Verdict::default();
    let text = render::plan::terminal(&Judged { plan: plan.clone(), verdict });
    insta::assert_snapshot!("first_plan", anstream::adapter::strip_str(&text).to_string());
    account.apply(&plan);
    let again = account.plan(&shape.environment()).unwrap();
    assert!(again.is_empty(), "{:?}", names(&again));
}

#[test]
fn what_is_written_and_not_done_yet_is_held_and_never_dropped() {
    let mut environment = Shape::default().environment();
    environment.file.drift.correct = pointsman_core::environment::block::Correct::Safe;
    let plan = Account::default().plan(&environment).unwrap();
    let held = plan.held.iter().find(|held| held.address.as_str() == "drift.correct");
    assert_eq!(held.map(|held| &held.reason), Some(&HeldReason::NotYetManaged));
}

#[test]
fn a_new_image_rolls_out_task_definition_and_service_and_nothing_else() {
    let mut account = Account::default();
    let shape = Shape::default();
    account.deploy(&shape.environment());
    let plan = account.plan(&Shape { image: 2, ..shape }.environment()).unwrap();
    assert_eq!(
        names(&plan),
        [
            ("service.web".to_owned(), Action::Rollout),
            ("service.web.task_definition".to_owned(), Action::Rollout)
        ]
    );
    assert!(plan.changes.iter().all(|change| change.fields.iter().all(|field| field.origin == Origin::File)));
}

#[test]
fn another_port_replaces_the_target_group_before_the_old_one_goes() {
    let mut account = Account::default();
    let shape = Shape::default();
    account.deploy(&shape.environment());
    let plan = account.plan(&Shape { port: 9090, ..shape }.environment()).unwrap();
    let group =
        plan.changes.iter().position(|change| change.address.as_str() == "service.web.target_group").unwrap();
    assert_eq!(plan.changes[group].action, Action::Replace);
    let steps = steps(&plan);
    let step = |change: usize, kind: StepKind| {
        steps.iter().position(|step| step.change == change && step.kind == kind).unwrap()
    };
    let rule = plan
        .changes
        .iter()
        .position(|change| change.address.as_str() == "service.web.listener_rule")
        .unwrap();
    let service = plan.changes.iter().position(|change| change.address.as_str() == "service.web").unwrap();
    assert!(steps[step(rule, StepKind::Make)].after.contains(&step(group, StepKind::Make)));
    let removal = &steps[step(group, StepKind::Remove)].after;
    for before in [step(group, StepKind::Make), step(rule, StepKind::Make), step(service, StepKind::Make)] {
        assert!(removal.contains(&before), "the old target group must outlive step {before}: {removal:?}");
    }
}

#[test]
fn what_someone_changed_by_hand_is_told_apart_from_what_the_file_changed() {
    let mut account = Account::default();
    let shape = Shape::default();
    account.deploy(&shape.environment());
    let Resource::LoadBalancer(balancer) = account.live("load_balancer.main") else {
        panic!("a load balancer")
    };
    balancer.idle_timeout = 7;
    let plan = account.plan(&shape.environment()).unwrap();
    assert_eq!(names(&plan), [("load_balancer.main".to_owned(), Action::Update)]);
    assert_eq!(plan.changes[0].fields[0].origin, Origin::Live);
    account.apply(&plan);
    assert!(account.plan(&shape.environment()).unwrap().is_empty());
}

#[test]
fn what_the_autoscaler_or_an_ignore_rule_owns_is_held_not_changed() {
    let mut account = Account::default();
    let shape = Shape { scaling: true, ignore: Some("service.web.image"), ..Shape::default() };
    account.deploy(&shape.environment());
    let Resource::Service(service) = account.live("service.web") else { panic!("a service") };
    service.count = pointsman_core::resource::Count::Fixed(9);
    let Resource::TaskDefinition(task) = account.live("service.web.task_definition") else {
        panic!("a task")
    };
    task.image = "by-hand".to_owned();
    let plan = account.plan(&shape.environment()).unwrap();
    assert!(plan.is_empty(), "{:?}", names(&plan));
    let reason = |address: &str| {
        plan.held.iter().find(|held| held.address.as_str() == address).map(|held| held.reason.clone())
    };
    let owned = HeldReason::AutoscalerOwns { live: "9".to_owned(), written: "2".to_owned() };
    assert_eq!(reason("service.web.count"), Some(owned));
    assert!(
        matches!(reason("service.web.task_definition.image"), Some(HeldReason::Ignored { live, .. }) if live == "by-hand")
    );
}

#[test]
fn bounds_that_a_schedule_set_and_scaling_that_a_rollout_suspended_are_held() {
    let mut account = Account::default();
    let shape = Shape { scaling: true, schedule: Some("0 20 * * *"), ..Shape::default() };
    account.deploy(&shape.environment());
    let mut live = |max: u32, suspended: bool| {
        let Resource::ScalableTarget(target) = account.live("service.web.scaling") else {
            panic!("a target")
        };
        target.max = max;
        target.suspended.scale_in = Some(suspended);
        account.plan(&shape.environment()).unwrap()
    };
    let plan = live(2, true);
    assert!(plan.is_empty(), "{:?}", names(&plan));
    let held: Vec<String> = plan
        .held
        .iter()
        .filter(|held| held.address.as_str().contains("scaling"))
        .map(|held| format!("{}: {}", held.address, render::words::held(&held.reason)))
        .collect();
    insta::assert_snapshot!("scaling_that_is_held", held.join("\n"));
    let by_hand = live(9, false);
    assert_eq!(names(&by_hand), [("service.web.scaling".to_owned(), Action::Update)]);
    assert_eq!(by_hand.changes[0].fields.len(), 1, "{:?}", by_hand.changes[0].fields);
}

#[test]
fn scaling_that_goes_gives_the_count_back_and_says_so() {
    let mut account = Account::default();
    let shape = Shape { scaling: true, ..Shape::default() };
    account.deploy(&shape.environment());
    let Resource::Service(service) = account.live("service.web") else { panic!("a service") };
    service.count = pointsman_core::resource::Count::Fixed(7);
    let plan = account.plan(&Shape { scaling: false, ..shape.clone() }.environment()).unwrap();
    assert_eq!(
        names(&plan),
        [
            ("service.web".to_owned(), Action::Update),
            ("service.web.scaling".to_owned(), Action::Delete),
            ("service.web.scaling.cpu".to_owned(), Action::Delete),
        ]
    );
    let count = &plan.changes[0].fields[0];
    assert_eq!((count.field.as_str(), count.origin), ("count", Origin::File));
    assert_eq!((&count.before, &count.after), (&7.into(), &2.into()));
    let steps = steps(&plan);
    let of = |change: usize| steps.iter().position(|step| step.change == change).unwrap();
    assert!(steps[of(1)].after.contains(&of(2)), "a policy goes before its target");
    account.apply(&plan);
    // And back: the count is the autoscaler's again, wherever it stands.
    let back = account.plan(&shape.environment()).unwrap();
    assert!(names(&back).iter().all(|(address, action)| {
        address.starts_with("service.web.scaling") && *action == Action::Create
    }));
}

#[test]
fn tags_that_others_add_are_theirs() {
    let mut account = Account::default();
    let shape = Shape::default();
    account.deploy(&shape.environment());
    account.tag("cache.sessions", "cost-centre", "42");
    assert!(account.plan(&shape.environment()).unwrap().is_empty());
}

#[test]
fn what_is_not_ours_stops_the_plan_and_all_of_it_is_named() {
    let mut account = Account::default();
    let shape = Shape::default();
    account.deploy(&shape.environment());
    account.forget_everything();
    account.give_to("load_balancer.main", Owner::Unknown);
    let another = Owner::Environment {
        environment: "staging/web".to_owned(),
        address: Address::parse("service.web").unwrap(),
    };
    account.give_to("service.web", another);
    let conflicts = account.plan(&shape.environment()).unwrap_err();
    let text: Vec<String> = conflicts.iter().map(render::failure::conflict).collect();
    insta::assert_snapshot!("not_ours", text.join("\n"));
    assert!(conflicts.iter().all(|conflict| matches!(conflict, Conflict::NotOurs { .. })));
}

#[test]
fn what_an_interrupted_run_made_is_recorded_not_made_again() {
    let mut account = Account::default();
    let shape = Shape::default();
    account.deploy(&shape.environment());
    account.forget_everything();
    let plan = account.plan(&shape.environment()).unwrap();
    assert!(
        plan.changes
            .iter()
            .all(|change| change.action == Action::Adopt && change.reason == Reason::Unrecorded)
    );
    account.apply(&plan);
    assert!(account.plan(&shape.environment()).unwrap().is_empty());
}

#[test]
fn an_old_redis_cannot_change_its_encryption_in_transit() {
    let mut account = Account::default();
    let shape = Shape { engine_version: "6.2", auth: false, ..Shape::default() };
    account.deploy(&shape.environment());
    let conflicts = account.plan(&Shape { in_transit: false, ..shape }.environment()).unwrap_err();
    let text: Vec<String> = conflicts.iter().map(render::failure::conflict).collect();
    insta::assert_snapshot!("impossible", text.join("\n"));
}

#[test]
fn another_token_reaches_the_cache_then_its_url_then_the_tasks() {
    let mut account = Account::default();
    let shape = Shape { auth: false, ..Shape::default() };
    account.deploy(&shape.environment());
    let environment = Shape { auth: true, ..shape }.environment();
    let plan = account.plan(&environment).unwrap();
    assert_eq!(
        names(&plan),
        [
            ("cache.sessions".to_owned(), Action::Update),
            ("cache.sessions.auth_token".to_owned(), Action::Create),
            ("cache.sessions.url_secret".to_owned(), Action::Update),
            ("service.web".to_owned(), Action::Rollout),
            ("service.web.task_definition".to_owned(), Action::Rollout),
        ]
    );
    let steps = steps(&plan);
    let order = [1, 0, 2, 4, 3].map(|change| steps.iter().position(|step| step.change == change).unwrap());
    for pair in order.windows(2) {
        assert!(steps[pair[1]].after.contains(&pair[0]), "{} comes before {}", pair[0], pair[1]);
    }
    account.apply(&plan);
    assert!(account.plan(&environment).unwrap().is_empty());
}

#[test]
fn the_approval_hash_is_of_what_will_be_done_not_of_when_or_from_where() {
    let mut account = Account::default();
    let shape = Shape::default();
    account.deploy(&shape.environment());
    let verdict = pointsman_core::policy::Verdict::default();
    let changed = Shape { image: 2, ..shape };
    let plan = account.plan(&changed.environment()).unwrap();
    let same = pointsman_core::plan::Plan { commit: Some("abc".to_owned()), base: None, ..plan.clone() };
    assert_eq!(plan.approval_hash(&verdict).unwrap(), same.approval_hash(&verdict).unwrap());
    assert_ne!(plan.id().unwrap(), same.id().unwrap());
    account.tag("cache.sessions", "pointsman:address", "cache.sessions");
    let Resource::LoadBalancer(balancer) = account.live("load_balancer.main") else {
        panic!("a load balancer")
    };
    balancer.idle_timeout = 7;
    let other = account.plan(&changed.environment()).unwrap();
    assert_ne!(plan.approval_hash(&verdict).unwrap(), other.approval_hash(&verdict).unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_applied_is_what_lives(before in shape(), after in shape()) {
        let mut account = Account::default();
        for shape in [&before, &after] {
            let plan = account.plan(&shape.environment()).map_err(|conflicts| TestCaseError::fail(format!("{conflicts:?}")))?;
            account.apply(&plan);
            let again = account.plan(&shape.environment()).map_err(|conflicts| TestCaseError::fail(format!("{conflicts:?}")))?;
            prop_assert!(again.is_empty(), "{:?}", names(&again));
            prop_assert!(again.forget.is_empty());
        }
        let plan = account.plan_to_destroy(&after.environment());
        account.apply(&plan);
        prop_assert_eq!(account.standing(), Vec::<String>::new());
    }

    #[test]
    fn the_same_inputs_make_the_same_plan(shape in shape()) {
        let account = Account::default();
        let one = account.plan(&shape.environment()).unwrap();
        let two = account.plan(&shape.environment()).unwrap();
        prop_assert_eq!(one.id().unwrap(), two.id().unwrap());
        let text = serde_json::to_string(&one).unwrap();
        let read: pointsman_core::plan::Plan = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(read, one);
    }
}
