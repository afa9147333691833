//! Releases that change the database: a task migrates it before anything else, and where the change breaks the
//! version before, the two never run at the same time.

use std::{sync::Arc, time::Duration};

use pointsman_tests::{
    agent::{Ended, Program, Running},
    aws::Options,
    dataplane::{Crowd, DataPlane, Stores},
    story::{Clone, World},
};

use crate::PATIENCE;

const NAME: &str = "production/shop";
const FILE: &str = "environments/production/shop.toml";
const HOST: &str = "shop.example.com";
const SECOND: Duration = Duration::from_secs(1);

fn text(image: char, rollout: &str) -> String {
    format!(
        r#"schema  = 1
extends = "_base.toml"

[state]
key = "production/shop/terraform.tfstate"

[load_balancer.front]
scheme     = "internal"
subnets    = "private"
allow_from = ["10.0.0.0/8"]

[load_balancer.front.listener.http]
port     = 80
protocol = "HTTP"
hosts    = ["{HOST}"]

[service.shop]
cluster        = "webUIcluster2"
image          = "ghcr.io/open-webui/shop-runs-its-command@sha256:{image}"
cpu            = 512
memory         = 1024
count          = 2
port           = 8080
execution_role = "arn:aws:iam::908027381725:role/ecsTaskExecutionRole"
task_role      = "arn:aws:iam::908027381725:role/webui-task"
subnets        = "private"

[service.shop.health]
path     = "/health"
interval = "5s"
timeout  = "2s"
healthy  = 2

[service.shop.expose]
listener   = "${{load_balancer.front.listener.http}}"
stickiness = {{ kind = "load_balancer_cookie", duration = "30m" }}
drain      = "3s"

[alarms]
notify = ["arn:aws:sns:us-east-1:908027381725:ops"]

[alarms.slow]
on                  = "load_balancer.front"
response_time_above = "2s"

[alarms.busy]
on        = "service.shop"
cpu_above = 85

[rollout]
strategy      = "blue_green"
{rollout}
"#,
        image = image.to_string().repeat(64),
    )
}

struct Shop {
    // The proxy goes before the account.
    plane: DataPlane,
    world: World,
}

impl Shop {
    fn open() -> Self {
        let stores = Arc::new(Stores::start().expect("stores"));
        let options =
            Options { task_command: Some(stores.application()), drain: 3 * SECOND, ..Options::default() };
        let world = World::with(Program::at(env!("CARGO_BIN_EXE_pointsman")), &options);
        let plane = DataPlane::start(&world.aws, &stores, "shop", HOST);
        let shop = Self { plane, world };
        shop.merge('1', "schema_change = \"none\"");
        let _ = shop.run(&shop.clone(), &["apply", NAME, "--yes"]).expect_code(0);
        shop.plane.settle();
        shop
    }

    fn clone(&self) -> Clone<'_> {
        self.world.clone_of("main")
    }

    fn merge(&self, image: char, rollout: &str) {
        self.world.git.commit("main", &[(FILE, Some(&text(image, rollout)))], "A release");
    }

    fn run(&self, clone: &Clone<'_>, arguments: &[&str]) -> Ended {
        let mut command = clone.command(arguments);
        command.env("http_proxy", format!("http://{}", self.plane.address()));
        pointsman_tests::agent::ended(&mut command)
    }

    fn start(&self, clone: &Clone<'_>, arguments: &[&str]) -> Running {
        let mut command = clone.command(arguments);
        command.env("http_proxy", format!("http://{}", self.plane.address()));
        Running::start(&mut command)
    }

    fn stands(&self) -> String {
        self.world.aws.python(
            r#"
ecs = client("ecs")
for name in ("shop", "shop--b"):
    for s in ecs.describe_services(cluster="webUIcluster2", services=[name])["services"]:
        if s["status"] == "ACTIVE":
            image = ecs.describe_task_definition(taskDefinition=s["taskDefinition"])["taskDefinition"]["containerDefinitions"][0]["image"]
            print(name, s["desiredCount"], image[-2:])
"#,
        )
    }
}

