//! Releases that go wrong, each as it does in life: how it ends, what people notice (nothing), and what the
//! pull request says happened and what stands.

use std::{process::Command, time::Duration};

use pointsman_tests::{agent::Running, aws::Options, dataplane::Crowd};

use crate::{
    PATIENCE,
    rollout_aborts::scales,
    shop::{HOST, NAME, QUICK, SCALED, SECOND, Shop, has_comment, image, named, text},
};

/// Nobody watches the steps to their end before something happens.
const LONG: &str = "hold = \"10m\"";
pub(crate) const CROWD: Crowd = Crowd { people: 20, sockets: 20, visitors: 5 };

/// What stands after a release that was turned back.
pub(crate) const BLUE_ALONE: &str = "shop 2 11\nrule a\n";

/// A pull request that is merged: its number and its commit.
pub(crate) struct Merged {
    pub(crate) number: u64,
    commit: String,
}

impl Shop {
    pub(crate) fn propose_and_merge(&self, branch: &str, image: &str, rollout: &str) -> Merged {
        let number = self.propose(branch, &text(image, rollout));
        Merged { number, commit: self.world.github.merge(number) }
    }

    /// How it ended, as the comment tells it.
    pub(crate) fn ended(&self, merged: &Merged, words: &str) -> String {
        self.told(merged.number, &merged.commit, words)
    }

    /// Waits until the comment says something while it is under way.
    pub(crate) fn says(&self, merged: &Merged, words: &str) {
        let (number, says) = (merged.number, words.to_owned());
        self.world.github.wait_until(PATIENCE, words, |repository| has_comment(repository, number, &says));
    }

    fn turns_back(&self, merged: &Merged) -> bool {
        let body = &self.world.github.pull(merged.number).bot_comments()[0].body;
        body.contains("It goes back") || body.contains("Turned back")
    }

    /// Turns back this image's release under load; answers the comment.
    fn turned_back(&self, agent: Running, image: &str, rollout: &str) -> String {
        let load = self.plane.load(CROWD);
        let merged = self.propose_and_merge("image", image, rollout);
        let comment = self.ended(&merged, "Turned back:");
        self.plane.settle();
        load.run_for(SECOND);
        load.stop().assert_nobody_noticed();
        assert_eq!(self.stands(), BLUE_ALONE);
        let (said, code) = agent.stop(PATIENCE);
        assert_eq!(code, 0, "{said}");
        self.world.github.assert_no_violations();
        comment
    }
}

/// ECS's circuit breaker and the agent see the third task that stops at the same time: either says so.
fn whoever_saw_it(comment: &str) -> String {
    let said =
        regex::Regex::new(r"(ECS gave the deployment up|Three tasks stopped for the same reason): `[^`]+`")
            .unwrap();
    assert!(said.is_match(comment), "{comment}");
    let comment = said.replace(comment, "WHOEVER SAW IT FIRST SAYS WHY");
    // How many stopped until then is chance.
    let silent = r"(Task `UUID` of [^\n]+\n+Its log has no lines that could be read\.\n\n)+";
    regex::Regex::new(silent).unwrap().replace(&comment, "$1").into_owned()
}

#[test]
#[ignore = "takes minutes: run with the whole"]
fn an_image_that_cannot_be_pulled() {
    let shop = Shop::open(QUICK);
    let comment = shop.turned_back(shop.agent(), &named("does-not-exist", '2'), QUICK);
    assert!(comment.contains("CannotPullContainerError"), "{comment}");
    insta::assert_snapshot!("cannot_be_pulled", whoever_saw_it(&comment));
}

#[test]
#[ignore = "takes minutes: run with the whole"]
fn an_image_that_does_not_start() {
    let shop = Shop::open(QUICK);
    let comment = shop.turned_back(shop.agent(), &named("does-not-start", '2'), QUICK);
    assert!(comment.contains("exit code 1"), "{comment}");
    insta::assert_snapshot!("does_not_start", whoever_saw_it(&comment));
}

#[test]
#[ignore = "takes minutes: run with the whole"]
fn a_health_check_that_fails() {
    let shop = Shop::open(QUICK);
    let comment = shop.turned_back(shop.agent(), &named("never-healthy", '2'), QUICK);
    insta::assert_snapshot!("never_healthy", comment);
}

