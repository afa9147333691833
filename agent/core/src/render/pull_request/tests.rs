#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod figures;
mod hostile;
mod page;

use std::collections::BTreeMap;

use serde_json::json;

use super::{comment, environment_summary, environment_title, overview, title};
use crate::{
    Address,
    cost::{Cost, CostItem, Dollars, Monthly, NotCounted, Usage},
    environment::{Diagnostic, EnvironmentName, Place},
    forecast::{Consequence, Forecast, Impact, Span},
    lease::LockInfo,
    plan::{
        Action, Change, Disruption, FieldChange, Held, HeldReason, Origin, PLAN_SCHEMA, Plan, Reason,
        Unsettled,
    },
    policy::{Cause, Effect, Finding, Heard, JudgedRule, Verdict},
    report::{
        ChangeOutcome, ChangeResult, Event, Judged, Outcome,
        pull_request::{EnvironmentReport, PullReport, Purpose, Status},
    },
    resource::{Kind, Rule},
};

const HEAD: &str = "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334";
const HOSTILE: &str = "@robin <img src=x onerror=alert(1)> [x](https://evil.example) ``` | </details>\n# big \u{202e}#7 <!-- pointsman -->";

fn name(text: &str) -> EnvironmentName {
    EnvironmentName::parse(text).unwrap()
}

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

fn change(at: &str, kind: Kind, action: Action, disruption: Disruption, fields: Vec<FieldChange>) -> Change {
    Change {
        address: address(at),
        kind,
        stateful: kind.is_stateful(),
        action,
        reason: if action == Action::Create { Reason::New } else { Reason::Differs },
        disruption,
        impact: impact(disruption),
        fields,
        desired: None,
        observed: None,
        dependencies: Vec::new(),
        former_dependencies: Vec::new(),
    }
}

fn cost() -> Cost {
    let monthly = |usual: &str| {
        let dollars = Dollars::parse(usual).unwrap();
        Monthly { low: dollars, usual: dollars, high: dollars }
    };
    let item = CostItem {
        address: address("cache.sessions"),
        before: monthly("12.41"),
        after: monthly("24.82"),
        charges: Vec::new(),
    };
    let left_out = NotCounted {
        address: address("service.web.log_group"),
        usage: Usage::Logs,
        price: Dollars::parse("0.50"),
    };
    Cost {
        region: "us-east-1".to_owned(),
        prices: Some("2026-11".to_owned()),
        before: monthly("284.02"),
        after: monthly("296.43"),
        items: vec![item],
        not_counted: vec![left_out],
    }
}

/// Something that is as bad as this.
fn impact(disruption: Disruption) -> Impact {
    let (consequence, lasts) = match disruption {
        Disruption::None => (Consequence::None, Some(Span::NONE)),
        Disruption::ConnectionsDrain => (Consequence::ConnectionsDrain, Some(Span::up_to(330))),
        Disruption::Outage => (Consequence::Outage, None),
        Disruption::DataLost => (Consequence::DataLost, None),
    };
    Impact { consequence, lasts, makes: Span::between(60, 300), removes: Span::NONE }
}

fn field(name: &str, rule: Rule, before: &str, after: &str, origin: Origin) -> FieldChange {
    FieldChange { field: name.to_owned(), rule, before: json!(before), after: json!(after), origin }
}

fn plan(environment: &str, changes: Vec<Change>, held: Vec<Held>) -> Plan {
    Plan {
        schema: PLAN_SCHEMA,
        environment: name(environment),
        commit: Some(HEAD.to_owned()),
        forecast: Forecast {
            disruption: changes.iter().map(|change| change.disruption).max().unwrap_or(Disruption::None),
            lasts: None,
            takes: Span::between(120, 640),
        },
        cost: cost(),
        account: "123456789012".to_owned(),
        region: "us-east-1".to_owned(),
        base: None,
        changes,
        rollouts: Vec::new(),
        held,
        unsettled: Vec::new(),
        forget: Vec::new(),
    }
}

fn finding(effect: Effect, message: &str) -> Finding {
    Finding {
        effect,
        cause: Cause::Policy,
        package: "images".to_owned(),
        rule: "deny".to_owned(),
        message: message.to_owned(),
        path: None,
        details: BTreeMap::new(),
        file: "policies/images.rego".to_owned(),
        line: 12,
        excepted: None,
        overridden: None,
    }
}

