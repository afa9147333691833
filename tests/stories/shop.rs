//! A shop that is released from side to side: what the stories of rollouts play in.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use pointsman_tests::{
    agent::{Ended, Program, Running},
    aws::Options,
    dataplane::{DataPlane, Stores},
    github::Repository,
    story::{Clone, World},
};

use crate::{PATIENCE, settled};

pub const NAME: &str = "production/shop";
pub const FILE: &str = "environments/production/shop.toml";
pub const HOST: &str = "shop.example.com";
/// Nobody watches long.
pub const QUICK: &str = "hold = \"2s\"\nbake = \"2s\"";
/// Written after the rollout: an autoscaler has the count.
pub const SCALED: &str = "\n\n[service.shop.scaling]\nmin = 2\nmax = 6\ncpu_target = 70\n";
pub const SECOND: Duration = Duration::from_secs(1);

pub fn image(digit: char) -> String {
    named("shop", digit)
}

/// An image whose name says how its tasks behave: `engine.py` of the emulator knows them.
pub fn named(name: &str, digit: char) -> String {
    format!("ghcr.io/open-webui/{name}@sha256:{}", digit.to_string().repeat(64))
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
        Self::with(rollout, Options::default())
    }

    /// The same in an account that behaves otherwise.
    pub fn with(rollout: &str, options: Options) -> Self {
        Self::described(&text(&image('1'), rollout), options)
    }

    /// A shop that is described so.
    pub fn described(text: &str, options: Options) -> Self {
        let stores = Arc::new(Stores::start().expect("stores"));
        let options = Options { task_command: Some(stores.application()), drain: 3 * SECOND, ..options };
        let world = World::with(Program::at(env!("CARGO_BIN_EXE_pointsman")), &options);
        world.git.commit("main", &[(FILE, Some(text))], "Describe the shop");
        let plane = DataPlane::start(&world.aws, &stores, "shop", HOST);
        let shop = Self { plane, world };
        let _ = shop.clone().run(&["apply", NAME, "--yes"]).expect_code(0);
        shop.plane.settle();
        shop
    }

    /// The same, in which programs skip what they sleep through.
    pub fn skipping(self) -> Self {
        Self { world: self.world.skipping(), plane: self.plane }
    }

    pub fn clone(&self) -> Clone<'_> {
        self.world.clone_of("main")
    }

    /// Merges another image.
    pub fn merge(&self, digit: char, rollout: &str) {
        self.world.git.commit("main", &[(FILE, Some(&text(&image(digit), rollout)))], "Another image");
    }

    /// A command that reaches the load balancer as the agent of that network would.
    pub fn run(&self, clone: &Clone<'_>, arguments: &[&str]) -> Ended {
        let mut command = clone.command(arguments);
        command.env("http_proxy", format!("http://{}", self.plane.address()));
        pointsman_tests::agent::ended(&mut command)
    }

    /// The same, in the background.
    pub fn start(&self, clone: &Clone<'_>, arguments: &[&str]) -> Running {
        let mut command = clone.command(arguments);
        command.env("http_proxy", format!("http://{}", self.plane.address()));
        Running::start(&mut command)
    }

    /// Gives a service so many tasks, as an autoscaler does.
    pub fn count(&self, service: &str, tasks: u32) {
        self.world.aws.python(&format!(
            "client('ecs').update_service(cluster='webUIcluster2', service='{service}', desiredCount={tasks})"
        ));
    }

    /// Wants so many tasks of a service as Application Auto Scaling does: within the bounds, and in no direction
    /// that is suspended. Whether there are others now.
    pub fn autoscale(&self, service: &str, tasks: u32) -> bool {
        let said = self.world.aws.python(&format!(
            r#"
scaling, ecs = client("application-autoscaling"), client("ecs")
[target] = scaling.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=["service/webUIcluster2/{service}"])["ScalableTargets"]
[stands] = ecs.describe_services(cluster="webUIcluster2", services=["{service}"])["services"]
wanted = min(max({tasks}, target["MinCapacity"]), target["MaxCapacity"])
way = "In" if wanted < stands["desiredCount"] else "Out"
if wanted != stands["desiredCount"] and not target["SuspendedState"][f"DynamicScaling{{way}}Suspended"]:
    ecs.update_service(cluster="webUIcluster2", service="{service}", desiredCount=wanted)
    print("scaled")
"#
        ));
        said == "scaled\n"
    }

    /// Waits until it stands so.
    pub fn wait_until_stands(&self, wanted: &str) {
        let until = Instant::now() + PATIENCE;
        while self.stands() != wanted {
            assert!(Instant::now() < until, "{} instead of {wanted}", self.stands());
            std::thread::sleep(SECOND / 2);
        }
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

    /// The agent, where it can reach the load balancer.
    pub fn agent(&self) -> Running {
        let configuration = self.world.configuration("[server]\nlisten = \"127.0.0.1:0\"\n");
        let mut command = self.world.command();
        command.arg("run").arg("--config").arg(configuration);
        command.env("http_proxy", format!("http://{}", self.plane.address()));
        Running::start(&mut command)
    }

    /// Proposes a file; answers the pull request's number once its plan is on it.
    pub fn propose(&self, branch: &str, text: &str) -> u64 {
        let number = self.world.propose(branch, FILE, text, "Another image");
        self.world.github.wait_until(PATIENCE, "the rollout is announced", |repository| {
            has_comment(repository, number, "Rollout: shop gets a new side")
        });
        number
    }

    /// Waits until the deploy of a commit has ended and the comment of its pull request tells so in these
    /// words; answers the comment.
    pub fn told(&self, number: u64, commit: &str, words: &str) -> String {
        let github = &self.world.github;
        github.wait_until(PATIENCE, "it has ended", |repository| crate::road::deployed(repository, commit));
        github.wait_until(PATIENCE, "the comment tells it", |repository| {
            has_comment(repository, number, words)
        });
        let comments = github.pull(number).bot_comments();
        assert_eq!(comments.len(), 1, "one comment, edited in place");
        of_rollouts(&settled(&comments[0].body))
    }
}

/// Whether a comment of a pull request holds this text.
pub fn has_comment(repository: &Repository, number: u64, text: &str) -> bool {
    repository.pulls[&number].comments.iter().any(|comment| comment.body.contains(text))
}

/// Without what depends on how quick the machine is, and on who was looked at when.
fn of_rollouts(text: &str) -> String {
    let mut text = text.to_owned();
    for (pattern, instead) in [
        (r"after (TOOK|\d+ s|\d+ min)", "after TOOK"),
        (r"listens on 127\.[0-9.]+:", "listens on ADDRESS:"),
        // How many stopped until then is chance; the first one is told in full.
        (
            r"(?s)\nTask `UUID` of `[^`]+` stopped[^\n]+\n\n<details><summary>its last 1 line</summary>.*?</details>\n",
            "",
        ),
        (r"task [0-9a-f]{32}", "task ID"),
        (r"It has [^.]+ left", "It has TOOK left"),
        (r"shop--b-[0-9a-f]{6}\b", "shop--b-HASH"),
        (r"shop-[0-9a-f]{6}\b", "shop-HASH"),
        (r"(serial|Serial) \d+", "$1 N"),
        (r"[0-9]+ of (\d) tasks healthy", "N of $1 tasks healthy"),
        (r"Deployed: \d+ changes", "Deployed: N changes"),
        (r"\d+ changes are done", "N changes are done"),
    ] {
        text = regex::Regex::new(pattern).unwrap().replace_all(&text, instead).into_owned();
    }
    text
}