/// Beside its health green must answer what the file says, a WebSocket among it.
#[test]
#[ignore = "takes minutes: run with the whole"]
fn a_test_that_fails() {
    let request = "[[rollout.test.request]]\npath = \"/health\"\ncontains = \"pid\"\n";
    let tests = |path: &str| format!("{QUICK}\n\n[rollout.test]\nwebsocket = \"{path}\"\n\n{request}");
    let shop = Shop::open(&tests("/nowhere"));
    let agent = shop.agent();
    let load = shop.plane.load(CROWD);
    let merged = shop.propose_and_merge("image", &image('2'), &tests("/nowhere"));
    let comment = shop.ended(&merged, "Turned back:");
    assert!(
        comment.contains("WebSocket /nowhere on shop.example.com was answered 401, and 101 is wanted"),
        "{comment}"
    );
    assert_eq!(shop.stands(), BLUE_ALONE);

    let merged = shop.propose_and_merge("mended", &image('2'), &tests("/socket?anybody"));
    let comment = shop.ended(&merged, "Released:");
    assert!(!comment.contains("Turned back"), "{comment}");
    shop.plane.settle();
    load.stop().assert_nobody_noticed();
    let _ = agent.stop(PATIENCE);
}

/// Slower than it may be it is turned back; with more time it is released.
#[test]
#[ignore = "takes minutes: run with the whole"]
fn a_green_that_is_slow() {
    let shop = Shop::with(QUICK, Options { grace: 60 * SECOND, ..Options::default() });
    let agent = shop.agent();
    let load = shop.plane.load(CROWD);
    let slow = named("starts-slowly", '2');
    let hurried = format!("{QUICK}\nprogress_deadline = \"8s\"");
    let merged = shop.propose_and_merge("hurried", &slow, &hurried);
    insta::assert_snapshot!("too_slow", shop.ended(&merged, "Turned back:"));
    assert_eq!(shop.stands(), BLUE_ALONE);

    let merged = shop.propose_and_merge("patient", &slow, QUICK);
    shop.says(&merged, "Waits for green's tasks");
    let comment = shop.ended(&merged, "Released:");
    assert!(!comment.contains("Turned back"), "{comment}");
    shop.plane.settle();
    assert_eq!(shop.stands(), "shop 0 11\nshop--b 2 22\nrule b\n");
    load.stop().assert_nobody_noticed();
    let _ = agent.stop(PATIENCE);
    shop.world.github.assert_no_violations();
}

#[test]
#[ignore = "takes minutes: run with the whole"]
fn an_alarm_that_rings_while_traffic_moves() {
    let watched = format!("{LONG}\nabort_on = [\"busy\"]");
    let shop = Shop::open(&watched);
    let agent = shop.agent();
    let load = shop.plane.load(CROWD);
    let merged = shop.propose_and_merge("image", &image('2'), &watched);
    shop.says(&merged, "Watches this step");
    load.mark("alarm");
    shop.world.aws.python(
        "cw = client('cloudwatch')\n\
         name = [a['AlarmName'] for a in cw.describe_alarms()['MetricAlarms'] if 'busy' in a['AlarmName']][0]\n\
         cw.set_alarm_state(AlarmName=name, StateValue='ALARM', StateReason='Threshold crossed')",
    );
    insta::assert_snapshot!("alarm", shop.ended(&merged, "Turned back:"));
    shop.plane.settle();
    assert_eq!(shop.stands(), BLUE_ALONE);
    load.stop().assert_nobody_noticed();
    let _ = agent.stop(PATIENCE);
}

/// Green is healthy and passes its checks, and fails those who come: counted against blue, it goes.
#[test]
#[ignore = "takes minutes: run with the whole"]
fn a_green_that_fails_people() {
    let shop = Shop::open(LONG);
    let agent = shop.agent();
    let load = shop.plane.load(CROWD);
    let _meter = shop.plane.meter(&load);
    load.run_for(5 * SECOND);
    let merged = shop.propose_and_merge("image", &named("fails-people", '2'), LONG);
    let comment = shop.ended(&merged, "Turned back:");
    let pattern = regex::Regex::new(
        r"Green surely fails more often than blue: (\d+) of (\d+) requests against 0 of \d+",
    )
    .unwrap();
    let said = pattern.captures(&comment).unwrap_or_else(|| panic!("it does not say so: {comment}"));
    let (errors, requests): (u64, u64) = (said[1].parse().unwrap(), said[2].parse().unwrap());
    assert!(requests >= 50 && errors * 4 > requests, "{comment}");
    shop.plane.settle();
    assert_eq!(shop.stands(), BLUE_ALONE);
    let failed = load.stop().failed.len();
    println!(
        "turned back after {errors} of {requests} counted requests failed; {failed} people's requests failed in all"
    );
    let after = shop.plane.load(CROWD);
    after.run_for(2 * SECOND);
    after.stop().assert_nobody_noticed();
    let _ = agent.stop(PATIENCE);
    shop.world.github.assert_no_violations();
}

