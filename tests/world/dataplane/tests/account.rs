//! An account with a load balancer, two target groups, a rule and services, without the agent.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::super::{DataPlane, Stores, api::Api, xml::Element};
use crate::aws::{Emulator, Estate, Options};

pub(super) const HOST: &str = "chat.example.org";
const CLUSTER: &str = "webUIcluster2";

/// One world at a time: two cores would have to carry more load than they can.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
static STORES: OnceLock<Arc<Stores>> = OnceLock::new();

pub(super) struct Account {
    pub(super) plane: DataPlane,
    pub(super) blue: String,
    pub(super) green: String,
    pub(super) rule: String,
    listener: String,
    network: Value,
    calls: Mutex<(Runtime, Api)>,
    _aws: Emulator,
    _turn: MutexGuard<'static, ()>,
}

impl Account {
    /// `drain`: how long a target drains. `sticky`: whether people stay with their group and target.
    pub(super) fn new(drain: Duration, sticky: bool) -> Self {
        let turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let stores = STORES.get_or_init(|| Arc::new(Stores::start().unwrap()));
        let options = Options { drain, task_command: Some(stores.application()), ..Options::default() };
        let aws = Emulator::with(&options).unwrap();
        let Estate { vpc, private_subnets, legacy_security_group, .. } = aws.seed();
        let address = aws.direct_endpoint().trim_start_matches("http://").parse().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let plane = DataPlane::start(&aws, stores, "front", HOST);
        let mut account = Self {
            plane,
            blue: String::new(),
            green: String::new(),
            rule: String::new(),
            listener: String::new(),
            network: json!({"awsvpcConfiguration": {
                "subnets": private_subnets, "securityGroups": [legacy_security_group]}}),
            calls: Mutex::new((runtime, Api::at(address))),
            _aws: aws,
            _turn: turn,
        };
        account.build(&vpc, &private_subnets, sticky);
        account
    }

    fn build(&mut self, vpc: &str, subnets: &[String], sticky: bool) {
        let made = self.balancing(
            "CreateLoadBalancer",
            &[
                ("Name", "front"),
                ("Scheme", "internal"),
                ("Subnets.member.1", &subnets[0]),
                ("Subnets.member.2", &subnets[1]),
            ],
        );
        let balancer = made.text("LoadBalancers/member/LoadBalancerArn").to_owned();
        let listener = self.balancing(
            "CreateListener",
            &[
                ("LoadBalancerArn", &balancer),
                ("Protocol", "HTTP"),
                ("Port", "80"),
                ("DefaultActions.member.1.Type", "fixed-response"),
                ("DefaultActions.member.1.FixedResponseConfig.StatusCode", "404"),
            ],
        );
        self.listener = listener.text("Listeners/member/ListenerArn").to_owned();
        self.blue = self.group("blue", vpc, sticky);
        self.green = self.group("green", vpc, sticky);
        self.rule = self.add_rule("20", &[], &[(&self.blue, 100), (&self.green, 0)]);
    }

    fn group(&self, name: &str, vpc: &str, sticky: bool) -> String {
        let made = self.balancing(
            "CreateTargetGroup",
            &[
                ("Name", name),
                ("Protocol", "HTTP"),
                ("Port", "8080"),
                ("VpcId", vpc),
                ("TargetType", "ip"),
                ("HealthCheckPath", "/health"),
                ("HealthyThresholdCount", "2"),
                ("UnhealthyThresholdCount", "2"),
            ],
        );
        let arn = made.text("TargetGroups/member/TargetGroupArn").to_owned();
        if sticky {
            let attributes = [
                ("TargetGroupArn", arn.as_str()),
                ("Attributes.member.1.Key", "stickiness.enabled"),
                ("Attributes.member.1.Value", "true"),
                ("Attributes.member.2.Key", "stickiness.lb_cookie.duration_seconds"),
                ("Attributes.member.2.Value", "1800"),
            ];
            self.balancing("ModifyTargetGroupAttributes", &attributes);
        }
        arn
    }

