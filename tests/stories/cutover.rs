//! The cut-over as people live through it: from the old service, which is not ours, to the new one behind the
//! load balancer, with sessions and WebSockets, while a person switches the application proxy.

use std::{net::SocketAddr, process::Command, sync::Arc, time::Duration};

use pointsman_tests::{
    agent::{Ended, Program, Running},
    aws::Options,
    dataplane::{Crowd, DataPlane, Door, Load, Manners, Meter, Stores},
    entra::Entra,
    story::{Clone, World},
};

use crate::estate::externals;

pub(crate) const NAME: &str = "production/shop";
pub(crate) const FILE: &str = "environments/production/shop.toml";
const HOST: &str = "shop.example.com";
pub(crate) const SECOND: Duration = Duration::from_secs(1);
/// CloudWatch counts by the minute, and two minutes of silence are nobody.
pub(crate) const LONG: Duration = Duration::from_secs(400);

pub(crate) fn text(mode: &str, hold: &str) -> String {
    format!(
        r#"schema  = 1
extends = "_base.toml"

[state]
key = "production/shop/terraform.tfstate"

[external.legacy]
kind    = "ecs_service"
cluster = "webUIcluster2"
service = "webui3"

[external.discovery]
kind      = "cloud_map"
namespace = "webui.local"
service   = "webui3"

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
image          = "ghcr.io/open-webui/shop@sha256:{image}"
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
hold          = "{hold}"
bake          = "2s"

[rollout.switch]
kind = "entra_app_proxy"
mode = "{mode}"
host = "{HOST}"
old  = "external.legacy"
from = "external.discovery"
"#,
        image = "1".repeat(64),
    )
}

/// People use the old service, and a new one is described.
pub(crate) struct Shop {
    // The proxy goes before the account.
    pub(crate) plane: DataPlane,
    pub(crate) world: World,
    pub(crate) door: Door,
    /// Where the agent switches by itself, when it does.
    pub(crate) entra: Option<Entra>,
}

impl Shop {
    pub(crate) fn open(mode: &str, hold: &str) -> Self {
        let stores = Arc::new(Stores::start().expect("stores"));
        Self::with(&stores, stores.application(), &text(mode, hold), Manners::Small, Options::default().grace)
    }

    /// The same, of another application and another description; a task may take so long to be well.
    pub(crate) fn with(
        stores: &Arc<Stores>,
        task: Vec<String>,
        text: &str,
        manners: Manners,
        grace: Duration,
    ) -> Self {
        let options = Options { task_command: Some(task), drain: 3 * SECOND, grace, ..Options::default() };
        let world = World::with(Program::at(env!("CARGO_BIN_EXE_pointsman")), &options);
        world.git.commit("main", &[(FILE, Some(text))], "Describe the shop");
        let plane = DataPlane::start(&world.aws, stores, "shop", HOST).used_as(manners);
        let door = Door::to(old_task(&world));
        Self { plane, world, door, entra: None }
    }

    /// People come, and what they do is counted.
    pub(crate) fn people(&self) -> (Load, Meter) {
        let load = self.plane.load_by(&self.door, Crowd { people: 40, visitors: 5, sockets: 0 });
        let meter = self.plane.meter(&load);
        load.run_for(SECOND);
        (load, meter)
    }

    /// A person switches the application proxy in its portal.
    pub(crate) fn switch_to_balancer(&self) {
        self.plane.settle();
        self.door.lead(self.plane.address());
    }

    /// The same, back.
    pub(crate) fn switch_to_old(&self) {
        self.door.lead(old_task(&self.world));
    }

    pub(crate) fn clone(&self) -> Clone<'_> {
        self.world.clone_of("main")
    }

    fn command(&self, clone: &Clone<'_>, arguments: &[&str]) -> Command {
        let mut command = clone.command(arguments);
        command.env("http_proxy", format!("http://{}", self.plane.address()));
        if let Some(entra) = &self.entra {
            entra.lead(&mut command);
        }
        command
    }

    pub(crate) fn run(&self, clone: &Clone<'_>, arguments: &[&str]) -> Ended {
        pointsman_tests::agent::ended(&mut self.command(clone, arguments))
    }

    pub(crate) fn start(&self, clone: &Clone<'_>, arguments: &[&str]) -> Running {
        Running::start(&mut self.command(clone, arguments))
    }

    /// Applies until it waits for a person; the plan's hash.
    pub(crate) fn asked(&self, clone: &Clone<'_>) -> (Ended, String) {
        let waits = self.run(clone, &["apply", NAME, "--yes"]).expect_code(0);
        let hash = regex::Regex::new("approve production/shop --plan ([0-9a-f]{16})").unwrap();
        let hash =
            hash.captures(&waits.out).unwrap_or_else(|| panic!("{}{}", waits.out, waits.err))[1].to_owned();
        (waits, hash)
    }

    /// How many tasks each is asked for, who lets the load balancer in, and where the rule leads.
    pub(crate) fn stands(&self) -> String {
        self.world.aws.python(STANDS)
    }
}

