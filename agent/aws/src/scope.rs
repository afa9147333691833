//! Where calls go, and as whom: what ARNs and advice are made of.

/// An account and region, and how we come to be there.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    /// The account's 12 digits, as the environment says.
    pub(crate) account: String,
    /// Such as `us-east-1`.
    pub(crate) region: String,
    /// The profile of the AWS configuration, where one is named.
    pub(crate) profile: Option<String>,
    /// The role that is assumed, where there is one.
    pub(crate) role: Option<String>,
}

impl Scope {
    /// `aws`, `aws-cn` or `aws-us-gov`: the first part of every ARN.
    pub(crate) fn partition(&self) -> &'static str {
        if self.region.starts_with("cn-") {
            "aws-cn"
        } else if self.region.starts_with("us-gov-") {
            "aws-us-gov"
        } else {
            "aws"
        }
    }

    /// The ARN of something in this account and region.
    pub(crate) fn arn(&self, service: &str, resource: &str) -> String {
        let Self { account, region, .. } = self;
        format!("arn:{}:{service}:{region}:{account}:{resource}", self.partition())
    }

    /// What the AWS CLI needs to act here as we do.
    pub(crate) fn cli_options(&self) -> String {
        match &self.profile {
            Some(profile) => format!("--region {} --profile {profile}", self.region),
            None => format!("--region {}", self.region),
        }
    }

    /// As whom, in words.
    pub(crate) fn identity(&self) -> String {
        match (&self.role, &self.profile) {
            (Some(role), _) => format!("the role {role}"),
            (None, Some(profile)) => format!("the profile `{profile}`"),
            (None, None) => "the default credentials".to_owned(),
        }
    }
}
