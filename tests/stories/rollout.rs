//! Releases as people live through them: from blue to green behind a real proxy, with sessions, WebSockets
//! and a database, while the agent moves the weights.

use std::{sync::Arc, time::Duration};

use pointsman_tests::{
    agent::{Program, Running},
    aws::Options,
    dataplane::{Crowd, DataPlane, Stores},
    story::{Clone, World},
};

use crate::PATIENCE;

pub const NAME: &str = "production/shop";
pub const FILE: &str = "environments/production/shop.toml";
const HOST: &str = "shop.example.com";
/// Nobody watches long.
pub const QUICK: &str = "hold = \"2s\"\nbake = \"2s\"";
const SECOND: Duration = Duration::from_secs(1);

pub fn image(digit: char) -> String {
    format!("ghcr.io/open-webui/shop@sha256:{}", digit.to_string().repeat(64))
}

pub fn text(image: &str, rollout: &str) -> String {
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
image          = "{image}"
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
schema_change = "none"
shift         = ["50%", "100%"]
{rollout}
"#
    )
}

/// A world with a shop that is deployed, and people's way to it.
pub struct Shop {
    // The proxy goes before the account.
    pub plane: DataPlane,
    pub world: World,
}

impl Shop {
    pub fn open(rollout: &str) -> Self {
        let stores = Arc::new(Stores::start().expect("stores"));
        let options =
            Options { task_command: Some(stores.application()), drain: 3 * SECOND, ..Options::default() };
        let world = World::with(Program::at(env!("CARGO_BIN_EXE_pointsman")), &options);
        world.git.commit("main", &[(FILE, Some(&text(&image('1'), rollout)))], "Describe the shop");
        let plane = DataPlane::start(&world.aws, &stores, "shop", HOST);
        let shop = Self { plane, world };
        let _ = shop.clone().run(&["apply", NAME, "--yes"]).expect_code(0);
        shop.plane.settle();
        shop
    }

    fn clone(&self) -> Clone<'_> {
        self.world.clone_of("main")
    }

    /// Merges another image.
    fn merge(&self, digit: char, rollout: &str) {
        self.world.git.commit("main", &[(FILE, Some(&text(&image(digit), rollout)))], "Another image");
    }

    /// A command that reaches the load balancer as the agent of that network would.
    fn run(&self, clone: &Clone<'_>, arguments: &[&str]) -> pointsman_tests::agent::Ended {
        let mut command = clone.command(arguments);
        command.env("http_proxy", format!("http://{}", self.plane.address()));
        pointsman_tests::agent::ended(&mut command)
    }

    /// The same, in the background.
    fn start(&self, clone: &Clone<'_>, arguments: &[&str]) -> Running {
        let mut command = clone.command(arguments);
        command.env("http_proxy", format!("http://{}", self.plane.address()));
        Running::start(&mut command)
    }

    pub fn stands(&self) -> String {
        self.world.aws.python(
            r#"
ecs = client("ecs")
for name in ("shop", "shop--b"):
    for s in ecs.describe_services(cluster="webUIcluster2", services=[name])["services"]:
        if s["status"] == "ACTIVE":
            image = ecs.describe_task_definition(taskDefinition=s["taskDefinition"])["taskDefinition"]["containerDefinitions"][0]["image"]
            print(name, s["desiredCount"], image[-2:])
elb = client("elbv2")
groups = {g["TargetGroupArn"]: g["TargetGroupName"] for g in elb.describe_target_groups()["TargetGroups"]}
for listener in elb.describe_listeners(LoadBalancerArn=elb.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"])["Listeners"]:
    for rule in elb.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]:
        for action in rule["Actions"]:
            if action["Type"] == "forward":
                config = action.get("ForwardConfig", {}).get("TargetGroups") or [{"TargetGroupArn": action["TargetGroupArn"]}]
                test = any(c["Field"] == "http-header" for c in rule["Conditions"])
                print("test rule" if test else "rule", *sorted(f"{'b' if '--b' in groups[g['TargetGroupArn']] else 'a'}" for g in config))
"#,
        )
    }
}

