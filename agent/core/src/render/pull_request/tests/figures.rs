//! Six comments as people meet them, to be looked at as pages too: `docs/pull-requests.md`
//! says how.

use std::collections::BTreeMap;

use super::{
    HEAD, address, asked, change, comment, cost, field, finding, name, ordinary, plan, planned, report,
};
use crate::{
    lease::LockInfo,
    plan::{Action, Disruption, Held, HeldReason, Origin, Plan},
    policy::{Effect, Verdict},
    report::{
        ChangeOutcome, ChangeResult, Event, Judged, Outcome, StoppedTask,
        pull_request::{EnvironmentReport, OtherPull, Purpose, Status, Unmet, Why},
    },
    resource::{Kind, Rule},
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

#[test]
fn first_deploy() {
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
    insta::assert_snapshot!(comment(&report(Purpose::Preview, vec![planned(PRODUCTION, first, asked())])));
}

#[test]
fn one_line_change() {
    let mut environment = planned(PRODUCTION, one_line(), asked());
    environment.others = vec![OtherPull { number: 41, title: "Give the cache more memory".to_owned() }];
    insta::assert_snapshot!(comment(&report(Purpose::Preview, vec![environment])));
}

#[test]
fn destructive_and_denied() {
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
    insta::assert_snapshot!(comment(&report(
        Purpose::Preview,
        vec![planned("production/web", ordinary(), verdict)]
    )));
}

#[test]
fn failed_rollout() {
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
    insta::assert_snapshot!(comment(&report));
}

#[test]
fn locked() {
    let mut environment = EnvironmentReport::queued(name(PRODUCTION));
    let holder = LockInfo {
        who: "ada@laptop".to_owned(),
        operation: "OperationTypeApply".to_owned(),
        ..LockInfo::default()
    };
    environment.follow(&Event::Waiting { holder, remaining_ms: None });
    insta::assert_snapshot!(comment(&report(Purpose::Deploy, vec![environment])));
}

#[test]
fn forty_environments() {
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
    let text = comment(&report);
    println!("40 environments: {} characters", text.chars().count());
    assert!(text.chars().count() <= 65_536);
    for environment in &report.environments {
        assert!(text.contains(&format!("| `{}` |", environment.name)), "{} has a row", environment.name);
    }
    insta::assert_snapshot!(text);
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
