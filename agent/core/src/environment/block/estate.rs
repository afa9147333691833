use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who answers for an environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Owner {
    /// The team's name.
    pub team: String,
    /// Where to reach it: a channel, an address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
}

/// The account and region, and how to act there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Aws {
    /// The region, such as `us-east-1`.
    #[schemars(regex(pattern = r"^[a-z]{2}(-[a-z]+)+-[0-9]$"))]
    pub region: String,
    /// The account's 12 digits; checked before anything else.
    #[schemars(regex(pattern = r"^[0-9]{12}$"))]
    pub account: String,
    /// A profile of the AWS configuration; not together with `role_arn`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// A role to assume for writing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<crate::scalar::Arn>,
    /// A role to assume for planning; `role_arn` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_role_arn: Option<crate::scalar::Arn>,
    /// The external id that the roles ask for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
}

/// Where state and lock are: the facts of Terraform's S3 backend.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// The S3 bucket's name: 3 to 63 of `a` to `z`, digits, `.` and `-`.
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"))]
    pub bucket: String,
    /// Terraform's key of the same environment; ours is derived from it.
    #[schemars(length(min = 1, max = 900))]
    pub key: String,
    /// The DynamoDB table with the string key `LockID`: its name alone, not its ARN.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_.-]{3,255}$"))]
    pub lock_table: String,
    /// `true`, or the KMS key to encrypt with.
    #[serde(default)]
    pub encrypt: Encrypt,
    /// The backend's region, such as `us-east-1`, where it is not that of `[aws]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[a-z]{2}(-[a-z]+)+-[0-9]$"))]
    pub region: Option<String>,
    /// The backend's profile, where it is not that of `[aws]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The backend's role, where it is not that of `[aws]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<crate::scalar::Arn>,
    /// Take Terraform's lock file (`use_lockfile`) as well as the lock item.
    #[serde(default)]
    pub lockfile: bool,
    /// How long the journal of a run is kept, `7d` to `3650d`: what a run that did not end had
    /// announced is looked up by whoever comes within that time.
    #[serde(default = "journal_retention")]
    pub journal_retention: crate::scalar::Duration,
}

impl State {
    /// The id of the environment's lock: Terraform's own for the same state.
    pub fn lock_id(&self) -> String {
        format!("{}/{}", self.bucket, self.key)
    }

    /// The key of Terraform's lock file for the same state, in its bucket.
    pub fn lock_file(&self) -> String {
        format!("{}{}", self.key, crate::lease::LockFile::SUFFIX)
    }

    /// Whose bucket and tables they are: the state's own role may lie in another
    /// account than the environment's.
    pub fn owner<'s>(&'s self, account: &'s str) -> &'s str {
        self.role_arn.as_ref().and_then(crate::scalar::Arn::account).unwrap_or(account)
    }
}

fn journal_retention() -> crate::scalar::Duration {
    crate::scalar::Duration::from_seconds(400 * 86_400)
}

/// How the state object is encrypted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Encrypt {
    /// `true`: with S3's own key. `false` leaves it to the bucket's default.
    Default(bool),
    /// With this KMS key (id, alias or ARN).
    Key(String),
}

impl Default for Encrypt {
    fn default() -> Self {
        Self::Default(true)
    }
}

/// The network that everything is placed in: looked up and checked, never changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// By id, or by its Name tag.
    pub vpc: VpcSelection,
    /// What `subnets = "private"` means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private_subnets: Option<SubnetSelection>,
    /// What `subnets = "public"` means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_subnets: Option<SubnetSelection>,
}

impl Network {
    /// The selection that `subnets = "NAME"` means, if there is one.
    pub fn subnets(&self, name: &str) -> Option<&SubnetSelection> {
        match name {
            "private" => self.private_subnets.as_ref(),
            "public" => self.public_subnets.as_ref(),
            _ => None,
        }
    }
}

/// How the VPC is found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum VpcSelection {
    /// By its id, `vpc-…`.
    Id(#[schemars(regex(pattern = r"^vpc-[0-9a-f]+$"))] String),
    /// By its Name tag.
    Name(VpcName),
}

/// A VPC by its Name tag.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VpcName {
    /// The Name tag, exactly.
    pub name: String,
}

/// How subnets are found, always within the VPC.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum SubnetSelection {
    /// Ids (`subnet-…`) or Name tags.
    Listed(Vec<String>),
    /// All that carry these tags.
    Tagged(SubnetTags),
}

/// Subnets by tags.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubnetTags {
    /// Every one of these must match.
    pub tags: BTreeMap<String, String>,
}