fn asked() -> Verdict {
    let rule = JudgedRule {
        effect: Effect::Deny,
        package: "images".to_owned(),
        rule: "deny".to_owned(),
        file: "policies/images.rego".to_owned(),
        line: 12,
        messages: 0,
        heard: Heard::Silent,
    };
    Verdict { findings: Vec::new(), rules: vec![rule] }
}

fn report(purpose: Purpose, environments: Vec<EnvironmentReport>) -> PullReport {
    PullReport {
        base: "main".to_owned(),
        base_commit: (purpose == Purpose::Preview)
            .then(|| "9988776655443322110099887766554433221100".to_owned()),
        head: HEAD.to_owned(),
        purpose,
        environments,
        diagnostics: Vec::new(),
        problem: None,
        commands: Vec::new(),
        page: None,
        revert: None,
    }
}

fn planned(environment: &str, plan: Plan, verdict: Verdict) -> EnvironmentReport {
    let status = if verdict.is_allowed() { Status::Planned } else { Status::Denied };
    let judged = Some(Judged { plan, verdict });
    EnvironmentReport { status, judged, ..EnvironmentReport::queued(name(environment)) }
}

fn ordinary() -> Plan {
    let web = "service.web";
    plan(
        "production/web",
        vec![
            change(
                "cache.sessions",
                Kind::ReplicationGroup,
                Action::Replace,
                Disruption::DataLost,
                vec![field("engine", Rule::Replace, "redis", "valkey", Origin::File)],
            ),
            change(
                web,
                Kind::Service,
                Action::Rollout,
                Disruption::ConnectionsDrain,
                vec![
                    field("task_definition", Rule::Rollout, "web:12", "web:13", Origin::File),
                    field("count", Rule::InPlace, "5", "3", Origin::Live),
                ],
            ),
            change("service.web.log_group", Kind::LogGroup, Action::Create, Disruption::None, Vec::new()),
            change("service.old", Kind::Service, Action::Delete, Disruption::Outage, Vec::new()),
        ],
        vec![
            Held::new(address("database.main"), HeldReason::Protected),
            Held::new(address("alarm.errors"), HeldReason::NotYetManaged),
            Held::new(address("secret.key"), HeldReason::NotYetManaged),
        ],
    )
}

#[test]
fn a_plan_to_read_on_a_phone_at_night() {
    let mut production = planned("production/web", ordinary(), asked());
    production.behind = true;
    let staging = planned(
        "staging/web",
        Plan { cost: Cost::default(), ..plan("staging/web", Vec::new(), Vec::new()) },
        asked(),
    );
    let report = report(Purpose::Preview, vec![production, staging]);
    insta::assert_snapshot!(comment(&report));
    insta::assert_snapshot!(title(&report), @"2 environments: 2 planned.");
    insta::assert_snapshot!(overview(&report));
}

#[test]
fn errors_denials_and_refusals() {
    let verdict = Verdict {
        findings: vec![
            finding(Effect::Deny, "the image has no digest"),
            finding(Effect::Warn, "logs are kept for 3 days"),
        ],
        rules: Vec::new(),
    };
    let denied = planned("a/denied", ordinary(), verdict);
    let place = Place { file: "environments/a/broken.toml".to_owned(), start: 0, end: 1, line: 3, column: 5 };
    let mut broken =
        EnvironmentReport { status: Status::Invalid, ..EnvironmentReport::queued(name("a/broken")) };
    broken.diagnostics = vec![
        Diagnostic::error("unknown-key", "`cuont` is no key of a service")
            .at(place)
            .help("did you mean `count`?"),
        Diagnostic::warning("defaulted", "nothing says how long logs are kept"),
    ];
    let no_plan = EnvironmentReport {
        status: Status::NoPlan,
        problem: Some("AWS denies this to the identity in use.\necs:DescribeServices web: AccessDenied\nNext: allow it.".to_owned()),
        ..EnvironmentReport::queued(name("a/unplanned"))
    };
    let fork = EnvironmentReport { status: Status::Checked, ..EnvironmentReport::queued(name("b/fork")) };
    let role = EnvironmentReport { status: Status::Postponed, ..EnvironmentReport::queued(name("b/role")) };
    let removed =
        EnvironmentReport { status: Status::Removed, ..EnvironmentReport::queued(name("b/removed")) };
    let report = report(Purpose::Preview, vec![broken, denied, no_plan, fork, role, removed]);
    insta::assert_snapshot!(comment(&report));
    let titles: Vec<String> = report.environments.iter().map(environment_title).collect();
    insta::assert_snapshot!(titles.join("\n"));
    insta::assert_snapshot!(title(&report), @"6 environments: 1 has errors, 1 denied by policy, 1 cannot be planned, 1 planned after the merge, 1 no longer described, 1 checked, not planned.");
}

