//! Releases of an image and of a configuration, each turned back when it enters another phase, then brought
//! to their end, with 200 WebSockets: nobody notices.

use std::time::Instant;

use pointsman_tests::{agent::Running, dataplane::Crowd, story::Clone};

use crate::{
    PATIENCE,
    rollout_hindrances::WATCHED,
    shop::{FILE, NAME, QUICK, SCALED, SECOND, Shop, image, text},
};

const CROWD: Crowd = Crowd { people: 40, sockets: 200, visitors: 5 };

/// Where there is something to turn back, and how the driver says that it is there.
const PHASES: [(&str, &str); 8] = [
    ("SCALE_UP", ", scale up"),
    ("TEST", ", test"),
    ("GATE", ", approval"),
    ("SHIFT 50", ", shift to 50 %"),
    ("SHIFT 100", ", shift to 100 %"),
    ("BAKE", ", bake"),
    ("COMMIT", ", commit"),
    ("DRAIN", ", drain"),
];

/// The shop's file: what is said to people, and an image.
pub(crate) fn greeting(image: &str, greeting: &str, rollout: &str) -> String {
    format!("{}\n[service.shop.environment]\nGREETING = \"{greeting}\"\n", text(image, rollout))
}

impl Shop {
    /// Merges a file; answers whoever drives its release.
    pub(crate) fn merged(&self, text: &str) -> Clone<'_> {
        self.world.git.commit("main", &[(FILE, Some(text))], "Another release");
        self.clone()
    }

    /// Says that it goes back while a driver is where it is, however short that is; whoever says it waits for
    /// the lock meanwhile.
    pub(crate) fn abort_there(&self, clone: &Clone<'_>, driver: &Running) -> Running {
        driver.freeze();
        let abort = self.start(clone, &["abort", NAME, "--why", "sign-in fails"]);
        abort.wait_until_said("To be turned back: the rollout of shop.", PATIENCE);
        driver.thaw();
        abort
    }
}

/// What scales the service: which side, its bounds, whether tasks may be taken away, how many policies.
pub(crate) fn scales(shop: &Shop) -> String {
    shop.world.aws.python(
        r#"
scaling = client("application-autoscaling")
for target in scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]:
    side = target["ResourceId"].rsplit("/", 1)[1]
    held = target.get("SuspendedState", {}).get("DynamicScalingInSuspended", False)
    policies = scaling.describe_scaling_policies(ServiceNamespace="ecs", ResourceId=target["ResourceId"])["ScalingPolicies"]
    print(side, target["MinCapacity"], "to", target["MaxCapacity"], "held" if held else "free", len(policies))
"#,
    )
}

/// Whichever way a rollout ends, the side that serves is scaled as the file says, and only that one.
#[test]
fn whoever_serves_is_scaled() {
    let rollout = format!("{QUICK}{SCALED}{WATCHED}");
    let shop = Shop::open(&rollout);
    assert_eq!(scales(&shop), "shop 2 to 6 free 2\n");
    shop.merge('2', &rollout);
    let clone = shop.clone();
    let _ = shop.run(&clone, &["apply", NAME, "--yes"]).expect_code(0);
    assert_eq!(scales(&shop), "shop--b 2 to 6 free 2\n");

    let _ = shop.run(&clone, &["rollback", NAME, "--yes"]).expect_code(0);
    assert_eq!(shop.stands(), "shop 2 11\nshop--b 0 22\nrule a\n");
    assert_eq!(scales(&shop), "shop 2 to 6 free 2\n");

    let watched = format!("hold = \"10m\"{SCALED}{WATCHED}");
    shop.merge('3', &watched);
    let clone = shop.clone();
    let driver = shop.start(&clone, &["apply", NAME, "--yes"]);
    driver.wait_until_said("Watches this step", PATIENCE);
    assert_eq!(scales(&shop), "shop 2 to 6 held 2\nshop--b 2 to 6 held 1\n");
    let _ = shop.run(&clone, &["abort", NAME]).expect_code(0);
    assert_eq!(driver.ended(PATIENCE).1, 1);
    assert_eq!(shop.stands(), "shop 2 11\nrule a\n");
    assert_eq!(scales(&shop), "shop 2 to 6 free 2\n");
}

#[test]
#[ignore = "turned back in every phase with 200 WebSockets: some minutes"]
fn turned_back_in_every_phase_and_nobody_notices() {
    let shop = Shop::open(QUICK);
    let load = shop.plane.load(CROWD);
    load.run_for(SECOND);
    let mut table = String::new();
    for (index, (phase, words)) in PHASES.into_iter().enumerate() {
        let waits = if phase == "GATE" { "\napprove_traffic = true" } else { "" };
        let rollout = format!("{QUICK}{waits}");
        // Every second one is of an image.
        let digit = if index % 2 == 0 { '2' } else { '1' };
        let clone = shop.merged(&greeting(&image(digit), phase, &rollout));
        let driver = shop.start(&clone, &["apply", NAME, "--yes"]);
        driver.wait_until_said(words, PATIENCE);
        let begun = if phase == "GATE" {
            // Nobody drives what waits for a person: whoever says it does.
            assert_eq!(driver.ended(PATIENCE).1, 0);
            load.mark(phase);
            let begun = Instant::now();
            let told = shop.run(&clone, &["abort", NAME, "--why", "sign-in fails"]).expect_code(0);
            assert!(told.out.contains("Turned back:"), "{}{}", told.out, told.err);
            begun
        } else {
            load.mark(phase);
            let begun = Instant::now();
            let _abort = shop.abort_there(&clone, &driver);
            let (said, code) = driver.ended(PATIENCE);
            assert_eq!(code, 1, "{phase}: {said}");
            assert!(said.contains("Turned back:") && said.contains("sign-in fails"), "{phase}: {said}");
            begun
        };
        table.push_str(&format!("{phase:<10} turned back after {:.1?}\n", begun.elapsed()));
        shop.plane.settle();
        assert_eq!(shop.stands(), "shop 2 11\nrule a\n", "{phase}");
    }
    let report = load.stop();
    println!("{table}{}\n{}", report.summary(), report.write("turned-back-in-every-phase").display());
    report.assert_nobody_noticed();
}

#[test]
#[ignore = "two releases with 200 WebSockets: a minute"]
fn an_image_and_a_configuration_are_released_and_nobody_notices() {
    let shop = Shop::open(QUICK);
    let load = shop.plane.load(CROWD);
    load.run_for(2 * SECOND);
    for (name, digit, said, stands) in [
        ("image", '2', "hello", "shop 0 11\nshop--b 2 22\nrule b\n"),
        ("configuration", '2', "good day", "shop 2 22\nshop--b 0 22\nrule a\n"),
    ] {
        let clone = shop.merged(&greeting(&image(digit), said, QUICK));
        load.mark(name);
        let released = shop.run(&clone, &["apply", NAME, "--yes"]).expect_code(0);
        assert!(released.out.contains("Released:"), "{}", released.out);
        shop.plane.settle();
        assert_eq!(shop.stands(), stands, "{name}");
        let _ = shop.run(&clone, &["plan", NAME, "--detailed-exitcode"]).expect_code(0);
    }
    load.run_for(2 * SECOND);
    let report = load.stop();
    println!("{}\n{}", report.summary(), report.write("image-and-configuration").display());
    report.assert_nobody_noticed();
}
