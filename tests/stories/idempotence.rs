//! Every step is done twice: its answer is lost, the agent dies, and the next one does it again.
//! Nothing stands twice afterwards.

use std::collections::BTreeSet;

use pointsman_tests::story::{PRODUCTION, PRODUCTION_FILE, World};

use crate::{PATIENCE, described, estate, settled};

/// Runs `apply` once per changing call of a whole deploy, and kills it right after that call was
/// done and before it was answered; then once more to the end.
#[test]
fn every_call_of_a_deploy_may_be_repeated() {
    let world = described();
    let clone = world.clone_of("main");
    let mut interrupted = BTreeSet::new();
    for (service, operation) in [
        ("ec2", "CreateSecurityGroup"),
        ("logs", "CreateLogGroup"),
        ("elasticache", "CreateCacheSubnetGroup"),
        ("elasticache", "CreateCacheParameterGroup"),
        ("elasticloadbalancing", "CreateTargetGroup"),
        ("ec2", "AuthorizeSecurityGroupIngress"),
        ("ecs", "RegisterTaskDefinition"),
        ("elasticache", "CreateReplicationGroup"),
        ("elasticloadbalancing", "CreateLoadBalancer"),
        ("elasticloadbalancing", "CreateListener"),
        ("elasticloadbalancing", "CreateRule"),
        ("ecs", "CreateService"),
    ] {
        let held = world.aws.proxy().hold_answer(service, operation);
        let apply = clone.start(&["apply", PRODUCTION, "--yes"]);
        assert!(
            held.wait_reached(PATIENCE),
            "{service}:{operation} is not called; it said\n{}",
            apply.said()
        );
        apply.kill();
        assert!(held.wait_left(PATIENCE), "the dead one\'s call is still held");
        held.release();
        interrupted.insert(operation);
        // A dead person's lock is the agent's kind of lock: removed here, so as not to wait each time.
        world.aws.python("t = client('dynamodb')\nfor i in t.scan(TableName='terraform-state-locks')['Items']:\n    t.delete_item(TableName='terraform-state-locks', Key={'LockID': i['LockID']})");
    }
    clone.run(&["apply", PRODUCTION, "--yes"]).expect_code(0);
    clone.run(&["plan", PRODUCTION, "--detailed-exitcode"]).expect_code(0);
    insta::assert_snapshot!("estate_after_repetition", settled(&estate::inventory(&world)));
    let revisions = world.aws.value("len(client('ecs').list_task_definitions(familyPrefix='gravity-ai-chat-webui3-scaled')['taskDefinitionArns'])");
    assert_eq!(revisions, 1, "one revision, however often it was registered");
    println!("{} calls were interrupted after they were done, and repeated", interrupted.len());

    // The same for taking it down.
    for (service, operation) in [
        ("ecs", "DeleteService"),
        ("elasticloadbalancing", "DeleteLoadBalancer"),
        ("elasticache", "DeleteReplicationGroup"),
    ] {
        let held = world.aws.proxy().hold_answer(service, operation);
        let destroy = clone.start(&["destroy", PRODUCTION, "--yes"]);
        assert!(
            held.wait_reached(PATIENCE),
            "{service}:{operation} is not called; it said\n{}",
            destroy.said()
        );
        destroy.kill();
        assert!(held.wait_left(PATIENCE), "the dead one\'s call is still held");
        held.release();
        world.aws.python("t = client('dynamodb')\nfor i in t.scan(TableName='terraform-state-locks')['Items']:\n    t.delete_item(TableName='terraform-state-locks', Key={'LockID': i['LockID']})");
    }
    clone.run(&["destroy", PRODUCTION, "--yes"]).expect_code(0);
    assert_eq!(estate::inventory(&world), "");
}

#[test]
fn a_changed_field_is_exactly_that_change_and_back_is_nothing() {
    let world = described();
    let clone = world.clone_of("main");
    clone.run(&["apply", PRODUCTION, "--yes"]).expect_code(0);
    let original = World::example_environment();
    for (from, to, expected) in [
        ("idle_timeout = \"300s\"", "idle_timeout = \"120s\"", "load_balancer.webui"),
        (
            "allow_from   = [\"10.0.0.0/8\"]",
            "allow_from   = [\"10.0.0.0/8\", \"192.168.0.0/16\"]",
            "load_balancer.webui.security_group",
        ),
        (
            "maintenance_window = \"sun:05:00-sun:06:00\"",
            "maintenance_window = \"mon:03:00-mon:04:00\"",
            "cache.sessions",
        ),
        ("interval  = \"30s\"", "interval  = \"20s\"", "service.webui3-scaled.target_group"),
    ] {
        let changed = original.replace(from, to);
        assert_ne!(changed, original, "the example does not say `{from}`");
        clone.write(PRODUCTION_FILE, &changed);
        let plan = clone.run(&["plan", PRODUCTION, "--json"]).expect_code(0);
        let plan: serde_json::Value = serde_json::from_str(&plan.out).unwrap();
        let addresses: Vec<&str> = plan["plan"]["changes"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|change| change["address"].as_str())
            .collect();
        assert_eq!(addresses, [expected], "{from} → {to}");
        clone.run(&["apply", PRODUCTION, "--yes"]).expect_code(0);
        clone.run(&["plan", PRODUCTION, "--detailed-exitcode"]).expect_code(0);
        clone.write(PRODUCTION_FILE, &original);
        clone.run(&["apply", PRODUCTION, "--yes"]).expect_code(0);
        clone.run(&["plan", PRODUCTION, "--detailed-exitcode"]).expect_code(0);
    }
}
