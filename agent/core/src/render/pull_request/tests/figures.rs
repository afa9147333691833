//! Comments as people meet them, to be looked at as pages too: `docs/pull-requests.md` says how.

use std::collections::BTreeMap;

use super::{
    HEAD, address, asked, change, comment, cost, field, finding, name, ordinary, page, plan, planned, report,
};
use crate::{
    lease::LockInfo,
    plan::{Action, Disruption, Held, HeldReason, Origin, Plan},
    policy::{Effect, Verdict},
    report::{
        ChangeOutcome, ChangeResult, Event, Judged, Outcome, RolloutOutcome, StoppedTask,
        pull_request::{EnvironmentReport, OtherPull, PullReport, Purpose, Status, Unmet, Why},
    },
    resource::{Kind, Rule},
    rollout::{Ended, Ending, Purpose as For, Reason, Slot},
};

const PRODUCTION: &str = "production/gravity-ai-chat";

fn one_line() -> Plan {
    let before = "ghcr.io/open-webui/open-webui:0.6.32";
    let after = "ghcr.io/open-webui/open-webui:0.6.33";
    let definition = "service.webui.task_definition";
    let image = field("image", Rule::Rollout, before, after, Origin::File);
    let definition = change(definition, Kind::TaskDefinition, Action::Rollout, Disruption::None, vec![image]);
    let service = change(
        "service.webui",
        Kind::Service,
        Action::Rollout,
        Disruption::ConnectionsDrain,
        vec![field("task_definition", Rule::Rollout, "webui:12", "(known after apply)", Origin::File)],
    );
    Plan {
        cost: crate::cost::Cost { after: cost().before, items: Vec::new(), ..cost() },
        ..plan(
            PRODUCTION,
            vec![definition, service],
            vec![
                Held::new(address("database.main"), HeldReason::Protected),
                Held::new(
                    address("service.webui.count"),
                    HeldReason::AutoscalerOwns { live: "5".to_owned(), written: "3".to_owned() },
                ),
            ],
        )
    }
}

fn first_deploy() -> PullReport {
    let make = |at: &str, kind: Kind| change(at, kind, Action::Create, Disruption::None, Vec::new());
    let made = vec![
        make("load_balancer.webui", Kind::LoadBalancer),
        make("load_balancer.webui.listener.http", Kind::Listener),
        make("load_balancer.webui.security_group", Kind::SecurityGroup),
        make("cache.sessions", Kind::ReplicationGroup),
        make("service.webui", Kind::Service),
        make("service.webui.task_definition", Kind::TaskDefinition),
        make("service.webui.target_group", Kind::TargetGroup),
        make("service.webui.log_group", Kind::LogGroup),
        make("service.webui.security_group", Kind::SecurityGroup),
        make("alarms.high-cpu", Kind::Alarm),
        make("alarms.slow-responses", Kind::Alarm),
        make("dashboard.main", Kind::Dashboard),
    ];
    let held = vec![
        Held::new(address("external.database"), HeldReason::Protected),
        Held::new(address("external.files"), HeldReason::Protected),
    ];
    let nothing = crate::cost::Monthly::default();
    let first =
        Plan { cost: crate::cost::Cost { before: nothing, ..cost() }, ..plan(PRODUCTION, made, held) };
    report(Purpose::Preview, vec![planned(PRODUCTION, first, asked())])
}

fn one_line_change() -> PullReport {
    let mut environment = planned(PRODUCTION, one_line(), asked());
    environment.others = vec![OtherPull { number: 41, title: "Give the cache more memory".to_owned() }];
    report(Purpose::Preview, vec![environment])
}

fn destructive_and_denied() -> PullReport {
    let verdict = Verdict {
        findings: vec![
            finding(
                Effect::Deny,
                "`cache.sessions` would be replaced, and its data lost: nobody agreed to that",
            ),
            finding(Effect::Warn, "`service.web` runs fewer tasks than before"),
        ],
        rules: Vec::new(),
    };
    report(Purpose::Preview, vec![planned("production/web", ordinary(), verdict)])
}

