//! The first start of a service on an empty database: one task migrates it, and the others come when it is healthy.

use std::sync::Arc;

use pointsman_tests::{
    agent::Program,
    aws::Options,
    dataplane::Stores,
    story::{Clone, World},
};

use crate::{idempotence::interrupted, shop};

/// A shop whose tasks migrate the database as they start; of two at once on an empty one, one fails.
fn described(scaling: &str) -> (Arc<Stores>, World) {
    let stores = Arc::new(Stores::start().expect("stores"));
    let options = Options { task_command: Some(stores.application()), ..Options::default() };
    let world = World::with(Program::at(env!("CARGO_BIN_EXE_pointsman")), &options);
    let text = shop::text(&shop::named("migrates-itself", '1'), "")
        .replace("schema_change = \"none\"", "schema_change = \"additive\"");
    world.git.commit("main", &[(shop::FILE, Some(&format!("{text}{scaling}")))], "Describe the shop");
    (stores, world)
}

/// Its tasks by what became of them, how many of each there were, and why they stopped.
pub(crate) fn tasks(world: &World) -> String {
    world.aws.python(
        r#"
ecs = client("ecs")
for status in ("RUNNING", "STOPPED"):
    tasks = ecs.list_tasks(cluster="webUIcluster2", serviceName="shop", desiredStatus=status)["taskArns"]
    print(status.lower(), len(tasks))
    for task in ecs.describe_tasks(cluster="webUIcluster2", tasks=tasks)["tasks"] if tasks and status == "STOPPED" else []:
        print(task["stoppedReason"], [container.get("exitCode") for container in task["containers"]])
"#,
    )
}

/// The calls that ask ECS for tasks.
fn asked_for(world: &World) -> Vec<String> {
    let calls = world.aws.proxy().mutations().into_iter();
    calls.map(|call| call.operation).filter(|operation| operation.ends_with("Service")).collect()
}

fn applied(clone: &Clone<'_>) -> String {
    clone.run(&["apply", shop::NAME, "--yes"]).expect_code(0).out
}

#[test]
fn its_first_task_migrates_alone() {
    for scaling in ["", shop::SCALED] {
        let (_stores, world) = described(scaling);
        let clone = world.clone_of("main");
        let planned = clone.run(&["plan", shop::NAME]).expect_code(0).out;
        let planned = planned.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(planned.contains("Start: service.shop starts with one task"), "{planned}");
        world.aws.proxy().clear();
        applied(&clone);
        assert_eq!(asked_for(&world), ["CreateService", "UpdateService"]);
        assert_eq!(tasks(&world), "running 2\nstopped 0\n", "none was lost to another's migration");
        clone.run(&["plan", shop::NAME, "--detailed-exitcode"]).expect_code(0);
    }
}

#[test]
fn who_goes_on_after_a_crash_waits_for_the_first_task_as_well() {
    let (_stores, world) = described(shop::SCALED);
    let clone = world.clone_of("main");
    interrupted(&world, &clone, &["apply", shop::NAME, "--yes"], "ecs", "CreateService");
    world.aws.proxy().clear();
    applied(&clone);
    assert_eq!(asked_for(&world), ["UpdateService"]);
    assert_eq!(tasks(&world), "running 2\nstopped 0\n");
    clone.run(&["plan", shop::NAME, "--detailed-exitcode"]).expect_code(0);
}
