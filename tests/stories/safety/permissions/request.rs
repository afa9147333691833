//! What a call needs to be allowed: actions, each on an ARN. Told from the request as AWS's service
//! authorization reference says it: <https://docs.aws.amazon.com/service-authorization/latest/reference/>.

use std::collections::BTreeMap;

use pointsman_tests::aws::{ACCOUNT, Call, REGION};
use serde_json::Value;

use super::body::{body, decoded};

/// One action on one resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Needed {
    pub(super) action: String,
    /// The ARN; `*` where AWS knows none for the action, or the request names none.
    pub(super) resource: String,
    /// What conditions may ask for.
    pub(super) context: BTreeMap<String, String>,
}

/// The tags of what conditions ask about, by ARN.
pub(super) type Tags = BTreeMap<String, BTreeMap<String, String>>;

/// Stands for a part of an ARN that AWS makes up.
const MADE_UP: &str = "0123456789abcdef";

/// A request that is being judged.
struct Request<'c> {
    service: &'c str,
    operation: &'c str,
    path: &'c str,
    body: Value,
    /// Whether a body in XML has tags.
    says_tags: bool,
    tags: &'c Tags,
    needed: Vec<Needed>,
}

/// What a call needs.
pub(super) fn needed(call: &Call, tags: &Tags) -> Vec<Needed> {
    let service = match call.service.as_str() {
        "monitoring" => "cloudwatch",
        "tagging" => "tag",
        other => other,
    };
    let mut request = Request {
        service,
        operation: &call.operation,
        path: call.asked.path.split('?').next().unwrap_or_default(),
        body: body(&call.asked.body),
        says_tags: String::from_utf8_lossy(&call.asked.body).contains("<Tag>"),
        tags,
        needed: Vec::new(),
    };
    match service {
        "s3" => request.s3(),
        "dynamodb" => request.dynamodb(),
        "secretsmanager" => request.secretsmanager(),
        "ecs" => request.ecs(),
        "elasticloadbalancing" => request.balancing(),
        "elasticache" => request.elasticache(),
        "logs" => request.logs(),
        "cloudwatch" => request.cloudwatch(),
        "application-autoscaling" => request.scaling(),
        "scheduler" => request.scheduler(),
        "sqs" => request.sqs(),
        "ec2" => request.ec2(),
        _ => request.anything(),
    }
    request.needed
}

fn arn(service: &str, rest: &str) -> String {
    format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}")
}

/// What stands after the last slash.
fn last(text: &str) -> &str {
    text.rsplit('/').next().unwrap_or(text)
}

