#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use serde_json::json;

use super::{Frame, Markup, environment, estate, not_found, nothing_yet, pull};
use crate::{
    Address,
    cost::{Cost, Dollars, Monthly},
    environment::{Diagnostic, EnvironmentName, Place},
    forecast::{Consequence, Forecast, Impact, Span},
    lease::LockInfo,
    plan::{
        Action, Change, Disruption, FieldChange, Held, HeldReason, Origin, PLAN_SCHEMA, Plan, Reason,
        Unsettled,
    },
    policy::{Cause, Effect, Finding, Verdict},
    report::{
        Judged, Side, Sides,
        estate::{EnvironmentView, Estate, OpenPull, Standing, Told},
        pull_request::{EnvironmentReport, Progress, PullReport, Purpose, Status},
    },
    resource::{Kind, Rule},
    rollout::{Phase, Settings},
};

const HEAD: &str = "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334";
const HOSTILE: &str = "<script>alert(1)</script> \" onerror='x' </main> \u{202e}gnp &amp; `<img src=x>`";
const FRAME: Frame<'static> = Frame { prefix: "/ops", agent: "depot", version: 7 };

fn name(text: &str) -> EnvironmentName {
    EnvironmentName::parse(text).unwrap()
}

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

fn monthly(usual: &str) -> Monthly {
    let dollars = |text: &str| Dollars::parse(text).unwrap();
    Monthly { low: dollars("199.00"), usual: dollars(usual), high: dollars("880.00") }
}

fn change(at: &str, kind: Kind, action: Action, fields: Vec<FieldChange>) -> Change {
    let disruption = match action {
        Action::Rollout => Disruption::ConnectionsDrain,
        Action::Replace | Action::Delete => Disruption::Outage,
        Action::Create | Action::Update | Action::Adopt => Disruption::None,
    };
    let (consequence, lasts) = match disruption {
        Disruption::None => (Consequence::None, Some(Span::NONE)),
        Disruption::ConnectionsDrain => (Consequence::ConnectionsDrain, Some(Span::up_to(330))),
        Disruption::Outage | Disruption::DataLost => (Consequence::Outage, None),
    };
    Change {
        address: address(at),
        kind,
        stateful: kind.is_stateful(),
        action,
        reason: if action == Action::Delete { Reason::NotWanted } else { Reason::Differs },
        disruption,
        impact: Impact { consequence, lasts, makes: Span::between(60, 300), removes: Span::NONE },
        fields,
        desired: None,
        observed: None,
        dependencies: Vec::new(),
        former_dependencies: Vec::new(),
    }
}

fn field(name: &str, rule: Rule, before: &str, after: &str, origin: Origin) -> FieldChange {
    FieldChange { field: name.to_owned(), rule, before: json!(before), after: json!(after), origin }
}

fn plan(environment: &str, text: &str) -> Plan {
    let changes = vec![
        change("service.web.log_group", Kind::LogGroup, Action::Create, Vec::new()),
        change(
            "service.web",
            Kind::Service,
            Action::Rollout,
            vec![
                field("task_definition", Rule::Rollout, "web:12", text, Origin::File),
                field("count", Rule::InPlace, "5", "3", Origin::Live),
            ],
        ),
        change("service.old", Kind::Service, Action::Delete, Vec::new()),
    ];
    Plan {
        schema: PLAN_SCHEMA,
        environment: name(environment),
        commit: Some(HEAD.to_owned()),
        account: "123456789012".to_owned(),
        region: "us-east-1".to_owned(),
        base: None,
        forecast: Forecast { disruption: Disruption::Outage, lasts: None, takes: Span::between(120, 640) },
        cost: Cost {
            region: "us-east-1".to_owned(),
            prices: Some("2026-11".to_owned()),
            before: monthly("284.02"),
            after: monthly("296.43"),
            ..Cost::default()
        },
        changes,
        rollouts: Vec::new(),
        held: vec![Held::new(address("database.main"), HeldReason::Protected)],
        unsettled: vec![Unsettled { address: address("cache.sessions"), status: text.to_owned() }],
        forget: Vec::new(),
    }
}

