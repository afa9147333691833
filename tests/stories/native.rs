//! Releases that ECS itself carries out: the agent starts them, watches their stages, and can only tell ECS to go
//! back. A minute of ECS's is a second here.

use pointsman_tests::{aws::Options, dataplane::Crowd};

use crate::{
    PATIENCE,
    shop::{FILE, NAME, SECOND, Shop, has_comment, image, named, text},
};

const CROWD: Crowd = Crowd { people: 30, sockets: 30, visitors: 5 };
/// Nobody watches long.
const QUICK: &str = "bake = \"2m\"";
/// Half of the traffic stays until somebody says something.
const LONG: &str = "shift = [\"50%\", \"100%\"]\nhold = \"10h\"";

const NATIVE: &str = "strategy = \"native\"\nrole = \"arn:aws:iam::908027381725:role/webui-task\"";

fn native(image: &str, rollout: &str) -> String {
    let mut text = text(image, rollout);
    for (from, to) in [
        ("strategy      = \"blue_green\"", NATIVE),
        ("shift         = [\"50%\", \"100%\"]\n", ""),
        ("stickiness = { kind = \"load_balancer_cookie\", duration = \"30m\" }\n", ""),
    ] {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    text
}

impl Shop {
    fn native(rollout: &str) -> Self {
        Self::described(&native(&image('1'), rollout), Options::default())
    }

    fn merge_native(&self, digit: char, rollout: &str) {
        let text = native(&image(digit), rollout);
        self.world.git.commit("main", &[(FILE, Some(&text))], "Another image");
    }

    /// Tasks, the image's last digits, and the weights of the rule.
    fn stands_native(&self) -> String {
        self.world.aws.python(
            r#"
ecs, elb = client("ecs"), client("elbv2")
service = ecs.describe_services(cluster="webUIcluster2", services=["shop"])["services"][0]
image = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]["containerDefinitions"][0]["image"]
print(service["runningCount"], "of", service["desiredCount"], image[-2:])
rule = elb.describe_rules(RuleArns=[service["loadBalancers"][0]["advancedConfiguration"]["productionListenerRule"]])["Rules"][0]
weights = {("alternate" if "--alternate" in group["TargetGroupArn"] else "first"): group["Weight"]
           for group in rule["Actions"][0]["ForwardConfig"]["TargetGroups"]}
print("first", weights["first"], "alternate", weights["alternate"])
"#,
        )
    }

    fn calls_of(&self, operation: &str) -> usize {
        self.world.aws.proxy().calls().iter().filter(|call| call.operation == operation).count()
    }
}

#[test]
fn ecs_moves_everybody_to_new_tasks_and_nobody_notices() {
    let shop = Shop::native(QUICK);
    let load = shop.plane.load(CROWD);
    load.run_for(SECOND);

    shop.merge_native('2', QUICK);
    load.mark("all at once");
    shop.world.aws.proxy().clear();
    let clone = shop.clone();
    let released = shop.run(&clone, &["apply", NAME, "--yes"]).expect_code(0);
    assert!(released.err.contains("bake"), "{}{}", released.out, released.err);
    assert_eq!(shop.stands_native(), "2 of 2 22\nfirst 0 alternate 100\n");
    assert_eq!(shop.calls_of("ModifyRule"), 0, "the weights are ECS's");
    let _ = shop.run(&clone, &["plan", NAME, "--detailed-exitcode"]).expect_code(0);

    // Another of ECS's strategies, and the way back to the first group.
    let steps = "shift = [\"25%\", \"50%\", \"75%\", \"100%\"]\nhold = \"1m\"\nbake = \"1m\"";
    shop.merge_native('3', steps);
    load.mark("in equal steps");
    shop.world.aws.proxy().clear();
    let clone = shop.clone();
    let released = shop.run(&clone, &["apply", NAME, "--yes"]).expect_code(0);
    assert!(released.err.contains("shift to 50 %"), "{}{}", released.out, released.err);
    assert_eq!(shop.calls_of("ModifyRule"), 0, "the weights are ECS's");
    shop.plane.settle();
    load.run_for(SECOND);
    assert_eq!(shop.stands_native(), "2 of 2 33\nfirst 100 alternate 0\n");
    let _ = shop.run(&clone, &["plan", NAME, "--detailed-exitcode"]).expect_code(0);
    let report = load.stop();
    println!("{}\n{}", report.summary(), report.write("native").display());
    report.assert_nobody_noticed();

    // There is no way back to another strategy, but for the service's end.
    let rolling = native(&image('3'), QUICK).replacen(NATIVE, "strategy = \"rolling\"", 1);
    shop.world.git.commit("main", &[(FILE, Some(&rolling))], "Roll again");
    let clone = shop.clone();
    let refused = shop.run(&clone, &["plan", NAME]).expect_code(1);
    assert!(refused.err.contains("native cannot change from true to false"), "{}", refused.err);
    let _ = shop.run(&clone, &["destroy", NAME, "--yes"]).expect_code(0);
}

