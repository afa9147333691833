//! AWS bounds how often it is asked: a burst, then so many calls a second. That slows a deploy and
//! fails nothing; and many objects are asked for in few calls.

use std::fmt::Write as _;
use std::time::Instant;

use pointsman_tests::aws::Call;

use crate::{settled, world};

const MANY: &str = "production/many";
const SERVICES: usize = 12;

/// What each service of AWS answers at once, and then a second.
const BURST: u32 = 10;
const PER_SECOND: f64 = 8.0;

/// Services behind one load balancer, each with a listener of its own.
fn many() -> String {
    let mut text = String::from(
        "schema = 1\nextends = \"_base.toml\"\n[state]\nkey = \"production/many/terraform.tfstate\"\n\
         [load_balancer.front]\nallow_from = [\"10.0.0.0/8\"]\n\
         [alarms]\nnotify = [\"arn:aws:sns:us-east-1:908027381725:ops\"]\n\
         [alarms.slow]\non = \"load_balancer.front\"\nresponse_time_above = \"2s\"\n",
    );
    for number in 0..SERVICES {
        let _ = write!(
            text,
            "[load_balancer.front.listener.s{number}]\nport = {port}\nprotocol = \"HTTP\"\n\
             [service.s{number}]\ncluster = \"webUIcluster2\"\nimage = \"ghcr.io/open-webui/open-webui@sha256:{digest}\"\n\
             cpu = 256\nmemory = 512\ncount = 2\nport = 8080\n\
             execution_role = \"arn:aws:iam::908027381725:role/ecsTaskExecutionRole\"\n\
             [service.s{number}.expose]\nlistener = \"${{load_balancer.front.listener.s{number}}}\"\n\
             [alarms.s{number}]\non = \"service.s{number}\"\ncpu_above = 80\n",
            port = 8000 + number,
            digest = "7c".repeat(32),
        );
    }
    text
}

fn count(calls: &[Call], operation: &str) -> usize {
    calls.iter().filter(|call| call.operation == operation).count()
}

#[test]
fn throttling_slows_a_deploy_and_fails_nothing() {
    let world = world();
    world.git.commit("main", &[("environments/production/many.toml", Some(&many()))], "Describe many");
    let clone = world.clone_of("main");
    let proxy = world.aws.proxy();

    let began = Instant::now();
    clone.run(&["apply", MANY, "--yes"]).expect_code(0);
    let freely = began.elapsed();

    // Objects: a load balancer, a listener, a rule and a target group per service.
    proxy.clear();
    clone.run(&["apply", MANY, "--yes"]).expect_code(0);
    let calls = proxy.calls();
    let objects = 1 + 3 * SERVICES;
    assert_eq!(count(&calls, "DescribeServices"), SERVICES.div_ceil(10), "ten services a call");
    assert_eq!(count(&calls, "DescribeTags"), objects.div_ceil(20), "twenty ARNs a call");
    assert_eq!(count(&calls, "DescribeLoadBalancers"), 1);
    assert_eq!(count(&calls, "DescribeSecurityGroups"), 1);
    println!("| {objects} objects of load balancing, {SERVICES} services | calls |\n| --- | ---: |");
    for operation in
        ["DescribeServices", "DescribeTags", "DescribeTargetGroups", "DescribeListeners", "DescribeRules"]
    {
        println!("| {operation} | {} |", count(&calls, operation));
    }
    clone.run(&["destroy", MANY, "--yes"]).expect_code(0);

    proxy.throttle(&["elasticloadbalancing", "ecs", "ec2", "logs"], BURST, PER_SECOND);
    proxy.clear();
    let began = Instant::now();
    let applied = clone.run(&["apply", MANY, "--yes"]).expect_code(0);
    let slowly = began.elapsed();
    let calls = proxy.calls();
    let refused = calls.iter().filter(|call| call.injected).count();
    println!("| | time | calls | of them throttled |\n| --- | ---: | ---: | ---: |");
    println!("| apply, unbounded | {:.1} s | | 0 |", freely.as_secs_f64());
    println!(
        "| apply, {BURST} at once and {PER_SECOND} a second of each service | {:.1} s | {} | {refused} |",
        slowly.as_secs_f64(),
        calls.len()
    );
    assert!(refused > 10, "{refused} calls were throttled: too few to show anything");
    assert!(!applied.out.contains("failed"), "{}", settled(&applied.out));
    clone.run(&["plan", MANY, "--detailed-exitcode"]).expect_code(0);
    clone.run(&["destroy", MANY, "--yes"]).expect_code(0);
    proxy.heal();
}