fn verdict(message: &str) -> Verdict {
    let finding = Finding {
        effect: Effect::Warn,
        cause: Cause::Policy,
        package: "images".to_owned(),
        rule: "warn".to_owned(),
        message: message.to_owned(),
        path: None,
        details: std::collections::BTreeMap::new(),
        file: "policies/images.rego".to_owned(),
        line: 12,
        excepted: None,
        overridden: None,
    };
    Verdict { findings: vec![finding], rules: Vec::new() }
}

fn shifting() -> EnvironmentReport {
    let settings = Settings { shift: vec![25, 100], ..Settings::default() };
    let side = |block: &str, share, healthy| Side { block: block.to_owned(), share, desired: 3, healthy };
    let sides = Sides {
        phase: Phase::Shift(0),
        settings,
        blue: side("web", Some(75), 3),
        green: side("web--b", Some(25), 2),
        approved_by: vec!["robin".to_owned()],
    };
    let said = "web: releasing a1b2c3d, shift to 25 %\n  blue  web    ███  75 %  3 of 3 tasks healthy\n  green web--b ░░░  25 %  2 of 3 tasks healthy\n  now   Green gets 25 % of the traffic,\n        and is compared with blue.\n  next  Watched for a while: nothing speaks\n        against it. It has 40 s left.\n";
    let mut report = EnvironmentReport {
        status: Status::Deploying,
        judged: Some(Judged {
            plan: plan("production/web", "web:13"),
            verdict: verdict("logs are kept for 3 days"),
        }),
        ..EnvironmentReport::queued(name("production/web"))
    };
    report.sides.insert("web".to_owned(), sides);
    report.rollouts.insert("web".to_owned(), said.to_owned());
    report.progress = vec![
        (address("service.web.log_group"), Progress::Done(Action::Create, 420)),
        (address("service.web"), Progress::Doing(Action::Rollout, Some("2 of 3 tasks run".to_owned()))),
    ];
    report
}

fn failed(text: &str) -> EnvironmentReport {
    let mut report = EnvironmentReport {
        status: Status::Failed,
        problem: Some(format!("AWS gave up on `service.web`.\n{text}\nNext: correct the image.")),
        again: true,
        ..EnvironmentReport::queued(name("staging/web"))
    };
    report.progress = vec![(address("service.web"), Progress::Failed(Action::Rollout, text.to_owned()))];
    report
}

fn pull_report(environments: Vec<EnvironmentReport>) -> PullReport {
    PullReport {
        base: "main".to_owned(),
        base_commit: Some("9988776655443322110099887766554433221100".to_owned()),
        head: HEAD.to_owned(),
        purpose: Purpose::Preview,
        environments,
        diagnostics: Vec::new(),
        problem: None,
        commands: Vec::new(),
        page: None,
        revert: None,
    }
}

fn standing(of: &str, status: Option<Status>) -> Standing {
    Standing {
        name: name(of),
        status,
        revision: Some(HEAD.to_owned()),
        deployed_at: Some("2031-02-03T04:05:06.789Z".to_owned()),
        drift: 0,
        lock: None,
        monthly: Some(monthly("296.43")),
        pull: Some(12),
        rollouts: Vec::new(),
    }
}

