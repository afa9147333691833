use super::on_the_road;

#[test]
fn weights_and_stickiness_are_kept_and_can_be_changed() {
    let said = on_the_road(
        r#"
rule = add_rule()
elb.modify_rule(RuleArn=rule, Actions=weights(0, 100))
action = elb.describe_rules(RuleArns=[rule])["Rules"][0]["Actions"][0]
print([group["Weight"] for group in action["ForwardConfig"]["TargetGroups"]])
print(action["ForwardConfig"]["TargetGroupStickinessConfig"], "TargetGroupArn" in action)
print([rule["Priority"] for rule in elb.describe_rules(ListenerArn=listener)["Rules"]])
"#,
    );
    assert_eq!(said, ["[0, 100]", "{'Enabled': True, 'DurationSeconds': 1800} False", "['10', 'default']"]);
}

#[test]
fn what_is_used_is_refused() {
    let said = on_the_road(
        r#"
add_rule()
print(code_of(elb.create_rule, ListenerArn=listener, Priority=10, Conditions=conditions, Actions=weights(1, 1)))
print(code_of(elb.delete_target_group, TargetGroupArn=green))
print(code_of(elb.create_listener, LoadBalancerArn=balancer, Protocol="HTTP", Port=80,
              DefaultActions=[{"Type": "forward", "TargetGroupArn": blue}]))
print(code_of(elb.create_load_balancer, Name="road", Subnets=subnets, SecurityGroups=[firewall], Scheme="internet-facing"))
print(code_of(elb.create_target_group, Name="blue", Protocol="HTTP", Port=9090, VpcId=vpc, TargetType="ip"))
print(code_of(ec2.delete_security_group, GroupId=firewall))
print(code_of(elb.create_load_balancer, Name="narrow", Subnets=subnets[:1], SecurityGroups=[firewall], Scheme="internal"))
"#,
    );
    assert_eq!(
        said,
        [
            "PriorityInUse",
            "ResourceInUse",
            "DuplicateListener",
            "DuplicateLoadBalancerName",
            "DuplicateTargetGroupName",
            "DependencyViolation",
            "ValidationError"
        ]
    );
}

#[test]
fn creating_the_same_again_answers_with_what_is_there() {
    let said = on_the_road(
        r#"
again = elb.create_load_balancer(Name="road", Subnets=subnets, SecurityGroups=[firewall], Scheme="internal")
print(again["LoadBalancers"][0]["LoadBalancerArn"] == balancer, again["LoadBalancers"][0]["State"]["Code"])
print(sorted(zone["ZoneName"] for zone in again["LoadBalancers"][0]["AvailabilityZones"]))
"#,
    );
    assert_eq!(said, ["True active", "['us-east-1a', 'us-east-1b', 'us-east-1c']"]);
}

#[test]
fn a_load_balancer_takes_its_listeners_and_rules_with_it() {
    let said = on_the_road(
        r#"
rule = add_rule()
elb.delete_load_balancer(LoadBalancerArn=balancer)
print(code_of(elb.describe_listeners, ListenerArns=[listener]))
print(code_of(elb.describe_rules, RuleArns=[rule]))
print(code_of(elb.describe_load_balancers, Names=["road"]))
print(code_of(elb.delete_target_group, TargetGroupArn=blue))
print(code_of(ec2.delete_security_group, GroupId=firewall))
"#,
    );
    assert_eq!(said, ["ListenerNotFound", "RuleNotFound", "LoadBalancerNotFound", "OK", "OK"]);
}