impl Request<'_> {
    fn needs(&mut self, action: &str, resource: impl Into<String>) {
        self.needs_with(action, resource, &[]);
    }

    fn needs_with(&mut self, action: &str, resource: impl Into<String>, context: &[(&str, &str)]) {
        let resource = resource.into();
        let mut context: BTreeMap<String, String> =
            context.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let tags = self.tags.get(&resource).into_iter().flatten();
        context.extend(tags.map(|(key, value)| (format!("aws:ResourceTag/{key}"), value.clone())));
        self.needed.push(Needed { action: action.to_owned(), resource, context });
    }

    /// The action that is named like the call.
    fn own(&self) -> String {
        format!("{}:{}", self.service, self.operation)
    }

    fn anything(&mut self) {
        self.needs(&self.own(), "*");
    }

    fn text(&self, key: &str) -> Option<String> {
        self.body[key].as_str().map(ToOwned::to_owned)
    }

    /// A form's list: its fields whose names begin so.
    fn fields(&self, beginning: &str) -> Vec<String> {
        let all = self.body.as_object().into_iter().flatten();
        all.filter(|(name, _)| name.starts_with(beginning))
            .filter_map(|(_, value)| value.as_str().map(ToOwned::to_owned))
            .collect()
    }

    fn list(&self, key: &str) -> Vec<String> {
        self.body[key]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(ToOwned::to_owned)
            .collect()
    }

    /// Tags that come with a creation need their own action on what is created.
    fn tagged_with(&mut self, keys: &[&str], action: &str, resource: &str) {
        let given = |key: &&str| match &self.body[*key] {
            Value::Null => !self.fields(&format!("{key}.")).is_empty(),
            Value::Array(list) => !list.is_empty(),
            Value::Object(map) => !map.is_empty(),
            _ => true,
        };
        if keys.iter().any(given) {
            self.needs(action, resource);
        }
    }

    fn s3(&mut self) {
        /// The action that AWS asks for where it is not named like the call.
        const OTHERWISE: [(&str, &str); 12] = [
            ("HeadBucket", "ListBucket"),
            ("ListObjectsV2", "ListBucket"),
            ("ListBuckets", "ListAllMyBuckets"),
            ("HeadObject", "GetObject"),
            ("GetBucketEncryption", "GetEncryptionConfiguration"),
            ("PutBucketEncryption", "PutEncryptionConfiguration"),
            ("GetPublicAccessBlock", "GetBucketPublicAccessBlock"),
            ("PutPublicAccessBlock", "PutBucketPublicAccessBlock"),
            ("GetBucketLifecycleConfiguration", "GetLifecycleConfiguration"),
            ("PutBucketLifecycleConfiguration", "PutLifecycleConfiguration"),
            ("GetTagging", "GetBucketTagging"),
            ("PutTagging", "PutBucketTagging"),
        ];
        let other = OTHERWISE.iter().find(|(call, _)| *call == self.operation);
        let action = format!("s3:{}", other.map_or(self.operation, |(_, action)| *action));
        let path = decoded(self.path.trim_start_matches('/'));
        match path.split_once('/') {
            _ if path.is_empty() => self.needs(&action, "*"),
            Some((bucket, key)) if !key.is_empty() => {
                self.needs(&action, format!("arn:aws:s3:::{bucket}/{key}"));
            }
            _ => {
                let bucket = format!("arn:aws:s3:::{}", path.trim_end_matches('/'));
                self.needs(&action, &*bucket);
                if self.operation == "CreateBucket" && self.says_tags {
                    self.needs("s3:TagResource", bucket);
                }
            }
        }
    }

    fn dynamodb(&mut self) {
        let table = |value: &Value| arn("dynamodb", &format!("table/{}", value.as_str().unwrap_or_default()));
        if self.operation != "TransactWriteItems" {
            return self.needs(&self.own(), table(&self.body["TableName"]));
        }
        for item in self.body["TransactItems"].as_array().cloned().unwrap_or_default() {
            for (kind, part) in item.as_object().into_iter().flatten() {
                let action =
                    if kind == "ConditionCheck" { "ConditionCheckItem" } else { &format!("{kind}Item") };
                self.needs(&format!("dynamodb:{action}"), table(&part["TableName"]));
            }
        }
    }

    fn secretsmanager(&mut self) {
        let named = self.text("SecretId").or_else(|| self.text("Name"));
        let Some(name) = named else { return self.anything() };
        // A name stands for the ARN with the six characters that AWS makes up.
        let secret = if name.starts_with("arn:") {
            name
        } else {
            arn("secretsmanager", &format!("secret:{name}-a1B2c3"))
        };
        self.needs(&self.own(), &*secret);
        if self.operation == "CreateSecret" {
            self.tagged_with(&["Tags"], "secretsmanager:TagResource", &secret);
        }
    }

    fn ecs(&mut self) {
        let cluster = last(&self.text("cluster").unwrap_or_else(|| "default".to_owned())).to_owned();
        let service = |name: &str| arn("ecs", &format!("service/{cluster}/{}", last(name)));
        let definition = |name: &str| arn("ecs", &format!("task-definition/{}", last(name)));
        match self.operation {
            "DescribeServices" => {
                for name in self.list("services") {
                    self.needs("ecs:DescribeServices", service(&name));
                }
            }
            "CreateService" | "UpdateService" | "DeleteService" => {
                let name = self.text("service").or_else(|| self.text("serviceName")).unwrap_or_default();
                self.needs(&self.own(), service(&name));
                self.tagged_with(&["tags"], "ecs:TagResource", &service(&name));
            }
            "RegisterTaskDefinition" => {
                // The revision is AWS's to give.
                let family = definition(&format!("{}:1", self.text("family").unwrap_or_default()));
                self.needs(&self.own(), &*family);
                self.tagged_with(&["tags"], "ecs:TagResource", &family);
                for role in ["executionRoleArn", "taskRoleArn"] {
                    self.passes(role, "ecs-tasks.amazonaws.com");
                }
            }
            "RunTask" => {
                self.needs("ecs:RunTask", definition(&self.text("taskDefinition").unwrap_or_default()));
            }
            "StopTask" => {
                let task = self.text("task").unwrap_or_default();
                self.needs("ecs:StopTask", arn("ecs", &format!("task/{cluster}/{}", last(&task))));
            }
            "TagResource" | "UntagResource" => {
                self.needs(&self.own(), self.text("resourceArn").unwrap_or_default());
            }
            _ => self.anything(),
        }
    }

    /// A role that is handed to a service.
    fn passes(&mut self, key: &str, to: &str) {
        if let Some(role) = self.text(key) {
            self.needs_with("iam:PassRole", role, &[("iam:PassedToService", to)]);
        }
    }

    fn balancing(&mut self) {
        let made = match self.operation {
            "CreateLoadBalancer" => {
                Some(format!("loadbalancer/app/{}/{MADE_UP}", self.text("Name").unwrap_or_default()))
            }
            "CreateTargetGroup" => {
                Some(format!("targetgroup/{}/{MADE_UP}", self.text("Name").unwrap_or_default()))
            }
            _ => None,
        };
        if let Some(made) = made {
            let made = arn("elasticloadbalancing", &made);
            self.needs(&self.own(), &*made);
            return self.tagged_with(&["Tags"], "elasticloadbalancing:AddTags", &made);
        }
        if self.operation.starts_with("Describe") {
            return self.anything();
        }
        let lists = [self.fields("ResourceArns."), self.fields("RulePriorities.")].concat();
        let listed: Vec<String> = lists.into_iter().filter(|value| value.starts_with("arn:")).collect();
        if !listed.is_empty() {
            return listed.into_iter().for_each(|resource| self.needs(&self.own(), resource));
        }
        // A rule is made in its listener, a listener in its load balancer.
        let named = ["RuleArn", "ListenerArn", "TargetGroupArn", "LoadBalancerArn"];
        let parent = named.into_iter().find_map(|key| self.text(key)).unwrap_or_default();
        self.needs(&self.own(), &*parent);
        let made = match self.operation {
            "CreateListener" => parent.replace(":loadbalancer/", ":listener/"),
            "CreateRule" => parent.replace(":listener/", ":listener-rule/"),
            _ => return,
        };
        self.tagged_with(&["Tags"], "elasticloadbalancing:AddTags", &format!("{made}/{MADE_UP}"));
    }

    fn elasticache(&mut self) {
        if let Some(resource) = self.text("ResourceName") {
            return self.needs(&self.own(), resource);
        }
        if self.operation.starts_with("Describe") {
            return self.anything();
        }
        let kinds = [
            ("ReplicationGroupId", "replicationgroup"),
            ("CacheSubnetGroupName", "subnetgroup"),
            ("CacheParameterGroupName", "parametergroup"),
        ];
        for (number, (key, kind)) in
            kinds.into_iter().filter(|(key, _)| self.text(key).is_some()).enumerate().collect::<Vec<_>>()
        {
            let resource = arn("elasticache", &format!("{kind}:{}", self.text(key).unwrap_or_default()));
            self.needs(&self.own(), &*resource);
            if number == 0 {
                self.tagged_with(&["Tags"], "elasticache:AddTagsToResource", &resource);
            }
        }
    }

    fn logs(&mut self) {
        let group = |name: &str| arn("logs", &format!("log-group:{name}"));
        if let Some(resource) = self.text("resourceArn") {
            return self.needs(&self.own(), resource);
        }
        match (self.operation, self.text("logGroupName")) {
            ("GetLogEvents", Some(name)) => {
                let stream = self.text("logStreamName").unwrap_or_default();
                self.needs("logs:GetLogEvents", format!("{}:log-stream:{stream}", group(&name)));
            }
            // But for tags, log groups are named with a star at their end.
            (_, Some(name)) => {
                self.needs(&self.own(), format!("{}:*", group(&name)));
                self.tagged_with(&["tags"], "logs:TagResource", &group(&name));
            }
            (_, None) => self.anything(),
        }
    }

    fn cloudwatch(&mut self) {
        let alarm = |name: &str| arn("cloudwatch", &format!("alarm:{name}"));
        let dashboard = |name: &str| format!("arn:aws:cloudwatch::{ACCOUNT}:dashboard/{name}");
        match self.operation {
            "PutMetricAlarm" => {
                let made = alarm(&self.text("AlarmName").unwrap_or_default());
                self.needs(&self.own(), &*made);
                self.tagged_with(&["Tags"], "cloudwatch:TagResource", &made);
            }
            "DeleteAlarms" => {
                self.list("AlarmNames")
                    .iter()
                    .for_each(|name| self.needs("cloudwatch:DeleteAlarms", alarm(name)));
            }
            "GetDashboard" | "PutDashboard" => {
                let name = self.text("DashboardName").unwrap_or_default();
                self.needs(&self.own(), dashboard(&name));
                self.tagged_with(&["Tags"], "cloudwatch:TagResource", &dashboard(&name));
            }
            "DeleteDashboards" => {
                let names = self.list("DashboardNames");
                names.iter().for_each(|name| self.needs("cloudwatch:DeleteDashboards", dashboard(name)));
            }
            "ListTagsForResource" | "TagResource" | "UntagResource" => {
                self.needs(&self.own(), self.text("ResourceARN").unwrap_or_default());
            }
            _ => self.anything(),
        }
    }

    fn scaling(&mut self) {
        if self.operation.starts_with("Describe") {
            return self.anything();
        }
        let target = arn("application-autoscaling", &format!("scalable-target/{MADE_UP}"));
        let named = self.text("ResourceARN").unwrap_or(target);
        self.needs(&self.own(), &*named);
        if self.operation == "RegisterScalableTarget" {
            self.tagged_with(&["Tags"], "application-autoscaling:TagResource", &named);
        }
    }

    fn scheduler(&mut self) {
        let group = self.text("GroupName").unwrap_or_else(|| "default".to_owned());
        let name = decoded(last(self.path));
        self.needs(&self.own(), arn("scheduler", &format!("schedule/{group}/{name}")));
        if let Some(role) = self.body["Target"]["RoleArn"].as_str().map(ToOwned::to_owned) {
            self.needs_with("iam:PassRole", role, &[("iam:PassedToService", "scheduler.amazonaws.com")]);
        }
    }

    fn sqs(&mut self) {
        let named = self.text("QueueName").or_else(|| self.text("QueueUrl").map(|url| last(&url).to_owned()));
        let queue = arn("sqs", &named.unwrap_or_default());
        self.needs(&self.own(), &*queue);
        if self.operation == "CreateQueue" {
            self.tagged_with(&["tags"], "sqs:TagQueue", &queue);
        }
    }

    fn ec2(&mut self) {
        let group = |id: &str| arn("ec2", &format!("security-group/{id}"));
        match self.operation {
            "CreateSecurityGroup" => {
                self.anything();
                self.tagged_with(&["TagSpecification"], "ec2:CreateTags", &group("sg-made"));
            }
            "CreateTags" | "DeleteTags" => {
                let ids = self.fields("ResourceId.");
                ids.iter().for_each(|id| self.needs(&self.own(), group(id)));
            }
            operation if operation.starts_with("Describe") => self.anything(),
            _ => self.needs(&self.own(), group(&self.text("GroupId").unwrap_or_default())),
        }
    }
}