/// Where the old service's task listens.
fn old_task(world: &World) -> SocketAddr {
    let address = world.aws.python(
        r#"
import time
ecs = client("ecs")
while not (tasks := ecs.list_tasks(cluster="webUIcluster2", serviceName="webui3")["taskArns"]):
    time.sleep(0.2)
details = ecs.describe_tasks(cluster="webUIcluster2", tasks=tasks)["tasks"][0]["attachments"][0]["details"]
print(next(d["value"] for d in details if d["name"] == "privateIPv4Address") + ":8080", end="")
"#,
    );
    address.trim().parse().unwrap()
}

const STANDS: &str = r#"
ecs = client("ecs")
for name in ("webui3", "shop", "shop--b"):
    for s in ecs.describe_services(cluster="webUIcluster2", services=[name])["services"]:
        if s["status"] == "ACTIVE":
            print(name, s["desiredCount"])
for group in client("ec2").describe_security_groups(Filters=[{"Name": "group-name", "Values": ["webui3"]}])["SecurityGroups"]:
    for rule in group["IpPermissions"]:
        if any(p["GroupId"] for p in rule.get("UserIdGroupPairs", [])):
            print("webui3 lets a group in on", rule["FromPort"])
elb = client("elbv2")
groups = {g["TargetGroupArn"]: g["TargetGroupName"] for g in elb.describe_target_groups()["TargetGroups"]}
for listener in elb.describe_listeners(LoadBalancerArn=elb.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"])["Listeners"]:
    for rule in elb.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]:
        for action in rule["Actions"]:
            if action["Type"] == "forward":
                config = action.get("ForwardConfig", {}).get("TargetGroups") or [{"TargetGroupArn": action["TargetGroupArn"]}]
                test = any(c["Field"] == "http-header" for c in rule["Conditions"])
                named = sorted("old" if "-old-" in groups[g["TargetGroupArn"]] else "new" for g in config)
                print("test rule" if test else "rule", *named)
"#;

/// What is external, but for what a cut-over may write.
pub(crate) fn untouched(world: &World) -> String {
    let all = externals(world);
    all.lines().filter(|line| !line.contains("webui3")).collect::<Vec<_>>().join("\n")
}

#[test]
#[ignore = "takes minutes: run with the whole"]
fn a_cut_over_by_weights_and_nobody_notices() {
    let shop = Shop::open("weights", "2s");
    let (before, rest) = (externals(&shop.world), untouched(&shop.world));
    let (load, _meter) = shop.people();
    load.mark("plan");
    let clone = shop.clone();
    let (waits, hash) = shop.asked(&clone);
    let said = waits.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("shop takes over from webui3 (external.legacy), with 2 tasks."), "{said}");
    assert!(said.contains("lets the load balancer in on port 8080"), "{said}");
    assert!(said.contains("FROM `http://webui3.webui.local:8080` TO `http://"), "{said}");
    assert_eq!(externals(&shop.world), before, "nothing of others is written before somebody agreed");

    let approving = shop.start(&clone, &["approve", NAME, "--plan", &hash]);
    approving.wait_until_said("Waits until people come by the load balancer", LONG);
    assert_eq!(shop.stands(), "webui3 1\nshop 2\nwebui3 lets a group in on 8080\ntest rule new\nrule old\n");
    load.mark("switched");
    shop.switch_to_balancer();
    let sockets = shop.plane.load_by(&shop.door, Crowd { people: 0, visitors: 0, sockets: 200 });
    let (said, code) = approving.ended(LONG);
    assert_eq!(code, 0, "{said}");
    shop.plane.settle();
    load.mark("cut over");
    load.run_for(2 * SECOND);
    assert_eq!(shop.stands(), "webui3 0\nshop 2\nrule new\n");
    assert_eq!(untouched(&shop.world), rest);
    let _ = shop.run(&clone, &["plan", NAME, "--detailed-exitcode"]).expect_code(0);
    let report = load.stop();
    println!("{}\n{}", report.summary(), report.write("cut-over-by-weights").display());
    report.assert_nobody_noticed();
    let sockets = sockets.stop();
    println!("{}", sockets.summary());
    sockets.assert_nobody_noticed();
}

