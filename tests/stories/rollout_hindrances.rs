//! What is in the way of a rollout and not of its making: it goes on all the same, or back.

use pointsman_tests::{dataplane::Crowd, story::Clone};

use crate::{
    PATIENCE,
    shop::{FILE, HOST, NAME, QUICK, SCALED, SECOND, Shop, image, named, text},
};

const CROWD: Crowd = Crowd { people: 20, sockets: 20, visitors: 5 };

/// An alarm that adds tasks, and a count that people said to leave alone, as the example has them.
pub const WATCHED: &str = "\n[alarms.full]\non = \"service.shop\"\ncpu_above = 90\nscale_out = 1\n\n\
                           [drift]\nignore = [\"service.shop.count\"]\n";

/// The shop, whose releases break the database for the version before.
fn breaking(digit: char) -> String {
    let text = text(&image(digit), &format!("{QUICK}{SCALED}{WATCHED}"));
    let breaking = text.replace("schema_change = \"none\"", "schema_change = \"breaking\"");
    breaking.replace("[\"50%\", \"100%\"]", "[\"100%\"]")
}

impl Shop {
    /// Plans what is merged, agrees to it, and starts to drive it.
    pub(crate) fn agreed(&self, clone: &Clone<'_>) -> pointsman_tests::agent::Running {
        let waits = self.run(clone, &["apply", NAME, "--yes"]).expect_code(0);
        let hash = regex::Regex::new("approve production/shop --plan ([0-9a-f]{16})").unwrap();
        let hash = hash.captures(&waits.out).expect("it says what to approve")[1].to_owned();
        self.start(clone, &["approve", NAME, "--plan", &hash])
    }
}

/// A side at zero tasks has nothing to scale: neither the way forward nor the way back waits for it.
#[test]
#[ignore = "takes minutes: run with the whole"]
fn a_breaking_release_of_a_service_that_an_alarm_scales() {
    let shop = Shop::open(&format!("{QUICK}{SCALED}{WATCHED}"));
    shop.world.git.commit("main", &[(FILE, Some(&breaking('2')))], "A release that breaks");
    let clone = shop.clone();
    let (said, code) = shop.agreed(&clone).ended(PATIENCE);
    assert_eq!(code, 0, "{said}");
    assert_eq!(shop.stands(), "shop 0 11\nshop--b 2 22\nrule b\n");
    let _ = shop.run(&clone, &["plan", NAME, "--detailed-exitcode"]).expect_code(0);

    shop.world.git.commit("main", &[(FILE, Some(&breaking('3')))], "Another that breaks");
    let clone = shop.clone();
    let driver = shop.agreed(&clone);
    driver.wait_until_said(", first task", PATIENCE);
    let abort = shop.start(&clone, &["abort", NAME, "--why", "the window is over"]);
    abort.wait_until_said("To be turned back", PATIENCE);
    let (said, code) = driver.ended(PATIENCE);
    assert!(code == 1 && said.contains("Turned back:"), "{said}");
    assert_eq!(shop.stands(), "shop--b 2 22\nrule b\n");
    shop.plane.settle();
    let load = shop.plane.load(CROWD);
    load.run_for(SECOND);
    load.stop().assert_nobody_noticed();
}

/// The release is what mends it: no step is left with who cannot answer.
#[test]
#[ignore = "takes minutes: run with the whole"]
fn a_release_where_nobody_is_served_any_more() {
    let shop = Shop::described(
        &text(&named("shop-falls-ill", '1'), QUICK),
        pointsman_tests::aws::Options::default(),
    );
    let fallen = shop.plane.ask(HOST, "/fall-ill", &[]);
    assert_eq!(fallen.status, 503);
    shop.world.git.commit("main", &[(FILE, Some(&text(&image('2'), QUICK)))], "The one that is well");
    let clone = shop.clone();
    let released = shop.run(&clone, &["apply", NAME, "--yes"]).expect_code(0);
    assert!(released.out.contains("Released:"), "{}{}", released.out, released.err);
    assert!(!released.out.contains("shift to 50 %"), "nobody is left with the dead: {}", released.out);
    assert_eq!(shop.stands(), "shop 0 11\nshop--b 2 22\nrule b\n");
    shop.plane.settle();
    let load = shop.plane.load(CROWD);
    load.run_for(SECOND);
    load.stop().assert_nobody_noticed();
}