#[test]
fn a_release_goes_from_blue_to_green_and_nobody_notices() {
    let shop = Shop::open(QUICK);
    assert_eq!(shop.stands(), "shop 2 11\nrule a\n");
    let load = shop.plane.load(Crowd { people: 40, sockets: 40, visitors: 5 });
    load.run_for(2 * SECOND);

    shop.merge('2', QUICK);
    load.mark("release");
    let clone = shop.clone();
    let released = shop.run(&clone, &["apply", NAME, "--yes"]).expect_code(0);
    assert!(released.out.contains("Released:"), "{}", released.out);
    shop.plane.settle();
    load.mark("released");
    assert_eq!(shop.stands(), "shop 0 11\nshop--b 2 22\nrule b\n");
    let _ = shop.run(&clone, &["plan", NAME, "--detailed-exitcode"]).expect_code(0);
    let status = shop.run(&clone, &["status", NAME]).expect_code(0).out;
    assert!(status.contains("shop serves from shop--b; the release before waits as shop\n"), "{status}");

    load.mark("rollback");
    let _ = shop.run(&clone, &["rollback", NAME, "--yes"]).expect_code(0);
    shop.plane.settle();
    load.run_for(2 * SECOND);
    assert_eq!(shop.stands(), "shop 2 11\nshop--b 0 22\nrule a\n");
    let report = load.stop();
    println!("{}\n{}", report.summary(), report.write("release").display());
    report.assert_nobody_noticed();
}

#[test]
fn a_rollout_waits_for_a_person_and_can_be_turned_back() {
    let rollout = format!("{QUICK}\napprove_traffic = true");
    let shop = Shop::open(&rollout);
    shop.merge('2', &rollout);
    let clone = shop.clone();
    let waits = shop.run(&clone, &["apply", NAME, "--yes"]).expect_code(0);
    assert!(waits.out.contains("waits for a person"), "{}", waits.out);
    assert!(waits.out.contains("Rollout: shop gets a new side, shop--b, with 2 tasks."), "{}", waits.out);
    assert_eq!(shop.stands(), "shop 2 11\nshop--b 2 22\ntest rule b\nrule a\n");
    let _ = shop.run(&clone, &["approve", NAME, "--plan", "0000000000000000"]).expect_code(1);
    let status = shop.run(&clone, &["status", NAME]).expect_code(0).out;
    assert!(status.contains("rollout   shop from shop to shop--b: waits for approval of plan"), "{status}");
    assert!(status.contains("left a rollout open"), "{status}");
    let planned = shop.run(&clone, &["plan", NAME]).expect_code(0);
    assert!(
        planned.out.contains("service.shop--b") || planned.out.contains("Nothing to do"),
        "{}",
        planned.out
    );
    let back = shop.run(&clone, &["abort", NAME, "--why", "not today"]).expect_code(1);
    assert!(back.err.contains("not today"), "{}", back.err);
    assert_eq!(shop.stands(), "shop 2 11\nrule a\n");

    let waits = shop.run(&clone, &["apply", NAME, "--yes"]).expect_code(0);
    let hash = regex::Regex::new("approve production/shop --plan ([0-9a-f]{16})").unwrap();
    let hash = hash.captures(&waits.out).expect("it says what to approve")[1].to_owned();
    let goes_on = shop.run(&clone, &["approve", NAME, "--plan", &hash]).expect_code(0);
    assert!(goes_on.out.contains("Released:"), "{}", goes_on.out);
    assert_eq!(shop.stands(), "shop 0 11\nshop--b 2 22\nrule b\n");
}

#[test]
fn killed_in_phase_after_phase_it_goes_on_and_nobody_notices() {
    let shop = Shop::open(QUICK);
    let load = shop.plane.load(Crowd { people: 40, sockets: 40, visitors: 5 });
    load.run_for(SECOND);
    shop.merge('2', QUICK);
    let clone = shop.clone();
    for phase in KILLED_IN {
        let running = shop.start(&clone, &["apply", NAME, "--yes"]);
        running.wait_until_said(&format!(", {phase}"), PATIENCE);
        load.mark(phase);
        running.kill();
    }
    let _ = shop.run(&clone, &["apply", NAME, "--yes"]).expect_code(0);
    shop.plane.settle();
    assert_eq!(shop.stands(), "shop 0 11\nshop--b 2 22\nrule b\n");
    let _ = shop.run(&clone, &["plan", NAME, "--detailed-exitcode"]).expect_code(0);
    let report = load.stop();
    println!("{}\n{}", report.summary(), report.write("killed").display());
    report.assert_nobody_noticed();
}