#[test]
#[ignore = "takes minutes: run with the whole"]
fn a_cut_over_by_hand_and_the_way_out() {
    let shop = Shop::open("manual", "2s");
    let (before, rest) = (externals(&shop.world), untouched(&shop.world));
    let (load, _meter) = shop.people();
    let clone = shop.clone();
    let (_, hash) = shop.asked(&clone);
    assert_eq!(shop.stands(), "webui3 1\nshop 2\ntest rule new\nrule new\n");
    let approving = shop.start(&clone, &["approve", NAME, "--plan", &hash]);
    approving.wait_until_said("Waits until people come by the load balancer", LONG);
    assert_eq!(externals(&shop.world), before, "the old service serves everybody");
    load.mark("switched");
    shop.switch_to_balancer();
    let (said, code) = approving.ended(LONG);
    assert_eq!(code, 0, "{said}");
    let status = shop.run(&clone, &["status", NAME]).expect_code(0).out;
    assert!(status.contains("shop serves from shop; the old service webui3 waits at zero tasks"), "{status}");
    assert_eq!(shop.stands(), "webui3 0\nshop 2\nrule new\n");
    assert_eq!(untouched(&shop.world), rest);
    let _ = shop.run(&clone, &["plan", NAME, "--detailed-exitcode"]).expect_code(0);

    // Taking it down now would be an outage.
    let refused = shop.run(&clone, &["destroy", NAME, "--yes"]).expect_code(1);
    assert!(refused.err.contains("webui3 has 0 of the 1 tasks"), "{}", refused.err);
    load.mark("rollback");
    let back = shop.start(&clone, &["rollback", NAME, "--yes"]);
    back.wait_until_said("Waits until nobody comes by the load balancer any more", LONG);
    load.mark("switched back");
    shop.switch_to_old();
    let (said, code) = back.ended(LONG);
    assert_eq!(code, 0, "{said}");
    let status = shop.run(&clone, &["status", NAME]).expect_code(0).out;
    assert!(status.contains("people use the old service webui3; shop waits for the cut-over"), "{status}");
    assert_eq!(shop.stands(), "webui3 1\nshop 0\nrule new\n");
    let report = load.stop();
    println!("{}\n{}", report.summary(), report.write("cut-over-by-hand").display());
    report.assert_nobody_noticed();
    let _ = shop.run(&clone, &["destroy", NAME, "--yes"]).expect_code(0);
    assert_eq!(untouched(&shop.world), rest);
}

#[test]
#[ignore = "takes minutes: run with the whole"]
fn turned_back_in_the_middle_and_nobody_notices() {
    let shop = Shop::open("weights", "10m");
    let before = externals(&shop.world);
    let (load, _meter) = shop.people();
    let clone = shop.clone();
    let (_, hash) = shop.asked(&clone);
    let approving = shop.start(&clone, &["approve", NAME, "--plan", &hash]);
    approving.wait_until_said("Waits until people come by the load balancer", LONG);
    shop.switch_to_balancer();
    approving.wait_until_said("Watches this step", LONG);
    load.mark("both have traffic");
    let sockets = shop.plane.load_by(&shop.door, Crowd { people: 0, visitors: 0, sockets: 20 });
    load.run_for(2 * SECOND);
    load.mark("abort");
    let _ = shop.run(&clone, &["abort", NAME, "--why", "sign-in fails"]);
    approving.wait_until_said("Waits until nobody comes by the load balancer any more", LONG);
    load.mark("switched back");
    shop.switch_to_old();
    let (said, code) = approving.ended(LONG);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("Turned back:") && said.contains("sign-in fails"), "{said}");
    assert_eq!(shop.stands(), "webui3 1\nshop 0\nrule new\n");
    assert_eq!(externals(&shop.world), before);
    let report = load.stop();
    println!("{}\n{}", report.summary(), report.write("cut-over-turned-back").display());
    report.assert_nobody_noticed();
    let sockets = sockets.stop();
    println!("{}", sockets.summary());
    sockets.assert_nobody_noticed();
}

#[test]
#[ignore = "takes minutes: run with the whole"]
fn killed_in_two_phases_it_goes_on_and_nobody_notices() {
    let shop = Shop::open("weights", "2s");
    let rest = untouched(&shop.world);
    let (load, _meter) = shop.people();
    let clone = shop.clone();
    let (_, hash) = shop.asked(&clone);
    let approving = shop.start(&clone, &["approve", NAME, "--plan", &hash]);
    approving.wait_until_said(", switch", LONG);
    load.mark("killed at switch");
    approving.kill();
    let going_on = shop.start(&clone, &["apply", NAME, "--yes"]);
    going_on.wait_until_said("Waits until people come by the load balancer", LONG);
    shop.switch_to_balancer();
    going_on.wait_until_said(", clean up", LONG);
    load.mark("killed at clean up");
    going_on.kill();
    let _ = shop.run(&clone, &["apply", NAME, "--yes"]).expect_code(0);
    assert_eq!(shop.stands(), "webui3 0\nshop 2\nrule new\n");
    assert_eq!(untouched(&shop.world), rest);
    let _ = shop.run(&clone, &["plan", NAME, "--detailed-exitcode"]).expect_code(0);
    let report = load.stop();
    println!("{}\n{}", report.summary(), report.write("cut-over-killed").display());
    report.assert_nobody_noticed();
}