fn whole_estate(text: &str) -> Estate {
    let holder = LockInfo { who: text.to_owned(), ..LockInfo::default() };
    Estate {
        agent: "depot".to_owned(),
        repo: "https://github.com/acme/config.git".to_owned(),
        branch: "main".to_owned(),
        commit: Some(HEAD.to_owned()),
        looked_at: Some("2031-02-03T04:05:06Z".to_owned()),
        problem: None,
        watches_drift: true,
        environments: vec![
            Standing {
                rollouts: vec!["web: shift to 25 %".to_owned()],
                lock: Some(LockInfo { who: "depot".to_owned(), ..LockInfo::default() }),
                ..standing("production/web", Some(Status::Deploying))
            },
            Standing { pull: None, ..standing("staging/web", Some(Status::Failed)) },
            Standing { lock: Some(holder), ..standing("test/web", Some(Status::Waiting)) },
            Standing { drift: 2, ..standing("test/worker", Some(Status::Deployed)) },
            Standing {
                revision: None,
                deployed_at: None,
                monthly: None,
                pull: None,
                ..standing("test/new", None)
            },
        ],
        pulls: vec![OpenPull {
            number: 14,
            title: text.to_owned(),
            author: "robin".to_owned(),
            report: Some(pull_report(vec![failed(text)])),
        }],
    }
}

fn view(report: EnvironmentReport, text: &str) -> EnvironmentView {
    EnvironmentView {
        agent: "depot".to_owned(),
        standing: standing(report.name.as_str(), Some(report.status)),
        told: Some(Told { head: HEAD.to_owned(), base: "main".to_owned(), purpose: Purpose::Deploy, report }),
        tracks: Vec::new(),
        failures: Vec::new(),
        drift: Some(Judged { plan: plan("production/web", text), verdict: verdict(text) }),
        pulls: Vec::new(),
    }
}

/// Every tag that is opened is closed, in order.
fn assert_balanced(html: &str) {
    let mut open: Vec<&str> = Vec::new();
    for piece in html.split('<').skip(1) {
        let (tag, _) = piece.split_once('>').unwrap_or_else(|| panic!("a tag that does not end: <{piece}"));
        if let Some(closed) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(closed), "in {html}");
        } else if !tag.starts_with('!') {
            let name = tag.split([' ', '\n']).next().unwrap_or_default();
            if !["meta", "link", "br"].contains(&name) {
                open.push(name);
            }
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

fn pages(text: &str) -> Vec<Markup> {
    let place = Place { file: "environments/a.toml".to_owned(), start: 0, end: 1, line: 3, column: 5 };
    let mut broken =
        EnvironmentReport { status: Status::Invalid, ..EnvironmentReport::queued(name("a/broken")) };
    broken.diagnostics = vec![Diagnostic::error("unknown-key", text).at(place).help(text)];
    let diagnostics = broken.diagnostics.clone();
    let mut report = pull_report(vec![shifting(), failed(text), broken]);
    report.diagnostics = diagnostics;
    report.problem = Some(text.to_owned());
    vec![
        estate(&FRAME, &whole_estate(text)),
        environment(&FRAME, &view(shifting(), text)),
        environment(&FRAME, &view(failed(text), text)),
        pull(&FRAME, 14, &report),
    ]
}

#[test]
fn pages_as_they_are_read() {
    let [estate, shifting, failed, pull] = pages("a sentence with `code` & more").try_into().unwrap();
    insta::assert_snapshot!("estate", FRAME.around("Environments", &estate));
    insta::assert_snapshot!("environment_in_shift", shifting.into_string());
    insta::assert_snapshot!("environment_failed", failed.into_string());
    insta::assert_snapshot!("pull_request", pull.into_string());
}

#[test]
fn nothing_of_others_becomes_markup() {
    for main in pages(HOSTILE).into_iter().chain([not_found(), nothing_yet(Some(&name("a/b")))]) {
        let page = FRAME.around(HOSTILE, &main);
        assert_balanced(&page);
        for markup in ["<script>", "<img", "onerror='", "\u{202e}", "</main> "] {
            assert!(!page.contains(markup), "{markup} in {page}");
        }
        let quoted = page.matches("style=").count() + page.matches("onclick").count();
        assert_eq!(quoted, 0, "the page's policy allows neither styles nor handlers in attributes");
        assert!(page.contains("<html lang=\"en\"") && page.contains("<h1>") && page.contains("</title>"));
    }
}