/// Each by another process than the one before: a killed one's lease is waited for.
const KILLED_IN: [&str; 4] = ["test", "shift to 50 %", "commit", "clean up"];

#[test]
fn what_is_merged_meanwhile_is_the_next_release() {
    let shop = Shop::open(QUICK);
    shop.merge('2', QUICK);
    let clone = shop.clone();
    let running = shop.start(&clone, &["apply", NAME, "--yes"]);
    running.wait_until_said(", test", PATIENCE);
    running.kill();
    shop.merge('3', QUICK);
    let clone = shop.clone();
    let _ = shop.run(&clone, &["apply", NAME, "--yes"]).expect_code(0);
    assert_eq!(shop.stands(), "shop 2 33\nshop--b 0 22\nrule a\n");
    let _ = shop.run(&clone, &["plan", NAME, "--detailed-exitcode"]).expect_code(0);
}

#[test]
fn turned_back_while_both_sides_have_traffic_and_nobody_notices() {
    let shop = Shop::open("hold = \"10m\"");
    let load = shop.plane.load(Crowd { people: 40, sockets: 40, visitors: 5 });
    shop.merge('2', "hold = \"10m\"");
    let clone = shop.clone();
    let running = shop.start(&clone, &["apply", NAME, "--yes"]);
    running.wait_until_said("Watches this step", PATIENCE);
    load.mark("both sides");
    load.run_for(2 * SECOND);
    load.mark("abort");
    let told = shop.run(&clone, &["abort", NAME, "--why", "sign-in fails"]).expect_code(0);
    // Whoever drives it may be done before this command looks for the lock.
    assert!(told.err.contains("To be turned back: the rollout of shop."), "{}{}", told.out, told.err);
    let (said, code) = running.ended(PATIENCE);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("Turned back:") && said.contains("sign-in fails"), "{said}");
    shop.plane.settle();
    assert_eq!(shop.stands(), "shop 2 11\nrule a\n");
    let report = load.stop();
    println!("{}\n{}", report.summary(), report.write("abort").display());
    report.assert_nobody_noticed();
}

#[test]
fn a_merged_pull_request_waits_for_approval_and_is_released() {
    let rollout = format!("{QUICK}\napprove_traffic = true");
    let shop = Shop::open(&rollout);
    let world = &shop.world;
    let configuration = world.configuration("");
    let mut command = world.command();
    command.arg("run").arg("--config").arg(configuration);
    command.env("http_proxy", format!("http://{}", shop.plane.address()));
    let agent = Running::start(&mut command);

    let number = world.propose("image", FILE, &text(&image('2'), &rollout), "Another image");
    let says = |text: &'static str| {
        move |repository: &pointsman_tests::github::Repository| {
            repository.pulls[&number].comments.iter().any(|comment| comment.body.contains(text))
        }
    };
    world.github.wait_until(PATIENCE, "the rollout is announced", says("Rollout: shop gets a new side"));
    let commit = world.github.merge(number);
    world.github.wait_until(PATIENCE, "somebody is asked", says("waits for approval of plan"));
    assert_eq!(shop.stands(), "shop 2 11\nshop--b 2 22\ntest rule b\nrule a\n");
    let clone = shop.clone();
    let status = shop.run(&clone, &["status", NAME]).expect_code(0).out;
    let hash = regex::Regex::new("waits for approval of plan ([0-9a-f]{16})").unwrap();
    let hash = hash.captures(&status).expect("it says which plan")[1].to_owned();
    let _ = shop.run(&clone, &["approve", NAME, "--plan", &hash]);
    world
        .github
        .wait_until(PATIENCE, "it is released", |repository| crate::road::deployed(repository, &commit));
    assert_eq!(shop.stands(), "shop 0 11\nshop--b 2 22\nrule b\n");
    let (said, code) = agent.stop(PATIENCE);
    assert_eq!(code, 0, "{said}");
    world.github.assert_no_violations();
}