/// The alarm measures the side that is live, and that is blue until the end: green is measured by the same.
#[test]
#[ignore = "an alarm's minutes: run with the whole"]
fn a_green_that_an_alarm_of_its_service_is_about() {
    let rollout = format!(
        "{LONG}\nabort_on = [\"hot\"]\n\n[alarms.hot]\non = \"service.shop\"\ncpu_above = 85\nperiod = \"1m\"\nevaluations = 1"
    );
    let shop = Shop::open(&rollout);
    let agent = shop.agent();
    let load = shop.plane.load(CROWD);
    let merged = shop.propose_and_merge("image", &image('2'), &rollout);
    shop.says(&merged, "Watches this step");
    load.mark("green is hot");
    let begun = std::time::Instant::now();
    while !shop.turns_back(&merged) {
        assert!(begun.elapsed() < 3 * PATIENCE, "nobody notices");
        shop.world.aws.python(
            "cw = client('cloudwatch')\n\
             for side, value in (('shop', 20), ('shop--b', 97)):\n    \
                 dimensions = [{'Name': 'ClusterName', 'Value': 'webUIcluster2'}, {'Name': 'ServiceName', 'Value': side}]\n    \
                 cw.put_metric_data(Namespace='AWS/ECS', MetricData=[{'MetricName': 'CPUUtilization', 'Value': value, 'Dimensions': dimensions}])",
        );
        std::thread::sleep(SECOND);
    }
    let comment = shop.ended(&merged, "Turned back:");
    assert!(comment.contains("hot (of shop--b)` rang while green had traffic"), "{comment}");
    insta::assert_snapshot!("alarm_of_green", comment);
    shop.plane.settle();
    assert_eq!(shop.stands(), BLUE_ALONE);
    load.stop().assert_nobody_noticed();
    let _ = agent.stop(PATIENCE);
}

/// Green's tasks end, again and again, once everybody is there. Who asks a task in the moment of its death is
/// not answered: that is what dies, not what the rollout does. Everybody else is served.
#[test]
#[ignore = "takes minutes: run with the whole"]
fn tasks_that_stop_while_they_are_watched() {
    let watched = "hold = \"1s\"\nbake = \"10m\"";
    let shop = Shop::open(watched);
    let agent = shop.agent();
    let merged = shop.propose_and_merge("image", &image('2'), watched);
    shop.says(&merged, "Watches green with all of the traffic");
    assert_eq!(shop.stands(), "shop 2 11\nshop--b 2 22\ntest rule a\nrule a b\n");
    while !shop.turns_back(&merged) {
        let answer = shop.plane.ask(HOST, "/health", &[]);
        let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if let Some(pid) = body["pid"].as_u64().filter(|_| body["image"] == image('2')) {
            let _ = Command::new("kill").args(["-9", &pid.to_string()]).status();
        }
        std::thread::sleep(Duration::from_millis(300));
    }
    let comment = shop.ended(&merged, "Turned back:");
    assert!(
        comment.contains("lost healthy tasks under traffic")
            || comment.contains("stopped for the same reason"),
        "{comment}"
    );
    shop.plane.settle();
    assert_eq!(shop.stands(), BLUE_ALONE);
    let load = shop.plane.load(CROWD);
    load.run_for(SECOND);
    load.stop().assert_nobody_noticed();
    let _ = agent.stop(PATIENCE);
}

/// The side had a release before: ECS gives it its old tasks back, and that is no success.
#[test]
#[ignore = "takes minutes: run with the whole"]
fn ecs_rolls_back_by_itself() {
    let shop = Shop::open(QUICK);
    let agent = shop.agent();
    let merged = shop.propose_and_merge("good", &image('2'), QUICK);
    let _ = shop.ended(&merged, "Released:");
    let load = shop.plane.load(CROWD);
    let merged = shop.propose_and_merge("bad", &named("never-healthy", '3'), QUICK);
    insta::assert_snapshot!("ecs_rolled_back", shop.ended(&merged, "Turned back:"));
    shop.plane.settle();
    assert_eq!(shop.stands(), "shop--b 2 22\nrule b\n");
    load.stop().assert_nobody_noticed();
    let _ = agent.stop(PATIENCE);
}

