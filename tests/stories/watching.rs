//! What watches and scales: what boto3 finds of it, and what somebody changes of it by hand.

use pointsman_tests::story::{Clone, PRODUCTION, PRODUCTION_FILE, World};

use crate::described;

/// One change by hand of each kind, and the address at which it must show.
const BY_HAND: [(&str, &str); 7] = [
    (
        "service.webui3-scaled.scaling",
        "scaling.register_scalable_target(**place, MaxCapacity=20)",
    ),
    (
        "service.webui3-scaled.scaling.cpu",
        "scaling.put_scaling_policy(**place, PolicyName='gravity-ai-chat-webui3-scaled-cpu', PolicyType='TargetTrackingScaling',
    TargetTrackingScalingPolicyConfiguration=dict(TargetValue=30, PredefinedMetricSpecification=dict(
        PredefinedMetricType='ECSServiceAverageCPUUtilization')))",
    ),
    (
        "service.webui3-scaled.scaling.schedule.night",
        "scaling.put_scheduled_action(**place, ScheduledActionName='gravity-ai-chat-webui3-scaled-night',
    Schedule='cron(0 22 * * ? *)', Timezone='Europe/London', ScalableTargetAction=dict(MinCapacity=1, MaxCapacity=4))",
    ),
    (
        "alarms.high-cpu.scale_out",
        "scaling.put_scaling_policy(**place, PolicyName='gravity-ai-chat-high-cpu-scale-out', PolicyType='StepScaling',
    StepScalingPolicyConfiguration=dict(AdjustmentType='ChangeInCapacity', Cooldown=60,
        StepAdjustments=[dict(MetricIntervalLowerBound=0, ScalingAdjustment=5)]))",
    ),
    ("alarms.redis-cpu", "cloudwatch.disable_alarm_actions(AlarmNames=['gravity-ai-chat-redis-cpu'])"),
    (
        "alarms.slow-responses",
        "cloudwatch.delete_alarms(AlarmNames=['gravity-ai-chat-slow-responses'])",
    ),
    (
        "dashboard.gravity-ai-chat",
        "body = json.loads(cloudwatch.get_dashboard(DashboardName='gravity-ai-chat')['DashboardBody'])
body['widgets'] = body['widgets'][:-1]
cloudwatch.put_dashboard(DashboardName='gravity-ai-chat', DashboardBody=json.dumps(body))",
    ),
];

const LOOK: &str = "
scaling, cloudwatch = client('application-autoscaling'), client('cloudwatch')
place = dict(ServiceNamespace='ecs', ResourceId='service/webUIcluster2/webui3-scaled', ScalableDimension='ecs:service:DesiredCount')
";

fn addresses(clone: &Clone<'_>) -> Vec<String> {
    let plan = clone.run(&["plan", PRODUCTION, "--json"]).expect_code(0);
    let plan: serde_json::Value = serde_json::from_str(&plan.out).unwrap();
    let changes = plan["plan"]["changes"].as_array().unwrap();
    changes.iter().filter_map(|change| change["address"].as_str()).map(ToOwned::to_owned).collect()
}

#[test]
fn what_watches_and_scales_is_put_back_when_somebody_changes_it() {
    let world = described();
    let clone = world.clone_of("main");
    let night = "scale_out_cooldown = \"60s\"\n\
                 schedule = [{ name = \"night\", cron = \"0 20 * * *\", timezone = \"Europe/London\", min = 2, max = 4 }]\n";
    let file = World::example_environment().replace("scale_out_cooldown = \"60s\"\n", night);
    clone.write(PRODUCTION_FILE, &file);
    clone.run(&["apply", PRODUCTION, "--yes"]).expect_code(0);
    assert_eq!(addresses(&clone), Vec::<String>::new());
    let url = clone.run(&["outputs", PRODUCTION, "--raw", "dashboard_url"]).expect_code(0);
    assert_eq!(
        url.out.trim(),
        "https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#dashboards/dashboard/gravity-ai-chat"
    );

    for (_, by_hand) in BY_HAND {
        let _ = world.aws.python(&format!("{LOOK}{by_hand}"));
    }
    let mut expected: Vec<&str> = BY_HAND.iter().map(|(address, _)| *address).collect();
    expected.sort_unstable();
    assert_eq!(addresses(&clone), expected);
    clone.run(&["apply", PRODUCTION, "--yes"]).expect_code(0);
    assert_eq!(addresses(&clone), Vec::<String>::new());

    // The night's bounds, and a rollout that suspends: nobody's mistake.
    let _ = world.aws.python(&format!(
        "{LOOK}scaling.register_scalable_target(**place, MinCapacity=2, MaxCapacity=4, SuspendedState=dict(DynamicScalingInSuspended=True))"
    ));
    let plan = clone.run(&["plan", PRODUCTION, "--detailed-exitcode"]).expect_code(0);
    assert!(plan.out.contains("one of its schedules set it: 4 lives, the file says 10"), "{}", plan.out);
    assert!(plan.out.contains("service.webui3-scaled.scaling.suspended.scale_in"), "{}", plan.out);

    // Without scaling, the service's count is the file's again: said, then done, in whichever order.
    let without = file.replace(
        &file[file.find("[service.webui3-scaled.scaling]").unwrap()..file.find("# ---- Watching").unwrap()],
        "",
    );
    clone.write(PRODUCTION_FILE, &without.replace("scale_out = 1", "# scale_out"));
    clone.run(&["apply", PRODUCTION, "--yes"]).expect_code(0);
    assert_eq!(addresses(&clone), Vec::<String>::new());
    let left = world.aws.python(&format!(
        "{LOOK}print(scaling.describe_scalable_targets(ServiceNamespace='ecs')['ScalableTargets'])"
    ));
    assert_eq!(left.trim(), "[]");
    clone.run(&["destroy", PRODUCTION, "--yes"]).expect_code(0);
}

#[test]
fn an_alarm_of_alarms_under_our_name_is_not_ours() {
    let world = described();
    let _ = world.aws.python(&format!(
        "{LOOK}cloudwatch.put_metric_alarm(AlarmName='other', Namespace='A', MetricName='B', Statistic='Sum', Period=60, EvaluationPeriods=1, \
         Threshold=1, ComparisonOperator='GreaterThanThreshold')\n\
         cloudwatch.put_composite_alarm(AlarmName='gravity-ai-chat-high-cpu', AlarmRule='ALARM(other)')"
    ));
    let refused = world.clone_of("main").run(&["plan", PRODUCTION]).expect_code(1);
    assert!(refused.err.contains("alarms.high-cpu"), "{}", refused.err);
    assert!(refused.err.contains("not ours"), "{}", refused.err);
}
