//! Generated environments on the emulator: what is applied is what lives. The same property with
//! an imaginary account and many more cases is in `agent/core/tests/plan.rs`.

use pointsman_tests::story::PRODUCTION_FILE;
use proptest::{prelude::*, test_runner::TestRunner};

use crate::{estate, world};

fn variations() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    (
        2_u32..5,
        1_u32..4000,
        6_u32..100,
        prop_oneof![Just("cache.t3.micro"), Just("cache.t3.small")],
        any::<bool>(),
    )
        .prop_map(|(count, idle, interval, node, port)| {
            vec![
                ("count          = 3", format!("count          = {count}")),
                ("idle_timeout = \"300s\"", format!("idle_timeout = \"{idle}s\"")),
                ("interval  = \"30s\"", format!("interval  = \"{interval}s\"")),
                ("node_type          = \"cache.t3.micro\"", format!("node_type          = \"{node}\"")),
                ("port           = 8080", format!("port           = {}", if port { 8080 } else { 9090 })),
            ]
        })
}

#[test]
fn what_is_applied_is_what_lives() {
    let world = world();
    let file = crate::in_place();
    world.git.commit("main", &[(PRODUCTION_FILE, Some(&file))], "Describe OpenWebUI");
    let clone = world.clone_of("main");
    let mut runner =
        TestRunner::new(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() });
    let result = runner.run(&variations(), |variations| {
        let mut text = file.clone();
        for (from, to) in variations {
            prop_assert!(text.contains(from), "the example does not say `{}`", from);
            text = text.replace(from, &to);
        }
        clone.write(PRODUCTION_FILE, &text);
        let applied = clone.run(&["apply", "production/gravity-ai-chat", "--yes"]);
        prop_assert_eq!(applied.code, 0, "{}{}", applied.out, applied.err);
        let again = clone.run(&["plan", "production/gravity-ai-chat", "--detailed-exitcode"]);
        prop_assert_eq!(again.code, 0, "{}{}", again.out, again.err);
        Ok(())
    });
    if let Err(failure) = result {
        panic!("{failure}\n{}", estate::inventory(&world));
    }
}