fn failed_deploy() -> PullReport {
    let judged = Judged { plan: one_line(), verdict: asked() };
    let why = "the deployment failed: tasks failed to start; a task stopped: Essential container in task exited, exit code 1";
    let of = |at: &str, result: ChangeResult, took_ms: u64| ChangeOutcome {
        address: address(at),
        action: Action::Rollout,
        result,
        took_ms,
    };
    let failed = ChangeResult::Failed { why: why.to_owned(), kind: None };
    let outcome = Outcome {
        environment: name(PRODUCTION),
        commit: Some(HEAD.to_owned()),
        judged: judged.clone(),
        changes: vec![
            of("service.webui.task_definition", ChangeResult::Done, 310),
            of("service.webui", failed, 184_000),
        ],
        rollouts: Vec::new(),
        stopped: vec![StoppedTask {
            service: "service.webui".to_owned(),
            task: "0f5e9c1b7a3d4c62a1e8d90b46c7f215".to_owned(),
            why: "Essential container in task exited, exit code 1".to_owned(),
            exit_code: Some(1),
            log: [
                "INFO  [alembic.runtime.migration] Running upgrade 7e5b5dc7 -> 9f0c9cd0, add channel table",
                "Traceback (most recent call last):",
                "  File \"/app/backend/open_webui/config.py\", line 53, in run_migrations",
                "    command.upgrade(alembic_cfg, \"head\")",
                "psycopg2.errors.UndefinedColumn: column \"access_control\" does not exist",
                "connecting to postgresql://webui:(masked)@gravity-ai-chat.cluster-x.us-east-1.rds.amazonaws.com/webui",
            ]
            .map(ToOwned::to_owned)
            .to_vec(),
        }],
        outputs: BTreeMap::from([("alb_dns_name".to_owned(), "internal-webui-1.us-east-1.elb.amazonaws.com".to_owned())]),
        serial: 42,
        took_ms: 191_000,
    };
    let mut environment = EnvironmentReport::queued(name(PRODUCTION));
    environment.status = Status::Failed;
    environment.judged = Some(judged);
    environment.outcome = Some(outcome);
    let mut report = report(Purpose::Deploy, vec![environment]);
    report.revert = Some("https://github.com/acme/config/pull/42".to_owned());
    report
}

/// A release to the other side of a service, with the advice of the policies.
fn release() -> Judged {
    let make = |at: &str, kind: Kind| change(at, kind, Action::Create, Disruption::None, Vec::new());
    let made = vec![
        make("service.webui--b", Kind::Service),
        make("service.webui--b.target_group", Kind::TargetGroup),
        make("service.webui--b.task_definition", Kind::TaskDefinition),
        make("service.webui.test_rule", Kind::ListenerRule),
    ];
    let advice = [
        "service `webui` runs more than one process without `REDIS_URL`: sessions and settings are not shared between them",
        "service `webui` has no `WEBUI_SECRET_KEY`: every task makes its own, so that people are signed out at each release and between tasks",
        "service `webui` runs more than one process on the vector database `chroma`, which is a file: processes that write at once damage it; use `pgvector` or another server",
        "service `webui` keeps people on one side for 30m, longer than the bake of 10m: some are still on the old side when it goes",
    ];
    let findings = advice.iter().map(|says| finding(Effect::Warn, says)).collect();
    Judged { plan: plan(PRODUCTION, made, Vec::new()), verdict: Verdict { findings, rules: Vec::new() } }
}

fn failed_rollout() -> PullReport {
    let judged = release();
    let changes = judged.plan.changes.iter().map(|made| ChangeOutcome {
        address: made.address.clone(),
        action: made.action,
        result: ChangeResult::Done,
        took_ms: 900,
    });
    let why = "ECS deployment circuit breaker: tasks failed to start; a task stopped: Essential container exited, exit code 1";
    let ended = Ended {
        commit: HEAD.to_owned(),
        purpose: For::Release,
        to: Slot::B,
        opened_at_ms: 0,
        ended_at_ms: 312_000,
        ending: Ending::Restored { why: Some(Reason::GaveUp(why.to_owned())) },
        turned: None,
        unsure: None,
    };
    let rollout = RolloutOutcome {
        service: "webui".to_owned(),
        ended: Some(ended),
        at: None,
        stands: None,
        plan: String::new(),
        to_do: None,
    };
    let outcome = Outcome {
        environment: name(PRODUCTION),
        commit: Some(HEAD.to_owned()),
        changes: changes.collect(),
        judged: judged.clone(),
        rollouts: vec![rollout],
        stopped: Vec::new(),
        outputs: BTreeMap::new(),
        serial: 51,
        took_ms: 328_000,
    };
    let mut environment = EnvironmentReport::queued(name(PRODUCTION));
    for at in ["service.webui--b", "service.webui--b.target_group", "service.webui--b.task_definition"] {
        let (address, action) = (address(at), Action::Delete);
        environment.follow(&Event::Finished { address, action, took_ms: 4_100 });
    }
    environment.status = Status::Failed;
    environment.judged = Some(judged);
    environment.outcome = Some(outcome);
    let mut report = report(Purpose::Deploy, vec![environment]);
    report.revert = Some("https://github.com/acme/config/pull/42".to_owned());
    report
}

