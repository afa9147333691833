//! Every action that the agent calls, or that AWS asks for on its behalf: a
//! row each. The names are those in the code of `agent/aws`
//! (`during(scope, "service:Action", …)`); a test holds the two together.

/// Who needs an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Both roles: plans, drift, status, preflight.
    Reading,
    /// The writing role, in addition: `apply`, `destroy`.
    Writing,
    /// Whoever runs `init --create`, in addition.
    Founding,
}

/// Who makes the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// The code of `agent/aws`.
    Agent,
    /// AWS, when the agent calls something else.
    Aws,
}

/// When it is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum When {
    /// Always.
    Always,
    /// On what carries the environment's tag.
    Tagged,
    /// Handed on to ECS tasks only.
    PassedToTasks,
    /// Handed on to EventBridge Scheduler only.
    PassedToSchedules,
    /// Handed on to ECS itself only.
    PassedToEcs,
}

/// One action.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// `service:Action`.
    pub action: &'static str,
    /// Who needs it.
    pub role: Role,
    /// On which ARNs; words in braces stand for the environment's own.
    pub on: &'static [&'static str],
    /// When it is allowed.
    pub when: When,
    /// Who makes the call.
    pub caller: Caller,
}

const fn row(action: &'static str, role: Role, on: &'static [&'static str]) -> Row {
    Row { action, role, on, when: When::Always, caller: Caller::Agent }
}

const fn of_aws(action: &'static str, role: Role, on: &'static [&'static str], when: When) -> Row {
    Row { action, role, on, when, caller: Caller::Aws }
}

const fn tagged(action: &'static str, on: &'static [&'static str]) -> Row {
    Row { action, role: Writing, on, when: When::Tagged, caller: Caller::Agent }
}

/// AWS knows no narrower resource for it, or what is asked for has no name yet.
const ANY: &[&str] = &["*"];
const BUCKET: &[&str] = &["arn:{partition}:s3:::{bucket}"];
const BUCKETS: &[&str] = &["arn:{partition}:s3:::{lower_name}*-{account}"];
const EVERY_BUCKET: &[&str] =
    &["arn:{partition}:s3:::{bucket}", "arn:{partition}:s3:::{lower_name}*-{account}"];
const QUEUES: &[&str] = &["{home:sqs}:{name}*"];
const LOCKS: &[&str] = &["{tables}/{lock_table}"];
/// The state, and the lock file where the environment takes it.
const STATE_AND_LOCK: &[&str] =
    &["arn:{partition}:s3:::{bucket}/{prefix}/*", "arn:{partition}:s3:::{bucket}/{lock_file}"];
const LOCK_FILE: &[&str] = &["arn:{partition}:s3:::{bucket}/{lock_file}"];
const TABLES: &[&str] = &["{tables}/{lock_table}", "{tables}/{run_table}"];
const RUNS: &[&str] = &["{tables}/{run_table}"];
const CLUSTERS: &[&str] = &["{home:ecs}:service/{cluster}/*"];
const SERVICES: &[&str] = &["{home:ecs}:service/{service}"];
/// And the old service that is cut over from, whose number of tasks is written.
const COUNTED_SERVICES: &[&str] = &["{home:ecs}:service/{service}", "{home:ecs}:service/{old_service}"];
/// Deployments of services, where ECS itself carries releases out.
const DEPLOYMENTS: &[&str] = &["{home:ecs}:service-deployment/{native_service}/*"];
const NATIVE_SERVICES: &[&str] = &["{home:ecs}:service/{native_service}"];
const TASKS: &[&str] = &["{home:ecs}:task/{cluster}/*"];
const TASK_DEFINITIONS: &[&str] = &["{home:ecs}:task-definition/{name}*:*"];
const ECS_TAGS: &[&str] = &["{home:ecs}:service/{service}", "{home:ecs}:task-definition/{name}*:*"];
const LOG_GROUPS: &[&str] = &["{home:logs}:log-group:/pointsman/{environment}/*"];
const LOG_STREAMS: &[&str] = &["{home:logs}:log-group:/pointsman/{environment}/*:log-stream:*"];
const BALANCERS: &[&str] = &["{home:elasticloadbalancing}:loadbalancer/app/{name}*/*"];
const TARGET_GROUPS: &[&str] = &["{home:elasticloadbalancing}:targetgroup/{name}*/*"];
const LISTENERS: &[&str] = &["{home:elasticloadbalancing}:listener/app/{name}*/*"];
const RULES: &[&str] = &["{home:elasticloadbalancing}:listener-rule/app/{name}*/*"];
const BALANCING: &[&str] = &[
    "{home:elasticloadbalancing}:loadbalancer/app/{name}*/*",
    "{home:elasticloadbalancing}:targetgroup/{name}*/*",
    "{home:elasticloadbalancing}:listener/app/{name}*/*",
    "{home:elasticloadbalancing}:listener-rule/app/{name}*/*",
];
const CACHES: &[&str] = &[
    "{home:elasticache}:replicationgroup:{lower_name}*",
    "{home:elasticache}:subnetgroup:{lower_name}*",
    "{home:elasticache}:parametergroup:{lower_name}*",
    "{home:elasticache}:cluster:{lower_name}*",
];
const SECURITY_GROUPS: &[&str] = &["{home:ec2}:security-group/*"];
const TASK_ROLES: &[&str] = &["{role}"];
/// The role with which ECS moves the weights of a load balancer.
const TRAFFIC_ROLES: &[&str] = &["{traffic_role}"];
const SCHEDULE_ROLES: &[&str] = &["{schedule_role}"];
const SECRETS: &[&str] = &["{home:secretsmanager}:secret:{environment}/*"];
const TOKENS: &[&str] = &["{home:secretsmanager}:secret:{environment}/cache.*.auth_token-*"];
const SCALING: &[&str] = &["{home:application-autoscaling}:scalable-target/*"];
const ALARMS: &[&str] = &["{home:cloudwatch}:alarm:{name}*"];
const DASHBOARDS: &[&str] = &["arn:{partition}:cloudwatch::{account}:dashboard/{dashboard}"];
const WATCHING: &[&str] =
    &["{home:cloudwatch}:alarm:{name}*", "arn:{partition}:cloudwatch::{account}:dashboard/{dashboard}"];
const SCHEDULES: &[&str] = &["{home:scheduler}:schedule/default/{name}*"];
const LINKED_ROLES: &[&str] = &["arn:{partition}:iam::{account}:role/aws-service-role/*"];
const STATE_KEY: &[&str] = &["{kms_key}"];

use Role::{Founding, Reading, Writing};

/// Every action.
pub const TABLE: &[Row] = &[
    // Who we are.
    row("sts:GetCallerIdentity", Reading, ANY),
    // State and lock.
    row("dynamodb:GetItem", Reading, TABLES),
    row("dynamodb:DescribeTable", Reading, TABLES),
    row("dynamodb:DescribeTimeToLive", Reading, RUNS),
    row("dynamodb:Query", Reading, RUNS),
    row("s3:GetObject", Reading, STATE_AND_LOCK),
    row("s3:ListBucket", Reading, EVERY_BUCKET),
    row("s3:GetBucketVersioning", Reading, EVERY_BUCKET),
    row("s3:GetEncryptionConfiguration", Reading, EVERY_BUCKET),
    row("s3:GetBucketPublicAccessBlock", Reading, EVERY_BUCKET),
    row("s3:GetBucketOwnershipControls", Reading, EVERY_BUCKET),
    row("s3:ListAllMyBuckets", Founding, ANY),
    row("dynamodb:PutItem", Writing, TABLES),
    row("dynamodb:DeleteItem", Writing, LOCKS),
    of_aws("dynamodb:ConditionCheckItem", Writing, TABLES, When::Always),
    row("s3:PutObject", Writing, STATE_AND_LOCK),
    row("s3:DeleteObject", Writing, LOCK_FILE),
    of_aws("kms:Decrypt", Reading, STATE_KEY, When::Always),
    of_aws("kms:GenerateDataKey", Writing, STATE_KEY, When::Always),
    row("s3:CreateBucket", Founding, BUCKET),
    row("s3:PutBucketVersioning", Founding, BUCKET),
    row("s3:PutEncryptionConfiguration", Founding, BUCKET),
    row("s3:PutBucketPublicAccessBlock", Founding, BUCKET),
    row("s3:PutBucketOwnershipControls", Founding, BUCKET),
    row("dynamodb:CreateTable", Founding, TABLES),
    row("dynamodb:UpdateTimeToLive", Founding, RUNS),
    // The network, and security groups.
    row("ec2:DescribeVpcs", Reading, ANY),
    row("ec2:DescribeSubnets", Reading, ANY),
    row("ec2:DescribeSecurityGroups", Reading, ANY),
    row("ec2:CreateSecurityGroup", Writing, ANY),
    row("ec2:CreateTags", Writing, SECURITY_GROUPS),
    tagged("ec2:DeleteTags", SECURITY_GROUPS),
    tagged("ec2:DeleteSecurityGroup", SECURITY_GROUPS),
    tagged("ec2:AuthorizeSecurityGroupIngress", SECURITY_GROUPS),
    tagged("ec2:RevokeSecurityGroupIngress", SECURITY_GROUPS),
    // Externals.
    row("rds:DescribeDBClusters", Reading, ANY),
    row("elasticfilesystem:DescribeFileSystems", Reading, ANY),
    row("elasticfilesystem:DescribeAccessPoints", Reading, ANY),
    row("secretsmanager:DescribeSecret", Reading, ANY),
    row("servicediscovery:ListNamespaces", Reading, ANY),
    row("servicediscovery:ListServices", Reading, ANY),
    row("servicediscovery:ListInstances", Reading, ANY),
    // Preflight.
    row("ecs:DescribeClusters", Reading, ANY),
    row("elasticfilesystem:DescribeMountTargets", Reading, ANY),
    row("ecr:DescribeImages", Reading, ANY),
    row("iam:GetRole", Reading, ANY),
    row("iam:SimulatePrincipalPolicy", Reading, ANY),
    row("elasticloadbalancing:DescribeAccountLimits", Reading, ANY),
    row("servicequotas:GetServiceQuota", Reading, ANY),
    row("servicequotas:GetAWSDefaultServiceQuota", Reading, ANY),
    // Services.
    row("ecs:DescribeServices", Reading, CLUSTERS),
    row("ecs:DescribeTaskDefinition", Reading, ANY),
    row("ecs:ListTaskDefinitions", Writing, ANY),
    row("ecs:ListTasks", Reading, ANY),
    row("ecs:DescribeTasks", Reading, ANY),
    row("ecs:RegisterTaskDefinition", Writing, TASK_DEFINITIONS),
    row("ecs:DeregisterTaskDefinition", Writing, ANY),
    row("ecs:CreateService", Writing, SERVICES),
    row("ecs:UpdateService", Writing, COUNTED_SERVICES),
    row("ecs:DeleteService", Writing, SERVICES),
    row("ecs:ListServiceDeployments", Writing, NATIVE_SERVICES),
    row("ecs:DescribeServiceDeployments", Writing, DEPLOYMENTS),
    row("ecs:StopServiceDeployment", Writing, DEPLOYMENTS),
    row("ecs:RunTask", Writing, TASK_DEFINITIONS),
    row("ecs:StopTask", Writing, TASKS),
    row("ecs:TagResource", Writing, ECS_TAGS),
    row("ecs:UntagResource", Writing, ECS_TAGS),
    of_aws("iam:PassRole", Writing, TASK_ROLES, When::PassedToTasks),
    of_aws("iam:CreateServiceLinkedRole", Writing, LINKED_ROLES, When::Always),
    of_aws("iam:PassRole", Writing, SCHEDULE_ROLES, When::PassedToSchedules),
    of_aws("iam:PassRole", Writing, TRAFFIC_ROLES, When::PassedToEcs),
    row("tag:GetResources", Reading, ANY),
    // Their scaling.
    row("application-autoscaling:DescribeScalableTargets", Reading, ANY),
    row("application-autoscaling:DescribeScalingPolicies", Reading, ANY),
    row("application-autoscaling:DescribeScheduledActions", Reading, ANY),
    row("application-autoscaling:ListTagsForResource", Reading, SCALING),
    row("application-autoscaling:RegisterScalableTarget", Writing, SCALING),
    row("application-autoscaling:DeregisterScalableTarget", Writing, SCALING),
    row("application-autoscaling:PutScalingPolicy", Writing, SCALING),
    row("application-autoscaling:DeleteScalingPolicy", Writing, SCALING),
    row("application-autoscaling:PutScheduledAction", Writing, SCALING),
    row("application-autoscaling:DeleteScheduledAction", Writing, SCALING),
    row("application-autoscaling:TagResource", Writing, SCALING),
    row("application-autoscaling:UntagResource", Writing, SCALING),
    // Tasks by the clock.
    row("scheduler:GetSchedule", Reading, SCHEDULES),
    row("scheduler:CreateSchedule", Writing, SCHEDULES),
    row("scheduler:UpdateSchedule", Writing, SCHEDULES),
    row("scheduler:DeleteSchedule", Writing, SCHEDULES),
    // Secrets: the one value that is read is a cache's token.
    row("secretsmanager:ListSecrets", Reading, ANY),
    row("secretsmanager:GetRandomPassword", Writing, ANY),
    row("secretsmanager:GetSecretValue", Writing, TOKENS),
    row("secretsmanager:CreateSecret", Writing, SECRETS),
    row("secretsmanager:UpdateSecret", Writing, SECRETS),
    row("secretsmanager:PutSecretValue", Writing, SECRETS),
    row("secretsmanager:DeleteSecret", Writing, SECRETS),
    row("secretsmanager:RestoreSecret", Writing, SECRETS),
    row("secretsmanager:TagResource", Writing, SECRETS),
    row("secretsmanager:UntagResource", Writing, SECRETS),
    // Alarms and the dashboard.
    row("cloudwatch:DescribeAlarms", Reading, ANY),
    row("cloudwatch:GetMetricData", Writing, ANY),
    row("cloudwatch:GetDashboard", Reading, DASHBOARDS),
    row("cloudwatch:ListTagsForResource", Reading, WATCHING),
    row("cloudwatch:PutMetricAlarm", Writing, ALARMS),
    row("cloudwatch:DeleteAlarms", Writing, ALARMS),
    row("cloudwatch:PutDashboard", Writing, DASHBOARDS),
    row("cloudwatch:DeleteDashboards", Writing, DASHBOARDS),
    row("cloudwatch:TagResource", Writing, WATCHING),
    row("cloudwatch:UntagResource", Writing, WATCHING),
    // Their logs.
    row("logs:DescribeLogGroups", Reading, ANY),
    row("logs:ListTagsForResource", Reading, LOG_GROUPS),
    row("logs:GetLogEvents", Reading, LOG_STREAMS),
    row("logs:CreateLogGroup", Writing, LOG_GROUPS),
    row("logs:DeleteLogGroup", Writing, LOG_GROUPS),
    row("logs:PutRetentionPolicy", Writing, LOG_GROUPS),
    row("logs:DeleteRetentionPolicy", Writing, LOG_GROUPS),
    row("logs:TagResource", Writing, LOG_GROUPS),
    row("logs:UntagResource", Writing, LOG_GROUPS),
    // Load balancers.
    row("elasticloadbalancing:DescribeLoadBalancers", Reading, ANY),
    row("elasticloadbalancing:DescribeLoadBalancerAttributes", Reading, ANY),
    row("elasticloadbalancing:DescribeTargetGroups", Reading, ANY),
    row("elasticloadbalancing:DescribeTargetGroupAttributes", Reading, ANY),
    row("elasticloadbalancing:DescribeTargetHealth", Reading, ANY),
    row("elasticloadbalancing:DescribeListeners", Reading, ANY),
    row("elasticloadbalancing:DescribeRules", Reading, ANY),
    row("elasticloadbalancing:DescribeTags", Reading, ANY),
    row("elasticloadbalancing:CreateLoadBalancer", Writing, BALANCERS),
    row("elasticloadbalancing:DeleteLoadBalancer", Writing, BALANCERS),
    row("elasticloadbalancing:ModifyLoadBalancerAttributes", Writing, BALANCERS),
    row("elasticloadbalancing:SetSubnets", Writing, BALANCERS),
    row("elasticloadbalancing:SetSecurityGroups", Writing, BALANCERS),
    row("elasticloadbalancing:CreateTargetGroup", Writing, TARGET_GROUPS),
    row("elasticloadbalancing:DeleteTargetGroup", Writing, TARGET_GROUPS),
    row("elasticloadbalancing:ModifyTargetGroup", Writing, TARGET_GROUPS),
    row("elasticloadbalancing:ModifyTargetGroupAttributes", Writing, TARGET_GROUPS),
    row("elasticloadbalancing:RegisterTargets", Writing, TARGET_GROUPS),
    row("elasticloadbalancing:DeregisterTargets", Writing, TARGET_GROUPS),
    row("elasticloadbalancing:CreateListener", Writing, BALANCERS),
    row("elasticloadbalancing:DeleteListener", Writing, LISTENERS),
    row("elasticloadbalancing:ModifyListener", Writing, LISTENERS),
    row("elasticloadbalancing:CreateRule", Writing, LISTENERS),
    row("elasticloadbalancing:DeleteRule", Writing, RULES),
    row("elasticloadbalancing:ModifyRule", Writing, RULES),
    row("elasticloadbalancing:SetRulePriorities", Writing, RULES),
    row("elasticloadbalancing:AddTags", Writing, BALANCING),
    row("elasticloadbalancing:RemoveTags", Writing, BALANCING),
    // Caches.
    row("elasticache:DescribeReplicationGroups", Reading, ANY),
    row("elasticache:DescribeCacheClusters", Reading, ANY),
    row("elasticache:DescribeCacheSubnetGroups", Reading, ANY),
    row("elasticache:DescribeCacheParameterGroups", Reading, ANY),
    row("elasticache:DescribeCacheParameters", Reading, ANY),
    row("elasticache:ListTagsForResource", Reading, CACHES),
    row("elasticache:CreateReplicationGroup", Writing, CACHES),
    row("elasticache:ModifyReplicationGroup", Writing, CACHES),
    row("elasticache:DeleteReplicationGroup", Writing, CACHES),
    row("elasticache:IncreaseReplicaCount", Writing, CACHES),
    row("elasticache:DecreaseReplicaCount", Writing, CACHES),
    row("elasticache:CreateCacheSubnetGroup", Writing, CACHES),
    row("elasticache:ModifyCacheSubnetGroup", Writing, CACHES),
    row("elasticache:DeleteCacheSubnetGroup", Writing, CACHES),
    row("elasticache:CreateCacheParameterGroup", Writing, CACHES),
    row("elasticache:ModifyCacheParameterGroup", Writing, CACHES),
    row("elasticache:ResetCacheParameterGroup", Writing, CACHES),
    row("elasticache:DeleteCacheParameterGroup", Writing, CACHES),
    row("elasticache:AddTagsToResource", Writing, CACHES),
    row("elasticache:RemoveTagsFromResource", Writing, CACHES),
    // Buckets.
    row("s3:GetBucketTagging", Reading, BUCKETS),
    row("s3:GetLifecycleConfiguration", Reading, BUCKETS),
    row("s3:CreateBucket", Writing, BUCKETS),
    row("s3:DeleteBucket", Writing, BUCKETS),
    row("s3:PutBucketVersioning", Writing, BUCKETS),
    row("s3:PutBucketTagging", Writing, BUCKETS),
    of_aws("s3:TagResource", Writing, BUCKETS, When::Always),
    row("s3:PutBucketPublicAccessBlock", Writing, BUCKETS),
    row("s3:PutBucketOwnershipControls", Writing, BUCKETS),
    row("s3:PutEncryptionConfiguration", Writing, BUCKETS),
    row("s3:PutLifecycleConfiguration", Writing, BUCKETS),
    // Queues.
    row("sqs:GetQueueUrl", Reading, QUEUES),
    row("sqs:GetQueueAttributes", Reading, QUEUES),
    row("sqs:ListQueueTags", Reading, QUEUES),
    row("sqs:CreateQueue", Writing, QUEUES),
    row("sqs:DeleteQueue", Writing, QUEUES),
    row("sqs:SetQueueAttributes", Writing, QUEUES),
    row("sqs:TagQueue", Writing, QUEUES),
    row("sqs:UntagQueue", Writing, QUEUES),
];
