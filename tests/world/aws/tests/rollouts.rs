//! What moving traffic from one group to another rests on.

use std::time::Duration;

use super::{ROAD, on_the_road};

#[test]
fn sticky_targets_want_sticky_groups() {
    let said = on_the_road(
        r#"
rule = add_rule()
elb.modify_target_group_attributes(TargetGroupArn=green, Attributes=[{"Key": "stickiness.enabled", "Value": "true"}])
alone = weights(50, 50)
alone[0]["ForwardConfig"]["TargetGroupStickinessConfig"] = {"Enabled": False}
print(code_of(elb.modify_rule, RuleArn=rule, Actions=alone))
print(code_of(elb.modify_rule, RuleArn=rule, Actions=weights(50, 50)))
print(code_of(elb.modify_rule, RuleArn=rule, Actions=[{"Type": "forward", "TargetGroupArn": green}]))
"#,
    );
    assert_eq!(said, ["InvalidLoadBalancerAction", "OK", "OK"]);
}

#[test]
fn a_test_rule_is_answered_as_it_was_made() {
    let said = on_the_road(
        r#"
header = {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Test", "Values": ["se*", "a&b"]}}
made = elb.create_rule(ListenerArn=listener, Priority=5, Conditions=[*conditions, header],
                       Actions=[{"Type": "forward", "TargetGroupArn": green}])["Rules"][0]["RuleArn"]
rule = elb.describe_rules(RuleArns=[made])["Rules"][0]
print([c["HttpHeaderConfig"] for c in rule["Conditions"] if c["Field"] == "http-header"])
print(rule["Actions"][0]["TargetGroupArn"] == green, rule["Actions"][0]["ForwardConfig"]["TargetGroups"][0]["Weight"])
"#,
    );
    assert_eq!(said, ["[{'HttpHeaderName': 'X-Test', 'Values': ['se*', 'a&b']}]", "True 1"]);
}

#[test]
fn a_tasks_process_lives_until_its_target_has_drained() {
    let options = crate::aws::Options { drain: Duration::from_secs(2), ..crate::aws::Options::default() };
    let emulator = crate::aws::Emulator::with(&options).unwrap();
    let _ = emulator.seed();
    let said = emulator.python(&format!(
        "{ROAD}{}",
        r#"
import socket


def answers(address):
    try:
        socket.create_connection((address, 8080), 1).close()
        return True
    except OSError:
        return False


def left():
    """How many tasks the service counts, and what those say that are to stop."""
    [service] = ecs.describe_services(cluster="webUIcluster2", services=["webui"])["services"]
    tasks = ecs.list_tasks(cluster="webUIcluster2", serviceName="webui", desiredStatus="STOPPED")["taskArns"]
    return service["runningCount"], [task["lastStatus"] for task in ecs.describe_tasks(cluster="webUIcluster2", tasks=tasks)["tasks"]]


add_rule()
ecs.create_service(**service_of(define("example/app:1"), count=1))
until(lambda: health(blue) == ["healthy"])
address = elb.describe_target_health(TargetGroupArn=blue)["TargetHealthDescriptions"][0]["Target"]["Id"]
ecs.update_service(cluster="webUIcluster2", service="webui", desiredCount=0)
until(lambda: health(blue) == ["draining"])
began = time.monotonic()
print(answers(address), *left())
until(lambda: not answers(address))
print(health(blue), time.monotonic() - began > 1)
until(lambda: left() == (0, ["STOPPED"]))
"#
    ));
    assert_eq!(said.lines().collect::<Vec<_>>(), ["True 0 ['DEACTIVATING']", "[] True"]);
}
