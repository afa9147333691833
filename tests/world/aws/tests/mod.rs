//! The world itself, looked at with boto3: what the agent's tests rest on.

mod account;
mod caches;
mod lifetime;
mod load_balancers;
mod proxy;
mod rollouts;
mod secrets;
mod security_groups;
mod services;

/// Python that makes what a service needs: a load balancer with a weighted rule on two groups.
const ROAD: &str = r#"
ec2, elb, ecs = client("ec2"), client("elbv2"), client("ecs")
vpc = ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": ["gg-production"]}])["Vpcs"][0]["VpcId"]
subnets = [s["SubnetId"] for s in ec2.describe_subnets(Filters=[
    {"Name": "vpc-id", "Values": [vpc]}, {"Name": "tag:Tier", "Values": ["private"]}])["Subnets"]]
firewall = ec2.create_security_group(GroupName="road", Description="road", VpcId=vpc)["GroupId"]
balancer = elb.create_load_balancer(
    Name="road", Subnets=subnets, SecurityGroups=[firewall], Scheme="internal")["LoadBalancers"][0]["LoadBalancerArn"]
blue, green = [elb.create_target_group(
    Name=name, Protocol="HTTP", Port=8080, VpcId=vpc, TargetType="ip", HealthCheckPath="/health",
    HealthyThresholdCount=2, UnhealthyThresholdCount=2)["TargetGroups"][0]["TargetGroupArn"] for name in ("blue", "green")]
listener = elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=[
    {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}])["Listeners"][0]["ListenerArn"]
conditions = [{"Field": "host-header", "HostHeaderConfig": {"Values": ["ai-glondon.msappproxy.net"]}}]


def weights(to_blue, to_green):
    return [{"Type": "forward", "ForwardConfig": {
        "TargetGroups": [{"TargetGroupArn": blue, "Weight": to_blue}, {"TargetGroupArn": green, "Weight": to_green}],
        "TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": 1800}}}]


def add_rule():
    return elb.create_rule(ListenerArn=listener, Priority=10, Conditions=conditions,
                           Actions=weights(95, 5))["Rules"][0]["RuleArn"]


def define(image):
    return ecs.register_task_definition(
        family="webui", requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="2048", memory="8192",
        containerDefinitions=[{"name": "webui", "image": image, "portMappings": [{"containerPort": 8080}]}],
    )["taskDefinition"]["taskDefinitionArn"]


def service_of(definition, token="one", count=2):
    return dict(
        cluster="webUIcluster2", serviceName="webui", taskDefinition=definition, desiredCount=count, clientToken=token,
        launchType="FARGATE", loadBalancers=[{"targetGroupArn": blue, "containerName": "webui", "containerPort": 8080}],
        networkConfiguration={"awsvpcConfiguration": {"subnets": subnets, "securityGroups": [firewall]}},
        deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": True}})


def shown(name="webui"):
    return ecs.describe_services(cluster="webUIcluster2", services=[name])["services"][0]


def primary():
    return next(d for d in shown()["deployments"] if d["status"] == "PRIMARY")


def health(group):
    return sorted(t["TargetHealth"]["State"] for t in
                  elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"])
"#;

/// The lines that the road's Python followed by `code` prints, in a seeded account.
fn on_the_road(code: &str) -> Vec<String> {
    let emulator = super::Emulator::start();
    let _ = emulator.seed();
    let said = emulator.python(&format!("{ROAD}\n{code}"));
    said.lines().map(str::to_owned).collect()
}
