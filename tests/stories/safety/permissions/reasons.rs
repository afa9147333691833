//! What the policies allow and the story of T20 does not need, with the reason why it is allowed; and what
//! they must never allow.

/// The role and the action or resource, and why.
pub(super) const UNUSED: &[(&str, &str)] = &[
    ("founding *", "of `s3:ListAllMyBuckets`, the one action that knows no bucket"),
    ("founding s3:ListAllMyBuckets", "asked where a bucket of that name answers 403: whether it is ours"),
    (
        "reading arn:aws:elasticache:us-east-1:908027381725:cluster:NAME*",
        "AWS's own policies for replication groups name the members beside the group; no emulator judges that",
    ),
    (
        "reading ecr:DescribeImages",
        "images of these environments' services are in another registry: story `preflight`",
    ),
    (
        "reading servicequotas:GetAWSDefaultServiceQuota",
        "asked where a quota has no value of the account's own; the emulator knows all of them",
    ),
    (
        "writing arn:aws:elasticache:us-east-1:908027381725:cluster:NAME*",
        "AWS's own policies for replication groups name the members beside the group; no emulator judges that",
    ),
    ("writing arn:aws:iam::908027381725:role/aws-service-role/*", "of `iam:CreateServiceLinkedRole`"),
    (
        "writing elasticloadbalancing:DeregisterTargets",
        "a cut-over gives back the old service's targets: story `cutover`",
    ),
    (
        "writing elasticloadbalancing:RegisterTargets",
        "a cut-over puts the old service's tasks behind the load balancer: story `cutover`",
    ),
    (
        "writing iam:CreateServiceLinkedRole",
        "asked by AWS at an account's first load balancer, cache, service or scalable target",
    ),
    (
        "writing logs:DeleteRetentionPolicy",
        "logs that are kept for ever: an object can say so, and no key of a file does yet",
    ),
];

/// Whose policies, an action, a resource, and what conditions would ask about.
type Refused = (&'static str, &'static str, &'static str, &'static [(&'static str, &'static str)]);

const REPORTS: &str = "production/reports";

/// Requests that no role of an environment may make.
pub(super) const NEVER: &[Refused] = &[
    // Terraform's state and its digest; another environment's state.
    (
        REPORTS,
        "s3:PutObject",
        "arn:aws:s3:::gg-ai-terraform-states/production/reports/terraform.tfstate",
        &[],
    ),
    (
        REPORTS,
        "s3:DeleteObject",
        "arn:aws:s3:::gg-ai-terraform-states/production/reports/terraform.pointsman/state.json",
        &[],
    ),
    (
        REPORTS,
        "s3:PutObject",
        "arn:aws:s3:::gg-ai-terraform-states/production/gravity-ai-chat/terraform.pointsman/state.json",
        &[],
    ),
    // The journal is never deleted from.
    (REPORTS, "dynamodb:DeleteItem", "arn:aws:dynamodb:us-east-1:908027381725:table/pointsman-runs", &[]),
    // Secrets that are referred to, and another environment's.
    (
        "production/gravity-ai-chat",
        "secretsmanager:GetSecretValue",
        "arn:aws:secretsmanager:us-east-1:908027381725:secret:gravity-ai-chat/database-url-a1B2c3",
        &[],
    ),
    (
        REPORTS,
        "secretsmanager:PutSecretValue",
        "arn:aws:secretsmanager:us-east-1:908027381725:secret:production/gravity-ai-chat/cache.sessions.url_secret-a1B2c3",
        &[],
    ),
    // What carries no tag of ours, or another environment's.
    (REPORTS, "ec2:DeleteSecurityGroup", "arn:aws:ec2:us-east-1:908027381725:security-group/sg-1", &[]),
    (
        REPORTS,
        "ec2:AuthorizeSecurityGroupIngress",
        "arn:aws:ec2:us-east-1:908027381725:security-group/sg-1",
        &[("aws:ResourceTag/pointsman:environment", "production/gravity-ai-chat")],
    ),
    // Roles that no file names, or for somebody else.
    (
        REPORTS,
        "iam:PassRole",
        "arn:aws:iam::908027381725:role/admin",
        &[("iam:PassedToService", "ecs-tasks.amazonaws.com")],
    ),
    (
        REPORTS,
        "iam:PassRole",
        "arn:aws:iam::908027381725:role/reports-task",
        &[("iam:PassedToService", "ec2.amazonaws.com")],
    ),
    // The old service, where nothing is cut over from it.
    (REPORTS, "ecs:UpdateService", "arn:aws:ecs:us-east-1:908027381725:service/webUIcluster2/webui3", &[]),
    (REPORTS, "sqs:DeleteQueue", "arn:aws:sqs:us-east-1:908027381725:another", &[]),
];