#[test]
fn a_fork_that_the_policies_deny_says_so_without_a_plan() {
    let mut fork = EnvironmentReport { status: Status::Denied, ..EnvironmentReport::queued(name("b/fork")) };
    fork.diagnostics = vec![Diagnostic::error("policy", "no"), Diagnostic::warning("policy", "hardly")];
    assert_eq!(environment_title(&fork), "The policies deny it: 1 finding.");
    let text = comment(&report(Purpose::Preview, vec![fork]));
    assert!(text.contains("is denied by policy") && text.contains("no") && text.contains("hardly"), "{text}");
}

#[test]
fn nothing_changed_and_nothing_usable() {
    let mut report = report(Purpose::Preview, Vec::new());
    insta::assert_snapshot!(comment(&report));
    report.problem = Some("The policies at 9988776 cannot be used, so nothing is allowed:\n- policies/a.rego:3: unexpected token\nNext: correct them.".to_owned());
    insta::assert_snapshot!(comment(&report));
}

fn deploying() -> EnvironmentReport {
    let mut environment = EnvironmentReport::queued(name("production/web"));
    environment.follow(&Event::Locked { fence: 3, taken_over: false });
    environment.follow(&Event::Planned { judged: Box::new(Judged { plan: ordinary(), verdict: asked() }) });
    let (log, web) = (address("service.web.log_group"), address("service.web"));
    environment.follow(&Event::Started { address: log.clone(), action: Action::Create });
    environment.follow(&Event::Finished { address: log, action: Action::Create, took_ms: 420 });
    environment.follow(&Event::Started { address: web.clone(), action: Action::Rollout });
    environment.follow(&Event::Progress { address: web, says: "2 of 3 tasks run".to_owned() });
    environment
}

#[test]
fn a_deploy_is_followed_to_its_end() {
    let going_on = deploying();
    insta::assert_snapshot!(comment(&report(Purpose::Deploy, vec![going_on.clone()])));

    let mut waiting = EnvironmentReport::queued(name("production/web"));
    let holder = LockInfo {
        who: "ada@laptop".to_owned(),
        operation: "OperationTypeApply".to_owned(),
        ..LockInfo::default()
    };
    waiting.follow(&Event::Waiting { holder, remaining_ms: None, turn: None });
    insta::assert_snapshot!(comment(&report(Purpose::Deploy, vec![waiting])));

    let outcome = |result: ChangeResult| Outcome {
        environment: name("production/web"),
        commit: Some(HEAD.to_owned()),
        judged: Judged { plan: ordinary(), verdict: asked() },
        rollouts: Vec::new(),
        stopped: Vec::new(),
        changes: vec![
            ChangeOutcome {
                address: address("service.web.log_group"),
                action: Action::Create,
                result: ChangeResult::Done,
                took_ms: 420,
            },
            ChangeOutcome {
                address: address("service.web"),
                action: Action::Rollout,
                result,
                took_ms: 95_000,
            },
        ],
        outputs: BTreeMap::from([("alb_dns_name".to_owned(), "web-1.elb.amazonaws.com".to_owned())]),
        serial: 17,
        took_ms: 131_000,
    };
    let done = EnvironmentReport {
        status: Status::Deployed,
        outcome: Some(outcome(ChangeResult::Done)),
        ..going_on.clone()
    };
    insta::assert_snapshot!(comment(&report(Purpose::Deploy, vec![done])));

    let failed =
        ChangeResult::Failed { why: "ECS rolled it back: tasks failed to start".to_owned(), kind: None };
    let mut failed = EnvironmentReport { status: Status::Failed, outcome: Some(outcome(failed)), ..going_on };
    failed.follow(&Event::Failed {
        address: address("service.web"),
        action: Action::Rollout,
        why: "ECS rolled it back".to_owned(),
    });
    failed.problem = Some("Not everything was done in production/web:\n- rolling out service.web failed: ECS rolled it back\nNext: mend the cause and run it again; it goes on from here.".to_owned());
    insta::assert_snapshot!(comment(&report(Purpose::Deploy, vec![failed])));
}

