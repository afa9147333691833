//! T12: every call that makes, changes or deletes something is done, answered as failed, and so
//! sent again: the same end as if it had been sent once.

use std::collections::BTreeSet;

use pointsman_tests::{
    aws::{Harm, Weather},
    story::{PRODUCTION, PRODUCTION_FILE, World},
};

use super::{NAME, converge, small, standing};
use crate::{estate, settled, world};

fn twice(name: &str, described: &dyn Fn() -> World, standing: &dyn Fn(&World) -> String) {
    let reference = {
        let world = described();
        world.clone_of("main").run(&["apply", name, "--yes"]).expect_code(0);
        settled(&standing(&world))
    };
    let world = described();
    let clone = world.clone_of("main");
    let proxy = world.aws.proxy();
    proxy.clear();
    proxy.set_weather(Weather::twice());
    let tries = converge(&clone, name, 3);
    clone.run(&["plan", name, "--detailed-exitcode"]).expect_code(0);
    assert_eq!(settled(&standing(&world)), reference, "something was made twice, or otherwise");
    let made: BTreeSet<String> = harmed(&world);
    proxy.set_weather(Weather::twice());
    let destroyed = (1..=3).find(|_| clone.run(&["destroy", name, "--yes"]).code == 0);
    assert!(destroyed.is_some(), "{name} cannot be destroyed");
    assert_eq!(standing(&world), "", "something stands that the state does not know");
    let all = harmed(&world);
    println!(
        "T12 {name}: {} operations done twice while it was made (in {tries} applies), {} while it was deleted; \
         nothing twice, nothing left: {all:?}",
        made.len(),
        all.len() - made.len(),
    );
    assert!(made.len() > 5);
}

/// The operations that were done and answered as failed.
fn harmed(world: &World) -> BTreeSet<String> {
    let calls = world.aws.proxy().calls().into_iter();
    let harmed = calls.filter(|call| call.harm == Some(Harm::Disowned));
    harmed.map(|call| format!("{}:{}", call.service, call.operation)).collect()
}

#[test]
fn t12_every_call_of_the_small_environment_is_sent_twice() {
    twice(NAME, &small, &standing);
}

#[test]
fn t12_every_call_of_the_estate_is_sent_twice() {
    let described = || {
        let world = world();
        let text = World::example_environment();
        world.git.commit("main", &[(PRODUCTION_FILE, Some(&text))], "Describe OpenWebUI");
        world
    };
    twice(PRODUCTION, &described, &estate::inventory);
}