#[test]
#[ignore = "takes minutes: run with the whole"]
fn a_breaking_release_has_its_window_and_versions_never_meet() {
    let shop = Shop::open();
    let rollout = "schema_change = \"breaking\"\nmigration = { command = [\"sh\", \"-c\", \"echo migrated; sleep 1\"] }";
    shop.merge('2', rollout);
    let clone = shop.clone();
    let load = shop.plane.load(Crowd { people: 40, visitors: 0, sockets: 0 });
    load.mark("plan");
    let waits = shop.run(&clone, &["apply", NAME, "--yes"]).expect_code(0);
    let said = waits.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("two versions never meet: nobody is served from when shop stops"), "{said}");
    assert_eq!(shop.stands(), "shop 2 11\nshop--b 0 22\n", "nothing stops before somebody agreed");
    let hash = regex::Regex::new("approve production/shop --plan ([0-9a-f]{16})").unwrap();
    let hash = hash.captures(&waits.out).expect("it says what to approve")[1].to_owned();
    let report = load.stop();
    report.assert_nobody_noticed();

    let load = shop.plane.load(Crowd { people: 40, visitors: 0, sockets: 0 });
    load.mark("approved");
    let approving = shop.start(&clone, &["approve", NAME, "--plan", &hash]);
    approving.wait_until_said(", migrate", PATIENCE);
    assert_eq!(shop.stands(), "shop 0 11\nshop--b 0 22\n", "no two versions");
    load.mark("migrates");
    let (said, code) = approving.ended(PATIENCE);
    assert_eq!(code, 0, "{said}");
    shop.plane.settle();
    load.mark("released");
    load.run_for(2 * SECOND);
    assert_eq!(shop.stands(), "shop 0 11\nshop--b 2 22\n");
    let report = load.stop();
    let failures: Vec<_> = report.failed.iter().map(|(at, _)| *at).collect();
    let window = failures
        .last()
        .copied()
        .unwrap_or_default()
        .saturating_sub(failures.first().copied().unwrap_or_default());
    println!("{}\n{}\nwindow {window:?}", report.summary(), report.write("breaking").display());
    assert!(!failures.is_empty(), "the window is real");
    assert!(report.lost_sessions.is_empty(), "{:?}", report.lost_sessions);
    assert!(report.lasted - failures[failures.len() - 1] > SECOND, "everybody is served afterwards");
    let images: Vec<_> = report.sides.keys().map(|side| side.image.clone()).collect();
    assert_eq!(images.len(), 2, "{images:?}");
}

#[test]
#[ignore = "takes minutes: run with the whole"]
fn a_migration_that_fails_turns_it_back_before_any_traffic_moved() {
    let shop = Shop::open();
    let rollout = "schema_change = \"additive\"\nmigration = { command = [\"sh\", \"-c\", \"echo no such table; exit 3\"] }";
    let load = shop.plane.load(Crowd { people: 40, visitors: 5, sockets: 20 });
    shop.merge('2', rollout);
    let clone = shop.clone();
    let back = shop.run(&clone, &["apply", NAME, "--yes"]).expect_code(1);
    let said = format!("{}{}", back.out, back.err).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("The migration task ended with 3"), "{said}");
    assert!(said.contains("no such table"), "{said}");
    assert_eq!(shop.stands(), "shop 2 11\n");
    let report = load.stop();
    println!("{}", report.summary());
    report.assert_nobody_noticed();

    // The same release with a migration that works.
    shop.merge(
        '2',
        "schema_change = \"additive\"\nmigration = { command = [\"sh\", \"-c\", \"echo migrated\"] }",
    );
    let _ = shop.run(&shop.clone(), &["apply", NAME, "--yes"]).expect_code(0);
    assert_eq!(shop.stands(), "shop 0 11\nshop--b 2 22\n");
}