#[test]
#[ignore = "takes minutes: run with the whole"]
fn weights_that_a_person_changes() {
    let shop = Shop::open(LONG);
    let agent = shop.agent();
    let load = shop.plane.load(CROWD);
    let merged = shop.propose_and_merge("image", &image('2'), LONG);
    shop.says(&merged, "Watches this step");
    load.mark("by hand");
    shop.world.aws.python(
        "elb = client('elbv2')\n\
         balancer = elb.describe_load_balancers()['LoadBalancers'][0]['LoadBalancerArn']\n\
         listener = elb.describe_listeners(LoadBalancerArn=balancer)['Listeners'][0]['ListenerArn']\n\
         rule = [r for r in elb.describe_rules(ListenerArn=listener)['Rules'] if len(r['Actions'][0].get('ForwardConfig', {}).get('TargetGroups', [])) == 2][0]\n\
         forward = rule['Actions'][0]['ForwardConfig']\n\
         for group, weight in zip(forward['TargetGroups'], (90, 10)):\n    \
             group['Weight'] = weight\n\
         elb.modify_rule(RuleArn=rule['RuleArn'], Actions=[{'Type': 'forward', 'ForwardConfig': forward}])",
    );
    let comment = shop.ended(&merged, "Turned back:");
    assert!(comment.contains("Somebody else changed the production rule"), "{comment}");
    insta::assert_snapshot!("weights_by_hand", comment);
    shop.plane.settle();
    assert_eq!(shop.stands(), BLUE_ALONE);
    load.stop().assert_nobody_noticed();
    let _ = agent.stop(PATIENCE);
}

/// The autoscaler moves both sides' tasks while traffic moves: green gets as many as blue before it gets more
/// traffic, what green was given beyond that stays, and nobody takes any away until it is over, whichever way.
#[test]
#[ignore = "takes minutes: run with the whole"]
fn an_autoscaler_that_scales_while_traffic_moves() {
    let rollout = format!("{LONG}{SCALED}");
    let shop = Shop::open(&rollout);
    let agent = shop.agent();
    let load = shop.plane.load(CROWD);
    let merged = shop.propose_and_merge("image", &image('2'), &rollout);
    shop.says(&merged, "Watches this step");
    load.mark("blue grows");
    assert!(shop.autoscale("shop", 3));
    shop.wait_until_stands("shop 3 11\nshop--b 3 22\ntest rule b\nrule a b\n");
    load.mark("green grows");
    assert!(shop.autoscale("shop--b", 4));
    assert_eq!([shop.autoscale("shop", 2), shop.autoscale("shop--b", 2)], [false; 2], "none is taken away");
    // Some looks later.
    load.run_for(5 * SECOND);
    assert_eq!(shop.stands(), "shop 3 11\nshop--b 4 22\ntest rule b\nrule a b\n");
    assert_eq!(scales(&shop), "shop 2 to 6 held 1\nshop--b 2 to 6 held 1\n");
    load.mark("promoted");
    let _ = shop.run(&shop.clone(), &["promote", NAME]).expect_code(0);
    let comment = shop.ended(&merged, "Released:");
    insta::assert_snapshot!("autoscaler", comment);
    shop.plane.settle();
    assert_eq!(shop.stands(), "shop 0 11\nshop--b 4 22\nrule b\n");
    assert_eq!(scales(&shop), "shop--b 2 to 6 free 1\n");
    assert!(shop.autoscale("shop--b", 3), "whoever serves may lose tasks again");

    let merged = shop.propose_and_merge("another", &image('3'), &rollout);
    shop.says(&merged, "Watches this step");
    load.mark("blue grows");
    assert!(shop.autoscale("shop--b", 4));
    load.mark("abort");
    let _ = shop.run(&shop.clone(), &["abort", NAME, "--why", "sign-in fails"]);
    let _ = shop.ended(&merged, "Turned back:");
    shop.plane.settle();
    assert_eq!(shop.stands(), "shop--b 4 22\nrule b\n");
    assert_eq!(scales(&shop), "shop--b 2 to 6 free 1\n");
    let report = load.stop();
    println!("{}\n{}", report.summary(), report.write("autoscaler").display());
    report.assert_nobody_noticed();
    let _ = agent.stop(PATIENCE);
    shop.world.github.assert_no_violations();
}