    /// A rule for our host and, if given, a header, with these groups and weights; its ARN.
    pub(super) fn add_rule(
        &self,
        priority: &str,
        header: &[(&str, &str)],
        weights: &[(&String, u32)],
    ) -> String {
        let mut parameters = owned(&[
            ("ListenerArn", &self.listener),
            ("Priority", priority),
            ("Conditions.member.1.Field", "host-header"),
            ("Conditions.member.1.HostHeaderConfig.Values.member.1", HOST),
        ]);
        for (name, value) in header {
            parameters.extend(owned(&[
                ("Conditions.member.2.Field", "http-header"),
                ("Conditions.member.2.HttpHeaderConfig.HttpHeaderName", name),
                ("Conditions.member.2.HttpHeaderConfig.Values.member.1", value),
            ]));
        }
        parameters.extend(forward(weights, weights.len() > 1));
        self.balancing_owned("CreateRule", &parameters).text("Rules/member/RuleArn").to_owned()
    }

    /// Sets the production rule's groups and weights, and waits until the proxy does so.
    pub(super) fn set_weights(&self, weights: &[(&String, u32)], sticky: bool) {
        let mut parameters = owned(&[("RuleArn", &self.rule)]);
        parameters.extend(forward(weights, sticky));
        self.balancing_owned("ModifyRule", &parameters);
        self.plane.settle();
    }

    /// A service behind a group, and waits until its tasks are healthy and the proxy knows them.
    pub(super) fn serve(&self, name: &str, group: &str, image: &str, count: usize) {
        self.containers(
            "RegisterTaskDefinition",
            &json!({"family": name, "requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc",
                    "cpu": "256", "memory": "512", "containerDefinitions": [
                        {"name": "web", "image": image, "portMappings": [{"containerPort": 8080}]}]}),
        );
        self.containers(
            "CreateService",
            &json!({"cluster": CLUSTER, "serviceName": name, "taskDefinition": name, "desiredCount": count,
                    "launchType": "FARGATE", "networkConfiguration": self.network, "loadBalancers": [
                        {"targetGroupArn": group, "containerName": "web", "containerPort": 8080}]}),
        );
        self.await_healthy(group, count);
    }

    pub(super) fn scale(&self, name: &str, count: usize) {
        self.containers(
            "UpdateService",
            &json!({"cluster": CLUSTER, "service": name, "desiredCount": count}),
        );
    }

    pub(super) fn await_healthy(&self, group: &str, count: usize) {
        self.await_state(group, "healthy", count);
    }

    pub(super) fn await_draining(&self, group: &str, count: usize) {
        self.await_state(group, "draining", count);
    }

    /// Waits until so many targets are in this state and the proxy knows it.
    fn await_state(&self, group: &str, state: &str, count: usize) {
        let until = Instant::now() + Duration::from_secs(20);
        while self.targets(group, state) != count {
            assert!(Instant::now() < until, "{group} has no {count} {state} targets");
            std::thread::sleep(Duration::from_millis(50));
        }
        self.plane.settle();
    }

    fn targets(&self, group: &str, state: &str) -> usize {
        let said = self.balancing("DescribeTargetHealth", &[("TargetGroupArn", group)]);
        let all = said.list("TargetHealthDescriptions").iter();
        all.filter(|target| target.text("TargetHealth/State") == state).count()
    }

    fn balancing(&self, action: &str, parameters: &[(&str, &str)]) -> Element {
        let mut calls = self.calls.lock().unwrap();
        let (runtime, api) = &mut *calls;
        runtime.block_on(api.balancing(action, parameters)).unwrap()
    }

    fn balancing_owned(&self, action: &str, parameters: &[(String, String)]) -> Element {
        let borrowed: Vec<(&str, &str)> =
            parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.balancing(action, &borrowed)
    }

    fn containers(&self, action: &str, parameters: &Value) {
        let mut calls = self.calls.lock().unwrap();
        let (runtime, api) = &mut *calls;
        runtime.block_on(api.containers(action, parameters)).unwrap();
    }
}

fn owned(parameters: &[(&str, &str)]) -> Vec<(String, String)> {
    parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn forward(weights: &[(&String, u32)], sticky: bool) -> Vec<(String, String)> {
    let config = "Actions.member.1.ForwardConfig";
    let mut parameters = owned(&[("Actions.member.1.Type", "forward")]);
    for (number, (group, weight)) in weights.iter().enumerate() {
        let member = format!("{config}.TargetGroups.member.{}", number + 1);
        parameters.push((format!("{member}.TargetGroupArn"), (*group).clone()));
        parameters.push((format!("{member}.Weight"), weight.to_string()));
    }
    if sticky {
        parameters.push((format!("{config}.TargetGroupStickinessConfig.Enabled"), "true".to_owned()));
        parameters.push((format!("{config}.TargetGroupStickinessConfig.DurationSeconds"), "1800".to_owned()));
    }
    parameters
}