/// A queue beside it that AWS refuses fails the run, and holds up neither the release nor its way back.
#[test]
#[ignore = "takes minutes: run with the whole"]
fn something_else_of_the_environment_is_refused() {
    let shop = Shop::open(QUICK);
    let queue = "\n[queue.jobs]\nvisibility_timeout = \"30s\"\n";
    shop.world.aws.proxy().fail("sqs", "CreateQueue", 400, "AccessDenied", "no queues today", usize::MAX);
    let with_queue = |digit: char| format!("{}{queue}", text(&image(digit), QUICK));
    shop.world.git.commit("main", &[(FILE, Some(&with_queue('2')))], "An image and a queue");
    let clone = shop.clone();
    let load = shop.plane.load(CROWD);
    let ended = shop.run(&clone, &["apply", NAME, "--yes"]).expect_code(1);
    let said = format!("{}{}", ended.out, ended.err);
    assert!(said.contains("Released:") && said.contains("no queues today"), "{said}");
    assert_eq!(shop.stands(), "shop 0 11\nshop--b 2 22\nrule b\n");

    shop.world.git.commit("main", &[(FILE, Some(&with_queue('3')))], "Another image");
    let clone = shop.clone();
    let driver = shop.start(&clone, &["apply", NAME, "--yes"]);
    driver.wait_until_said(", shift to 50 %", PATIENCE);
    let abort = shop.start(&clone, &["abort", NAME]);
    abort.wait_until_said("To be turned back", PATIENCE);
    let (said, code) = driver.ended(PATIENCE);
    assert!(code == 1 && said.contains("Turned back:"), "{said}");
    assert_eq!(shop.stands(), "shop--b 2 22\nrule b\n");
    shop.plane.settle();
    load.stop().assert_nobody_noticed();
    shop.world.aws.proxy().heal();
    let _ = shop.run(&clone, &["apply", NAME, "--yes"]);
}

/// Whether CloudWatch answers or not: people are led back, and nobody is led on.
#[test]
#[ignore = "takes minutes: run with the whole"]
fn cloudwatch_does_not_answer() {
    let rollout = "hold = \"4s\"\nabort_on = [\"busy\", \"slow\"]";
    let shop = Shop::open(rollout);
    let load = shop.plane.load(CROWD);
    shop.merge('2', rollout);
    let clone = shop.clone();
    let driver = shop.start(&clone, &["apply", NAME, "--yes"]);
    driver.wait_until_said("Watches this step", PATIENCE);
    for operation in ["GetMetricData", "DescribeAlarms"] {
        let (code, why) = ("InternalFailure", "the meter is down");
        shop.world.aws.proxy().fail("monitoring", operation, 500, code, why, usize::MAX);
    }
    load.mark("the meter is down");
    driver.wait_until_said("Gives green no more traffic", PATIENCE);
    assert_eq!(shop.stands(), "shop 2 11\nshop--b 2 22\ntest rule b\nrule a b\n", "nobody is led on");
    let told = shop.start(&clone, &["abort", NAME, "--why", "the meter is down"]);
    told.wait_until_said("To be turned back", PATIENCE);
    let (said, code) = driver.ended(PATIENCE);
    assert!(code == 1 && said.contains("Turned back:"), "{said}");
    shop.plane.settle();
    assert_eq!(shop.stands(), "shop 2 11\nrule a\n");
    load.stop().assert_nobody_noticed();
}

/// What rings, or does not answer, is why people go back: neither is waited for.
#[test]
#[ignore = "takes minutes: run with the whole"]
fn people_go_back_while_an_alarm_rings() {
    let rollout = format!("{QUICK}\nabort_on = [\"slow\"]");
    let shop = Shop::open(&rollout);
    shop.merge('2', &rollout);
    let clone = shop.clone();
    let _ = shop.run(&clone, &["apply", NAME, "--yes"]).expect_code(0);
    shop.world.aws.python(
        "cw = client('cloudwatch')\n\
         name = [a['AlarmName'] for a in cw.describe_alarms()['MetricAlarms'] if 'slow' in a['AlarmName']][0]\n\
         cw.set_alarm_state(AlarmName=name, StateValue='ALARM', StateReason='Threshold crossed')",
    );
    let (code, why) = ("InternalFailure", "the meter is down");
    shop.world.aws.proxy().fail("monitoring", "GetMetricData", 500, code, why, usize::MAX);
    let goes_back = shop.start(&clone, &["rollback", NAME, "--yes"]);
    let (said, code) = goes_back.ended(PATIENCE);
    assert_eq!(code, 0, "{said}");
    assert_eq!(shop.stands(), "shop 2 11\nshop--b 0 22\nrule a\n");
}
