//! Services that ECS itself releases: every field with its rule, whose the
//! weights are, and that there is no way in or out on what lives.

use std::collections::BTreeMap;

use pointsman_core::{
    Address,
    desired::{Surroundings, wanted},
    environment::{Environment, Sources, read},
    plan::{Action, Conflict, Plan},
    resource::{Forward, Link, Observed, Owner, Readiness, Resource, Rule},
    rollout::{Idle, Track, goes_back, goes_to_old, released_by_ecs},
    state::State,
};

use crate::account::Account;

const ESTATE: &str = include_str!("estate.toml");
const ROLE: &str = "role = \"arn:aws:iam::123456789012:role/traffic\"\n";
const ROLLOUT: &str = "
[rollout]
strategy = \"native\"
role = \"arn:aws:iam::123456789012:role/traffic\"
schema_change = \"none\"
shift = [\"10%\", \"100%\"]
hold = \"5m\"
bake = \"10m\"
abort_on = [\"cpu\"]
";

fn estate(rollout: &str) -> Environment {
    let sticky = "stickiness = { kind = \"load_balancer_cookie\", duration = \"30m\" }\n";
    assert!(ESTATE.contains(sticky));
    let mut sources = Sources::new();
    let text = format!("{}{rollout}", ESTATE.replacen(sticky, "", 1));
    sources.insert_file("environments/test/web.toml", text);
    let reading = read(&sources);
    let errors: Vec<&String> = reading.diagnostics.iter().map(|it| &it.message).collect();
    reading.environment("test/web").cloned().unwrap_or_else(|| panic!("{errors:?}"))
}

fn native() -> Environment {
    estate(ROLLOUT)
}

fn changed(edits: &[(&str, &str)]) -> Environment {
    let edit = |text: String, (from, to): &(&str, &str)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    };
    estate(&edits.iter().fold(ROLLOUT.to_owned(), edit))
}

/// The service's change: what it does, and each field with its rule.
fn service(plan: &Plan) -> (Action, Vec<(&str, Rule)>) {
    let change = plan.changes.iter().find(|it| it.address.as_str() == "service.web").expect("it changes");
    (change.action, change.fields.iter().map(|field| (field.field.as_str(), field.rule)).collect())
}

/// What is written instead, what the service does, and each field with its rule.
type Case = (&'static [(&'static str, &'static str)], Action, &'static [(&'static str, Rule)]);

#[test]
fn each_field_has_its_rule() {
    use Rule::{InPlace, Rollout};
    let cases: &[Case] = &[
        (&[("10%", "20%")], Action::Update, &[("step_percent", InPlace)]),
        (&[("5m", "6m")], Action::Update, &[("step_minutes", InPlace)]),
        (&[("bake = \"10m\"", "bake = \"1h\"")], Action::Update, &[("bake_minutes", InPlace)]),
        (&[("[\"cpu\"]", "[\"cpu\", \"busy\"]")], Action::Update, &[("abort_on", InPlace)]),
        (&[("role/traffic", "role/other")], Action::Rollout, &[("traffic_role", Rollout)]),
        (
            &[(
                "[\"10%\", \"100%\"]",
                "[\"10%\", \"20%\", \"30%\", \"40%\", \"50%\", \"60%\", \"70%\", \"80%\", \"90%\", \"100%\"]",
            )],
            Action::Update,
            &[("strategy", InPlace)],
        ),
        (
            &[("\"10%\", ", "")],
            Action::Update,
            &[("step_minutes", InPlace), ("step_percent", InPlace), ("strategy", InPlace)],
        ),
    ];
    for (edits, action, fields) in cases {
        let mut account = Account::default();
        account.deploy(&native());
        let plan = account.plan(&changed(edits)).unwrap();
        assert_eq!(service(&plan), (*action, fields.to_vec()), "{edits:?}");
        account.apply(&plan);
        assert!(account.plan(&changed(edits)).unwrap().is_empty(), "{edits:?}");
    }
}

fn impossible(conflicts: &[Conflict]) -> Vec<(&str, &str)> {
    let all = conflicts.iter().map(|conflict| match conflict {
        Conflict::Impossible { address, field, .. } => (address.as_str(), field.as_str()),
        other => panic!("{other:?}"),
    });
    all.collect()
}

#[test]
fn no_service_that_lives_becomes_native_or_is_it_no_more() {
    let rolling = estate("");
    for (lives, wanted) in [(rolling.clone(), native()), (native(), rolling)] {
        let mut account = Account::default();
        account.deploy(&lives);
        let conflicts = account.plan(&wanted).unwrap_err();
        assert!(impossible(&conflicts).contains(&("service.web", "native")), "{conflicts:?}");
    }
}

#[test]
fn a_new_image_is_released_by_ecs() {
    let mut account = Account::default();
    account.deploy(&native());
    let Resource::Service(lives) = account.live("service.web") else { panic!("no service") };
    lives.task_definition = Link::Known("arn:aws:ecs:another:1".to_owned());
    let plan = account.plan(&native()).unwrap();
    assert_eq!(released_by_ecs(&plan).into_iter().map(|(name, _)| name).collect::<Vec<_>>(), ["web"]);
}

#[test]
fn the_two_groups_are_a_set() {
    let mut account = Account::default();
    account.deploy(&native());
    let Resource::Service(lives) = account.live("service.web") else { panic!("no service") };
    let (group, native_of) = (lives.target_group.as_mut().unwrap(), lives.native.as_mut().unwrap());
    std::mem::swap(group, &mut native_of.alternate);
    assert!(account.plan(&native()).unwrap().is_empty(), "ECS may tell the live one first");
    let Resource::Service(lives) = account.live("service.web") else { panic!("no service") };
    lives.native.as_mut().unwrap().alternate = Link::Known("arn:another".to_owned());
    let plan = account.plan(&native()).unwrap();
    assert_eq!(service(&plan), (Action::Rollout, vec![("target_group", Rule::Rollout)]));
}

#[test]
fn neither_of_the_two_groups_is_replaced() {
    let mut account = Account::default();
    account.deploy(&native());
    for group in ["service.web.target_group", "service.web.alternate_target_group"] {
        let Resource::TargetGroup(lives) = account.live(group) else { panic!("no group") };
        lives.port = 9;
    }
    let conflicts = account.plan(&native()).unwrap_err();
    let mut impossible = impossible(&conflicts);
    impossible.sort_unstable();
    assert_eq!(
        impossible,
        [("service.web.alternate_target_group", "port"), ("service.web.target_group", "port")]
    );
}

#[test]
fn a_rule_that_is_made_anew_leads_to_the_group_with_tasks() {
    let mut account = Account::default();
    account.deploy(&native());
    let Resource::ListenerRule(rule) = account.live("service.web.listener_rule") else { panic!("no rule") };
    let mut rule = rule.clone();
    rule.ecs_moves = true;
    let groups: Vec<Link> = rule.forward.iter().map(|it| it.target_group.clone()).collect();
    let weights = |groups: &[Link]| {
        let leading = rule.leading_to(groups)?;
        Some(leading.forward.iter().map(|it| it.weight).collect::<Vec<_>>())
    };
    assert_eq!(weights(&[]), Some(vec![1, 0]), "nothing runs yet");
    assert_eq!(weights(&groups[..1]), Some(vec![1, 0]));
    assert_eq!(weights(&groups[1..]), Some(vec![0, 1]));
    assert_eq!(weights(&groups), None, "ECS is at work");
    assert_eq!(rule.led_by(&Resource::ListenerRule(rule.clone())), 1);
}

#[test]
fn nobody_goes_back_where_ecs_moves_traffic() {
    let mut account = Account::default();
    account.deploy(&native());
    let mut state = State::new(native().name, "lineage".to_owned());
    let idle = Idle { commit: None, task_definition: "web:1".to_owned() };
    state.tracks.insert("web".to_owned(), Track { idle: Some(idle), ..Track::default() });
    let lives = |address: &str, object: &Resource| {
        let live = Observed {
            id: address.to_owned(),
            resource: object.clone(),
            attributes: BTreeMap::new(),
            owner: Owner::Unknown,
            readiness: Readiness::Ready,
        };
        (Address::parse(address).unwrap(), live)
    };
    let observed = BTreeMap::from([lives("service.web", account.live("service.web"))]);
    let two_sides = estate(&ROLLOUT.replacen("native", "blue_green", 1).replacen(ROLE, "", 1));
    for environment in [native(), two_sides] {
        assert_eq!(goes_back(&environment, Some(&state), &observed), []);
        assert_eq!(goes_to_old(&environment, Some(&state), &observed), []);
    }
}

#[test]
fn the_weights_are_ecs_own() {
    let mut account = Account::default();
    account.deploy(&native());
    let rule = "service.web.listener_rule";
    let Resource::ListenerRule(lives) = account.live(rule) else { panic!("no rule") };
    let weights = |rule: &[Forward]| rule.iter().map(|it| it.weight).collect::<Vec<_>>();
    assert_eq!(weights(&lives.forward), [1, 0]);
    // After a release: the other group has everything.
    (lives.forward[0].weight, lives.forward[1].weight) = (0, 100);
    let moved = lives.forward.clone();
    assert!(account.plan(&native()).unwrap().is_empty(), "that is no difference");

    // Somebody takes a group out of the rule: it is put back, and people stay where they are.
    let Resource::ListenerRule(lives) = account.live(rule) else { panic!("no rule") };
    lives.forward.remove(0);
    let plan = account.plan(&native()).unwrap();
    let [change] = plan.changes.as_slice() else { panic!("{:?}", plan.changes) };
    assert_eq!(change.fields[0].field, "target_group");
    let (desired, observed) = (change.desired.as_ref().unwrap(), change.observed.as_ref().unwrap());
    let Resource::ListenerRule(desired) = &desired.resource else { panic!("no rule") };
    assert_eq!(weights(&desired.with_weights_of(&observed.resource).forward), [0, 100]);
    let nobody = Resource::ListenerRule(pointsman_core::resource::ListenerRule {
        forward: Forward::all_to(Link::Known("another".to_owned())),
        ..desired.clone()
    });
    assert_eq!(weights(&desired.with_weights_of(&nobody).forward), [1, 0], "nobody is led to either");
    assert_eq!(weights(&moved), [0, 100]);
}

#[test]
fn what_stands_of_a_native_service() {
    let wanted = wanted(&native(), &Surroundings::default(), None);
    let of_web = wanted.objects.iter().filter(|it| it.address.is_within(&Address::block("service", "web")));
    let addresses: Vec<&str> = of_web.map(|it| it.address.as_str()).collect();
    assert_eq!(
        addresses,
        [
            "service.web",
            "service.web.alternate_target_group",
            "service.web.listener_rule",
            "service.web.log_group",
            "service.web.security_group",
            "service.web.target_group",
            "service.web.task_definition"
        ]
    );
    let service = wanted.objects.iter().find(|it| it.address.as_str() == "service.web").unwrap();
    let after: Vec<&str> = service.after.iter().map(Address::as_str).collect();
    assert_eq!(after, ["service.web.listener_rule", "alarms.cpu"], "what turns it back stands before it");
}
