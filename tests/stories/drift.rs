//! What somebody changes by hand shows; undone, it is gone.

use pointsman_tests::story::PRODUCTION;

use crate::{PATIENCE, described, settled};

const BY_HAND: &str = r#"
elb = client("elbv2")
balancer = [b for b in elb.describe_load_balancers()["LoadBalancers"] if "webui" in b["LoadBalancerName"]][0]
elb.modify_load_balancer_attributes(LoadBalancerArn=balancer["LoadBalancerArn"],
    Attributes=[{"Key": "idle_timeout.timeout_seconds", "Value": "VALUE"}])
"#;

#[test]
fn a_change_by_hand_is_drift_until_it_is_undone() {
    let world = described();
    let clone = world.clone_of("main");
    let never = clone.run(&["drift", PRODUCTION, "--detailed-exitcode"]).expect_code(0);
    assert!(never.out.contains("never deployed"), "{}", never.out);
    clone.run(&["apply", PRODUCTION, "--yes"]).expect_code(0);
    clone.run(&["drift", "--all", "--detailed-exitcode"]).expect_code(0);

    let agent = world.agent("[drift]\nevery = \"1s\"\n");
    agent.wait_until_said("no drift", PATIENCE);
    let _ = world.aws.python(&BY_HAND.replace("VALUE", "61"));
    agent.wait_until_said("idle_timeout", PATIENCE);
    let drift = clone.run(&["drift", PRODUCTION, "--detailed-exitcode"]).expect_code(2);
    insta::assert_snapshot!("drift", settled(&drift.out));
    assert!(world.aws.python("print([a['Value'] for b in client('elbv2').describe_load_balancers()['LoadBalancers'] for a in client('elbv2').describe_load_balancer_attributes(LoadBalancerArn=b['LoadBalancerArn'])['Attributes'] if a['Key'] == 'idle_timeout.timeout_seconds'])").contains("61"), "drift never writes");

    let _ = world.aws.python(&BY_HAND.replace("VALUE", "300"));
    clone.run(&["drift", PRODUCTION, "--detailed-exitcode"]).expect_code(0);
    assert_eq!(agent.stop(PATIENCE).1, 0);
}