#[test]
fn whoever_comes_after_a_dead_agent_waits_on_and_a_person_can_turn_it_back() {
    let shop = Shop::native(LONG);
    let load = shop.plane.load(CROWD);
    shop.merge_native('2', LONG);
    let clone = shop.clone();
    shop.world.aws.proxy().clear();
    let dies = shop.start(&clone, &["apply", NAME, "--yes"]);
    dies.wait_until_said("shift to 50 %", PATIENCE);
    dies.kill();
    load.mark("killed");

    let goes_on = shop.start(&clone, &["apply", NAME, "--yes"]);
    goes_on.wait_until_said("shift to 50 %", PATIENCE);
    assert_eq!(shop.calls_of("UpdateService"), 1, "what was begun is not begun again");
    let status = shop.run(&clone, &["status", NAME]).expect_code(0).out;
    assert!(status.contains("shop: ECS carries out the release of"), "{status}");
    let promoted = shop.run(&clone, &["promote", NAME]).expect_code(1);
    assert!(promoted.err.contains("waits its times out"), "{}", promoted.err);

    load.mark("abort");
    let told = shop.run(&clone, &["abort", NAME, "--why", "sign-in fails"]).expect_code(0);
    assert!(told.err.contains("To be turned back: the rollout of shop."), "{}{}", told.out, told.err);
    let (said, code) = goes_on.ended(PATIENCE);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("wanted it back: sign-in fails.") && said.contains("stopped by a user"), "{said}");
    shop.plane.settle();
    assert_eq!(shop.stands_native(), "2 of 2 11\nfirst 100 alternate 0\n");
    let report = load.stop();
    println!("{}\n{}", report.summary(), report.write("native-abort").display());
    report.assert_nobody_noticed();
}

#[test]
fn what_ecs_rolled_back_is_a_failure_with_its_reason() {
    let rollout = format!("{LONG}\nabort_on = [\"busy\"]");
    let shop = Shop::native(&rollout);
    let agent = shop.agent();
    let load = shop.plane.load(CROWD);
    let world = &shop.world;
    let merged = |branch: &str, image: &str| {
        let number = world.propose(branch, FILE, &native(image, &rollout), "Another image");
        world.github.wait_until(PATIENCE, "the plan is told", |it| has_comment(it, number, "service.shop"));
        (number, world.github.merge(number))
    };
    let (number, commit) = merged("bad", &named("does-not-start", '2'));
    let comment = shop.told(number, &commit, "ECS went back to");
    assert!(comment.contains("the circuit breaker threshold was exceeded"), "{comment}");
    assert!(comment.contains("exit code 1"), "{comment}");
    assert_eq!(shop.stands_native(), "2 of 2 11\nfirst 100 alternate 0\n");

    let (number, commit) = merged("alarm", &image('3'));
    world.github.wait_until(PATIENCE, "both serve", |it| has_comment(it, number, "shift to 50 %"));
    load.mark("alarm");
    world.aws.python(
        "cw = client('cloudwatch')\n\
         name = [a['AlarmName'] for a in cw.describe_alarms()['MetricAlarms'] if 'busy' in a['AlarmName']][0]\n\
         cw.set_alarm_state(AlarmName=name, StateValue='ALARM', StateReason='Threshold crossed')",
    );
    let comment = shop.told(number, &commit, "ECS went back to");
    assert!(comment.contains("in the ALARM state"), "{comment}");
    shop.plane.settle();
    assert_eq!(shop.stands_native(), "2 of 2 11\nfirst 100 alternate 0\n");
    load.stop().assert_nobody_noticed();
    let (said, code) = agent.stop(PATIENCE);
    assert_eq!(code, 0, "{said}");
    world.github.assert_no_violations();
}