#[test]
fn what_others_wrote_is_shown_and_does_nothing() {
    let mut hostile = plan(
        "production/web",
        vec![change(
            "service.web",
            Kind::Service,
            Action::Rollout,
            Disruption::ConnectionsDrain,
            vec![field(HOSTILE, Rule::Rollout, HOSTILE, &"x".repeat(5_000), Origin::Live)],
        )],
        vec![Held::new(
            address("service.web.count"),
            HeldReason::Ignored { live: HOSTILE.to_owned(), written: HOSTILE.to_owned() },
        )],
    );
    hostile.unsettled = vec![Unsettled { address: address("cache.a"), status: HOSTILE.to_owned() }];
    let verdict = Verdict { findings: vec![finding(Effect::Deny, HOSTILE)], rules: Vec::new() };
    let mut environment = planned("production/web", hostile, verdict);
    environment.problem = Some(format!("It cannot be planned:\n- {HOSTILE}"));
    let place = Place { file: HOSTILE.to_owned(), start: 0, end: 1, line: 3, column: 5 };
    environment.diagnostics = vec![Diagnostic::error("x", HOSTILE).at(place).help(HOSTILE)];
    let mut report = report(Purpose::Preview, vec![environment]);
    report.base = HOSTILE.to_owned();
    let text = comment(&report);
    insta::assert_snapshot!(text);

    // As a browser would see it: outside of code there is no tag but ours, no
    // link, nobody mentioned, no marker.
    let mut outside = String::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            outside.push_str(&without_code(line));
            outside.push('\n');
        }
    }
    assert!(!fenced, "a fence is left open");
    for tag in ["<img", "<!--", "@robin", "https://", "[x]", "#7", "\u{202e}"] {
        assert!(!outside.contains(tag), "{tag} in {outside}");
    }
    assert_eq!(outside.matches("</details>").count(), outside.matches("<details>").count(), "{outside}");
}

/// A line without its spans of code.
fn without_code(line: &str) -> String {
    let mut rest = line;
    let mut outside = String::new();
    while let Some(begin) = rest.find('`') {
        let escaped = rest[..begin].ends_with('\\');
        outside.push_str(&rest[..begin]);
        let ticks: String = rest[begin..].chars().take_while(|c| *c == '`').collect();
        let behind = &rest[begin + ticks.len()..];
        match behind.find(&ticks).filter(|_| !escaped) {
            Some(end) => rest = &behind[end + ticks.len()..],
            None => rest = behind,
        }
    }
    outside.push_str(rest);
    outside
}

#[test]
fn however_much_there_is_github_takes_it_and_it_says_what_is_missing() {
    let many = |count: usize| {
        (0..count)
            .map(|number| {
                change(
                    &format!("service.web{number}"),
                    Kind::Service,
                    Action::Create,
                    Disruption::None,
                    Vec::new(),
                )
            })
            .collect::<Vec<_>>()
    };
    let held = |count: usize| {
        (0..count)
            .map(|number| Held::new(address(&format!("alarm.a{number}")), HeldReason::NotYetManaged))
            .collect::<Vec<_>>()
    };
    let one = report(Purpose::Preview, vec![planned("a/b", plan("a/b", many(3_000), held(3_000)), asked())]);
    let text = comment(&one);
    assert!(text.chars().count() <= 65_536);
    assert!(text.contains("**Plan: 3000 to add, 0 to change, 0 to destroy.**"));
    assert!(
        text.contains("2850 lines not shown here; `pointsman plan a/b` shows all."),
        "{}",
        &text[text.len() - 600..]
    );

    let environments: Vec<EnvironmentReport> = (0..900)
        .map(|number| {
            let name = format!("production/environment-number-{number:04}");
            planned(&name, plan(&name, many(20), held(20)), asked())
        })
        .collect();
    let crowd = report(Purpose::Preview, environments);
    let text = comment(&crowd);
    assert!(text.chars().count() <= 65_536);
    assert!(text.contains("more environments are not shown: GitHub takes no longer comment."), "{text}");
    assert!(environment_summary(&crowd, &crowd.environments[0]).len() <= 65_535);
}
