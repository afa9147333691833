//! Every step is done twice: its answer is lost, the agent dies, and the next one does it again.
//! Nothing stands twice afterwards.

use pointsman_tests::story::{Clone, PRODUCTION, PRODUCTION_FILE, World};

use crate::{PATIENCE, described, estate, settled};

/// A dead person's lock is watched before it is taken over; here it is taken away, as `terraform
/// force-unlock` does, so that not every round waits.
pub(crate) fn force_unlock(world: &World) {
    world.aws.python(
        "t = client('dynamodb')\nfor i in t.scan(TableName='terraform-state-locks')['Items']:\n    \
         t.delete_item(TableName='terraform-state-locks', Key={'LockID': i['LockID']})",
    );
}

/// Runs a command, and kills it when a call was done by AWS and not yet answered.
pub(crate) fn interrupted(
    world: &World,
    clone: &Clone<'_>,
    command: &[&str],
    service: &str,
    operation: &str,
) {
    let held = world.aws.proxy().hold_answer(service, operation);
    let running = clone.start(command);
    assert!(held.wait_reached(PATIENCE), "{service}:{operation} is not called; it said\n{}", running.said());
    running.kill();
    assert!(held.wait_left(PATIENCE), "the dead one's call is still held");
    held.release();
    force_unlock(world);
}

/// The calls that make something, and those that change what was just made.
const MAKING: [(&str, &str); 19] = [
    // The first only: after that, what was deleted comes back.
    ("secretsmanager", "CreateSecret"),
    ("secretsmanager", "RestoreSecret"),
    ("ec2", "CreateSecurityGroup"),
    ("ec2", "AuthorizeSecurityGroupIngress"),
    ("logs", "CreateLogGroup"),
    ("logs", "PutRetentionPolicy"),
    ("elasticache", "CreateCacheSubnetGroup"),
    ("elasticache", "CreateCacheParameterGroup"),
    ("elasticache", "CreateReplicationGroup"),
    ("elasticloadbalancing", "CreateTargetGroup"),
    ("elasticloadbalancing", "CreateLoadBalancer"),
    ("elasticloadbalancing", "CreateListener"),
    ("elasticloadbalancing", "CreateRule"),
    ("ecs", "RegisterTaskDefinition"),
    ("ecs", "CreateService"),
    ("application-autoscaling", "RegisterScalableTarget"),
    ("application-autoscaling", "PutScalingPolicy"),
    ("monitoring", "PutMetricAlarm"),
    ("monitoring", "PutDashboard"),
];

/// The calls that delete something.
const DELETING: [(&str, &str); 16] = [
    ("secretsmanager", "DeleteSecret"),
    ("ecs", "DeleteService"),
    ("ecs", "DeregisterTaskDefinition"),
    ("elasticloadbalancing", "DeleteRule"),
    ("elasticloadbalancing", "DeleteListener"),
    ("elasticloadbalancing", "DeleteLoadBalancer"),
    ("elasticloadbalancing", "DeleteTargetGroup"),
    ("elasticache", "DeleteReplicationGroup"),
    ("elasticache", "DeleteCacheParameterGroup"),
    ("elasticache", "DeleteCacheSubnetGroup"),
    ("logs", "DeleteLogGroup"),
    ("ec2", "DeleteSecurityGroup"),
    ("application-autoscaling", "DeleteScalingPolicy"),
    ("application-autoscaling", "DeregisterScalableTarget"),
    ("monitoring", "DeleteAlarms"),
    ("monitoring", "DeleteDashboards"),
];

/// Interrupts one call that makes and one that deletes in each round, until all were.
fn repeat(making: &[(&str, &str)], deleting: &[(&str, &str)]) {
    let world = described();
    let clone = world.clone_of("main");
    for round in 0..making.len().max(deleting.len()) {
        if let Some((service, operation)) = making.get(round) {
            interrupted(&world, &clone, &["apply", PRODUCTION, "--yes"], service, operation);
        }
        clone.run(&["apply", PRODUCTION, "--yes"]).expect_code(0);
        if let Some((_, operation)) = making.get(round) {
            clone.run(&["plan", PRODUCTION, "--detailed-exitcode"]).expect_code(0);
            insta::assert_snapshot!("estate_after_repetition", settled(&estate::inventory(&world)));
            let revisions = world.aws.value(
                "len(client('ecs').list_task_definitions(familyPrefix='gravity-ai-chat-webui3-scaled')['taskDefinitionArns'])",
            );
            assert_eq!(revisions, 1, "one revision, however often it was registered ({operation})");
        }
        if let Some((service, operation)) = deleting.get(round) {
            interrupted(&world, &clone, &["destroy", PRODUCTION, "--yes"], service, operation);
        }
        clone.run(&["destroy", PRODUCTION, "--yes"]).expect_code(0);
        assert_eq!(
            estate::inventory(&world),
            "",
            "after {:?} and {:?}",
            making.get(round),
            deleting.get(round)
        );
    }
    println!(
        "{} calls were interrupted after AWS had done them, and repeated: nothing twice, nothing left",
        making.len() + deleting.len()
    );
}

// In two worlds, which are worked on at once.

#[test]
fn every_call_that_makes_or_deletes_may_be_repeated() {
    repeat(&MAKING[..MAKING.len() / 2], &DELETING[..DELETING.len() / 2]);
}

#[test]
fn every_later_call_that_makes_or_deletes_may_be_repeated() {
    repeat(&MAKING[MAKING.len() / 2..], &DELETING[DELETING.len() / 2..]);
}

#[test]
fn a_changed_field_is_exactly_that_change_and_back_is_nothing() {
    let world = crate::describing(&crate::in_place());
    let clone = world.clone_of("main");
    clone.run(&["apply", PRODUCTION, "--yes"]).expect_code(0);
    let original = crate::in_place();
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
        (
            "scale_in_cooldown  = \"300s\"",
            "scale_in_cooldown  = \"240s\"",
            "service.webui3-scaled.scaling.cpu",
        ),
        ("memory_above = 90", "memory_above = 91", "alarms.high-memory"),
        ("interval  = \"30s\"", "interval  = \"20s\"", "service.webui3-scaled.target_group"),
        (
            "[service.webui3-scaled.health]",
            "[service.webui3-scaled.deployment]\nminimum_healthy_percent = 50\ncircuit_breaker = false\n\n\
             [service.webui3-scaled.health]",
            "service.webui3-scaled",
        ),
        (
            "architecture   = \"x86_64\"",
            "architecture   = \"x86_64\"\nexecute_command = true\nplatform_version = \"1.4.0\"",
            "service.webui3-scaled",
        ),
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
