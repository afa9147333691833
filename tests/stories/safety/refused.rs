//! What AWS refuses to delete, or takes its time to delete, is neither forgotten nor waited for without end.

use std::time::{Duration, Instant};

use pointsman_tests::story::{PRODUCTION, PRODUCTION_FILE, World};

use crate::{PATIENCE, describing, in_place};

const SCALED: &str = r#"cpu_target         = 70
memory_target      = 80
schedule           = [{ name = "night", cron = "0 20 * * ? *", min = 2, max = 2 }]"#;

/// What scales the service, and when.
fn scaling(world: &World) -> String {
    world.aws.python(
        r#"
scaling = client("application-autoscaling")
policies = scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
actions = scaling.describe_scheduled_actions(ServiceNamespace="ecs")["ScheduledActions"]
print(sorted(p["TargetTrackingScalingPolicyConfiguration"]["PredefinedMetricSpecification"]["PredefinedMetricType"][10:] for p in policies if p["PolicyType"] == "TargetTrackingScaling"), len(actions))
"#,
    )
}

/// Policies and scheduled actions have no tags of their own, and what they scale stays.
#[test]
fn what_aws_refuses_to_delete_is_not_forgotten() {
    let plain = in_place();
    let scaled = plain.replace("cpu_target         = 70", SCALED);
    assert_ne!(scaled, plain);
    let world = describing(&scaled);
    let clone = world.clone_of("main");
    clone.run(&["apply", PRODUCTION, "--yes"]).expect_code(0);
    assert_eq!(scaling(&world), "['AverageCPUUtilization', 'AverageMemoryUtilization'] 1\n");

    world.git.commit("main", &[(PRODUCTION_FILE, Some(&plain))], "Scale by the processor alone");
    let clone = world.clone_of("main");
    for operation in ["DeleteScalingPolicy", "DeleteScheduledAction"] {
        let (code, why) = ("AccessDeniedException", "not authorized to perform it");
        world.aws.proxy().fail("application-autoscaling", operation, 400, code, why, 1);
    }
    let refused = clone.run(&["apply", PRODUCTION, "--yes"]).expect_code(1);
    assert!(refused.err.contains("not authorized to perform it"), "{}", refused.err);
    assert_eq!(scaling(&world), "['AverageCPUUtilization', 'AverageMemoryUtilization'] 1\n");
    clone.run(&["apply", PRODUCTION, "--yes"]).expect_code(0);
    assert_eq!(scaling(&world), "['AverageCPUUtilization'] 0\n");
}

/// A network interface keeps a security group for many minutes; whoever stops the agent does not wait for it.
#[test]
fn asked_to_stop_it_does_not_wait_until_aws_has_deleted_something() {
    let world = describing(&in_place());
    let clone = world.clone_of("main");
    clone.run(&["apply", PRODUCTION, "--yes"]).expect_code(0);
    let (code, why) = ("DependencyViolation", "resource has a dependent object");
    world.aws.proxy().fail("ec2", "DeleteSecurityGroup", 400, code, why, usize::MAX);
    let destroys = clone.start(&["destroy", PRODUCTION, "--yes"]);
    destroys.wait_until_said(why, PATIENCE);
    let asked = Instant::now();
    let (said, code) = destroys.stop(PATIENCE);
    let took = asked.elapsed();
    assert_ne!(code, 0, "{said}");
    println!("SIGTERM while AWS is waited for: ended after {took:.1?}");
    assert!(took < BOUND, "{took:?}: {said}");
    let shown = clone.run(&["lock", "show", PRODUCTION]).expect_code(0).out;
    assert!(!shown.contains("robin"), "the lock is given back: {shown}");

    world.aws.proxy().heal();
    let gone_on = clone.run(&["destroy", PRODUCTION, "--yes"]).expect_code(0);
    assert!(!gone_on.err.contains("did not end"), "nothing is to be recovered: {}", gone_on.err);
    let left = world.aws.python(
        "print([g['GroupName'] for g in client('ec2').describe_security_groups()['SecurityGroups'] \
         if any(t['Key'] == 'pointsman:environment' for t in g.get('Tags', []))])",
    );
    assert_eq!(left, "[]\n");
}

/// An attempt's time, two looks at what it came to, and a slow machine.
const BOUND: Duration = Duration::from_secs(15);
