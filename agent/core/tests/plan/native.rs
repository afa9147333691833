//! Services that ECS itself releases: every field with its rule, whose the
//! weights are, and that there is no way out.

use pointsman_core::{
    Address,
    desired::{Surroundings, wanted},
    environment::{Environment, Sources, read},
    plan::{Action, Conflict, Plan},
    resource::{Forward, Link, Resource, Rule},
    rollout::released_by_ecs,
};

use crate::account::Account;

const ESTATE: &str = include_str!("estate.toml");
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

#[test]
fn a_rolling_service_becomes_native_and_never_goes_back() {
    let mut account = Account::default();
    let rolling = estate("");
    account.deploy(&rolling);
    let plan = account.plan(&native()).unwrap();
    let (action, fields) = service(&plan);
    assert_eq!(action, Action::Rollout);
    let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        names,
        [
            "abort_on",
            "alternate_target_group",
            "bake_minutes",
            "production_rule",
            "step_minutes",
            "step_percent",
            "strategy",
            "traffic_role"
        ]
    );
    assert_eq!(released_by_ecs(&plan), ["web"]);
    account.apply(&plan);
    assert!(account.plan(&native()).unwrap().is_empty());

    let conflicts = account.plan(&rolling).unwrap_err();
    let [Conflict::Impossible { address, field, .. }] = conflicts.as_slice() else { panic!("{conflicts:?}") };
    assert_eq!((address.as_str(), field.as_str()), ("service.web", "strategy"));
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