fn locked() -> PullReport {
    let mut environment = EnvironmentReport::queued(name(PRODUCTION));
    let holder = LockInfo {
        who: "ada@laptop".to_owned(),
        operation: "OperationTypeApply".to_owned(),
        id: "6d0e5b0e-1b2c-4d3e-8f40-5a6b7c8d9e0f".to_owned(),
        created: "2026-11-26T08:14:05Z".to_owned(),
        ..LockInfo::default()
    };
    environment.follow(&Event::Waiting { holder, remaining_ms: None, turn: None });
    report(Purpose::Deploy, vec![environment])
}

fn forty_environments() -> PullReport {
    let environments = (0..40).map(|number| {
        let full = format!("production/chat-{number:02}");
        let mut environment = match number {
            7 => {
                let verdict = Verdict {
                    findings: vec![finding(Effect::Deny, "the image has no digest")],
                    rules: Vec::new(),
                };
                planned(&full, Plan { environment: name(&full), ..one_line() }, verdict)
            }
            23 => planned(&full, Plan { environment: name(&full), ..ordinary() }, asked()),
            _ => planned(&full, Plan { environment: name(&full), ..one_line() }, asked()),
        };
        if number > 0 {
            environment.needs = vec![Unmet { name: name("production/chat-00"), why: Why::NotYet }];
        }
        environment
    });
    let mut report = report(Purpose::Preview, environments.collect());
    report.page = Some("https://pointsman.acme.example/pull/42".to_owned());
    report
}

/// All of them, by the names of their pages.
fn all() -> [(&'static str, PullReport); 6] {
    [
        ("first_deploy", first_deploy()),
        ("one_line_change", one_line_change()),
        ("destructive_and_denied", destructive_and_denied()),
        ("failed_rollout", failed_rollout()),
        ("locked", locked()),
        ("forty_environments", forty_environments()),
    ]
}

#[test]
fn comments_as_people_meet_them() {
    for (name, report) in all() {
        insta::assert_snapshot!(name, comment(&report));
    }
    insta::assert_snapshot!("failed_deploy", comment(&failed_deploy()));
}

#[test]
fn of_forty_environments_each_has_a_row() {
    let report = forty_environments();
    let text = comment(&report);
    println!("40 environments: {} characters", text.chars().count());
    assert!(text.chars().count() <= 65_536);
    for environment in &report.environments {
        assert!(text.contains(&format!("| `{}` |", environment.name)), "{} has a row", environment.name);
    }
}

#[test]
#[ignore = "writes pages to look at"]
#[allow(clippy::disallowed_methods, reason = "it writes files for people; core itself writes none")]
fn the_comments_as_pages() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/comments");
    std::fs::create_dir_all(folder).unwrap();
    for (name, report) in all() {
        std::fs::write(format!("{folder}/{name}.html"), page::page(name, &comment(&report))).unwrap();
    }
    println!("{} pages in target/comments", all().len());
}

/// One plan of thousands of fields: the verdict, the table and all lists stand;
/// the difference is cut, and says so.
#[test]
fn thousands_of_fields() {
    let fields = (0..5_000).map(|number| {
        field(
            &format!("environment.VARIABLE_{number}"),
            Rule::Rollout,
            &"a".repeat(90),
            &"b".repeat(90),
            Origin::File,
        )
    });
    let change = change(
        "service.webui.task_definition",
        Kind::TaskDefinition,
        Action::Rollout,
        Disruption::ConnectionsDrain,
        fields.collect(),
    );
    let plan = Plan { changes: vec![change], ..one_line() };
    let mut report = report(Purpose::Preview, vec![planned(PRODUCTION, plan, asked())]);
    report.page = Some("https://pointsman.acme.example/pull/42".to_owned());
    let text = comment(&report);
    println!("5,000 fields: {} characters", text.chars().count());
    assert!(text.chars().count() <= 65_536);
    assert!(text.contains("2 held: left alone on purpose"), "lists are whole");
    let said = "4851 lines not shown here; `pointsman plan production/gravity-ai-chat` shows all, and so does [the agent's page](https://pointsman.acme.example/pull/42).";
    assert!(text.contains(said), "{}", &text[text.len() - 900..]);
}
