//! What a month costs: the first user's own table, to the cent, and what
//! changes cost.

use pointsman_core::{
    cost::{Cost, Dollars, Monthly},
    environment::{Environment, Sources, read},
    render,
};

use crate::{account::Account, generated::Shape};

fn of_the_example() -> Environment {
    let mut sources = Sources::new();
    for (name, text) in [
        ("environments/_base.toml", include_str!("../../../../environments/_base.toml")),
        (
            "environments/production/_base.toml",
            include_str!("../../../../environments/production/_base.toml"),
        ),
        (
            "environments/production/gravity-ai-chat.toml",
            include_str!("../../../../environments/production/gravity-ai-chat.toml"),
        ),
    ] {
        sources.insert_file(name, text);
    }
    read(&sources).environment("production/gravity-ai-chat").cloned().unwrap()
}

fn dollars(text: &str) -> Dollars {
    Dollars::parse(text).unwrap()
}

fn usual(cost: &Cost, address: &str) -> Dollars {
    cost.items.iter().find(|item| item.address.as_str() == address).unwrap().after.usual
}

#[test]
fn the_first_users_table_is_recomputed_to_the_cent() {
    let cost = Cost::of_file(&of_the_example());
    assert_eq!(usual(&cost, "service.webui3-scaled"), dollars("255.18"));
    assert_eq!(usual(&cost, "cache.sessions"), dollars("12.41"));
    assert_eq!(usual(&cost, "load_balancer.webui"), dollars("16.43"));
    let documented = include_str!("../../../../docs/cost.md");
    for figure in ["$255.18", "$12.41", "$16.43", "~$400", "~$17", "~$25"] {
        assert!(documented.contains(figure), "docs/cost.md lacks {figure}");
    }
}

#[test]
fn what_a_change_costs_is_said_before_it_is_made() {
    let mut account = Account::default();
    let shape = Shape::default();
    let first = account.plan(&shape.environment()).unwrap();
    assert_eq!(first.cost.before, Monthly::default());
    account.apply(&first);

    let same = account.plan(&Shape { image: 2, ..shape.clone() }.environment()).unwrap();
    assert!(same.cost.is_unchanged());
    insta::assert_snapshot!(render::cost::sentence(&same.cost), @"$48.06 per month (unchanged), us-east-1 prices of 2026-11");

    let more = account.plan(&Shape { count: 4, ..shape.clone() }.environment()).unwrap();
    assert_eq!(more.cost.before, first.cost.after);
    insta::assert_snapshot!(render::cost::sentence(&more.cost), @"$48.06 → $66.08 per month (+$18.02), us-east-1 prices of 2026-11");

    let gone = account.plan_to_destroy(&shape.environment());
    assert_eq!(gone.cost.after, Monthly::default());
    insta::assert_snapshot!(render::cost::sentence(&gone.cost), @"$48.06 → $0.00 per month (-$48.06), us-east-1 prices of 2026-11");
}

#[test]
fn what_the_autoscaler_decided_is_what_it_costs() {
    let mut account = Account::default();
    let shape = Shape { scaling: true, ..Shape::default() };
    account.deploy(&shape.environment());
    let pointsman_core::resource::Resource::Service(service) = account.live("service.web") else {
        panic!("a service")
    };
    service.count = pointsman_core::resource::Count::Fixed(9);
    let plan = account.plan(&Shape { image: 2, ..shape }.environment()).unwrap();
    assert!(plan.cost.is_unchanged(), "{:?}", plan.cost);
}

#[test]
fn the_bill_is_a_table_that_says_what_it_leaves_out() {
    let environment = Shape::default().environment();
    let cost = Cost::of_file(&environment);
    let text = render::cost::terminal(&environment.name, &cost);
    insta::assert_snapshot!("bill", anstream::adapter::strip_str(&text).to_string());
}

#[test]
fn a_region_without_prices_and_a_node_without_one_are_said_not_guessed() {
    let mut environment = Shape { node_type: "cache.r7g.16xlarge", ..Shape::default() }.environment();
    let cost = Cost::of_file(&environment);
    assert!(cost.items.iter().all(|item| item.address.as_str() != "cache.sessions"));
    assert!(cost.not_counted.iter().any(|one| one.address.as_str() == "cache.sessions"));

    environment.file.aws.region = "eu-west-2".to_owned();
    let cost = Cost::of_file(&environment);
    assert_eq!((cost.prices.as_deref(), cost.items.len()), (None, 0));
    insta::assert_snapshot!(render::cost::sentence(&cost), @"no prices of eu-west-2 are known, so nothing is estimated");
}

#[test]
fn other_prices_are_no_other_plan() {
    let account = Account::default();
    let plan = account.plan(&Shape::default().environment()).unwrap();
    let verdict = pointsman_core::policy::Verdict::default();
    let dearer = pointsman_core::plan::Plan { cost: Cost::default(), ..plan.clone() };
    assert_eq!(plan.approval_hash(&verdict).unwrap(), dearer.approval_hash(&verdict).unwrap());
    let mut longer = plan.clone();
    longer.forecast.takes.high += 1;
    assert_ne!(plan.approval_hash(&verdict).unwrap(), longer.approval_hash(&verdict).unwrap());
}
