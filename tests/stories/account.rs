//! The command line against an account: everything is made, nothing is left to do, all of it goes.

use pointsman_tests::story::PRODUCTION;

use crate::{described, estate, settled};

#[test]
fn apply_plan_change_and_destroy() {
    let world = described();
    let untouched = estate::externals(&world);
    let clone = world.clone_of("main");

    let plan = clone.run(&["plan", PRODUCTION, "--detailed-exitcode", "--out", "first.plan"]).expect_code(2);
    insta::assert_snapshot!("plan", settled(&plan.out));
    assert_eq!(estate::inventory(&world), "");

    let applied = clone.run(&["apply", PRODUCTION, "--plan", "first.plan"]).expect_code(0);
    insta::assert_snapshot!("applied", settled(&applied.out));
    clone.run(&["plan", PRODUCTION, "--detailed-exitcode"]).expect_code(0);

    // The plan of before is not what would be done now.
    let stale = clone.run(&["apply", PRODUCTION, "--plan", "first.plan"]).expect_code(5);
    assert!(stale.err.contains("not what the given plan was made from"), "{}", stale.err);

    // Again, and nothing happens: no serial, no call that changes anything but the lock.
    world.aws.proxy().clear();
    clone.run(&["apply", PRODUCTION, "--yes"]).expect_code(0);
    let writes: Vec<String> = world
        .aws
        .proxy()
        .mutations()
        .into_iter()
        .filter(|call| call.service != "dynamodb")
        .map(|call| format!("{}:{}", call.service, call.operation))
        .collect();
    assert_eq!(writes, Vec::<String>::new());

    let destroyed = clone.run(&["destroy", PRODUCTION, "--yes"]).expect_code(0);
    insta::assert_snapshot!("destroyed", settled(&destroyed.out));
    assert_eq!(estate::inventory(&world), "");
    assert_eq!(estate::externals(&world), untouched);
    clone.run(&["destroy", PRODUCTION, "--yes"]).expect_code(0);
}

#[test]
fn nobody_is_asked_without_a_terminal() {
    let world = described();
    let refused = world.clone_of("main").run(&["apply", PRODUCTION]).expect_code(1);
    assert!(refused.err.contains("--yes"), "{}", refused.err);
    assert!(world.aws.proxy().mutations().is_empty());
}
