//! The state of a service with two sides is lost: which of them is live is told from what lives.

use pointsman_tests::dataplane::Crowd;

use crate::{
    PATIENCE,
    shop::{NAME, QUICK, SECOND, Shop},
};

/// Deletes the state with all its versions.
fn lose_the_state(shop: &Shop) {
    shop.world.aws.python(
        "s3 = client('s3')\nbucket, key = 'gg-ai-terraform-states', 'production/shop/terraform.pointsman/state.json'\n\
         for version in s3.list_object_versions(Bucket=bucket, Prefix=key)['Versions']:\n    \
         s3.delete_object(Bucket=bucket, Key=key, VersionId=version['VersionId'])\n\
         s3.delete_object(Bucket=bucket, Key=key)",
    );
}

#[test]
#[ignore = "takes minutes: run with the whole"]
fn the_side_that_serves_is_found_again_and_nobody_notices() {
    let shop = Shop::open(QUICK);
    shop.merge('2', QUICK);
    let clone = shop.clone();
    let _ = shop.run(&clone, &["apply", NAME, "--yes"]).expect_code(0);
    shop.plane.settle();
    let stood = shop.stands();
    assert_eq!(stood, "shop 0 11\nshop--b 2 22\nrule b\n");

    let load = shop.plane.load(Crowd { people: 40, sockets: 40, visitors: 5 });
    lose_the_state(&shop);
    load.mark("lost");
    let looked = shop.run(&clone, &["adopt", NAME, "--from-tags", "--plan"]).expect_code(0).out;
    assert!(looked.contains("shop serves from shop--b; the release before waits as shop"), "{looked}");
    let _ = shop.run(&clone, &["adopt", NAME, "--from-tags", "--yes"]).expect_code(0);
    load.mark("adopted");
    let planned = shop.run(&clone, &["plan", NAME, "--detailed-exitcode"]);
    assert_eq!(planned.code, 0, "{}{}", planned.out, planned.err);
    let _ = shop.run(&clone, &["apply", NAME, "--yes"]).expect_code(0);
    assert_eq!(shop.stands(), stood);

    // The way back is known as well, and the next release takes the other side.
    load.mark("rollback");
    let _ = shop.run(&clone, &["rollback", NAME, "--yes"]).expect_code(0);
    shop.plane.settle();
    assert_eq!(shop.stands(), "shop 2 11\nshop--b 0 22\nrule a\n");
    let report = load.stop();
    println!("{}\n{}", report.summary(), report.write("lost").display());
    report.assert_nobody_noticed();
}

#[test]
#[ignore = "takes minutes: run with the whole"]
fn while_both_sides_have_traffic_nothing_is_guessed() {
    let shop = Shop::open("hold = \"10m\"");
    shop.merge('2', "hold = \"10m\"");
    let clone = shop.clone();
    let load = shop.plane.load(Crowd { people: 20, sockets: 20, visitors: 5 });
    let running = shop.start(&clone, &["apply", NAME, "--yes"]);
    running.wait_until_said("Watches this step", PATIENCE);
    running.kill();
    lose_the_state(&shop);
    let stood = shop.stands();
    let refused =
        shop.run(&clone, &["adopt", NAME, "--from-tags", "--yes", "--lock-timeout", "60s"]).expect_code(1);
    let (_, why) = refused.err.split_once("error: ").expect("it says why");
    insta::assert_snapshot!("both_sides_have_traffic", why);
    assert_eq!(shop.stands(), stood);
    load.run_for(SECOND);
    let report = load.stop();
    report.assert_nobody_noticed();

    // A person decides for blue: the rest of green is what the next apply takes away.
    shop.world.aws.python(
        "elb = client('elbv2')\n\
         balancer = elb.describe_load_balancers()['LoadBalancers'][0]['LoadBalancerArn']\n\
         listener = elb.describe_listeners(LoadBalancerArn=balancer)['Listeners'][0]['ListenerArn']\n\
         group = [g['TargetGroupArn'] for g in elb.describe_target_groups()['TargetGroups'] if 'shop--b' not in g['TargetGroupName'] and 'shop' in g['TargetGroupName']][0]\n\
         rule = [r for r in elb.describe_rules(ListenerArn=listener)['Rules'] if len(r['Actions'][0].get('ForwardConfig', {}).get('TargetGroups', [])) == 2][0]\n\
         elb.modify_rule(RuleArn=rule['RuleArn'], Actions=[{'Type': 'forward', 'ForwardConfig': {'TargetGroups': [{'TargetGroupArn': group, 'Weight': 1}]}}])",
    );
    let adopted = shop.run(&clone, &["adopt", NAME, "--from-tags", "--yes"]).expect_code(0).out;
    assert!(adopted.contains("with 2 tasks that get no traffic: a rollout was under way"), "{adopted}");
}
